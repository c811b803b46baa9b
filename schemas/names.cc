#include "backstep/schemas/call.h"
#include "backstep/schemas/records.h"

namespace backstep {

const char* EffectKindName(EffectKind kind) {
  switch (kind) {
    case EffectKind::kLlm: return "llm";
    case EffectKind::kTool: return "tool";
    case EffectKind::kClock: return "clock";
    case EffectKind::kRandom: return "random";
    case EffectKind::kEnv: return "env";
  }
  return "unknown";
}

std::optional<EffectKind> ParseEffectKind(const std::string& name) {
  for (EffectKind kind : {EffectKind::kLlm, EffectKind::kTool, EffectKind::kClock,
                          EffectKind::kRandom, EffectKind::kEnv}) {
    if (name == EffectKindName(kind)) return kind;
  }
  return std::nullopt;
}

const char* OutcomeName(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::Kind::kUnknown: return "unknown";
    case Outcome::Kind::kOk: return "ok";
    case Outcome::Kind::kFailed: return "failed";
  }
  return "unknown";
}

std::optional<Outcome::Kind> ParseOutcomeKind(const std::string& name) {
  for (Outcome::Kind kind : {Outcome::Kind::kUnknown, Outcome::Kind::kOk, Outcome::Kind::kFailed}) {
    if (name == OutcomeName(kind)) return kind;
  }
  return std::nullopt;
}

const char* EventKindName(EventRecord::Kind kind) {
  switch (kind) {
    case EventRecord::Kind::kEvent: return "event";
    case EventRecord::Kind::kSpan: return "span";
    case EventRecord::Kind::kHandoff: return "handoff";
  }
  return "unknown";
}

std::optional<EventRecord::Kind> ParseEventKind(const std::string& name) {
  for (EventRecord::Kind kind :
       {EventRecord::Kind::kEvent, EventRecord::Kind::kSpan, EventRecord::Kind::kHandoff}) {
    if (name == EventKindName(kind)) return kind;
  }
  return std::nullopt;
}

const char* CallStatusName(CallStatus status) {
  switch (status) {
    case CallStatus::kRecorded: return "recorded";
    case CallStatus::kExact: return "exact";
    case CallStatus::kEdited: return "edited";
    case CallStatus::kFault: return "fault";
    case CallStatus::kLive: return "live";
    case CallStatus::kMiss: return "miss";
  }
  return "unknown";
}

}  // namespace backstep
