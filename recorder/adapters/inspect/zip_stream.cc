#include "backstep/recorder/adapters/inspect/zip_stream.h"

#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <memory>

#include "backstep/recorder/adapters/core/source.h"

namespace backstep::adapters {
namespace {

constexpr size_t kZipBlock = 64u << 10;             // bytes
constexpr uint64_t kZipGrowthMax = 300;             // beyond it, and beyond 64 MiB, it is a bomb
constexpr uint64_t kZipGrowthFree = 64ull << 20;    // bytes
constexpr uint64_t kZipEntriesMax = 1'000'000;

struct Feed {
  Source* source;
  Status status{};
  std::array<char, kZipBlock> block{};
};

la_ssize_t FeedMore(archive*, void* state, const void** bytes) {
  Feed& feed = *static_cast<Feed*>(state);
  const Result<size_t> got = feed.source->Read(feed.block.data(), feed.block.size());
  if (!got.ok()) {
    feed.status = got.status();
    return -1;
  }
  *bytes = feed.block.data();
  return static_cast<la_ssize_t>(*got);
}

class ZipStream {
 public:
  explicit ZipStream(Source& source)
      : source_(source),
        reader_(archive_read_new(), &archive_read_free),
        feed_(new Feed{&source}) {}

  Status Open() {
    if (archive_read_support_format_zip_streamable(reader_.get()) == ARCHIVE_OK &&
        archive_read_open(reader_.get(), feed_.get(), nullptr, &FeedMore, nullptr) == ARCHIVE_OK) {
      return {};
    }
    return Broken();
  }
  // False: the end.
  Result<bool> Next(std::string* name) {
    const int read = archive_read_next_header(reader_.get(), &entry_);
    if (read == ARCHIVE_EOF) return false;
    if (read < ARCHIVE_WARN) return Broken();
    if (++entries_ > kZipEntriesMax) {
      return Status::Corruption(source_.path() + ": more than a million entries");
    }
    const char* path = archive_entry_pathname_utf8(entry_);
    if (path == nullptr) path = archive_entry_pathname(entry_);
    *name = path == nullptr ? "" : path;
    return true;
  }
  Status Bytes(uint64_t entry_max, std::string* bytes) {
    std::array<char, kZipBlock> block;
    for (;;) {
      const la_ssize_t got = archive_read_data(reader_.get(), block.data(), block.size());
      if (got < 0) return Broken();
      if (got == 0) return {};
      unpacked_ += static_cast<uint64_t>(got);
      if (unpacked_ > kZipGrowthFree && unpacked_ / kZipGrowthMax > source_.offset()) {
        return Status::Corruption(source_.path() + ": it unpacks to more than " +
                                  std::to_string(kZipGrowthMax) + " times its size");
      }
      if (bytes->size() + static_cast<uint64_t>(got) > entry_max) {
        return Status::Corruption(source_.path() + ": an entry is larger than " +
                                  std::to_string(entry_max >> 20) + " MiB");
      }
      bytes->append(block.data(), static_cast<size_t>(got));
    }
  }

 private:
  Status Broken() const {
    if (!feed_->status.ok()) return feed_->status;
    const char* reason = archive_error_string(reader_.get());
    return Status::Corruption(source_.path() + ": the archive is broken at byte " +
                              std::to_string(source_.offset()) + ": " +
                              (reason == nullptr ? "no reason given" : reason));
  }

  Source& source_;
  std::unique_ptr<archive, int (*)(archive*)> reader_;
  std::unique_ptr<Feed> feed_;
  archive_entry* entry_ = nullptr;
  uint64_t entries_ = 0;
  uint64_t unpacked_ = 0;
};

}  // namespace

Status EachZipEntry(Source& source, uint64_t entry_max,
                    const std::function<bool(const std::string& name)>& wanted,
                    const std::function<Status(ZipEntry entry)>& take) {
  ZipStream zip(source);
  Status status = zip.Open();
  while (status.ok()) {
    ZipEntry entry;
    const Result<bool> more = zip.Next(&entry.name);
    if (!more.ok()) return more.status();
    if (!*more) break;
    if (!wanted(entry.name)) continue;
    status = zip.Bytes(entry_max, &entry.bytes);
    if (!status.ok()) return status.WithContext(entry.name);
    status = take(std::move(entry));
  }
  return status;
}

}  // namespace backstep::adapters
