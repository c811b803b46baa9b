#include "backstep/replay/engine/runner.h"

#include <utility>

#include "backstep/replay/engine/stop/failure.h"

namespace backstep::replay {
namespace {

constexpr size_t kAgentNameBytesMax = 256;

}  // namespace

Runner::Runner(Program* program, std::shared_ptr<const recorder::Redactor> check_restore)
    : program_(program), check_restore_(std::move(check_restore)) {}

Status Runner::Init() {
  try {
    specs_ = program_->Agents();
  } catch (...) {
    return Status::InvalidArgument("the program cannot name its agents: " + CurrentException());
  }
  if (specs_.empty()) return Status::InvalidArgument("the program names no agents");
  for (const AgentSpec& spec : specs_) {
    if (spec.name.empty() || spec.name[0] == '@' || spec.name.size() > kAgentNameBytesMax) {
      return Status::InvalidArgument("not a name for an agent: '" + spec.name + "'");
    }
    Slot& slot = slots_[spec.name];
    if (slot.spec != nullptr) {
      return Status::InvalidArgument("the program names agent '" + spec.name + "' twice");
    }
    slot.spec = &spec;
    slot.state = spec.initial_state;
  }
  return {};
}

void Runner::SetState(const std::string& agent, std::function<Result<Body>()> read) {
  slots_[agent].read_state = std::move(read);
}

bool Runner::Has(const std::string& agent) const {
  const auto slot = slots_.find(agent);
  return slot != slots_.end() && slot->second.spec != nullptr;
}

void Runner::StartFrom(const std::string& agent, AgentClock clock,
                       std::function<Result<Body>()> read) {
  const auto slot = slots_.find(agent);
  if (slot != slots_.end()) slot->second.start_from[clock] = std::move(read);
}

Status Runner::Load(Slot* slot) {
  if (!slot->read_state) return {};
  BACKSTEP_ASSIGN_OR_RETURN(slot->state, slot->read_state());
  slot->read_state = nullptr;
  return {};
}

Result<std::unique_ptr<Agent>> Runner::Make(const AgentSpec& spec, const Body& state) {
  try {
    auto made = program_->Restore(spec, state);
    if (made.ok() && *made == nullptr) {
      return Status::InvalidArgument("agent '" + spec.name + "' cannot be restored: no object");
    }
    if (!made.ok()) {
      return Status::InvalidArgument("agent '" + spec.name +
                                     "' cannot be restored: " + made.status().message());
    }
    return made;
  } catch (...) {
    return Status::InvalidArgument("agent '" + spec.name +
                                   "' cannot be restored: " + CurrentException());
  }
}

Status Runner::Restore(const std::string& agent) {
  Slot& slot = slots_.at(agent);
  BACKSTEP_RETURN_IF_ERROR(Load(&slot));
  slot.object = nullptr;
  BACKSTEP_ASSIGN_OR_RETURN(slot.object, Make(*slot.spec, slot.state));
  return {};
}

// The object the next step runs on, taken out of its slot. The previous one is gone before a new
// one is made, as Program::Restore promises.
Result<std::unique_ptr<Agent>> Runner::ObjectFor(Slot* slot, AgentClock clock) {
  BACKSTEP_RETURN_IF_ERROR(Load(slot));
  const auto from = slot->start_from.find(clock);
  if (from != slot->start_from.end()) {
    if (slot->running == 0) slot->object = nullptr;
    BACKSTEP_ASSIGN_OR_RETURN(const Body state, from->second());
    return Make(*slot->spec, state);
  }
  if (slot->running > 0) return Make(*slot->spec, slot->state);
  if (check_restore_ != nullptr) {
    slot->object = nullptr;
    Body recorded = slot->state;
    check_restore_->Redact(&recorded.bytes);
    return Make(*slot->spec, recorded);
  }
  if (slot->object != nullptr) return std::move(slot->object);
  return Make(*slot->spec, slot->state);
}

void Runner::RunOn(Agent* agent, Step& step) {
  try {
    const Status status = agent->Run(step);
    if (step.ended()) return;
    if (!status.ok()) {
      step.Fail({std::string(StatusCodeName(status.code())), status.message()});
    } else {
      step.Fail({"no_commit", "the step returned without Commit"});
    }
  } catch (...) {
    const std::string what = CurrentException();
    if (!step.ended()) step.Fail({"exception", what});
  }
}

Status Runner::Run(Step& step) {
  const auto found = slots_.find(step.info().agent_name);
  if (found == slots_.end() || found->second.spec == nullptr) {
    return Status::Unavailable("the program has no agent '" + step.info().agent_name + "'");
  }
  Slot& slot = found->second;
  if (step.failed()) {
    // An agent that crashed has lost what it had in memory.
    if (slot.running == 0) slot.object = nullptr;
    if (!step.ended()) step.Fail(*step.failed());
    return {};
  }
  auto object = ObjectFor(&slot, step.info().clock);
  if (!object.ok()) {
    step.Fail({"restore", object.status().message()});
    return {};
  }
  const bool outermost = slot.running == 0;
  if (outermost) slot.commits_inside = slot.start_from.count(step.info().clock) != 0;
  ++slot.running;
  RunOn(object->get(), step);
  --slot.running;
  // Only an object that is exactly what its agent committed last is kept.
  if (outermost && !slot.commits_inside && step.number().value != 0 && !step.failed() &&
      !slot.object_stale) {
    slot.object = std::move(*object);
  }
  slot.object_stale = false;
  return {};
}

void Runner::OnCommit(const recorder::StepInfo& info, const StepRecord& record,
                      const recorder::StateChange& change) {
  const auto found = slots_.find(info.agent_name);
  if (found == slots_.end()) return;
  Slot& slot = found->second;
  if (slot.running > 1) slot.commits_inside = true;
  if (record.error) {
    slot.object_stale = true;
    return;
  }
  if (change.whole != nullptr) {
    slot.read_state = nullptr;
    slot.state = *change.whole;
  } else if (change.edit != nullptr) {
    // The recorder has checked that the edit fits.
    auto bytes = Load(&slot).ok() ? change.edit->Apply(slot.state.bytes)
                                  : Status::Internal("no state to edit");
    if (bytes.ok()) slot.state.bytes = std::move(*bytes);
  }
}

const Body* Runner::State(const std::string& agent) {
  const auto found = slots_.find(agent);
  if (found == slots_.end() || !Load(&found->second).ok()) return nullptr;
  return &found->second.state;
}

}  // namespace backstep::replay
