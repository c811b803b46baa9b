// Steps and messages in chunks that snapshots share: what has been published is never written
// again, so a snapshot copies pointers and its readers need no lock. Private to this folder.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "backstep/store/step_outline.h"

namespace backstep::replay {

using store::TimeShares;

// One step: what is read together lies together, two to a cache line.
struct StepCell {
  int64_t began_ns = 0, ended_ns = 0;
  uint32_t number = 0, clock = 0;
  TimeShares shares;
  uint16_t flags = 0;
  uint8_t sent = 0;      // messages, at most 255
};

// Of several steps together.
struct StepSum {
  float model_ns = 0, tool_ns = 0, own_ns = 0, waiting_ns = 0;
  uint16_t flags = 0;    // StepFlag, any of them
  void Add(TimeShares shares, float time_ns, uint16_t more_flags) {
    const float part = time_ns * (1.0f / 255);
    model_ns += part * shares.model;
    tool_ns += part * shares.tool;
    own_ns += part * shares.own;
    waiting_ns += part * shares.waiting;
    flags |= more_flags;
  }
  void Add(const StepCell& step) {
    Add(step.shares, static_cast<float>(step.ended_ns - step.began_ns), step.flags);
  }
  TimeShares Shares() const;
  float time_ns() const { return model_ns + tool_ns + own_ns + waiting_ns; }
};

// The sum of some steps in a row, as it is kept.
struct StepGroup {
  TimeShares shares;
  float time_ns = 0;
  uint16_t flags = 0;
  uint16_t sent = 0;     // messages; a step counts at most 255
};

// kSteps steps of one lane in commit order.
struct LaneChunk {
  static constexpr uint32_t kSteps = 128, kSmall = 4, kLarge = 32;
  // Each is written when its last step is there.
  std::array<StepGroup, kSteps / kLarge> large;
  std::array<StepGroup, kSteps / kSmall> small;
  StepGroup all;
  uint32_t sent_before = 0;                       // messages of the lane's chunks before it
  std::array<StepCell, kSteps> steps;

  // Of `count` of its steps from `from` on, read one by one.
  StepGroup GroupOf(uint32_t from, uint32_t count) const;
};

// Which lane each step is in, by step number - 1.
struct LaneOfStepChunk {
  static constexpr uint32_t kSteps = 4096, kBlock = 64;
  std::array<uint16_t, kSteps> lane;
  std::array<int64_t, kSteps / kBlock> ended_max_ns;  // of all steps up to the block's end
};

// A message as stored; MessageOnTimeline (timeline.h) is what readers get.
struct MessageCell {
  uint32_t sent_by = 0, taken_by = 0, ordinal = 0;
  uint16_t to_lane = 0;
  uint8_t copy = 0, flags = 0;
};

// By the step that sent it, then by ordinal.
struct MessageChunk {
  static constexpr uint32_t kMessages = 1024;
  std::array<MessageCell, kMessages> cells;
  uint32_t taken_max = 0;  // greatest taken_by
  uint32_t outside = 0;    // how many came from outside
};

// Counts over the whole run in equal bins; when they run out, two become one.
struct OverviewBins {
  static constexpr uint32_t kBins = 8192;
  struct Bin {
    uint32_t began = 0, ended = 0;     // steps
    uint32_t errors = 0, faults = 0;   // ended there
    float busy_ns = 0;                 // time of the steps that ended there
  };
  std::vector<Bin> bins = std::vector<Bin>(kBins);
  int64_t bin_width = 1;               // ns or steps; a power of two

  // `began`, `ended`: ns, or step numbers from 0.
  void Add(int64_t began, int64_t ended, bool error, bool fault, float busy_ns);
};

// A step in which others of its own lane lie: it called an agent that called it.
struct EnclosingStep {
  uint32_t index = 0;                  // in its lane
  int64_t began_ns = 0, ended_ns = 0;
};

}  // namespace backstep::replay
