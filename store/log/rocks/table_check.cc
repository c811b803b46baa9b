#include "backstep/store/log/rocks/table_check.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>

#include "backstep/store/log/rocks/crc32c.h"
#include "backstep/store/log/rocks/little_endian.h"
#include "backstep/store/log/rocks/record_file.h"
#include "backstep/store/log/rocks/rocks_options.h"

namespace backstep::store {
namespace {

// Footer: checksum type (1), handles of metaindex and index (40, padded), version (4), magic (8).
constexpr size_t kFooterBytes = 53;
constexpr uint8_t kCrc32cType = 1;
constexpr uint8_t kXxh3Type = 4;  // what the first recordings were written with
constexpr uint64_t kVersion = 5;
constexpr uint64_t kMagic = 0x88e241b785f4cff7ULL;
// Behind every block: compression type (1) and checksum (4).
constexpr size_t kTrailerBytes = 5;
constexpr uint64_t kMetaBytesMax = 16 << 20;
constexpr std::string_view kProperties = "rocksdb.properties";
// How an edit of the manifest names a new table: tag, level, number.
constexpr char kNewFileTag = 103;

struct Handle {
  uint64_t offset = 0, size = 0;
};

std::optional<uint64_t> Varint(std::string_view* bytes) {
  uint64_t number = 0;
  for (int shift = 0; shift < 64 && !bytes->empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes->front());
    bytes->remove_prefix(1);
    number |= uint64_t{byte & 127u} << shift;
    if (byte < 128) return number;
  }
  return std::nullopt;
}

std::optional<Handle> ReadHandle(std::string_view bytes) {
  const auto offset = Varint(&bytes);
  const auto size = offset ? Varint(&bytes) : std::nullopt;
  if (!size) return std::nullopt;
  return Handle{*offset, *size};
}

class Table {
 public:
  explicit Table(const std::filesystem::path& path)
      : path_(path.string()), in_(path, std::ios::binary) {}

  Status Check() {
    in_.seekg(0, std::ios::end);
    size_ = in_.good() ? static_cast<uint64_t>(in_.tellg()) : 0;
    if (size_ < kFooterBytes) return Damaged("it is cut short");
    const auto footer = Bytes(size_ - kFooterBytes, kFooterBytes);
    if (!footer) return Damaged("it cannot be read");
    if (Little(*footer, 45, 8) != kMagic || Little(*footer, 41, 4) != kVersion) {
      return Damaged("its footer");
    }
    const auto type = static_cast<uint8_t>(footer->front());
    if (type == kXxh3Type) return {};
    const auto metaindex = ReadHandle(std::string_view(*footer).substr(1, 40));
    if (type != kCrc32cType || !metaindex) return Damaged("its footer");
    const auto index = Block(*metaindex);
    if (!index) return Damaged("its metaindex");
    const size_t key = index->find(kProperties);
    const auto properties =
        key == std::string::npos
            ? std::nullopt
            : ReadHandle(std::string_view(*index).substr(key + kProperties.size()));
    if (!properties || !Block(*properties)) return Damaged("its properties");
    return {};
  }

 private:
  Status Damaged(const std::string& what) const {
    return Status::Corruption(path_ + ": damaged: " + what);
  }

  std::optional<std::string> Bytes(uint64_t offset, uint64_t count) {
    if (count > kMetaBytesMax || offset > size_ || count > size_ - offset) return std::nullopt;
    std::string bytes(count, '\0');
    in_.seekg(static_cast<std::streamoff>(offset));
    in_.read(bytes.data(), static_cast<std::streamsize>(count));
    if (!in_.good()) return std::nullopt;
    return bytes;
  }

  // The bytes of a block whose checksum holds.
  std::optional<std::string> Block(Handle handle) {
    if (handle.size > kMetaBytesMax) return std::nullopt;
    auto bytes = Bytes(handle.offset, handle.size + kTrailerBytes);
    if (!bytes) return std::nullopt;
    const auto stored = static_cast<uint32_t>(Little(*bytes, handle.size + 1, 4));
    if (MaskCrc(Crc32c(0, std::string_view(*bytes).substr(0, handle.size + 1))) != stored) {
      return std::nullopt;
    }
    bytes->resize(handle.size);
    return bytes;
  }

  const std::string path_;
  std::ifstream in_;
  uint64_t size_ = 0;
};

std::string AsVarint(uint64_t number) {
  std::string bytes;
  for (; number >= 128; number >>= 7) bytes += static_cast<char>(number | 128u);
  return bytes += static_cast<char>(number);
}

// A table enters the manifest when it is whole. One that is not there is still being written, or
// its writer was killed over it: RocksDB never opens it.
bool InManifest(const std::filesystem::path& table) {
  const std::string number = table.stem().string();
  if (number.empty() || number.size() > 19 ||
      !std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return false;
  }
  const std::string varint = AsVarint(std::stoull(number));
  bool named = false;
  const auto look = [&](std::string_view edit) {
    for (int level = 0; level < kLevels && !named; ++level) {
      const std::string entry = std::string{kNewFileTag, static_cast<char>(level)} + varint;
      named = edit.find(entry) != std::string_view::npos;
    }
    return !named;
  };
  std::error_code error;
  for (std::filesystem::directory_iterator it(table.parent_path(), error), end;
       !named && !error && it != end; it.increment(error)) {
    if (!it->path().filename().string().starts_with("MANIFEST-")) continue;
    // A manifest that is not to be read to its end is for RocksDB to refuse.
    if (!WalkRecordFile(it->path().string(), look, nullptr).ok()) return true;
  }
  return named;
}

}  // namespace

Status CheckTables(const std::string& folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().extension() != ".sst") continue;
    const Status status = Table(it->path()).Check();
    // Nor does one matter that its writer has just removed.
    if (!status.ok() && InManifest(it->path()) && std::filesystem::exists(it->path(), error)) {
      return status;
    }
  }
  return {};
}

}  // namespace backstep::store
