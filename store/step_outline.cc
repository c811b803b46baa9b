#include "backstep/store/step_outline.h"

#include <algorithm>
#include <bit>

namespace backstep::store {
namespace {

// No time of a recording is beyond it; some 36 years.
constexpr int64_t kShareTimeMax = int64_t{1} << 60;

// Times of a recording may be anything; the ends of the range stand for what is beyond them.
int64_t Minus(int64_t a, int64_t b) {
  int64_t result = 0;
  return __builtin_sub_overflow(a, b, &result) ? (b < 0 ? INT64_MAX : INT64_MIN) : result;
}
int64_t Plus(int64_t a, int64_t b) {
  int64_t result = 0;
  return __builtin_add_overflow(a, b, &result) ? (b < 0 ? INT64_MIN : INT64_MAX) : result;
}

uint8_t Part(int64_t ns, int64_t whole) {
  if (ns <= 0 || whole <= 0) return 0;
  return static_cast<uint8_t>(static_cast<double>(ns) / static_cast<double>(whole) * 255 + 0.5);
}

bool IsHit(const StepRecord& step, const MessageId& message) {
  return std::any_of(step.faults.begin(), step.faults.end(),
                     [&](const FaultRecord& fault) { return fault.message == message; });
}

uint8_t FlagsOf(const StepRecord& step) {
  uint8_t flags = 0;
  if (step.error) flags |= kOutlineFailed;
  if (!step.faults.empty()) flags |= kOutlineHit;
  if (step.outcome) flags |= kOutlineOutcome;
  if (step.outcome && step.outcome->kind == Outcome::Kind::kFailed) flags |= kOutlineOutcomeFailed;
  if (step.incomplete) flags |= kOutlineIncomplete;
  return flags;
}

void AddCalls(const StepRecord& step, const std::vector<EffectRecord>& effects,
              StepOutline* outline) {
  int64_t model_ns = 0, tool_ns = 0, calls_ns = 0;
  for (const EffectRecord& effect : effects) {
    int64_t* sum = effect.kind == EffectKind::kLlm ? &model_ns : &tool_ns;
    *sum = Plus(*sum, effect.duration.ns);
    calls_ns = Plus(calls_ns, effect.duration.ns);
    if (effect.error) outline->flags |= kOutlineCallFailed;
    if (effect.status == CallStatus::kLive) outline->flags |= kOutlineLive;
  }
  const int64_t waiting_ns = Minus(Minus(step.duration.ns, step.own.ns), calls_ns);
  outline->shares = SharesOf(model_ns, tool_ns, step.own.ns, waiting_ns);
}

}  // namespace

TimeShares SharesOf(int64_t model_ns, int64_t tool_ns, int64_t own_ns, int64_t waiting_ns) {
  const auto at_least_0 = [](int64_t ns) { return std::clamp<int64_t>(ns, 0, kShareTimeMax); };
  const int64_t model = at_least_0(model_ns), tool = at_least_0(tool_ns);
  const int64_t own = at_least_0(own_ns), waiting = at_least_0(waiting_ns);
  const int64_t whole = model + tool + own + waiting;
  TimeShares shares{Part(model, whole), Part(tool, whole), 0, Part(waiting, whole)};
  const int rest = 255 - shares.model - shares.tool - shares.waiting;
  shares.own = static_cast<uint8_t>(std::max(rest, 0));
  return shares;
}

void MakeOutline(const StepRecord& step, const std::vector<EffectRecord>& effects,
                 std::optional<TimeNs> began, StepOutline* outline) {
  outline->number = step.number;
  outline->agent = step.agent;
  outline->clock = step.clock;
  outline->begin_after = step.begin_after;
  outline->caller.reset();
  if (step.caller) outline->caller = step.caller->first;
  outline->wall = {};
  if (began) {
    outline->wall = {Minus(step.began_wall.ns, began->ns), Minus(step.ended_wall.ns, began->ns)};
  }
  outline->in_virtual = {step.began_virtual.ns, Plus(step.began_virtual.ns, step.duration.ns)};
  outline->flags = FlagsOf(step);
  AddCalls(step, effects, outline);
  outline->took.clear();
  for (const TakenMessage& taken : step.took) {
    outline->took.push_back({taken.id, taken.early, IsHit(step, taken.id)});
  }
  outline->sent.clear();
  for (const SentMessage& sent : step.sent) {
    outline->sent.push_back({sent.id, sent.to, sent.dropped, IsHit(step, sent.id)});
  }
}

std::optional<TimeNs> OutlineOrigin(const LogHeader& header) {
  if (header.origin || header.began_wall.ns == 0) return std::nullopt;
  return header.began_wall;
}

int PackedScale(const StepSpan& span, int length_bits) {
  int64_t length = 0;
  // Spans of clocks that jumped, or at the ends of time, stay as they are.
  if (__builtin_sub_overflow(span.ended_ns, span.began_ns, &length) || length < 0) return 0;
  const int scale = std::bit_width(static_cast<uint64_t>(length)) - length_bits;
  if (scale <= 0) return 0;
  int64_t began = 0;
  return __builtin_add_overflow(span.began_ns, (int64_t{1} << scale) - 1, &began) ? 0 : scale;
}

StepSpan PackedSpan(const StepSpan& span, int length_bits) {
  const int scale = PackedScale(span, length_bits);
  const int64_t up = (int64_t{1} << scale) - 1;
  return {(span.began_ns + up) & ~up, span.ended_ns & ~up};
}

StepOutline PackedOutline(StepOutline outline) {
  outline.wall = PackedSpan(outline.wall, kPackedWallBits);
  outline.in_virtual = PackedSpan(outline.in_virtual, kPackedVirtualBits);
  return outline;
}

}  // namespace backstep::store
