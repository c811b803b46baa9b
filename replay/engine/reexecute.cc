#include "backstep/replay/reexecute.h"

#include "backstep/replay/engine/replay_run.h"

namespace backstep::replay {

Result<ReplayResult> Reexecute(Program& program, store::Recording& recording,
                               const Experiment& experiment, const ReexecuteOptions& options) {
  return ReplayRun(program, recording, experiment, options).Run();
}

}  // namespace backstep::replay
