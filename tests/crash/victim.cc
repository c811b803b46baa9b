// The program that kill_test kills: agents in a ring that call tools and one another, with open
// nested steps most of the time. Writes Session::Committed() to the file named in argv[1] through a
// shared mapping, so that what was promised survives the kill.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>

#include "backstep/recorder/session.h"
#include "backstep/tests/crash/ring_program.h"

int main(int argc, char** argv) {
  using namespace backstep;
  if (argc < 3) return 2;
  if (std::string(argv[1]) == "--program") {  // a Program, live; the debugger's side runs it again
    testing::RingProgram program(std::atoi(argv[2]));
    return replay::RunProgram(program);
  }
  const int fd = open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ftruncate(fd, sizeof(uint64_t)) != 0) return 2;
  auto* promised = static_cast<std::atomic<uint64_t>*>(
      mmap(nullptr, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  auto session = recorder::Session::Open({.name = "victim", .path = argv[2]});
  if (!session->enabled()) return 3;

  auto work = [&](int worker) {
    const std::string self = "worker" + std::to_string(worker);
    const std::string helper = "helper" + std::to_string(worker);
    std::string history;
    for (uint64_t turn = 1;; ++turn) {
      auto step = session->BeginStep(self);
      CallRequest request{.name = "look", .body = {std::to_string(turn), "text/plain"}};
      (void)step->CallTool(request, [](const CallRequest& r, CallProgress&) {
        return CallResponse{.body = r.body};
      });
      (void)step->CallAgent(helper, {.body = {"check " + std::to_string(turn), "text/plain"}},
                            [&](recorder::Step& inner) {
                              inner.Reply({"fine", "text/plain"});
                              return inner.Commit({std::to_string(turn), "text/plain"});
                            });
      history += "turn " + std::to_string(turn) + " of " + self + "\n";
      if (!step->Commit({history, "text/plain"}).ok()) return;
      uint64_t seen = session->Committed().value, old = promised->load();
      while (old < seen && !promised->compare_exchange_weak(old, seen)) {}
    }
  };
  std::thread other(work, 1);
  work(2);
  other.join();
  return 0;
}
