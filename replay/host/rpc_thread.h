// A thread that runs a Cap'n Proto event loop over one connected socket. Private.
#pragma once

#include <kj/async-io.h>

#include <functional>
#include <string>
#include <thread>

namespace backstep::replay::host {

// Starts a thread that takes no signals and sets up an event loop; `body` runs in it with the
// socket (taken over) and the readable end `wake_fd` (not owned) as streams. An exception that
// leaves `body` is handed to `failed` as text: none leaves the thread. The caller joins.
struct RpcStreams {
  kj::AsyncIoContext& io;
  kj::AsyncIoStream& connection;
  kj::AsyncInputStream& wake;
};
std::thread StartRpcThread(int socket_fd, int wake_fd, std::function<void(RpcStreams)> body,
                           std::function<void(const std::string&)> failed);

// Calls `handle` after every Notify of the EventFd behind `wake`, until cancelled.
kj::Promise<void> OnEachWake(kj::AsyncInputStream& wake, std::function<void()> handle);

}  // namespace backstep::replay::host
