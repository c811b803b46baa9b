#include <algorithm>
#include <optional>
#include <set>
#include <unordered_set>
#include <utility>
#include <vector>

#include "backstep/store/format/keys.h"
#include "backstep/store/log/agent_cursors.h"
#include "backstep/store/verify/verify_log.h"

namespace backstep::store {
namespace {

constexpr uint64_t kStepsPerProgress = 256;
// So many steps are read at once, in order, and looked at agent by agent: what lies together is
// decompressed once, and an agent's states, which share most of their bytes, come one after
// another.
constexpr uint64_t kWindowSteps = 16384;
constexpr size_t kAgentPrefixBytes = 1 + 4;

class StepCheck {
 public:
  explicit StepCheck(const LogCheck& check) : check_(check), effect_cursors_(check.log.kv()) {}

  Status Run();

 private:
  // A step of the window and how many effects of it there are, where that was found out.
  struct Held {
    StepRecord step;
    std::optional<size_t> effects;
  };

  Result<std::set<AgentId>> Agents();
  // What cannot be read in order stays out, to be read by itself.
  void Read(StepNumber from, StepNumber to);
  // The agent's steps that are listed from `listed` on and lie in the window that ends with `to`.
  Status Agent(AgentId agent, StepNumber listed, StepNumber to);
  // The first step at or after `from`; none: nothing.
  Result<std::optional<StepNumber>> NextStep(StepNumber from);
  Status Window(const std::set<AgentId>& agents, StepNumber listed, StepNumber to);
  Status Listed(AgentId agent, StepNumber number, AgentClock clock, const std::string& where);
  std::optional<size_t> CountOf(const StepRecord& step, size_t scanned);
  Result<Held> Find(StepNumber number);
  Status Step(const Held& held);
  Status Taken(const StepRecord& step, const std::string& where);
  Status Sent(const StepRecord& step, const std::string& where);
  Status Progress();
  std::string Where(StepNumber number, AgentId agent) const {
    return "step " + std::to_string(number.value) + ", agent " + check_.line.AgentName(agent);
  }

