#include "backstep/schemas/codec/codec.h"
#include "backstep/store/format/keys.h"
#include "backstep/store/verify/verify_log.h"

namespace backstep::store {
namespace {

bool Same(const BodyRef& a, const BodyRef& b) {
  return a.where == b.where && a.log == b.log && a.owner == b.owner && a.stream == b.stream &&
         a.position == b.position && a.size == b.size && a.hash == b.hash;
}

bool Same(const CutState::Agent& a, const CutState::Agent& b) {
  return a.clock == b.clock && a.clock_max == b.clock_max && a.last_step == b.last_step &&
         a.virtual_end == b.virtual_end && Same(a.state, b.state);
}

bool Same(const WaitingMessage& a, const WaitingMessage& b) {
  return a.id == b.id && a.to == b.to && a.order == b.order && a.outside == b.outside &&
         a.arrival == b.arrival && a.delay == b.delay;
}

template <typename Map>
bool SameEntries(const Map& a, const Map& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [key, value] : a) {
    const auto found = b.find(key);
    if (found == b.end() || !Same(value, found->second)) return false;
  }
  return true;
}

// The snapshot is written with its step; what comes from outside after that, and before the next
// step, belongs to the cut all the same and is read beside the snapshot.
CutState WithoutLateOutside(CutState cut) {
  std::erase_if(cut.waiting, [&](const auto& entry) {
    return entry.second.outside && entry.second.order == cut.step;
  });
  return cut;
}

// What differs between the fold and the snapshot; empty: nothing.
std::string Difference(const CutState& fold, const CutState& snapshot) {
  if (!SameEntries(fold.agents, snapshot.agents)) return "agents";
  if (!SameEntries(fold.waiting, snapshot.waiting)) return "mailboxes";
  if (fold.taken_early != snapshot.taken_early) return "messages taken early";
  if (fold.open != snapshot.open) return "open steps";
  if (fold.virtual_time != snapshot.virtual_time) return "virtual time";
  if (fold.outcome != snapshot.outcome) return "outcome";
  if (fold.scheduler_state != snapshot.scheduler_state) return "scheduler state";
  return {};
}

Status FoldTo(const LogCheck& check, StepNumber to, CutState* cut) {
  const LogReader& log = check.log;
  const StepNumber from = cut->step;
  BACKSTEP_RETURN_IF_ERROR(log.ScanOutside(
      from, to, [&](const MessageRecord& message) { cut->AddOutside(message); }));
  BACKSTEP_RETURN_IF_ERROR(log.ScanSteps(from.Next(), to, [&](const StepRecord& step) {
    cut->Apply(step);
    return true;
  }));
  BACKSTEP_ASSIGN_OR_RETURN(const auto begun, log.BegunBefore(from, to));
  cut->open.insert(begun.begin(), begun.end());
  BACKSTEP_ASSIGN_OR_RETURN(const auto uncommitted, log.Uncommitted());
  for (const StepBegin& begin : uncommitted) {
    if (begin.begin_after < to) cut->open.insert({begin.agent, begin.clock});
  }
  return Status();
}

Status CheckSnapshots(const LogCheck& check) {
  const LogReader& log = check.log;
  const std::unique_ptr<KvCursor> cursor = log.kv().NewCursor();
  CutState cut;
  bool begun = false;
  for (cursor->Seek("C"); cursor->Valid() && cursor->key().starts_with('C'); cursor->Next()) {
    const Result<CutState> snapshot = DecodeCut(cursor->value(), check.line.id());
    const auto step = KeyU64(cursor->key(), 1);
    const std::string where = "cut snapshot " + std::to_string(step.value_or(0));
    if (!snapshot.ok() || step != snapshot->step.value || snapshot->step > log.last()) {
      check.Tell(where, "does not decode or is that of another step");
      return Status();
    }
    if (!begun && log.header().origin) {
      BACKSTEP_ASSIGN_OR_RETURN(cut, check.line.StateAt(log.start()));
    }
    begun = true;
    BACKSTEP_RETURN_IF_ERROR(FoldTo(check, snapshot->step, &cut));
    const std::string difference =
        Difference(WithoutLateOutside(cut), WithoutLateOutside(*snapshot));
    if (!difference.empty()) {
      check.Tell(where, "differs from the steps up to it in: " + difference);
    }
    cut = *snapshot;
    if (!check.advance(0)) return Status::Cancelled("verify was cancelled");
  }
  return cursor->status();
}

}  // namespace

Status CheckCuts(const LogCheck& check) {
  return check.Told(CheckSnapshots(check), "cut snapshots");
}

}  // namespace backstep::store
