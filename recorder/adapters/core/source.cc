#include "backstep/recorder/adapters/core/source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "backstep/recorder/adapters/core/unpack.h"

namespace backstep::adapters {
namespace {

constexpr size_t kFillBytes = 256u << 10;
// What a packed file may always grow to.
constexpr uint64_t kGrowthFree = 64u << 20;

// A file of the disk, or bytes; counts what was used of it.
class CountedFile final : public ByteStream {
 public:
  explicit CountedFile(int fd) : fd_(fd) {}
  explicit CountedFile(std::string bytes) : bytes_(std::move(bytes)) {}
  ~CountedFile() override {
    if (fd_ >= 0) close(fd_);
  }
  Result<size_t> Read(char* out, size_t size) override {
    if (fd_ < 0) {
      const size_t taken = std::min(size, bytes_.size() - used_);
      std::memcpy(out, bytes_.data() + used_, taken);
      used_ += taken;
      return taken;
    }
    ssize_t got;
    do {
      got = read(fd_, out, size);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return Status::Io(std::string("not readable: ") + std::strerror(errno));
    used_ += static_cast<size_t>(got);
    return static_cast<size_t>(got);
  }
  uint64_t used() const { return used_; }

 private:
  const int fd_ = -1;
  const std::string bytes_;
  uint64_t used_ = 0;
};

// Gives first what was looked at to tell how the rest is packed.
class Rejoined final : public ByteStream {
 public:
  Rejoined(std::string first, std::unique_ptr<ByteStream> rest)
      : first_(std::move(first)), rest_(std::move(rest)) {}
  Result<size_t> Read(char* out, size_t size) override {
    if (at_ == first_.size()) return rest_->Read(out, size);
    const size_t taken = std::min(size, first_.size() - at_);
    std::memcpy(out, first_.data() + at_, taken);
    at_ += taken;
    return taken;
  }

 private:
  const std::string first_;
  size_t at_ = 0;
  std::unique_ptr<ByteStream> rest_;
};

std::string NameWithin(const std::string& path) {
  std::string name = path.substr(path.find_last_of('/') + 1);
  for (const char* end : {".gz", ".zst"}) {
    if (name.size() > std::strlen(end) && name.ends_with(end)) {
      name.resize(name.size() - std::strlen(end));
      break;
    }
  }
  return name;
}

class BufferedSource final : public Source {
 public:
  BufferedSource(std::string path, uint64_t packed_size, const SourceLimits& limits)
      : path_(std::move(path)), name_(NameWithin(path_)), packed_size_(packed_size),
        limits_(limits) {}

  Status Begin(std::unique_ptr<CountedFile> file) {
    file_ = file.get();
    std::string first(4, '\0');
    size_t got = 0;
    while (got < first.size()) {
      const Result<size_t> more = file->Read(first.data() + got, first.size() - got);
      if (!more.ok()) return more.status().WithContext(path_);
      if (*more == 0) break;
      got += *more;
    }
    first.resize(got);
    const Packing packing = PackingOf(first);
    packed_ = packing != Packing::kNone;
    stream_ = MakeUnpacker(packing, std::make_unique<Rejoined>(std::move(first), std::move(file)));
    return {};
  }

  const std::string& path() const override { return path_; }
  std::string name() const override { return name_; }
  uint64_t offset() const override { return made_ - (end_ - begin_); }
  uint64_t line() const override { return lines_; }
  uint64_t packed_offset() const override { return file_->used(); }
  uint64_t packed_size() const override { return std::max(packed_size_, file_->used()); }

  Result<std::string_view> Peek() override {
    while (end_ - begin_ < kPeekBytes && Fill()) continue;
    if (end_ == begin_ && !failure_.ok()) return failure_;
    return std::string_view(buffer_.data() + begin_, std::min(end_ - begin_, kPeekBytes));
  }

  Result<size_t> Read(char* out, size_t size) override {
    size_t taken = 0;
    while (taken < size && (begin_ < end_ || Fill())) {
      const size_t more = std::min(size - taken, end_ - begin_);
      std::memcpy(out + taken, buffer_.data() + begin_, more);
      begin_ += more;
      taken += more;
    }
    if (taken == 0 && size > 0 && !failure_.ok()) return failure_;
    return taken;
  }

