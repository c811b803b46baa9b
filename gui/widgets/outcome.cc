#include "backstep/gui/widgets/outcome.h"

#include <cstdio>

#include "backstep/replay/view/text.h"

namespace backstep::gui {

Mark MarkOf(const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::kOk: return Mark::kOk;
    case Outcome::Kind::kFailed: return Mark::kFailed;
    case Outcome::Kind::kUnknown: break;
  }
  return Mark::kChanged;
}

std::string ShortOutcome(const Outcome& outcome) {
  std::string text(OutcomeName(outcome.kind));
  if (outcome.score) {
    char score[48];
    std::snprintf(score, sizeof score, ", score %.2f", *outcome.score);
    return text + score;
  }
  if (!outcome.reason.empty()) text += ": " + outcome.reason;
  return text;
}

Mark MarkOf(const replay::SessionRow& session) {
  if (session.state == store::LogState::kLive) return Mark::kLive;
  if (session.state == store::LogState::kCrashed) return Mark::kFault;
  return MarkOf(session.outcome);
}

std::string ShortOutcome(const replay::SessionRow& session) {
  if (session.state == store::LogState::kLive) return "live: still being recorded";
  if (session.state == store::LogState::kCrashed) return "crashed: the recorder ended early";
  return ShortOutcome(session.outcome);
}

std::string LongOutcome(const replay::SessionRow& session) {
  if (session.state == store::LogState::kSealed) return replay::FormatOutcome(session.outcome);
  return ShortOutcome(session);
}

}  // namespace backstep::gui
