// An agent's state at a moment as a tree, with what its newest step changed.
#pragma once

#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/replay/compare.h"
#include "backstep/replay/view/diff/text_diff.h"
#include "backstep/replay/view/rows/body_view.h"
#include "backstep/store/line.h"

namespace backstep::replay {

// One line of the tree, in order; children follow their parent with a greater depth.
struct ValueNode {
  int depth = 0;
  std::string key;          // name or index; the whole value's is empty
  std::string path;         // JSON pointer
  std::string text;         // a scalar as JSON, bounded; of an object or array how many it holds
  bool parent = false;      // an object or array
  bool changed = false;     // it or something inside it differs from the state before
};

struct StateView {
  std::string agent;
  StepNumber step;                  // the moment
  StepNumber last_step;             // the agent's newest step by then; 0: none yet
  BodyView body;
  std::vector<ValueNode> nodes;     // empty where it is no JSON
  uint64_t nodes_total = 0;
  std::vector<ValueDiff> changes;   // by its newest step, against the state before that
  uint64_t changes_total = 0;       // also those that `changes` only counts in its last entry
  TextDiff diff;                    // the same by line, JSON laid out; empty: no bytes before it
  std::string incomplete;           // why there are no bytes; empty: there are
};

// The tree of a JSON text, at most `nodes_max` nodes of at most 64 levels; `changed` are JSON
// pointers. Empty where `text` is no JSON object or array. `total` counts all nodes.
std::vector<ValueNode> MakeValueTree(const std::string& text,
                                     const std::vector<ValueDiff>& changed, size_t nodes_max,
                                     uint64_t* total);

// NotFound: no such agent or step. Corruption, Io: as of store::Line.
Result<StateView> ViewState(store::Line& line, AgentId agent, StepNumber step);

// How two states differ by line. Nothing where either is no text, or they are too large together.
TextDiff DiffStates(const Body& before, const Body& after);

std::string ToJson(const StateView& view);

}  // namespace backstep::replay
