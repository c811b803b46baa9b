#include <cstdio>
#include <cstdlib>

#include "backstep/replay/engine/live/live_run.h"
#include "backstep/replay/launch.h"
#include "backstep/replay/program.h"

namespace backstep::replay {

Result<RunResult> RunLive(Program& program, const RunOptions& options) {
  return LiveRun(&program, options).Run();
}

int RunProgram(Program& program, const RunOptions& options) {
  const char* socket = std::getenv("BACKSTEP_REPLAY_SOCKET");
  if (socket != nullptr && *socket != '\0') return ServeReplay(program, socket);
  const Result<RunResult> run = RunLive(program, options);
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
