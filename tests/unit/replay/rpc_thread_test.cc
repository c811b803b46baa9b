#include "backstep/replay/host/rpc_thread.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "backstep/replay/host/event_fd.h"
#include "backstep/tests/support/catch.h"

using namespace backstep::replay::host;

namespace {

void OnPipe(int) {}

// Sets up one event loop and ends it.
void StartAndEnd() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) return;
  const EventFd wake;
  StartRpcThread(ends[0], wake.fd(), [](RpcStreams) {}, [](const std::string&) {}).join();
  close(ends[1]);
}

}  // namespace

TEST_CASE("the host's handling of SIGPIPE is its own again, whoever sets up a loop meanwhile") {
  struct sigaction mine {}, before, after;
  mine.sa_handler = OnPipe;
  REQUIRE(sigaction(SIGPIPE, &mine, &before) == 0);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([] {
      for (int round = 0; round < 50; ++round) StartAndEnd();
    });
  }
  for (std::thread& thread : threads) thread.join();
  REQUIRE(sigaction(SIGPIPE, &before, &after) == 0);
  CHECK(after.sa_handler == OnPipe);
}
