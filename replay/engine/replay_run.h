// One re-execution: puts the parts together, runs the branch, tells how it ended.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backstep/recorder/inherit.h"
#include "backstep/replay/engine/replay_hook.h"
#include "backstep/replay/engine/schedule/schedule.h"
#include "backstep/replay/reexecute.h"

namespace backstep::replay {

// One thread; Run once.
class ReplayRun {
 public:
  // References live as long as this.
  ReplayRun(Program& program, store::Recording& recording, const Experiment& experiment,
            const ReexecuteOptions& options);
  ~ReplayRun();
  Result<ReplayResult> Run();

 private:
  Status Open();
  Status CheckProgram();
  Result<bool> OthersAct();
  Status MakeParts();
  Status FillMailbox();
  Status FillStates();
  AgentClock CommittedClock(const store::AgentAt& agent) const;
  void FillSystem();
  Result<recorder::SessionOptions::Inherit> MakeInherit();
  Status OpenSession();
  void Loop();
  void Activate(const Planned& planned);
  void EnterSegment(const std::string& name);
  void ReportProgress(bool always);
  Result<ReplayResult> Close();
  void FillResult(ReplayResult* result);
  void CloseSession(ReplayResult* result);

  Program& program_;
  store::Recording& recording_;
  Experiment experiment_;
  const ReexecuteOptions& options_;

  std::unique_ptr<store::Line> line_;
  std::shared_ptr<const recorder::Redactor> redactor_;
  std::vector<std::string> redact_patterns_;
  std::unique_ptr<Recorded> recorded_;
  std::unique_ptr<Matcher> matcher_;
  std::unique_ptr<Runner> runner_;
  std::unique_ptr<Watcher> watcher_;
  std::unique_ptr<Halt> halt_;
  std::unique_ptr<ReplayHook> hook_;
  std::unique_ptr<Schedule> schedule_;
  Edits edits_;
  System system_;
  std::unique_ptr<recorder::Session> session_;
  std::optional<recorder::SegmentScope> segment_;
  SegmentId open_segment_;             // inherited, open at the fork
  std::string segment_name_;
  std::string recorded_scheduler_state_;
  std::vector<std::string> warnings_;
  std::vector<MessageId> dropped_waiting_;  // by edits, out of the mailboxes at the fork
  DurationNs progress_at_;
};

}  // namespace backstep::replay
