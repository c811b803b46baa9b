#include "backstep/recorder/adapters/core/body_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace backstep::adapters {
namespace {

constexpr size_t kWaitingMax = 1u << 20;

}  // namespace

Result<std::unique_ptr<BodyFile>> BodyFile::Create(const std::string& folder) {
  const std::string where = folder.empty() ? "." : folder;
  std::string path = where + "/.backstep-import-XXXXXX";
  const int fd = mkostemp(path.data(), O_CLOEXEC);  // readable by its owner only
  if (fd < 0) {
    return Status::Io(where + ": no temporary file can be made here: " + std::strerror(errno));
  }
  unlink(path.c_str());
  return std::unique_ptr<BodyFile>(new BodyFile(fd, where));
}

BodyFile::BodyFile(int fd, std::string folder) : fd_(fd), folder_(std::move(folder)) {}

BodyFile::~BodyFile() { close(fd_); }

KeptBody BodyFile::Keep(std::string_view bytes, Media media) {
  const KeptBody kept{size(), bytes.size(), media};
  if (!status_.ok()) return {0, 0, media};
  waiting_.append(bytes);
  if (waiting_.size() >= kWaitingMax) WriteOut();
  return kept;
}

void BodyFile::WriteOut() {
  size_t done = 0;
  while (done < waiting_.size()) {
    const ssize_t put = pwrite(fd_, waiting_.data() + done, waiting_.size() - done,
                               static_cast<off_t>(written_ + done));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      status_ = Status::Io(folder_ + ": the temporary file of the import cannot be written: " +
                           std::strerror(put < 0 ? errno : ENOSPC));
      return;
    }
    done += static_cast<size_t>(put);
  }
  written_ += waiting_.size();
  waiting_.clear();
  if (waiting_.capacity() > 4 * kWaitingMax) waiting_ = {};
}

Result<std::string> BodyFile::Read(const KeptBody& body) const {
  if (!status_.ok()) return status_;
  if (body.size > size() || body.at > size() - body.size) {
    return Status::InvalidArgument("a body that was not kept");
  }
  std::string bytes(body.size, '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    const uint64_t at = body.at + done;
    if (at >= written_) {
      std::memcpy(bytes.data() + done, waiting_.data() + (at - written_), bytes.size() - done);
      break;
    }
    const size_t on_disk = std::min<uint64_t>(bytes.size() - done, written_ - at);
    const ssize_t got = pread(fd_, bytes.data() + done, on_disk, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      return Status::Io(folder_ + ": the temporary file of the import cannot be read: " +
                        (got < 0 ? std::strerror(errno) : "it ends too early"));
    }
    done += static_cast<size_t>(got);
  }
  return bytes;
}

}  // namespace backstep::adapters
