// The first pass of the agent graph: what is where at this zoom, as plain values. Private to the
// panel and its tests; needs no window.
#pragma once

#include <string>
#include <vector>

#include <imgui.h>

#include "backstep/gui/bridge/model.h"
#include "backstep/gui/bridge/view_state.h"
#include "backstep/replay/view/graph/agent_graph.h"

namespace backstep::gui {

// How much of a node there is room for.
enum class GraphDetail { kDot, kName, kFull };

// From the graph's points to the screen's pixels.
struct GraphCamera {
  ImVec2 middle;               // of the region, in pixels
  float x = 0, y = 0;          // the point shown there
  float zoom = 1;              // pixels a point
  ImVec2 ToScreen(float px, float py) const {
    return {middle.x + (px - x) * zoom, middle.y + (py - y) * zoom};
  }
};

struct PlacedNode {
  size_t node = 0;             // index into the graph's nodes
  ImVec2 centre, half;         // in pixels
  bool visible = true;         // any of it lies in the region
};

struct PlacedEdge {
  size_t edge = 0;             // index into the graph's edges
  ImVec2 from, bend, to;       // a quadratic curve between the two boxes
  bool loop = false;           // to itself: `bend` is the loop's centre
  bool visible = true;
  // Messages of the cursor's step on it: indices into the graph's messages.
  std::vector<size_t> messages;
  ImVec2 At(float t) const;
};

// A rectangle of the screen that the graph is shown in.
struct GraphRegion {
  ImVec2 min, max;
  float scale = 1;             // pixels a point at zoom 1
  ImVec2 corner{0, 0};         // size of what lies over its upper right corner
};

struct GraphPicture {
  GraphRegion region;
  GraphCamera camera;
  GraphDetail detail = GraphDetail::kFull;
  std::vector<PlacedNode> nodes;   // one for each of the graph's, in its order
  std::vector<PlacedEdge> edges;   // those that have carried a message by now
};

// `places` may be null or shorter than the graph's nodes (it is still being laid out): the others
// stand in rows below. Zoom 0 of the view fits everything.
GraphPicture MakeGraphPicture(const replay::AgentGraph& graph, const GraphPlaces* places,
                              const ViewState& view, const GraphRegion& region);

// Index of the topmost node under `at`, or of the nearest edge within a few pixels; -1: none.
int NodeUnder(const GraphPicture& picture, ImVec2 at);
int EdgeUnder(const GraphPicture& picture, ImVec2 at, float reach);

}  // namespace backstep::gui
