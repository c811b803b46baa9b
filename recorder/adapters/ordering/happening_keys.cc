#include "backstep/recorder/adapters/ordering/happening_keys.h"

#include <algorithm>

namespace backstep::adapters {
namespace {

enum Rank : uint32_t { kBefore, kBeginning, kCalling, kNoting, kSending, kTaking, kEnding };

// Where a step has no time, that of the step before it in the source.
std::vector<int64_t> BeginTimes(const SessionDraft& draft) {
  std::vector<int64_t> times;
  times.reserve(draft.steps.size());
  int64_t last = 0;
  const auto timed = std::find_if(draft.steps.begin(), draft.steps.end(),
                                  [](const StepDraft& step) { return step.began.ns > 0; });
  if (timed != draft.steps.end()) last = timed->began.ns;
  for (const StepDraft& step : draft.steps) {
    if (step.began.ns > 0) last = step.began.ns;
    times.push_back(last);
  }
  return times;
}

// Within the step it belongs to, whatever a clock that is off says.
int64_t Inside(const StepDraft& step, int64_t began, TimeNs time) {
  if (time.ns == 0) return began;
  const int64_t latest = step.ended.ns == 0 ? INT64_MAX : std::max(began, step.ended.ns);
  return std::clamp(time.ns, began, latest);
}

}  // namespace

HappeningKeys::HappeningKeys(const SessionDraft& draft) {
  const std::vector<int64_t> times = BeginTimes(draft);
  std::vector<int64_t> ends = times;
  const auto within = [&](uint32_t step, TimeNs time, Rank rank, size_t place) {
    const int64_t at = Inside(draft.steps[step], times[step], time);
    ends[step] = std::max(ends[step], at);
    return HappeningKey{at, step, rank, static_cast<uint32_t>(place)};
  };
  for (uint32_t i = 0; i < draft.steps.size(); ++i) begins.push_back({times[i], i, kBeginning, 0});
  for (size_t i = 0; i < draft.effects.size(); ++i) {
    const EffectDraft& effect = draft.effects[i];
    effects.push_back(within(effect.step.value, effect.began, kCalling, i));
  }
  for (size_t i = 0; i < draft.notes.size(); ++i) {
    const NoteDraft& note = draft.notes[i];
    notes.push_back(note.step ? within(note.step->value, note.began, kNoting, i)
                              : HappeningKey{note.began.ns, 0, kBefore, static_cast<uint32_t>(i)});
  }
  HappeningKey last{INT64_MIN, 0, kBefore, 0};  // of messages from outside
  for (size_t i = 0; i < draft.messages.size(); ++i) {
    const MessageDraft& message = draft.messages[i];
    const auto place = static_cast<uint32_t>(i);
    HappeningKey taken{INT64_MAX, 0, kBefore, 0};
    if (message.taken_by) {
      const uint32_t taker = message.taken_by->value;
      taken = message.taken_in_mid_step ? within(taker, message.sent, kTaking, i)
                                        : HappeningKey{times[taker], taker, kBefore, place};
    }
    takes.push_back(taken);
    if (message.from) {
      sends.push_back(within(message.from->value, message.sent, kSending, i));
    } else if (message.sent.ns > 0) {
      last = std::min(taken, {message.sent.ns, message.taken_by ? taken.step : 0, kBefore, place});
      sends.push_back(last);
    } else {
      if (message.taken_by) last = {taken.time, taken.step, kBefore, place};
      sends.push_back(last);
    }
  }
  for (uint32_t i = 0; i < draft.steps.size(); ++i) {
    commits.push_back({std::max(ends[i], draft.steps[i].ended.ns), i, kEnding, 0});
  }
}

}  // namespace backstep::adapters
