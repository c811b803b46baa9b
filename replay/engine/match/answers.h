// Answers every call of a re-execution: from the recording, from an edit, by policy, or live.
// The innermost hook; faults lie around it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backstep/recorder/hook.h"
#include "backstep/replay/engine/experiment/edits.h"
#include "backstep/replay/engine/stop/halt.h"
#include "backstep/replay/engine/match/matcher.h"
#include "backstep/replay/engine/match/recorded.h"
#include "backstep/replay/engine/system.h"

namespace backstep::replay {

// One thread.
class Answers : public recorder::Hook {
 public:
  // Nothing is owned; `experiment` gives policy and seed.
  Answers(Recorded* recorded, Matcher* matcher, Edits* edits, System* system, Halt* halt,
          const Experiment* experiment);

  recorder::CallOutcome OnCall(const recorder::StepInfo& step, const recorder::CallInfo& call,
                               const CallRequest& request, const LiveCall& live,
                               CallProgress& progress) override;

  // The request about to pass through the hooks around this one, for the two questions below.
  void SetRequest(const CallRequest* request) { request_ = request; }
  // Whether an open step of the fork had that answer already: nothing may touch it.
  bool IsFinished(const recorder::StepInfo& step, const recorder::CallInfo& call);
  // Whether the recording has the answer, and in it what the recording's own faults did.
  bool IsRecorded(const recorder::StepInfo& step, const recorder::CallInfo& call);

  // What ran live, at most 100 lines.
  const std::vector<std::string>& live_calls() const { return live_calls_; }

 private:
  Result<std::optional<Match>> Find(const recorder::StepInfo& step,
                                    const recorder::CallInfo& call, bool pure);
  recorder::CallOutcome Serve(const recorder::CallInfo& call, const Match& match,
                              CallResponse response);
  recorder::CallOutcome OnClock(const recorder::StepInfo& step);
  recorder::CallOutcome OnRandom(const recorder::StepInfo& step, const recorder::CallInfo& call);
  Result<std::optional<std::string>> NextNumber(const recorder::StepInfo& step, EffectKind kind,
                                                recorder::CallOutcome* outcome);
  KnownEdit* EditOf(const recorder::StepInfo& step, const recorder::CallInfo& call,
                    const std::optional<Match>& match);
  recorder::CallOutcome Edited(const recorder::StepInfo& step, const recorder::CallInfo& call,
                               const CallRequest& request, KnownEdit* edit,
                               const std::optional<Match>& match);
  recorder::CallOutcome OnMiss(const recorder::StepInfo& step, const recorder::CallInfo& call,
                               const CallRequest& request, const LiveCall& live,
                               CallProgress& progress);
  recorder::CallOutcome RunLive(const recorder::StepInfo& step, const recorder::CallInfo& call,
                                const CallRequest& request, const LiveCall& live,
                                CallProgress& progress);
  recorder::CallOutcome Pause(const recorder::StepInfo& step, const recorder::CallInfo& call,
                              const CallRequest& request);
  std::optional<recorder::CallOutcome> Substitute(const recorder::StepInfo& step,
                                                  const recorder::CallInfo& call,
                                                  const CallRequest& request,
                                                  const MissRule& rule);
  const MissRule* RuleFor(EffectKind kind, const std::string& name) const;
  std::string Hint(const recorder::CallInfo& call, const CallRequest& request) const;
  DurationNs Mean(const recorder::StepInfo& step, const recorder::CallInfo& call,
                  const std::string& name);
  recorder::CallOutcome Fail(const Status& status);

  Recorded* recorded_;
  Matcher* matcher_;
  Edits* edits_;
  System* system_;
  Halt* halt_;
  const Experiment* experiment_;
  const CallRequest* request_ = nullptr;
  std::map<AgentId, TimeNs> now_;     // the agent's newest reading of the clock
  std::vector<std::string> live_calls_;
};

// The answer of a call that a run which is over gives: recorded nowhere.
recorder::CallOutcome GivenUp(const std::string& kind, const std::string& message);

}  // namespace backstep::replay
