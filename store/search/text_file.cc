#include "backstep/store/search/text_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <future>

#include "backstep/base/beside.h"
#include "backstep/store/format/files.h"
#include "backstep/store/index/rows/row_writer.h"
#include "backstep/store/search/text_batch.h"
#include "backstep/store/search/words.h"

namespace backstep::store {
namespace {

constexpr char kTextMagic[] = "bkstext1";
constexpr size_t kTextHeaderBytes = 40;

void PutLittle(std::string* out, uint64_t number, size_t count) {
  for (size_t i = 0; i < count; ++i) out->push_back(static_cast<char>(number >> (8 * i)));
}

std::string TextPath(const std::string& recording, LogId log, Stream stream) {
  return recording + "/" + kTextIndexName + "/" + std::to_string(log.value) +
         (stream == Stream::kSteps ? ".steps" : ".outside");
}

// A link would lead out of the recording.
bool IsFolder(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

Status WriteAt(int fd, const std::string& path, std::string_view bytes, uint64_t at) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return IoError(path, "cannot write", written < 0 ? errno : ENOSPC);
    at += static_cast<uint64_t>(written);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

bool AskTextLock(int fd, short type) {
  struct flock range = {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  return fcntl(fd, F_OFD_SETLK, &range) == 0;
}

}  // namespace

class TextFile::Bytes : public ByteFile {
 public:
  Bytes(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~Bytes() override { close(fd_); }

  Result<std::string> Read(uint64_t at, uint64_t size) const override {
    if (size > this->size() || at > this->size() - size) {
      return Status::Corruption(path_ + ": ends too early");
    }
    std::string bytes(size, '\0');
    for (uint64_t done = 0; done < size;) {
      const ssize_t count =
          pread(fd_, bytes.data() + done, size - done, static_cast<off_t>(at + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return IoError(path_, "cannot read", errno);
      if (count == 0) return Status::Corruption(path_ + ": ends too early");
      done += static_cast<uint64_t>(count);
    }
    return bytes;
  }
  uint64_t size() const {
    struct stat info {};
    return fstat(fd_, &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
  }
  int fd() const { return fd_; }

 private:
  const int fd_;
  const std::string path_;
};

TextFile::TextFile(const std::string& recording, Line* line, Stream stream)
    : recording_(recording), path_(TextPath(recording, line->id(), stream)), line_(*line),
      stream_(stream) {}
TextFile::~TextFile() = default;

std::string TextFile::Header() const {
  std::string header(kTextMagic, 8);
  PutLittle(&header, line_.id().value, 4);
  PutLittle(&header, static_cast<uint32_t>(stream_), 4);
  const Hash128 log = HeaderHash(line_.header());
  PutLittle(&header, log.low, 8);
  PutLittle(&header, log.high, 8);
  PutLittle(&header, HashBytes(header).low, 8);
  return header;
}

uint64_t TextFile::covered() const {
  return segments_.empty() ? StreamStart(line_, stream_) : segments_.back().last();
}

uint64_t TextFile::text_bytes() const {
  uint64_t bytes = 0;
  for (const SegmentReader& segment : segments_) bytes += segment.text_bytes();
  return bytes;
}

void TextFile::Distrust() {
  segments_.clear();
  bytes_.reset();
  distrusted_ = true;
}

void TextFile::Load() {
  if (distrusted_) return;
  if (bytes_ == nullptr) {
    // Not to hang on what is no file.
    const int fd = open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return;
    bytes_ = std::make_unique<Bytes>(fd, path_);
    struct stat info {};
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return Distrust();
  }
  LoadSegments();
}

void TextFile::LoadSegments() {
  const Result<std::string> header = bytes_->Read(0, kTextHeaderBytes);
  if (!header.ok() || *header != Header()) return Distrust();
  uint64_t end = segments_.empty() ? kTextHeaderBytes : segments_.back().end();
  while (true) {
    Result<std::optional<SegmentReader>> segment = SegmentReader::Open(bytes_.get(), end);
    if (!segment.ok()) return Distrust();
    if (!*segment || (*segment)->from() != covered() + 1) break;
    end = (*segment)->end();
    segments_.push_back(std::move(**segment));
  }
}

Status TextFile::OpenToWrite() {
  const std::string folder = recording_ + "/" + kTextIndexName;
  BACKSTEP_RETURN_IF_ERROR(MakeDirectory(folder).status());
  if (!IsFolder(folder)) return Status::Io(folder + ": is no directory");
  const int fd = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                      kFileMode);
  if (fd < 0) return IoError(path_, "cannot open", errno);
  auto bytes = std::make_unique<Bytes>(fd, path_);
  struct stat info {};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || fchmod(fd, kFileMode) != 0) {
    return Status::Io(path_ + ": cannot be written: not a regular file of ours");
  }
  if (!AskTextLock(fd, F_WRLCK)) {
    return Status::Unavailable(path_ + ": another process is writing it");
  }
  segments_.clear();
  bytes_ = std::move(bytes);
  return {};
}

// Leaves whole segments alone and nothing behind them.
Status TextFile::PrepareToWrite() {
  const bool begin_anew = distrusted_;
  distrusted_ = false;
  if (!begin_anew && bytes_->size() > 0) LoadSegments();
  if (bytes_ != nullptr && !begin_anew && bytes_->size() >= kTextHeaderBytes) {
    const uint64_t end = segments_.empty() ? kTextHeaderBytes : segments_.back().end();
    if (ftruncate(bytes_->fd(), static_cast<off_t>(end)) != 0) {
      return IoError(path_, "cannot cut", errno);
    }
    return {};
  }
  if (bytes_ == nullptr) BACKSTEP_RETURN_IF_ERROR(OpenToWrite());
  distrusted_ = false;
  segments_.clear();
  if (ftruncate(bytes_->fd(), 0) != 0) return IoError(path_, "cannot cut", errno);
  return WriteAt(bytes_->fd(), path_, Header(), 0);
}

Status TextFile::Append(const std::string& segment) {
  const uint64_t at = segments_.empty() ? kTextHeaderBytes : segments_.back().end();
  const std::string_view bytes = segment;
  Status written = WriteAt(bytes_->fd(), path_, bytes.substr(kSegmentHeaderBytes),
                           at + kSegmentHeaderBytes);
  if (written.ok()) {
    written = WriteAt(bytes_->fd(), path_, bytes.substr(0, kSegmentHeaderBytes), at);
  }
  if (!written.ok()) {
    const int ignored = ftruncate(bytes_->fd(), static_cast<off_t>(at));
    (void)ignored;
    return written;
  }
  BACKSTEP_ASSIGN_OR_RETURN(auto reader, SegmentReader::Open(bytes_.get(), at));
  if (!reader) return Status::Io(path_ + ": what was written cannot be read");
  segments_.push_back(std::move(*reader));
  return {};
}

// A batch is read while the one before is indexed.
Status TextFile::AddNumbers(uint64_t last, const std::function<bool(uint64_t)>& extended) {
  if (covered() >= last) return {};
  uint64_t newest = covered();
  TextBatches batches(&line_, stream_, newest + 1, last);
  auto builder = std::make_unique<SegmentBuilder>(newest + 1);
  TextBatch next, added;
  std::future<void> adding;  // of `added`, up to `newest`
  Status status;
  while (status.ok() && newest < last) {
    status = batches.Next(&next);
    if (adding.valid()) {
      adding.get();
      if (extended && !extended(newest)) {
        status = Status::Cancelled("indexing was cancelled; what is indexed stays");
        break;
      }
      if (builder->full()) {
        BACKSTEP_RETURN_IF_ERROR(Append(builder->Finish(newest)));
        builder = std::make_unique<SegmentBuilder>(newest + 1);
        const Status begun = batches.BeginSegment(&next);
        if (!begun.ok()) break;
      }
    }
    std::swap(next, added);
    newest = added.last;
    adding = StartBeside([&] { AddBatch(added, builder.get()); });
  }
  if (adding.valid()) adding.get();
  if (newest > covered()) BACKSTEP_RETURN_IF_ERROR(Append(builder->Finish(newest)));
  // What the log cannot give is for whoever reads it next to tell.
  return status.code() == StatusCode::kCancelled ? status : Status();
}

Status TextFile::Extend(uint64_t last, const std::function<bool(uint64_t)>& extended) {
  const bool distrusted = distrusted_;
  BACKSTEP_RETURN_IF_ERROR(OpenToWrite());
  distrusted_ = distrusted;
  Status status = PrepareToWrite();
  if (status.ok()) status = AddNumbers(last, extended);
  if (bytes_ != nullptr) AskTextLock(bytes_->fd(), F_UNLCK);
  return status;
}

Result<std::optional<Body>> ReadWords(Line& line, const BodyRef& ref) {
  if (ref.where == BodyRef::Where::kNone) return std::optional<Body>();
  if (!ref.media_type.empty() && !HoldsWords(ref.media_type, {})) return std::optional<Body>();
  BACKSTEP_ASSIGN_OR_RETURN(Body body, line.ReadBody(ref));
  if (!HoldsWords(body.media_type, body.bytes)) return std::optional<Body>();
  return std::optional(std::move(body));
}

void RemoveTextOf(const std::string& recording, LogId log) {
  if (!IsFolder(recording + "/" + kTextIndexName)) return;
  for (const Stream stream : {Stream::kSteps, Stream::kOutside}) {
    unlink(TextPath(recording, log, stream).c_str());
  }
}

Status DropTextIndex(const Recording& recording) {
  const std::string folder = recording.path() + "/" + kTextIndexName;
  if (!IsFolder(folder)) return {};
  BACKSTEP_ASSIGN_OR_RETURN(const auto names, ListDirectory(folder));
  for (const std::string& name : names) {
    if (!name.ends_with(".steps") && !name.ends_with(".outside")) continue;
    const std::string path = folder + "/" + name;
    const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    const bool free = fd < 0 || AskTextLock(fd, F_WRLCK);
    const int failed = free ? unlink(path.c_str()) : 0;
    const int error_number = errno;
    if (fd >= 0) close(fd);
    if (!free) return Status::Unavailable(path + ": another process is writing it");
    if (failed != 0) return IoError(path, "cannot remove", error_number);
  }
  rmdir(folder.c_str());  // what else somebody keeps there stays
  return {};
}

}  // namespace backstep::store
