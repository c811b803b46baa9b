// Brings what happened in a run into an order that the store takes: by cause, then by time, then by
// its place in the source.
//
// What must hold: a step begins and ends within its parent; a message is sent, by a step that is
// open, before it is taken; an agent's steps do not overlap unless one lies in the other. What
// holds where it can: a message is taken after its sender's step has ended, and the draft's own
// `order`. Causes that go in a circle are given up, the least that helps.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backstep/recorder/adapters/core/draft.h"

namespace backstep::adapters {

struct Happening {
  enum class Kind : uint8_t { kBegin, kSend, kTake, kEffect, kNote, kCommit };
  Kind kind;
  uint32_t index;  // of the step, message (kSend, kTake), effect or note of the draft
};

struct Order {
  // Every step begins and commits; every message is sent; kTake only for those taken in mid-step;
  // annotations come last.
  std::vector<Happening> happenings;
  uint64_t links_dropped = 0;         // parents, and messages that are now never taken
  std::vector<std::string> dropped;   // the first 20 of them, in words
};

// `draft` has passed CheckDraft. Takes out of it the links that are given up, and makes a message
// to a step around its sender one that is taken in mid-step. O(n log n).
Order OrderOf(SessionDraft* draft);

}  // namespace backstep::adapters
