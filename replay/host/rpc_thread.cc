#include "backstep/replay/host/rpc_thread.h"

#include <kj/io.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <mutex>

namespace backstep::replay::host {
namespace {

// The event loop, where it is set up, ignores SIGPIPE for the whole process; this thread blocks it,
// so that the host keeps its own handling of it. Two at a time would restore what the other set.
kj::AsyncIoContext SetUpLoop() {
  static std::mutex one_at_a_time;
  std::lock_guard lock(one_at_a_time);
  struct sigaction before;
  sigaction(SIGPIPE, nullptr, &before);
  kj::AsyncIoContext io = kj::setupAsyncIo();
  sigaction(SIGPIPE, &before, nullptr);
  return io;
}

void Run(int socket_fd, int wake_fd, const std::function<void(RpcStreams)>& body) {
  kj::AutoCloseFd socket(socket_fd);
  kj::AsyncIoContext io = SetUpLoop();
  auto connection = io.lowLevelProvider->wrapSocketFd(
      kj::mv(socket), kj::LowLevelAsyncIoProvider::ALREADY_CLOEXEC);
  auto wake = io.lowLevelProvider->wrapInputFd(
      wake_fd, kj::LowLevelAsyncIoProvider::ALREADY_CLOEXEC |
                   kj::LowLevelAsyncIoProvider::ALREADY_NONBLOCK);
  body(RpcStreams{io, *connection, *wake});
}

void RunGuarded(int socket_fd, int wake_fd, const std::function<void(RpcStreams)>& body,
                const std::function<void(const std::string&)>& failed) {
  try {
    Run(socket_fd, wake_fd, body);
  } catch (const kj::Exception& exception) {
    failed(exception.getDescription().cStr());
  } catch (const std::exception& exception) {
    failed(exception.what());
  }
}

void BlockSignals(sigset_t* before) {
  sigset_t all;
  sigfillset(&all);
  // A fault of this thread must still end the process as it would anywhere.
  for (int fatal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT}) sigdelset(&all, fatal);
  pthread_sigmask(SIG_BLOCK, &all, before);
}

}  // namespace

std::thread StartRpcThread(int socket_fd, int wake_fd, std::function<void(RpcStreams)> body,
                           std::function<void(const std::string&)> failed) {
  // A new thread inherits the mask: it never runs with signals open.
  sigset_t before;
  BlockSignals(&before);
  std::thread thread;
  try {
    thread = std::thread([=] { RunGuarded(socket_fd, wake_fd, body, failed); });
  } catch (const std::exception& exception) {
    close(socket_fd);
    failed(exception.what());
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

kj::Promise<void> OnEachWake(kj::AsyncInputStream& wake, std::function<void()> handle) {
  auto count = std::make_shared<uint64_t>(0);
  return wake.read(count.get(), sizeof(uint64_t))
      .then([&wake, count, handle = std::move(handle)]() mutable -> kj::Promise<void> {
        handle();
        return OnEachWake(wake, std::move(handle));
      });
}

}  // namespace backstep::replay::host
