#include "backstep/recorder/adapters/writing/step_times.h"

#include <algorithm>
#include <string_view>

namespace backstep::adapters {
namespace {

constexpr DurationNs kStepWithoutTime = Milliseconds(1);

// The sum of two that are not negative, or the greatest that can be added to once more.
DurationNs Sum(DurationNs a, DurationNs b) {
  constexpr int64_t kMax = INT64_MAX / 4;
  return {std::min(std::min(a.ns, kMax) + std::min(b.ns, kMax), kMax)};
}

TimeNs Later(TimeNs time, DurationNs by) { return {Sum({time.ns}, by).ns}; }

TimeNs EarliestIn(const SessionDraft& draft) {
  TimeNs earliest;
  const auto add = [&](TimeNs time) {
    if (time.ns > 0 && (earliest.ns == 0 || time < earliest)) earliest = time;
  };
  add(draft.began);
  for (const StepDraft& step : draft.steps) add(step.began);
  for (const MessageDraft& message : draft.messages) add(message.sent);
  for (const EffectDraft& effect : draft.effects) add(effect.began);
  return earliest;
}

const char* TimesOfSource(const SessionDraft& draft) {
  const auto timed = std::count_if(draft.steps.begin(), draft.steps.end(),
                                   [](const StepDraft& step) { return step.began.ns > 0; });
  if (timed == 0) return "none";
  return static_cast<size_t>(timed) == draft.steps.size() ? "all" : "some";
}

}  // namespace

StepTimes::StepTimes(const SessionDraft& draft, TimeNs now, TimeNs base)
    : draft_(draft), base_(base.ns != 0 ? base : EarliestIn(draft)), source_(TimesOfSource(draft)),
      steps_(draft.steps.size()), agents_(draft.agents.size()) {
  if (base_.ns == 0) base_ = now;
}

TimeNs StepTimes::WallOr(TimeNs wall, TimeNs virtual_time) const {
  return wall.ns != 0 ? wall : Later(base_, {virtual_time.ns});
}

TimeNs StepTimes::Virtual(TimeNs wall) const {
  return wall.ns == 0 ? TimeNs{} : Later({}, {std::max<int64_t>(0, (wall - base_).ns)});
}

TimeNs StepTimes::Begin(uint32_t step, TimeNs latest_arrival) {
  const StepDraft& draft = draft_.steps[step];
  TimeNs caused = std::max(Virtual(draft.began), latest_arrival);
  if (draft.parent) caused = std::max(caused, steps_[draft.parent->value].began);
  if (draft.began.ns != 0) steps_[step].shift = caused - Virtual(draft.began);
  TimeNs at = std::max(caused, agents_[draft.agent.value]);
  // Without a time it comes after what came before it.
  if (draft.began.ns == 0) at = std::max(at, newest_);
  steps_[step].began = steps_[step].reached = at;
  newest_ = std::max(newest_, at);
  return at;
}

TimeNs StepTimes::Inside(uint32_t step, TimeNs wall) {
  Times& times = steps_[step];
  const auto shifted = [&](TimeNs time) { return Later(Virtual(time), times.shift); };
  TimeNs at = wall.ns != 0 ? std::max(times.began, shifted(wall)) : times.reached;
  if (const TimeNs ended = draft_.steps[step].ended; ended.ns != 0 && wall.ns != 0) {
    at = std::min(at, std::max(times.began, shifted(ended)));
  }
  times.reached = std::max(times.reached, at);
  return at;
}

TimeNs StepTimes::Sent(uint32_t step, TimeNs taken) const {
  const Times& times = steps_[step];
  return taken.ns == 0 ? times.reached : std::clamp(Virtual(taken), times.began, times.reached);
}

TimeNs StepTimes::Outside(TimeNs wall) { return wall.ns != 0 ? Virtual(wall) : newest_; }

void StepTimes::AddCall(uint32_t step, DurationNs duration) {
  Times& times = steps_[step];
  times.elsewhere = Sum(times.elsewhere, duration);
  if (draft_.steps[step].ended.ns == 0) times.reached = Later(times.reached, duration);
}

DurationNs StepTimes::End(uint32_t step) {
  const StepDraft& draft = draft_.steps[step];
  Times& times = steps_[step];
  if (std::string_view(source_) == "none" && times.reached == times.began) {
    times.reached = Later(times.reached, kStepWithoutTime);
  }
  TimeNs end = times.reached;
  if (draft.ended.ns != 0) end = std::max(end, Later(Virtual(draft.ended), times.shift));
  const DurationNs duration = end - times.began;
  times.own = {std::max<int64_t>(0, (duration - times.elsewhere).ns)};
  agents_[draft.agent.value] = std::max(agents_[draft.agent.value], end);
  newest_ = std::max(newest_, end);
  if (draft.parent) {
    Times& parent = steps_[draft.parent->value];
    parent.reached = std::max(parent.reached, end);
    parent.elsewhere = Sum(parent.elsewhere, duration);
  }
  return duration;
}

}  // namespace backstep::adapters
