#include "backstep/store/log/rocks/record_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "backstep/store/format/files.h"
#include "backstep/store/log/rocks/crc32c.h"
#include "backstep/store/log/rocks/little_endian.h"

namespace backstep::store {
namespace {

constexpr size_t kBlockBytes = 32768;
constexpr size_t kTypeOffset = 6;
constexpr size_t kHeaderBytes = 7;
constexpr size_t kRecyclableHeaderBytes = 11;
constexpr uint64_t kRecordBytesMax = uint64_t{1} << 32;

enum Type : uint8_t { kZero = 0, kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4, kRecyclable = 4 };
constexpr uint8_t kRecyclableLast = 8;
constexpr uint8_t kWholeFileTypeMax = 15;

bool AllZero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

size_t HeaderBytes(uint8_t type) {
  return type > kLast && type <= kRecyclableLast ? kRecyclableHeaderBytes : kHeaderBytes;
}

bool CrcFits(std::string_view record_bytes) {
  return MaskCrc(Crc32c(0, record_bytes.substr(kTypeOffset))) == Little(record_bytes, 0, 4);
}

class Walk {
 public:
  Walk(const std::function<bool(std::string_view)>& visit, RecordFileReport* report)
      : visit_(visit), report_(report) {}

  // False: the walk is over. `last`: no block follows.
  bool Block(std::string_view block, uint64_t offset, bool last);
  // The end of the file.
  void Finish(uint64_t size) {
    if (report_->damage.empty() && !ended_ && in_parts_) {
      Torn(size, "it ends between the parts of a record");
    }
  }

 private:
  bool Record(std::string_view block, size_t at, uint64_t offset, bool last, size_t* size);
  bool Part(uint8_t type, std::string_view payload, uint64_t offset);
  bool Visit(std::string_view record) {
    ++report_->records;
    ended_ = visit_ && !visit_(record);
    return !ended_;
  }
  bool Damaged(uint64_t offset, std::string what) {
    report_->damaged_at = offset;
    report_->damage = std::move(what);
    return false;
  }
  bool Torn(uint64_t offset, std::string what) {
    report_->torn = true;
    return Damaged(offset, std::move(what));
  }

  const std::function<bool(std::string_view)>& visit_;
  RecordFileReport* report_;
  std::string parts_;
  bool in_parts_ = false;
  bool ended_ = false;
};

bool Walk::Block(std::string_view block, uint64_t offset, bool last) {
  size_t at = 0;
  while (block.size() - at >= kHeaderBytes) {
    size_t size = 0;
    if (!Record(block, at, offset, last, &size)) return false;
    at += size;
    if (size == 0) break;
  }
  const std::string_view rest = block.substr(at);
  if (rest.empty()) return true;
  const bool whole = block.size() == kBlockBytes;
  if (!whole) return Torn(offset + at, "it ends within the header of a record");
  if (!AllZero(rest)) return Damaged(offset + at, "the filling of a block is not zero");
  return true;
}

// `size` 0: the rest of the block is filling.
bool Walk::Record(std::string_view block, size_t at, uint64_t offset, bool last, size_t* size) {
  const std::string_view here = block.substr(at);
  const auto type = static_cast<uint8_t>(here[kTypeOffset]);
  const size_t header = HeaderBytes(type);
  // Less than a recyclable header is filling in a file of recyclable records.
  if (here.size() < kRecyclableHeaderBytes && block.size() == kBlockBytes && AllZero(here)) {
    return true;
  }
  if (AllZero(here.substr(0, std::min(here.size(), kRecyclableHeaderBytes)))) {
    if (last && AllZero(here)) return Torn(offset + at, "it ends in zeros");
    return Damaged(offset + at, "zeros stand where a record should");
  }
  *size = header + Little(here, 4, 2);
  if (*size > here.size()) {
    // A size with one wrong bit must not pass for a write that never finished.
    for (uint32_t bit = 1; bit <= 0x8000; bit <<= 1) {
      const size_t other = header + (Little(here, 4, 2) ^ bit);
      if (other <= here.size() && CrcFits(here.substr(0, other))) {
        return Damaged(offset + at, "the size of a record is damaged");
      }
    }
    const bool within_file = !last || block.size() == kBlockBytes;
    if (within_file) return Damaged(offset + at, "a record is longer than its block");
    return Torn(offset + at, "it ends within a record");
  }
  if (!CrcFits(here.substr(0, *size))) {
    return Damaged(offset + at, "the checksum of a record does not fit");
  }
  return Part(type, here.substr(header, *size - header), offset + at);
}

bool Walk::Part(uint8_t type, std::string_view payload, uint64_t offset) {
  if (type > kRecyclableLast && type <= kWholeFileTypeMax) return true;
  if (type == kZero || type > kRecyclableLast) {
    return Damaged(offset, "a record has the unknown type " + std::to_string(type));
  }
  const int part = type > kLast ? type - kRecyclable : type;
  const bool begins = part == kFull || part == kFirst;
  if (begins == in_parts_) return Damaged(offset, "the parts of a record are out of order");
  if (part == kFull) return Visit(payload);
  if (parts_.size() + payload.size() > kRecordBytesMax) {
    return Damaged(offset, "a record is longer than 4 GiB");
  }
  parts_.append(payload);
  in_parts_ = part != kLast;
  if (in_parts_) return true;
  const bool go_on = Visit(parts_);
  parts_.clear();
  return go_on;
}

class Descriptor {
 public:
  explicit Descriptor(const std::string& path)
      : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// Fills `block` as far as the file goes.
Result<size_t> ReadBlock(int fd, const std::string& path, std::string* block) {
  size_t filled = 0;
  while (filled < block->size()) {
    const ssize_t count = read(fd, block->data() + filled, block->size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return IoError(path, "cannot read", errno);
    if (count == 0) break;
    filled += static_cast<size_t>(count);
  }
  return filled;
}

}  // namespace

Result<RecordFileReport> WalkRecordFile(const std::string& path,
                                        const std::function<bool(std::string_view)>& visit,
                                        const std::function<bool(uint64_t)>& progress) {
  const Descriptor file(path);
  if (file.get() < 0 && errno == ENOENT) return Status::NotFound(path + ": no such file");
  if (file.get() < 0) return IoError(path, "cannot open", errno);
  RecordFileReport report;
  Walk walk(visit, &report);
  std::string block(kBlockBytes, '\0');
  std::string next(kBlockBytes, '\0');
  BACKSTEP_ASSIGN_OR_RETURN(size_t filled, ReadBlock(file.get(), path, &block));
  uint64_t offset = 0;
  bool going = true;
  while (filled > 0 && going) {
    BACKSTEP_ASSIGN_OR_RETURN(const size_t next_filled, ReadBlock(file.get(), path, &next));
    if (progress && !progress(filled)) return Status::Cancelled(path + ": stopped");
    going = walk.Block(std::string_view(block).substr(0, filled), offset, next_filled == 0);
    offset += filled;
    block.swap(next);
    filled = next_filled;
  }
  if (going) walk.Finish(offset);
  return report;
}

}  // namespace backstep::store
