// The spans of a session as a forest in order, and which of them are steps. Plain values.
#pragma once

#include <cstdint>
#include <vector>

#include "backstep/recorder/adapters/assembly/collector.h"

namespace backstep::adapters {

struct SpanNode {
  const SpanSketch* sketch = nullptr;
  int32_t parent = -1;
  int32_t first_child = -1, next_sibling = -1;
  int32_t step = -1;          // the node whose step encloses it; itself where it is one
  bool is_step = false;
  bool usage_below = false;   // a model call further down counts the tokens
};

struct SpanTree {
  std::vector<SpanNode> nodes;
  std::vector<int32_t> order;  // every node once, parents before children, else by time
};

// A parent that is not there, or that would close a circle, makes its span a root; the latter, and
// a span that is there twice, is told to `sink`.
SpanTree GrowTree(const SpanCollector& collector, const CollectedSession& session, Sink& sink);
void MarkSteps(SpanTree* tree);

}  // namespace backstep::adapters
