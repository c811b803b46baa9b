// Where the nodes of an agent graph go.
#pragma once

#include "backstep/gui/bridge/model.h"
#include "backstep/replay/view/graph/agent_graph.h"

namespace backstep::gui {

// A node's box at zoom 1, in points.
constexpr float kNodeWidth = 120;
constexpr float kNodeHeight = 40;

// Lays out all nodes and edges of the graph, whatever their counts at its moment. The same nodes
// and edges give the same picture. Graphviz draws it, by rank for few agents and by force for many;
// what it is given is bounded, and so is its time. On a circle where Graphviz cannot be used. One
// thread at a time in the whole process: Graphviz has globals.
GraphPlaces LayOutGraph(const replay::AgentGraph& graph);

}  // namespace backstep::gui
