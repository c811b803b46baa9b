#include "backstep/gui/panels/graph/graph_picture.h"

#include <cmath>

#include "backstep/gui/bridge/graph_layout.h"
#include "backstep/tests/support/catch.h"

namespace backstep::gui {
namespace {

replay::AgentGraph Ring(size_t nodes) {
  replay::AgentGraph graph;
  for (size_t i = 0; i < nodes; ++i) {
    replay::GraphNode node;
    node.name = "agent" + std::to_string(i);
    graph.nodes.push_back(node);
    replay::GraphEdge edge;
    edge.from = i;
    edge.to = (i + 1) % nodes;
    edge.count = 1;
    edge.first = StepNumber(i + 1);
    graph.edges.push_back(edge);
  }
  return graph;
}

const GraphRegion kPanel{{10, 20}, {290, 270}, 1};

TEST_CASE("The same graph is laid out alike, and no two nodes overlap") {
  for (const size_t nodes : {1, 5, 40, 60, 200}) {
    const replay::AgentGraph graph = Ring(nodes);
    const GraphPlaces places = LayOutGraph(graph);
    REQUIRE(places.centres.size() == nodes);
    REQUIRE(LayOutGraph(graph).centres == places.centres);
    for (size_t i = 0; i < nodes; ++i) {
      for (size_t j = 0; j < i; ++j) {
        const auto [ax, ay] = places.centres[i];
        const auto [bx, by] = places.centres[j];
        const bool apart = std::fabs(ax - bx) >= kNodeWidth || std::fabs(ay - by) >= kNodeHeight;
        INFO(i << " and " << j << " of " << nodes);
        REQUIRE(apart);
      }
    }
  }
}

TEST_CASE("A graph that fits lies inside its panel, with less detail the smaller it is") {
  const ViewState view;
  for (const size_t nodes : {2, 5, 30, 500}) {
    const replay::AgentGraph graph = Ring(nodes);
    const GraphPlaces places = LayOutGraph(graph);
    const GraphPicture picture = MakeGraphPicture(graph, &places, view, kPanel);
    for (const PlacedNode& node : picture.nodes) {
      REQUIRE(node.visible);
      REQUIRE(node.centre.x - node.half.x >= kPanel.min.x);
      REQUIRE(node.centre.x + node.half.x <= kPanel.max.x);
      REQUIRE(node.centre.y - node.half.y >= kPanel.min.y);
      REQUIRE(node.centre.y + node.half.y <= kPanel.max.y);
    }
    if (nodes == 2) REQUIRE(picture.detail == GraphDetail::kFull);
    if (nodes == 500) REQUIRE(picture.detail == GraphDetail::kDot);
  }
}

TEST_CASE("What lies over the upper right corner covers no node of a graph that fits") {
  GraphRegion region = kPanel;
  region.max = {150, 120};
  region.corner = {140, 24};
  for (const size_t nodes : {2, 5, 30, 500}) {
    const replay::AgentGraph graph = Ring(nodes);
    const GraphPlaces places = LayOutGraph(graph);
    const GraphPicture picture = MakeGraphPicture(graph, &places, ViewState(), region);
    for (const PlacedNode& node : picture.nodes) {
      REQUIRE(node.centre.y - node.half.y >= region.min.y + region.corner.y);
      REQUIRE(node.centre.y + node.half.y <= region.max.y);
    }
  }
}

TEST_CASE("A dragged node stays where it was put, and one without a place stands below") {
  replay::AgentGraph graph = Ring(3);
  GraphPlaces places = LayOutGraph(graph);
  places.centres.pop_back();
  ViewState view;
  view.graph_zoom = 1;
  view.node_places["agent0"] = {500, 600};
  const GraphPicture picture = MakeGraphPicture(graph, &places, view, kPanel);
  const ImVec2 put = picture.camera.ToScreen(500, 600);
  REQUIRE(picture.nodes[0].centre.x == put.x);
  REQUIRE(picture.nodes[0].centre.y == put.y);
  REQUIRE(picture.nodes[2].centre.y > picture.camera.ToScreen(0, places.height).y);
  REQUIRE(MakeGraphPicture(graph, nullptr, view, kPanel).nodes.size() == 3);
}

TEST_CASE("What lies under the mouse is found: nodes first, then edges") {
  const replay::AgentGraph graph = Ring(4);
  const GraphPlaces places = LayOutGraph(graph);
  const GraphPicture picture = MakeGraphPicture(graph, &places, ViewState(), kPanel);
  REQUIRE(NodeUnder(picture, picture.nodes[2].centre) == 2);
  REQUIRE(NodeUnder(picture, {-100, -100}) == -1);
  REQUIRE(EdgeUnder(picture, picture.edges[1].At(0.5f), 3) == 1);
  REQUIRE(EdgeUnder(picture, {-100, -100}, 3) == -1);
}

TEST_CASE("Only edges that have carried a message are drawn, the cursor's messages on theirs") {
  replay::AgentGraph graph = Ring(4);
  graph.edges[0].count = 0;
  replay::GraphMessage message;
  message.from = 1;
  message.to = 2;
  graph.messages.push_back(message);
  const GraphPicture picture = MakeGraphPicture(graph, nullptr, ViewState(), kPanel);
  REQUIRE(picture.edges.size() == 3);
  REQUIRE(picture.edges[0].edge == 1);
  REQUIRE(picture.edges[0].messages == std::vector<size_t>{0});
  REQUIRE(picture.edges[1].messages.empty());
}

}  // namespace
}  // namespace backstep::gui