  Result<bool> ReadLine(std::string_view* line) override {
    size_t searched = 0;  // of what is buffered
    for (;;) {
      const char* from = buffer_.data() + begin_;
      const size_t have = end_ - begin_;
      const void* found =
          have > searched ? std::memchr(from + searched, '\n', have - searched) : nullptr;
      if (found != nullptr) {
        const auto size = static_cast<size_t>(static_cast<const char*>(found) - from);
        if (size > limits_.line_max) return LongLine();
        return TakeLine(size, 1, line);
      }
      if (have > limits_.line_max) return LongLine();
      searched = have;
      if (Fill()) continue;
      if (!failure_.ok()) return failure_;
      if (have == 0) return false;
      return TakeLine(have, 0, line);
    }
  }

  Result<std::string> ReadAll() override {
    while (end_ - begin_ <= limits_.line_max && Fill()) continue;
    if (end_ - begin_ > limits_.line_max) {
      return Status::InvalidArgument(path_ + ": more than " + std::to_string(limits_.line_max) +
                                     " bytes in one piece");
    }
    if (!failure_.ok()) return failure_;
    std::string all(buffer_.data() + begin_, end_ - begin_);
    begin_ = end_ = 0;
    buffer_ = {};
    return all;
  }

 private:
  // More bytes into the buffer. False: there are none, or failure_.
  bool Fill() {
    if (ended_ || !failure_.ok()) return false;
    if (begin_ > 0 && (begin_ == end_ || begin_ > buffer_.size() / 2)) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (buffer_.size() - end_ < kFillBytes) {
      buffer_.resize(std::max(end_ + kFillBytes, buffer_.size() * 2));
    }
    const Result<size_t> got = stream_->Read(buffer_.data() + end_, buffer_.size() - end_);
    if (!got.ok()) {
      failure_ = got.status().WithContext(At());
      return false;
    }
    ended_ = *got == 0;
    end_ += *got;
    made_ += *got;
    failure_ = CheckGrowth();
    return !ended_ && failure_.ok();
  }

  Status CheckGrowth() const {
    if (made_ > limits_.unpacked_max) {
      return Status::InvalidArgument(path_ + ": longer than " +
                                     std::to_string(limits_.unpacked_max) + " bytes unpacked");
    }
    // Compared so that nothing overflows.
    if (packed_ && made_ > kGrowthFree && made_ / limits_.growth_max > file_->used()) {
      return Status::Corruption(At() + ": grows more than " + std::to_string(limits_.growth_max) +
                                " times when it is unpacked; taken for an expansion bomb");
    }
    return {};
  }

  std::string At() const { return path_ + ": at byte " + std::to_string(made_); }

  Status LongLine() {
    return Status::InvalidArgument(path_ + ": line " + std::to_string(lines_ + 1) +
                                   ": longer than " + std::to_string(limits_.line_max) + " bytes");
  }

  bool TakeLine(size_t size, size_t end_size, std::string_view* line) {
    *line = {buffer_.data() + begin_, size};
    if (end_size > 0 && line->ends_with('\r')) line->remove_suffix(1);
    begin_ += size + end_size;
    ++lines_;
    return true;
  }

  const std::string path_, name_;
  const uint64_t packed_size_;
  const SourceLimits limits_;
  CountedFile* file_ = nullptr;  // within stream_
  std::unique_ptr<ByteStream> stream_;
  bool packed_ = false, ended_ = false;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;  // what of the buffer is not taken
  uint64_t made_ = 0;           // bytes unpacked
  uint64_t lines_ = 0;
  Status failure_;              // after what is buffered
};

}  // namespace

Result<std::unique_ptr<Source>> Source::Open(const std::string& path, const SourceLimits& limits) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return Status::NotFound(path + ": no such file");
    return Status::Io(path + ": cannot be opened: " + std::strerror(errno));
  }
  auto file = std::make_unique<CountedFile>(fd);
  struct stat info {};
  if (fstat(fd, &info) != 0) {
    return Status::Io(path + ": cannot be looked at: " + std::strerror(errno));
  }
  if (S_ISDIR(info.st_mode)) return Status::InvalidArgument(path + ": a directory; name its files");
  if (!S_ISREG(info.st_mode) && !S_ISFIFO(info.st_mode)) {
    return Status::InvalidArgument(path + ": neither a file nor a pipe");
  }
  auto source = std::make_unique<BufferedSource>(path, static_cast<uint64_t>(info.st_size), limits);
  BACKSTEP_RETURN_IF_ERROR(source->Begin(std::move(file)));
  return std::unique_ptr<Source>(std::move(source));
}

std::unique_ptr<Source> Source::OfBytes(const std::string& name, std::string bytes,
                                        const SourceLimits& limits) {
  auto source = std::make_unique<BufferedSource>(name, bytes.size(), limits);
  // Bytes in memory are always readable.
  static_cast<void>(source->Begin(std::make_unique<CountedFile>(std::move(bytes))));
  return source;
}

}  // namespace backstep::adapters
