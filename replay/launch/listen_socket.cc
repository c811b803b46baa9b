#include "backstep/replay/launch/listen_socket.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

namespace backstep::replay::host {
namespace {

constexpr char kPattern[] = "/backstep-XXXXXX";
constexpr char kSocketName[] = "/host";

Status Failure(const std::string& what, const std::string& path) {
  return Status::Io("cannot " + what + " " + path + ": " + strerror(errno));
}

std::string TemporaryFolder() {
  const char* set = getenv("TMPDIR");
  const std::string folder = set == nullptr || *set == '\0' ? "/tmp" : set;
  const size_t size = folder.size() + sizeof kPattern + sizeof kSocketName;
  return size < sizeof(sockaddr_un::sun_path) && folder[0] == '/' ? folder : "/tmp";
}

}  // namespace

Result<std::unique_ptr<ListenSocket>> ListenSocket::Create() {
  std::string directory = TemporaryFolder() + kPattern;
  if (mkdtemp(directory.data()) == nullptr) return Failure("make a directory", directory);
  std::unique_ptr<ListenSocket> result(new ListenSocket(directory));
  result->fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (result->fd_ < 0) return Failure("open a socket for", result->path_);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, result->path_.c_str(), result->path_.size());
  if (bind(result->fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(result->fd_, 1) != 0) {
    return Failure("listen on", result->path_);
  }
  // Without it the host is followed all the same.
  auto page = PositionPage::Create(PositionPagePath(result->path_));
  if (page.ok()) result->page_ = *std::move(page);
  return result;
}

ListenSocket::ListenSocket(std::string directory)
    : directory_(std::move(directory)), path_(directory_ + kSocketName) {}

ListenSocket::~ListenSocket() {
  if (fd_ >= 0) close(fd_);
  unlink(path_.c_str());
  unlink(PositionPagePath(path_).c_str());
  rmdir(directory_.c_str());
}

int ListenSocket::Accept() {
  const int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return -1;
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != geteuid()) {
    close(fd);
    return -1;
  }
  return fd;
}

}  // namespace backstep::replay::host
