#include "backstep/replay/compare.h"

#include <algorithm>
#include <map>
#include <set>

#include "backstep/replay/compare/shared_prefix.h"
#include "backstep/replay/compare/step_compare.h"

namespace backstep::replay {
namespace {

constexpr size_t kLinesMax = 20;
constexpr size_t kFirstValuesMax = 50;

StepNumber Until(store::Line& line, StepNumber asked) {
  return asked.value == 0 ? line.last() : std::min(asked, line.last());
}

void AddCall(CallStatus status, CallCounts* calls) {
  switch (status) {
    case CallStatus::kRecorded: ++calls->recorded; return;
    case CallStatus::kExact: ++calls->exact; return;
    case CallStatus::kEdited: ++calls->edited; return;
    case CallStatus::kFault: ++calls->fault; return;
    case CallStatus::kLive: ++calls->live; return;
    case CallStatus::kMiss: ++calls->miss; return;
  }
}

void AddStep(const LoadedStep& loaded, SideSummary* side) {
  if (loaded.step.error) ++side->failed_steps;
  for (const MessageRecord& message : loaded.messages) side->messages += !message.dropped;
  for (const EffectRecord& effect : loaded.effects) {
    AddCall(effect.status, &side->calls);
    side->usage += effect.usage;
  }
}

Status BeginSide(store::Line& line, StepNumber until, SideSummary* side) {
  side->moment = (line.header().origin ? line.header().name : "main") + ":" +
                 std::to_string(until.value);
  side->steps = until.value;
  BACKSTEP_ASSIGN_OR_RETURN(const store::Cut cut, line.CutAt(until));
  side->virtual_time = DurationNs{cut.virtual_time.ns};
  const auto end = line.end();
  const bool ended = end && until == line.last() && end->outcome.kind != Outcome::Kind::kUnknown;
  side->outcome = ended ? end->outcome : cut.outcome.value_or(Outcome{});
  return {};
}

// Agents of one line by what the other calls them.
class AgentNames {
 public:
  explicit AgentNames(const store::Line& line) {
    for (const AgentRecord& agent : line.agents()) ids_.emplace(agent.name, agent.id);
  }
  std::optional<AgentId> Find(const std::string& name) const {
    auto found = ids_.find(name);
    return found == ids_.end() ? std::nullopt : std::optional<AgentId>(found->second);
  }

 private:
  std::map<std::string, AgentId> ids_;
};

class Comparer {
 public:
  Comparer(store::Line& a, store::Line& b, const CompareOptions& options)
      : a_(a), b_(b), names_a_(a), most_(options.most), progress_(options.progress),
        until_a_(Until(a, options.a_until)), until_b_(Until(b, options.b_until)) {}

  Result<Comparison> Run() {
    BACKSTEP_RETURN_IF_ERROR(BeginSide(a_, until_a_, &out_.a));
    BACKSTEP_RETURN_IF_ERROR(BeginSide(b_, until_b_, &out_.b));
    BACKSTEP_ASSIGN_OR_RETURN(shared_, SharedPrefix(a_, until_a_, b_, until_b_));
    out_.steps_shared = shared_.value;
    matched_.assign(until_a_.value - shared_.value, false);
    BACKSTEP_RETURN_IF_ERROR(ScanB());
    BACKSTEP_RETURN_IF_ERROR(ScanRestOfA());
    return std::move(out_);
  }

 private:
  Status ScanB() {
    if (shared_ >= until_b_) return {};
    Status failed;
    BACKSTEP_RETURN_IF_ERROR(b_.ScanSteps(shared_.Next(), until_b_, [&](const StepRecord& step) {
      failed = GoOn();
      if (failed.ok()) failed = VisitB(step);
      return failed.ok();
    }));
    return failed;
  }

  Status ScanRestOfA() {
    if (shared_ >= until_a_) return {};
    Status failed;
    BACKSTEP_RETURN_IF_ERROR(a_.ScanSteps(shared_.Next(), until_a_, [&](const StepRecord& step) {
      failed = GoOn();
      if (failed.ok() && !matched_[step.number.value - shared_.value - 1]) {
        failed = VisitOnlyA(step);
      }
      return failed.ok();
    }));
    return failed;
  }

  Status GoOn() {
    const Status wanted = StillWanted();
    ++done_;
    return wanted;
  }

  Status StillWanted() {
    const uint64_t total = until_a_.value + until_b_.value - 2 * shared_.value;
    if (!progress_ || progress_(done_, total)) return {};
    return Status::Cancelled("the comparison was given up");
  }

