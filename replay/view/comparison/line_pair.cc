#include "backstep/replay/view/comparison/line_pair.h"

#include <optional>
#include <utility>

namespace backstep::replay {
namespace {

constexpr char kSuffix[] = ".backstep";
constexpr size_t kBodyBytesMax = 256 << 10;  // of each body of a step

// A moment ends in a number, a share, or a word for one.
bool NamesMoment(const std::string& text) {
  const std::string last = text.substr(text.rfind(':') + 1);
  return last == "first" || last == "last" || last.ends_with('%') ||
         (!last.empty() && last.find_first_not_of("0123456789") == std::string::npos);
}

}  // namespace

Result<LinePair::Side> LinePair::OpenSide(const store::Recording& here,
                                          const std::string& address) {
  Side side;
  side.name = address;
  std::string text = address;
  const size_t end = address.rfind(kSuffix);
  const size_t after = end == std::string::npos ? 0 : end + sizeof(kSuffix) - 1;
  if (after != 0 && (after == address.size() || address[after] == ':')) {
    BACKSTEP_ASSIGN_OR_RETURN(side.other, store::Recording::Open(address.substr(0, after)));
    text = after == address.size() ? "main" : address.substr(after + 1);
  }
  side.recording = side.other ? side.other.get() : &here;
  BACKSTEP_ASSIGN_OR_RETURN(const store::Moment moment, side.recording->ResolveMoment(text));
  BACKSTEP_ASSIGN_OR_RETURN(side.line, side.recording->OpenLine(moment.log));
  side.until = moment.step;
  side.whole = !NamesMoment(text);
  return side;
}

Result<std::unique_ptr<LinePair>> LinePair::Open(const store::Recording& here,
                                                 const std::string& a, const std::string& b) {
  std::unique_ptr<LinePair> pair(new LinePair());
  BACKSTEP_ASSIGN_OR_RETURN(pair->a_, OpenSide(here, a));
  BACKSTEP_ASSIGN_OR_RETURN(pair->b_, OpenSide(here, b));
  return pair;
}

Result<ComparisonView> LinePair::Compare(const CompareProgress& progress) {
  for (Side* side : {&a_, &b_}) {
    BACKSTEP_RETURN_IF_ERROR(side->line->Refresh().status());
    if (side->whole) side->until = side->line->last();
  }
  ComparisonOptions options;
  options.a_until = a_.until;
  options.b_until = b_.until;
  options.progress = progress;
  // A moment is also a checkpoint: of two of them the states are of interest.
  options.with_moments = !a_.whole && !b_.whole;
  return ViewComparison(*a_.line, *b_.line, a_.name, b_.name, options);
}

Result<std::optional<StepDetail>> LinePair::Find(Side& side, const std::string& agent,
                                                 AgentClock clock) {
  const auto id = side.line->FindAgent(agent);
  if (!id) return std::optional<StepDetail>();
  BACKSTEP_ASSIGN_OR_RETURN(const auto number, side.line->StepOf(*id, clock));
  if (!number || *number > side.until) return std::optional<StepDetail>();
  CheckpointOptions options;
  options.text_bytes_max = kBodyBytesMax;
  options.changes_max = 1;
  BACKSTEP_ASSIGN_OR_RETURN(StepDetail detail,
                            ViewStep(*side.recording, *side.line, *number, options));
  return std::optional<StepDetail>(std::move(detail));
}

Result<std::optional<Body>> LinePair::StateAfter(Side& side,
                                                 const std::optional<StepDetail>& detail) {
  if (!detail) return std::optional<Body>();
  const auto id = side.line->FindAgent(detail->row.agent);
  auto state = side.line->State(*id, detail->row.number);
  if (state.ok()) return std::optional<Body>(std::move(*state));
  if (state.status().code() == StatusCode::kIncomplete) return std::optional<Body>();
  return state.status();
}

Result<StepPair> LinePair::Steps(const std::string& agent, AgentClock clock,
                                 const std::function<bool()>& go_on) {
  const auto wanted = [&]() -> Status {
    if (!go_on || go_on()) return {};
    return Status::Cancelled("another step is looked at");
  };
  BACKSTEP_ASSIGN_OR_RETURN(const auto a, Find(a_, agent, clock));
  BACKSTEP_RETURN_IF_ERROR(wanted());
  BACKSTEP_ASSIGN_OR_RETURN(const auto b, Find(b_, agent, clock));
  BACKSTEP_RETURN_IF_ERROR(wanted());
  StepPair pair = PairSteps(a ? &*a : nullptr, b ? &*b : nullptr);
  pair.agent = agent;
  pair.clock = clock;
  BACKSTEP_RETURN_IF_ERROR(wanted());
  BACKSTEP_ASSIGN_OR_RETURN(const auto state_a, StateAfter(a_, a));
  BACKSTEP_RETURN_IF_ERROR(wanted());
  BACKSTEP_ASSIGN_OR_RETURN(const auto state_b, StateAfter(b_, b));
  BACKSTEP_RETURN_IF_ERROR(wanted());
  AddStates(state_a, state_b, &pair);
  return pair;
}

}  // namespace backstep::replay
