// A unix socket in a private directory, gone with its owner. Private.
#pragma once

#include <memory>
#include <string>

#include "backstep/base/status.h"
#include "backstep/replay/host/position_page.h"

namespace backstep::replay::host {

// One thread.
class ListenSocket {
 public:
  // In $TMPDIR, or /tmp where that is too long a path. Io: with path and reason.
  static Result<std::unique_ptr<ListenSocket>> Create();
  ~ListenSocket();
  ListenSocket(const ListenSocket&) = delete;
  ListenSocket& operator=(const ListenSocket&) = delete;

  const std::string& path() const { return path_; }
  // The page in which the host that serves here tells where it stands; outlives this if it is kept.
  // nullptr: there is none.
  const std::shared_ptr<const PositionPage>& page() const { return page_; }
  int fd() const { return fd_; }
  // The next connection of a process of this user; -1: none waits. The caller closes it.
  int Accept();

 private:
  explicit ListenSocket(std::string directory);
  std::string directory_, path_;
  int fd_ = -1;
  std::shared_ptr<const PositionPage> page_;
};

}  // namespace backstep::replay::host
