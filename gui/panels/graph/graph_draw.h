// The second pass of the agent graph: draws what the first has placed. Private to the panel.
#pragma once

#include <string>

#include "backstep/gui/panels/graph/graph_picture.h"
#include "backstep/gui/panels/panel.h"

namespace backstep::gui {

// As many dots have their names drawn.
constexpr size_t kNamedDotsMax = 16;

// What lies under the mouse; -1: none.
struct GraphHover {
  int node = -1, edge = -1;
};

void DrawGraphEdges(Frame& frame, const replay::AgentGraph& graph, const GraphPicture& picture,
                    const GraphHover& hover);
// Their counts, and what the cursor's step did; over everything else.
void DrawGraphLabels(Frame& frame, const replay::AgentGraph& graph, const GraphPicture& picture,
                     const GraphHover& hover);
void DrawGraphNodes(Frame& frame, const replay::AgentGraph& graph, const GraphPicture& picture,
                    const GraphHover& hover);
// What lies over the graph, at the top; the size it takes there, from the right.
ImVec2 GraphOverlaySize(const Frame& frame, const replay::AgentGraph& graph, float width);
void DrawGraphOverlay(Frame& frame, const replay::AgentGraph& graph, const GraphRegion& region,
                      GraphDetail detail);
// A condition as its shape: idle a small ring, running a play sign, waiting two bars, failed a
// cross, hit a diamond.
void DrawCondition(ImDrawList* draw, ImVec2 centre, float radius, replay::AgentCondition condition,
                   const Theme& theme);
ImU32 ConditionColor(const Theme& theme, replay::AgentCondition condition);
// The edge in words: "lead to helper: 12 messages, 2 dropped".
std::string DescribeEdge(const replay::AgentGraph& graph, const replay::GraphEdge& edge);

}  // namespace backstep::gui
