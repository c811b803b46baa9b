// One step on both sides of a comparison, part by part, ready to be shown side by side.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/replay/view/diff/text_diff.h"
#include "backstep/replay/view/moment/checkpoint_view.h"

namespace backstep::replay {

// What one of the two steps took, asked, got, sent or left behind, beside the other's.
struct PairPart {
  enum class Kind : uint8_t { kTook, kRequest, kResponse, kSent, kState, kError };
  Kind kind = Kind::kTook;
  std::string title;             // "took planner/3.0 from planner", "llm offline-1: response"
  std::string id;                // of the message or call: the target of an edit; empty: none
  bool in_a = false, in_b = false;
  bool differs = false;
  std::string note_a, note_b;    // what is to be said besides the text: "delayed by 2 s", "live"
  BodyView a, b;                 // bounded
  TextDiff diff;                 // where it differs; the whole text on the side that has it
};
const char* PairKindName(PairPart::Kind kind);  // "took", "request", ...

struct StepPair {
  std::string agent;
  AgentClock clock;
  StepNumber a, b;               // 0: that side has no such step
  std::optional<StepRow> row_a, row_b;
  std::vector<PairPart> parts;   // in the order in which a step does them
  uint64_t parts_total = 0;      // some may be left out
  std::vector<std::string> differs_in;  // kinds of parts that differ, each once
  bool alike() const { return differs_in.empty() && a.value != 0 && b.value != 0; }
};

// nullptr: that side has no such step.
StepPair PairSteps(const StepDetail* a, const StepDetail* b);

// The agent's state as parts; `after`: what each side has, nullopt where it has none.
void AddStates(const std::optional<Body>& a, const std::optional<Body>& b, StepPair* pair);

std::string ToJson(const StepPair& pair);

}  // namespace backstep::replay
