// When each part of a draft would happen if nothing hindered it. Private to the order.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "backstep/recorder/adapters/core/draft.h"

namespace backstep::adapters {

// Compares by time, then by place in the source.
struct HappeningKey {
  int64_t time = 0;
  uint32_t step = 0;   // the step it belongs to, or comes before
  uint32_t rank = 0;   // within that step
  uint32_t place = 0;  // among those of one rank
  auto operator<=>(const HappeningKey&) const = default;
};

struct HappeningKeys {
  explicit HappeningKeys(const SessionDraft& draft);
  std::vector<HappeningKey> begins, commits, sends, takes, effects, notes;
};

}  // namespace backstep::adapters
