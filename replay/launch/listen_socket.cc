#include "backstep/replay/launch/listen_socket.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

#include "backstep/replay/launch/private_folder.h"

namespace backstep::replay::host {
namespace {

constexpr char kSocketName[] = "/host";

Status Failure(const std::string& what, const std::string& path) {
  return Status::Io("cannot " + what + " " + path + ": " + strerror(errno));
}

}  // namespace

Result<std::unique_ptr<ListenSocket>> ListenSocket::Create() {
  BACKSTEP_ASSIGN_OR_RETURN(std::string directory, MakePrivateFolder(sizeof kSocketName));
  std::unique_ptr<ListenSocket> result(new ListenSocket(std::move(directory)));
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
