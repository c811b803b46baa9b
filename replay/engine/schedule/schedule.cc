#include "backstep/replay/engine/schedule/schedule.h"

#include <algorithm>

#include "backstep/replay/engine/stop/failure.h"

namespace backstep::replay {

Schedule::Schedule(Program* program, Recorded* recorded, System* system, Watcher* watcher,
                   Halt* halt, bool free)
    : program_(program),
      recorded_(recorded),
      system_(system),
      watcher_(watcher),
      halt_(halt),
      following_(!free),
      cursor_(recorded->fork().Next()),
      scheduler_state_(recorded->cut().scheduler_state) {
  for (const store::OpenStep& open : recorded->cut().open) {
    if (!open.begin.caller) open_.push_back(&open);
  }
  // In the order they committed; those that never did after them, in the order they began.
  std::stable_sort(open_.begin(), open_.end(), [](const auto* a, const auto* b) {
    const auto never = StepNumber{~uint64_t{0}};
    return a->commits_as.value_or(never) < b->commits_as.value_or(never);
  });
}

Status Schedule::Load() {
  BACKSTEP_ASSIGN_OR_RETURN(const auto segments, recorded_->line().Segments());
  for (const SegmentRecord& segment : segments) {
    segments_[segment.id] = segment.name;
  }
  return {};
}

std::string Schedule::SegmentName(SegmentId id) const {
  const auto known = segments_.find(id);
  return known == segments_.end() ? std::string() : known->second;
}

bool Schedule::WaitsFor(const std::string& agent, const std::vector<MessageId>& messages) const {
  return std::all_of(messages.begin(), messages.end(), [&](const MessageId& id) {
    const Mail* mail = system_->mailbox().Find(id);
    return mail != nullptr && mail->message.to == agent;
  });
}

// An agent that was called inside its own open step has committed a later clock before that one.
bool Schedule::HasRun(AgentId agent, AgentClock clock) const {
  if (recorded_->Open(agent, clock) != nullptr) return planned_open_.count({agent, clock}) != 0;
  return clock <= system_->ClockOf(agent);
}

Recorded::StepPtr Schedule::NextRecorded() {
  for (; cursor_ <= recorded_->line().last(); cursor_ = cursor_.Next()) {
    Result<Recorded::StepPtr> step = recorded_->StepAt(cursor_);
    if (!step.ok()) {
      halt_->Fail(step.status());
      return nullptr;
    }
    if (!(*step)->caller && !HasRun((*step)->agent, (*step)->clock)) return std::move(*step);
  }
  return nullptr;
}

void Schedule::Leave(const StepRecord& recorded, const std::string& here) {
  Divergence divergence;
  divergence.step = system_->step().Next();
  divergence.recorded_step = recorded.number;
  divergence.agent = recorded_->line().AgentName(recorded.agent);
  divergence.clock = recorded.clock;
  divergence.expected = watcher_->DescribeTaken(recorded.taken);
  divergence.actual = here;
  watcher_->Reschedule(std::move(divergence));
}

std::optional<Planned> Schedule::Follow() {
  const Recorded::StepPtr recorded = NextRecorded();
  if (!recorded) {
    following_ = false;
    return std::nullopt;
  }
  const std::string agent = recorded_->line().AgentName(recorded->agent);
  if (!WaitsFor(agent, recorded->taken)) {
    following_ = false;
    order_known_ = false;
    Leave(*recorded, "its messages do not wait for it");
    return std::nullopt;
  }
  cursor_ = cursor_.Next();
  if (recorded_->Open(recorded->agent, recorded->clock) != nullptr) {
    planned_open_.insert({recorded->agent, recorded->clock});
  }
  if (!recorded->scheduler_state.empty()) scheduler_state_ = recorded->scheduler_state;
  return Planned{agent, recorded->taken, SegmentName(recorded->segment), scheduler_state_};
}

std::optional<Decision> Schedule::Decide(const std::vector<std::string>& busy,
                                         std::string* state) {
  CutView view = system_->View();
  for (AgentView& agent : view.agents) {
    if (std::find(busy.begin(), busy.end(), agent.name) != busy.end()) agent.busy = true;
  }
  try {
    return program_->Next(view, state);
  } catch (...) {
    outcome_ = {Outcome::Kind::kFailed, std::nullopt, "exception: " + CurrentException()};
    return std::nullopt;
  }
}

// The open steps of the fork, as they had begun. One that never committed has taken the scheduler's
// memory of its decision with it: the program is asked for it, and heard where it decides alike.
std::optional<Planned> Schedule::NextOpen() {
  for (const store::OpenStep* candidate : open_) {
    const store::OpenStep& open = *candidate;
    if (!planned_open_.insert({open.begin.agent, open.begin.clock}).second) continue;
    const std::string agent = recorded_->line().AgentName(open.begin.agent);
    if (!WaitsFor(agent, open.begin.taken)) continue;
    std::string state = scheduler_state_;
    if (open.commits_as) {
      const auto step = recorded_->StepAt(*open.commits_as);
      halt_->Fail(step.status());
      if (step.ok() && !(*step)->scheduler_state.empty()) {
        scheduler_state_ = (*step)->scheduler_state;
      }
    } else if (const auto decision = Decide({}, &state);
               decision && !decision->finished && decision->agent == agent &&
               decision->messages == open.begin.taken) {
      scheduler_state_ = state;
    }
    return Planned{agent, open.begin.taken, SegmentName(open.begin.segment), scheduler_state_};
  }
  return std::nullopt;
}

// A live run on several threads lets a later activation go first where an earlier one calls its
// agent. Its decision is the program's too: of a system in which the earlier agent is busy.
Decision Schedule::AsDecidedAhead(Decision decision, std::vector<std::string> busy,
                                  std::string* state) {
  if (!program_->NextIsOldestDeliverable()) return decision;
  const Recorded::StepPtr next = NextRecorded();
  if (!next) return decision;
  const std::string wanted = recorded_->line().AgentName(next->agent);
  Decision ahead = decision;
  while (!ahead.finished && (ahead.agent != wanted || ahead.messages != next->taken)) {
    const auto agent = recorded_->line().FindAgent(ahead.agent);
    const auto recorded =
        agent ? recorded_->Step(*agent, system_->ClockOf(*agent).Next())
              : Result<Recorded::StepPtr>(nullptr);
    if (!recorded.ok() || *recorded == nullptr || (*recorded)->number <= next->number ||
        (*recorded)->begin_after > next->begin_after || (*recorded)->taken != ahead.messages) {
      return decision;
    }
    busy.push_back(ahead.agent);
    auto again = Decide(busy, state);
    if (!again) return decision;
    ahead = std::move(*again);
  }
  return ahead.finished ? decision : ahead;
}

// The same, where the earlier ones are the open steps of the fork.
std::optional<Planned> Schedule::NextAheadOfOpen() {
  if (open_.empty() || !order_known_ || !program_->NextIsOldestDeliverable()) {
    return std::nullopt;
  }
  const Recorded::StepPtr next = NextRecorded();
  if (!next || recorded_->Open(next->agent, next->clock) != nullptr) return std::nullopt;
  std::vector<std::string> busy;
  for (const store::OpenStep* open : open_) {
    if (planned_open_.count({open->begin.agent, open->begin.clock}) != 0) continue;
    if (open->commits_as && *open->commits_as < next->number) return std::nullopt;
    busy.push_back(recorded_->line().AgentName(open->begin.agent));
  }
  if (busy.empty()) return std::nullopt;
  std::string state = scheduler_state_;
  auto decision = Decide(busy, &state);
  if (!decision) return std::nullopt;
  *decision = AsDecidedAhead(std::move(*decision), std::move(busy), &state);
  if (decision->finished || decision->messages != next->taken ||
      decision->agent != recorded_->line().AgentName(next->agent)) {
    return std::nullopt;
  }
  scheduler_state_ = state;
  return Planned{decision->agent, decision->messages, decision->segment, state};
}

void Schedule::CheckAgainstRecording(const Decision& decision) {
  if (!order_known_ || decision.finished) return;
  const Recorded::StepPtr next = NextRecorded();
  if (!next) return;
  if (decision.agent == recorded_->line().AgentName(next->agent) &&
      decision.messages == next->taken) {
    return;
  }
  order_known_ = false;
  Leave(*next, decision.agent + " " + watcher_->DescribeTaken(decision.messages));
}

std::optional<Planned> Schedule::Ask() {
  auto decision = Decide({}, &scheduler_state_);
  if (!decision) return std::nullopt;
  if (order_known_) *decision = AsDecidedAhead(std::move(*decision), {}, &scheduler_state_);
  CheckAgainstRecording(*decision);
  if (decision->finished) {
    outcome_ = *decision->finished;
    return std::nullopt;
  }
  return Planned{decision->agent, decision->messages, decision->segment, scheduler_state_};
}

std::optional<Planned> Schedule::Next() {
  if (following_) {
    if (auto planned = Follow()) return planned;
  }
  if (halt_->stopped()) return std::nullopt;
  if (auto planned = NextAheadOfOpen()) return planned;
  if (auto planned = NextOpen()) return planned;
  return Ask();
}

}  // namespace backstep::replay