  Status VisitB(const StepRecord& step) {
    BACKSTEP_ASSIGN_OR_RETURN(const LoadedStep in_b, LoadStep(b_, step));
    AddStep(in_b, &out_.b);
    const std::string agent = b_.AgentName(step.agent);
    BACKSTEP_ASSIGN_OR_RETURN(const StepNumber number, Counterpart(agent, step.clock));
    if (number.value == 0) {
      AddOneSided(agent, b_, in_b, false);
      return {};
    }
    matched_[number.value - shared_.value - 1] = true;
    BACKSTEP_ASSIGN_OR_RETURN(const StepRecord record, a_.Step(number));
    BACKSTEP_ASSIGN_OR_RETURN(const LoadedStep in_a, LoadStep(a_, record));
    AddStep(in_a, &out_.a);
    BACKSTEP_ASSIGN_OR_RETURN(const auto found, CompareSteps(a_, in_a, b_, in_b));
    if (found.empty()) {
      ++out_.steps_same;
      return {};
    }
    return AddDiffering(agent, in_a, in_b, found);
  }

  Status VisitOnlyA(const StepRecord& step) {
    BACKSTEP_ASSIGN_OR_RETURN(const LoadedStep in_a, LoadStep(a_, step));
    AddStep(in_a, &out_.a);
    AddOneSided(a_.AgentName(step.agent), a_, in_a, true);
    return {};
  }

  // The step of `a_` with that agent clock, after the shared steps; 0: none.
  Result<StepNumber> Counterpart(const std::string& agent, AgentClock clock) {
    const auto id = names_a_.Find(agent);
    if (!id) return StepNumber(0);
    BACKSTEP_ASSIGN_OR_RETURN(const auto number, a_.StepOf(*id, clock));
    const bool compared = number && *number > shared_ && *number <= until_a_;
    return compared ? *number : StepNumber(0);
  }

  // True when the difference is to be kept and not only counted.
  bool CountDiffering(const std::string& agent) {
    ++out_.differing_count;
    if (touched_.insert(agent).second) out_.agents_touched.push_back(agent);
    return out_.differing.size() < most_;
  }

  void AddOneSided(const std::string& agent, store::Line& line, const LoadedStep& loaded,
                   bool is_a) {
    if (!CountDiffering(agent)) return;
    const StepRecord& step = loaded.step;
    StepDiff diff{agent, step.clock, is_a ? step.number : StepNumber(0),
                  is_a ? StepNumber(0) : step.number, {is_a ? "only in A" : "only in B"}, {}};
    diff.lines = DescribeStep(line, loaded);
    out_.differing.push_back(std::move(diff));
  }

  Status AddDiffering(const std::string& agent, const LoadedStep& in_a, const LoadedStep& in_b,
                      const std::vector<StepDifference>& found) {
    const bool first = out_.differing_count == 0;
    if (first) BACKSTEP_RETURN_IF_ERROR(AddFirstValues(found));
    if (!CountDiffering(agent)) return {};
    StepDiff diff{agent, in_b.step.clock, in_a.step.number, in_b.step.number, {}, {}};
    for (const StepDifference& difference : found) {
      if (diff.kinds.empty() || diff.kinds.back() != difference.kind) {
        diff.kinds.push_back(difference.kind);
      }
      if (diff.lines.size() >= kLinesMax) continue;
      BACKSTEP_ASSIGN_OR_RETURN(std::string line, LineOf(difference));
      diff.lines.push_back(std::move(line));
    }
    if (found.size() > kLinesMax) {
      diff.lines.push_back("… and " + std::to_string(found.size() - kLinesMax) + " more");
    }
    out_.differing.push_back(std::move(diff));
    return {};
  }

  Result<std::string> LineOf(const StepDifference& difference) {
    if (!difference.bodies) return difference.words;
    BACKSTEP_RETURN_IF_ERROR(StillWanted());  // bodies may be long
    const auto& [in_a, in_b] = *difference.bodies;
    BACKSTEP_ASSIGN_OR_RETURN(const auto values, DiffReferences(a_, in_a, b_, in_b, 1));
    if (values.empty()) return difference.words;
    const ValueDiff& value = values.front();
    const auto side = [](const std::string& text) { return text.empty() ? "(absent)" : text; };
    std::string line = difference.words + (value.path.empty() ? ": " : " at " + value.path + ": ") +
                       side(value.before) + " -> " + side(value.after);
    if (values.size() > 1) line += " (and " + values.back().after + ")";
    return line;
  }

  Status AddFirstValues(const std::vector<StepDifference>& found) {
    for (const StepDifference& difference : found) {
      if (!difference.bodies) continue;
      const auto& [in_a, in_b] = *difference.bodies;
      BACKSTEP_ASSIGN_OR_RETURN(out_.first_values,
                                DiffReferences(a_, in_a, b_, in_b, kFirstValuesMax));
      return {};
    }
    return {};
  }

  store::Line& a_;
  store::Line& b_;
  const AgentNames names_a_;
  const size_t most_;
  const CompareProgress& progress_;  // the caller's
  const StepNumber until_a_, until_b_;
  StepNumber shared_;
  uint64_t done_ = 0;          // steps of both
  std::vector<bool> matched_;  // steps of a after the shared ones that b has too
  std::set<std::string> touched_;
  Comparison out_;
};

}  // namespace

Result<Comparison> Compare(store::Line& a, store::Line& b, const CompareOptions& options) {
  return Comparer(a, b, options).Run();
}

}  // namespace backstep::replay
