#include <cstdio>
#include <cstdlib>

#include "backstep/replay/engine/live/live_run.h"
#include "backstep/replay/host/position_page.h"
#include "backstep/replay/launch.h"
#include "backstep/replay/program.h"

namespace backstep::replay {

Result<RunResult> RunLive(Program& program, const RunOptions& options) {
  return LiveRun(&program, options).Run();
}

namespace {

// Of `backstep run`, for when this process dies. What the program starts itself has another one.
std::unique_ptr<host::PositionWriter> TakePositionPage() {
  const char* path = std::getenv("BACKSTEP_POSITION");
  if (path == nullptr || *path == '\0') return nullptr;
  auto page = host::PositionWriter::Open(path);
  unsetenv("BACKSTEP_POSITION");
  return page.ok() ? *std::move(page) : nullptr;
}

}  // namespace

int RunProgram(Program& program, const RunOptions& options) {
  const char* socket = std::getenv("BACKSTEP_REPLAY_SOCKET");
  if (socket != nullptr && *socket != '\0') return ServeReplay(program, socket);
  const auto page = TakePositionPage();
  LiveRun live(&program, options);
  if (page) live.TellPosition([&](const Position& position) { page->Write(position); });
  const Result<RunResult> run = live.Run();
  if (!run.ok()) {
    fprintf(stderr, "%s\n", run.status().message().c_str());
    return 2;
  }
  printf("%s: %s after %llu steps%s%s\n", program.Name().c_str(),
         OutcomeName(run->outcome.kind), static_cast<unsigned long long>(run->steps),
         run->outcome.reason.empty() ? "" : ": ", run->outcome.reason.c_str());
  if (!run->recording_status.ok()) {
    fprintf(stderr, "recording: %s\n", run->recording_status.message().c_str());
  }
  return run->outcome.kind == Outcome::Kind::kFailed ? 1 : 0;
}

}  // namespace backstep::replay