  const LogCheck& check_;
  AgentCursors effect_cursors_;
  std::vector<std::optional<Held>> window_;
  StepNumber window_from_;
  std::unordered_set<MessageId> taken_;
  std::set<AgentId> told_agents_;
  uint64_t done_ = 0;
};

Status StepCheck::Progress() {
  ++done_;
  ++check_.findings.report().steps;
  if (done_ % kStepsPerProgress != 0) return Status();
  const uint64_t all = check_.log.last().value - check_.log.start().value;
  const double share =
      all == 0 ? 0 : static_cast<double>(kStepsPerProgress) / static_cast<double>(all);
  return check_.advance(share) ? Status() : Status::Cancelled("verify was cancelled");
}

Status StepCheck::Taken(const StepRecord& step, const std::string& where) {
  for (const TakenMessage& taken : step.took) {
    const std::string name = check_.line.FormatMessageId(taken.id);
    const Result<MessageRecord> message = check_.line.FindMessage(taken.id);
    if (message.status().code() == StatusCode::kNotFound) {
      check_.Tell(where, "took message " + name + ", which does not exist");
      continue;
    }
    BACKSTEP_RETURN_IF_ERROR(check_.Told(message.status(), where));
    if (!taken_.insert(taken.id).second) {
      check_.Tell(where, "took message " + name + ", which was taken before");
    }
    if (!message.ok() || taken.id.sender == kOutside) continue;
    const auto sender = check_.line.StepOf(taken.id.sender, taken.id.clock);
    BACKSTEP_RETURN_IF_ERROR(check_.Told(sender.status(), where));
    // What a step sent and took itself was never early.
    const bool committed = sender.ok() && *sender && **sender <= step.number;
    if (sender.ok() && !committed && !taken.early) {
      check_.Tell(where, "took message " + name + " before the step that sent it, unmarked");
    }
  }
  return Status();
}

Status StepCheck::Sent(const StepRecord& step, const std::string& where) {
  for (const SentMessage& sent : step.sent) {
    const std::string name = check_.line.FormatMessageId(sent.id);
    if (sent.id.sender != step.agent || sent.id.clock != step.clock) {
      check_.Tell(where, "claims to have sent message " + name + " of another step");
    }
    const Result<MessageRecord> message = check_.line.FindMessage(sent.id);
    if (message.status().code() == StatusCode::kNotFound) {
      check_.Tell(where, "sent message " + name + ", which does not exist");
    } else {
      BACKSTEP_RETURN_IF_ERROR(check_.Told(message.status(), where));
    }
  }
  return Status();
}

Status StepCheck::Step(const Held& held) {
  const StepRecord& step = held.step;
  const std::string where = Where(step.number, step.agent);
  const auto committed = check_.log.CommittedAs({step.agent, step.clock});
  BACKSTEP_RETURN_IF_ERROR(check_.Told(committed.status(), where));
  if (committed.ok() && *committed != step.number) {
    check_.Tell(where, "its agent clock " + std::to_string(step.clock.value) +
                           " stands for another step");
  }
  if (step.clock.value == 0) check_.Tell(where, "has agent clock 0");
  if (step.begin_after >= step.number) check_.Tell(where, "began after it was committed");
  if (step.agent.value >= check_.line.agents().size() && told_agents_.insert(step.agent).second) {
    check_.Tell(where, "its agent is not in the log");
  }
  if (step.state_changed) {
    BACKSTEP_RETURN_IF_ERROR(check_.CheckBody(step.state, where + ", state"));
  }
  if (held.effects && *held.effects != step.effect_count) {
    check_.Tell(where, "has " + std::to_string(*held.effects) + " effects in the log and claims " +
                           std::to_string(step.effect_count));
  }
  BACKSTEP_RETURN_IF_ERROR(Taken(step, where));
  return Sent(step, where);
}

void StepCheck::Read(StepNumber from, StepNumber to) {
  window_from_ = from;
  window_.assign(to.value - from.value + 1, std::nullopt);
  const auto hold = [&](const StepRecord& step, const std::vector<EffectRecord>& effects) {
    const uint64_t at = step.number.value - from.value;
    if (at < window_.size()) window_[at] = Held{step, CountOf(step, effects.size())};
    return true;
  };
  (void)check_.line.ScanStepsWithEffects(from, to, hold);  // Find tells what is wrong
}

// A scan looks for no effects where a step claims none.
std::optional<size_t> StepCheck::CountOf(const StepRecord& step, size_t scanned) {
  if (step.effect_count != 0) return scanned;
  const auto effects = check_.log.Effects({step.agent, step.clock}, &effect_cursors_);
  return effects.ok() ? std::optional(effects->size()) : std::nullopt;
}

Result<StepCheck::Held> StepCheck::Find(StepNumber number) {
  const uint64_t at = number.value - window_from_.value;
  if (at < window_.size() && window_[at]) return *std::exchange(window_[at], std::nullopt);
  BACKSTEP_ASSIGN_OR_RETURN(StepRecord step, check_.log.Step(number));
  const auto effects = check_.line.Effects(step.agent, step.clock);
  if (effects.ok()) return Held{std::move(step), effects->size()};
  BACKSTEP_RETURN_IF_ERROR(check_.Told(effects.status(), Where(step.number, step.agent)));
  return Held{std::move(step), std::nullopt};
}

Status StepCheck::Listed(AgentId agent, StepNumber number, AgentClock clock,
                         const std::string& where) {
  const Result<Held> held = Find(number);
  if (!held.ok()) return check_.Told(held.status(), where);
  if (held->step.agent != agent || held->step.clock != clock) {
    check_.Tell(where, "is listed under another agent or clock than its own");
  }
  return Step(*held);
}

Status StepCheck::Agent(AgentId agent, StepNumber listed, StepNumber to) {
  const std::unique_ptr<KvCursor> cursor = check_.log.kv().NewCursor();
  const std::string first = AgentStepKey(agent, listed);
  const std::string_view prefix = std::string_view(first).substr(0, kAgentPrefixBytes);
  for (cursor->Seek(first); cursor->Valid() && cursor->key().starts_with(prefix);
       cursor->Next()) {
    if (check_.findings.full()) return Status();
    const auto number = KeyU64(cursor->key(), kAgentPrefixBytes);
    const auto clock = KeyU64(cursor->value(), 0);
    if (!number || !clock) continue;
    if (*number > to.value) break;
    const StepNumber at(*number);
    BACKSTEP_RETURN_IF_ERROR(Listed(agent, at, AgentClock(*clock), Where(at, agent)));
    BACKSTEP_RETURN_IF_ERROR(Progress());
  }
  return check_.Told(cursor->status(), "data files");
}

Result<std::set<AgentId>> StepCheck::Agents() {
  std::set<AgentId> agents;
  const std::unique_ptr<KvCursor> cursor = check_.log.kv().NewCursor();
  for (cursor->Seek("T"); cursor->Valid() && cursor->key().starts_with('T');) {
    const auto agent = KeyU32(cursor->key(), 1);
    if (!agent) break;
    agents.insert(AgentId(*agent));
    if (*agent == UINT32_MAX) break;
    cursor->Seek(AgentStepKey(AgentId(*agent + 1), StepNumber()));
  }
  BACKSTEP_RETURN_IF_ERROR(check_.Told(cursor->status(), "data files"));
  return agents;
}

Result<std::optional<StepNumber>> StepCheck::NextStep(StepNumber from) {
  const std::unique_ptr<KvCursor> cursor = check_.log.kv().NewCursor();
  cursor->Seek(StepKey(from));
  if (!cursor->Valid() || !cursor->key().starts_with('S')) {
    BACKSTEP_RETURN_IF_ERROR(check_.Told(cursor->status(), "data files"));
    return std::optional<StepNumber>();
  }
  const auto number = KeyU64(cursor->key(), 1);
  return number ? std::optional(StepNumber(*number)) : std::nullopt;
}

Status StepCheck::Window(const std::set<AgentId>& agents, StepNumber listed, StepNumber to) {
  for (const AgentId agent : agents) {
    if (check_.findings.full()) return Status();
    BACKSTEP_RETURN_IF_ERROR(Agent(agent, listed, to));
  }
  return Status();
}

Status StepCheck::Run() {
  BACKSTEP_ASSIGN_OR_RETURN(const std::set<AgentId> agents, Agents());
  const uint64_t last = check_.log.last().value;
  StepNumber listed;  // what is listed below the first step cannot be
  BACKSTEP_ASSIGN_OR_RETURN(auto from, NextStep(check_.log.start().Next()));
  while (from && from->value <= last && !check_.findings.full()) {
    const StepNumber to(from->value + std::min(last - from->value, kWindowSteps - 1));
    Read(*from, to);
    BACKSTEP_RETURN_IF_ERROR(Window(agents, listed, to));
    if (to.value == last) break;
    listed = to.Next();
    BACKSTEP_ASSIGN_OR_RETURN(from, NextStep(listed));
  }
  const auto& end = check_.log.end();
  if (end && end->last_step != check_.log.last()) {
    check_.Tell("end record", "the log was closed at step " + std::to_string(end->last_step.value) +
                                  " and ends at step " + std::to_string(check_.log.last().value));
  }
  return Status();
}

}  // namespace

Status CheckSteps(const LogCheck& check) { return StepCheck(check).Run(); }

}  // namespace backstep::store
