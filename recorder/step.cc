#include "backstep/recorder/step.h"

#include <algorithm>
#include <exception>

#include "backstep/recorder/core/spare_steps.h"
#include "backstep/recorder/core/step_impl.h"

namespace backstep::recorder {
namespace {

// A spare step keeps the room of its agent's name; a longer one than any agent's is not kept.
constexpr size_t kSpareNameMax = 256;

}  // namespace

Step::Impl::Impl() : exceptions_at_begin(std::uncaught_exceptions()) {}
Step::Impl::~Impl() = default;

Step::Step(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Step::~Step() { impl_->EndUncommitted(); }

void Step::operator delete(Step* step, std::destroying_delete_t) {
  if (step->impl_->Unused() && KeepSpareStep(step)) return;
  step->~Step();
  ::operator delete(step);
}

const StepInfo& Step::info() const { return impl_->info; }
const std::vector<Message>& Step::taken() const { return impl_->taken; }
const std::optional<StepError>& Step::failed() const { return impl_->failed; }
bool Step::ended() const { return impl_->ended; }
StepNumber Step::number() const { return impl_->number; }

Status Step::Commit(const Body& state) { return impl_->End({&state, nullptr}, std::nullopt); }
Status Step::Commit(const StateEdit& edit) { return impl_->End({nullptr, &edit}, std::nullopt); }
Status Step::Commit() { return impl_->End({}, std::nullopt); }
void Step::Fail(const StepError& error) { (void)impl_->End({}, error); }

void Step::SetOutcome(const Outcome& outcome) {
  if (impl_->Recorded()) impl_->item->record.outcome = Comparable(outcome);
}

void Step::Event(const std::string& name, const std::string& data, const std::string& level) {
  if (!impl_->Recorded()) return;
  EventRecord event;
  event.step = {impl_->info.agent, impl_->info.clock};
  event.name = name;
  event.category = level;
  event.data = data;
  impl_->core->Event(std::move(event));
}

void Step::Handoff(const std::string& to, const std::string& reason, const std::string& context) {
  if (!impl_->Recorded()) return;
  EventRecord event;
  event.kind = EventRecord::Kind::kHandoff;
  event.step = {impl_->info.agent, impl_->info.clock};
  event.name = to;
  event.category = reason;
  event.data = context;
  impl_->core->Event(std::move(event));
}

struct SpanScope::Impl {
  std::shared_ptr<SessionCore> core;
  EventRecord event;
  DurationNs began_monotonic;
};

SpanScope::SpanScope(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SpanScope::SpanScope(SpanScope&&) noexcept = default;

SpanScope::~SpanScope() {
  if (impl_ == nullptr || !impl_->core->Live()) return;
  impl_->event.duration = impl_->core->clock().Monotonic() - impl_->began_monotonic;
  impl_->core->Event(std::move(impl_->event));
}

SpanScope Step::Span(const std::string& kind, const std::string& name,
                     const std::string& attributes_json) {
  if (!impl_->Recorded()) return SpanScope(nullptr);
  auto span = std::make_unique<SpanScope::Impl>();
  span->core = impl_->core;
  span->event.kind = EventRecord::Kind::kSpan;
  span->event.step = {impl_->info.agent, impl_->info.clock};
  span->event.name = name;
  span->event.category = kind;
  span->event.data = attributes_json;
  span->event.began_wall = impl_->core->clock().Now();
  span->began_monotonic = impl_->core->clock().Monotonic();
  return SpanScope(std::move(span));
}

bool Step::Impl::Unused() {
  if (!spare || info.agent_name.capacity() > kSpareNameMax) return false;
  // `= {}` would keep their room, and that of a step with thousands.
  if (taken.capacity() != 0) std::vector<Message>().swap(taken);
  nested_call = nullptr;
  ended = false;
  if (error) error.reset();
  return true;
}

std::string Step::Impl::Name() const {
  return info.agent_name + "/" + std::to_string(info.clock.value);
}

// A step that has ended is in the log as it was; what comes later is not recorded.
void Step::Impl::ComplainEnded(const char* what) {
  if (!ended || core == nullptr || !core->Live()) return;
  core->Complain(Status::InvalidArgument("step " + Name() + " " + what + " after it had ended"));
}

void Step::Impl::AddFaults(std::vector<FaultRecord>&& faults) {
  auto& all = item->record.faults;
  std::move(faults.begin(), faults.end(), std::back_inserter(all));
}

// Whether the hook has given this step up by now.
bool Step::Impl::AskAbandoned() {
  if (!abandoned && hook() != nullptr && hook()->Abandoned(info)) {
    abandoned = true;
    core->Abandon(*agent, info.clock);
  }
  return abandoned;
}

bool Step::Impl::KeepEdit(CommitItem* ending, StateEdit&& edit) {
  size_t bytes = 0;
  for (const StateEdit::Splice& splice : edit.splices) bytes += splice.insert.size();
  if (!core->HasRoom(bytes)) return false;
  ending->state = std::move(edit);
  return true;
}

void Step::Impl::KeepWhole(CommitItem* ending, const Body& state) {
  BodyRef& dropped = ending->record.state;
  // Patterns of the user may look at a whole text.
  const bool compared = !core->redactor()->has_patterns();
  if (compared && agent->last.Replace(state, &ending->spare_edit)) {
    if (!KeepEdit(ending, std::move(ending->spare_edit))) {
      dropped = DroppedRef(state.bytes.size(), state.media_type);
    }
  } else {
    Body kept{std::move(ending->spare_bytes), {}};
    core->KeepOrDrop(state, &kept, &dropped);
    if (dropped.where != BodyRef::Where::kDropped) ending->state = std::move(kept);
  }
  if (dropped.where == BodyRef::Where::kDropped) agent->last.Forget();
}

void Step::Impl::KeepState(CommitItem* ending, const StateChange& change) {
  if (!core->Recording()) return;
  if (change.whole != nullptr) {
    KeepWhole(ending, *change.whole);
  } else if (change.edit != nullptr) {
    agent->last.Forget();
    ending->spare_edit = *change.edit;
    if (!KeepEdit(ending, std::move(ending->spare_edit))) {
      ending->record.state = DroppedRef(0, {});  // its size is known to the order
    }
  }
}

void Step::Impl::FillEnd(CommitItem* ending, const std::optional<StepError>& error) {
  StepRecord& record = ending->record;
  const DurationNs elapsed = core->clock().Monotonic() - began_monotonic;
  record.own = std::max(DurationNs(), elapsed - elsewhere);
  record.ended_wall = core->clock().Now();
  record.error = failed ? failed : error;
  record.effect_count = effects_made;
}

Status Step::Impl::End(StateChange change, std::optional<StepError> error) {
  if (ended) {
    return Status::InvalidArgument("step " + Name() + " has already ended");
  }
  if (!Recorded()) {
    ended = true;
    this->error = error;
    if (!abandoned) return {};
    return Status::Cancelled("step " + Name() + " was given up by the re-execution");
  }
  if (hook() != nullptr) {
    if (!AskAbandoned()) hook()->BeforeCommit(info);
    if (AskAbandoned()) {
      ended = true;
      return Status::Cancelled("step " + Name() + " was given up by the re-execution");
    }
  }
  ended = true;
  if (failed || error) change = {};
  core->Protect([&] {
    FillEnd(item.get(), error);
    KeepState(item.get(), change);
    item->DropUnusedRoom();
  });
  DurationNs& own = item->record.own;
  std::exception_ptr thrown;  // told when the step is committed: its turn has been given to it
  try {
    if (hook() != nullptr) own = hook()->OwnTime(info, own);
  } catch (...) {
    thrown = std::current_exception();
  }
  duration = item->record.duration = own + calls + nested;
  this->error = item->record.error;
  const Status status = core->Commit(*agent, info, std::move(item), change, &number);
  if (!status.ok()) this->error = StepError{"invalid_edit", status.message()};
  if (thrown) std::rethrow_exception(thrown);
  if (!failed) return status;
  return Status::Cancelled("step " + Name() + " was failed by an injected fault: " +
                           failed->message);
}

// What a hook throws here has no one to go to: the step then stays open.
void Step::Impl::EndUncommitted() noexcept {
  if (ended || item == nullptr) return;
  try {
    const bool thrown = std::uncaught_exceptions() > exceptions_at_begin;
    const StepError error =
        thrown ? StepError{"exception", "an exception left the step"}
               : StepError{"no_commit", "the step ended without Commit"};
    (void)End({}, error);
  } catch (...) {
    if (core->Live()) core->Protect([&] { core->Abandon(*agent, info.clock); });
  }
}

}  // namespace backstep::recorder
