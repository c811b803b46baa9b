// The agent graph: pan, zoom, drag, choose, travel.
#include <algorithm>
#include <cmath>
#include <utility>

#include "backstep/gui/panels/graph/graph_draw.h"
#include "backstep/gui/panels/graph/graph_picture.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

constexpr float kZoomMin = 0.02f, kZoomMax = 4;
constexpr float kZoomNotch = 1.15f;
constexpr float kFoundZoom = 0.8f;
constexpr float kWheelPixels = 40;
constexpr float kEdgeReach = 6;
constexpr float kTooltipWidth = 320;

// What a gesture or a menu is about lives in ImGui's own storage while it lasts: node or edge + 1,
// 0 for the empty ground.

void KeepCamera(Frame& frame, const GraphPicture& picture) {
  if (frame.view.graph_zoom > 0) return;
  frame.view.graph_x = picture.camera.x;
  frame.view.graph_y = picture.camera.y;
  frame.view.graph_zoom = picture.camera.zoom / frame.theme.scale;
}

// Keeps the point under the mouse where it is.
void ZoomAbout(Frame& frame, const GraphPicture& picture, float factor) {
  KeepCamera(frame, picture);
  ViewState& view = frame.view;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const float zoom = std::clamp(view.graph_zoom * factor, kZoomMin, kZoomMax);
  const float before = view.graph_zoom * frame.theme.scale, after = zoom * frame.theme.scale;
  const float dx = mouse.x - picture.camera.middle.x, dy = mouse.y - picture.camera.middle.y;
  view.graph_x += dx / before - dx / after;
  view.graph_y += dy / before - dy / after;
  view.graph_zoom = zoom;
}

void Pan(Frame& frame, const GraphPicture& picture, float dx, float dy) {
  KeepCamera(frame, picture);
  frame.view.graph_x -= dx / picture.camera.zoom;
  frame.view.graph_y -= dy / picture.camera.zoom;
}

void HandleWheel(Frame& frame, const GraphPicture& picture) {
  const ImGuiIO& io = ImGui::GetIO();
  if (io.MouseWheel == 0 && io.MouseWheelH == 0) return;
  if (io.KeyCtrl != frame.view.wheel_zooms) {
    ZoomAbout(frame, picture, std::pow(kZoomNotch, io.MouseWheel));
  } else if (io.KeyShift) {
    Pan(frame, picture, io.MouseWheel * kWheelPixels, 0);
  } else {
    Pan(frame, picture, io.MouseWheelH * kWheelPixels, io.MouseWheel * kWheelPixels);
  }
}

// Large enough that its name can be read, in the middle; one that is seen already stays.
void ShowFound(Frame& frame, const replay::AgentGraph& graph, const GraphPicture& picture) {
  const std::string name = std::exchange(frame.view.find_agent, {});
  for (size_t i = 0; !name.empty() && i < graph.nodes.size(); ++i) {
    if (graph.nodes[i].name != name) continue;
    const PlacedNode& node = picture.nodes[i];
    if (node.visible && picture.detail != GraphDetail::kDot) return;
    KeepCamera(frame, picture);
    const GraphCamera& camera = picture.camera;
    frame.view.graph_x = camera.x + (node.centre.x - camera.middle.x) / camera.zoom;
    frame.view.graph_y = camera.y + (node.centre.y - camera.middle.y) / camera.zoom;
    frame.view.graph_zoom = std::max(frame.view.graph_zoom, kFoundZoom);
  }
}

void DragNode(Frame& frame, const replay::AgentGraph& graph, const GraphPicture& picture,
              size_t node) {
  // The fit would follow the node that is being dragged.
  KeepCamera(frame, picture);
  const ImVec2 at = picture.nodes[node].centre, delta = ImGui::GetIO().MouseDelta;
  const GraphCamera& camera = picture.camera;
  frame.view.node_places[graph.nodes[node].name] = {
      camera.x + (at.x + delta.x - camera.middle.x) / camera.zoom,
      camera.y + (at.y + delta.y - camera.middle.y) / camera.zoom};
}

void HandleClick(Frame& frame, const replay::AgentGraph& graph, const GraphHover& hover) {
  if (hover.node < 0) return;
  const replay::GraphNode& node = graph.nodes[static_cast<size_t>(hover.node)];
  frame.Send(SelectAgent{node.name});
  if (ImGui::IsMouseDoubleClicked(0) && node.newest.value != 0) frame.Send(GoTo{node.newest});
}

void HandleMouse(Frame& frame, const replay::AgentGraph& graph, const GraphPicture& picture,
                 const GraphHover& hover) {
  int* held = Kept("held");
  if (ImGui::IsItemActivated()) {
    *held = hover.node + 1;
    HandleClick(frame, graph, hover);
  }
  if (ImGui::IsItemActive() && ImGui::IsMouseDragging(0)) {
    const ImVec2 delta = ImGui::GetIO().MouseDelta;
    if (*held > 0 && static_cast<size_t>(*held) <= graph.nodes.size()) {
      DragNode(frame, graph, picture, static_cast<size_t>(*held - 1));
    } else if (delta.x != 0 || delta.y != 0) {
      Pan(frame, picture, delta.x, delta.y);
    }
  }
  if (!ImGui::IsItemHovered()) return;
  HandleWheel(frame, picture);
  if (ImGui::IsMouseClicked(1)) {
    *Kept("menu-node") = hover.node + 1;
    int* edge = Kept("menu-edge");
    *edge = 0;
    if (hover.edge >= 0) {
      *edge = static_cast<int>(picture.edges[static_cast<size_t>(hover.edge)].edge) + 1;
    }
    ImGui::OpenPopup("graph-menu");
  }
}

void NodeMenu(Frame& frame, const replay::GraphNode& node) {
  Dim(frame, DrawableLine(node.name));
  ImGui::Separator();
  if (ImGui::MenuItem("Go to its newest step", nullptr, false, node.newest.value != 0)) {
    frame.Send(SelectAgent{node.name});
    frame.Send(GoTo{node.newest});
  }
  if (ImGui::MenuItem("Show its conversation")) {
    frame.Send(SelectAgent{node.name});
    frame.view.centre = CentreTab::kConversation;
  }
  if (ImGui::MenuItem("Show its state", nullptr, false, !node.outside)) {
    frame.Send(SelectAgent{node.name});
    frame.view.inspector = InspectorTab::kState;
  }
  if (ImGui::MenuItem("Show the mailboxes")) frame.view.inspector = InspectorTab::kMailboxes;
  ImGui::Separator();
  if (ImGui::MenuItem("Back to its place", nullptr, false,
                      frame.view.node_places.contains(node.name))) {
    frame.view.node_places.erase(node.name);
  }
  if (ImGui::MenuItem("Copy name")) frame.Send(CopyText{node.name});
}

void EdgeMenu(Frame& frame, const replay::AgentGraph& graph, const replay::GraphEdge& edge) {
  Dim(frame, DrawableLine(graph.nodes[edge.from].name + " to " + graph.nodes[edge.to].name));
  ImGui::Separator();
  if (ImGui::MenuItem("Go to the newest message", nullptr, false, edge.newest.value != 0)) {
    frame.Send(GoTo{edge.newest});
  }
  if (ImGui::MenuItem("Go to the first message", nullptr, false, edge.first.value != 0)) {
    frame.Send(GoTo{edge.first});
  }
  if (ImGui::MenuItem("Copy")) frame.Send(CopyText{DescribeEdge(graph, edge)});
}

void DrawMenu(Frame& frame, const replay::AgentGraph& graph) {
  const auto node = static_cast<size_t>(*Kept("menu-node"));
  const auto edge = static_cast<size_t>(*Kept("menu-edge"));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {frame.Px(8), frame.Px(8)});
  if (ImGui::BeginPopup("graph-menu")) {
    if (node > 0 && node <= graph.nodes.size()) {
      NodeMenu(frame, graph.nodes[node - 1]);
    } else if (edge > 0 && edge <= graph.edges.size()) {
      EdgeMenu(frame, graph, graph.edges[edge - 1]);
    } else {
      if (ImGui::MenuItem("Fit")) frame.view.graph_zoom = 0;
      if (ImGui::MenuItem("All back to their places", nullptr, false,
                          !frame.view.node_places.empty())) {
        frame.view.node_places.clear();
        frame.view.graph_zoom = 0;
      }
    }
    ImGui::EndPopup();
  }
  ImGui::PopStyleVar();
}

void NodeTooltip(Frame& frame, const replay::GraphNode& node) {
  ImGui::TextUnformatted(DrawableLine(node.name).c_str());
  if (!node.role.empty()) Dim(frame, DrawableLine(node.role));
  if (!node.model.empty()) Dim(frame, DrawableLine(node.model));
  if (node.outside) {
    Dim(frame, "Whatever comes from outside the system, and what goes there");
    return;
  }
  std::string text = replay::AgentConditionName(node.condition);
  text += ", " + replay::FormatCount(node.steps, "step");
  if (node.failed_steps != 0) text += ", " + std::to_string(node.failed_steps) + " failed";
  ImGui::TextUnformatted(text.c_str());
  ImGui::TextUnformatted((replay::FormatCount(node.mailbox, "message") + " waiting").c_str());
  if (node.newest.value != 0) {
    Dim(frame, "newest step " + std::to_string(node.newest.value) + " (double-click to go there)");
  }
  if (!node.present) Dim(frame, "not yet there at this moment");
  if (node.touched) Dim(frame, "differs in the comparison");
}

void EdgeTooltip(Frame& frame, const replay::AgentGraph& graph, const PlacedEdge& placed) {
  ImGui::TextUnformatted(DrawableLine(DescribeEdge(graph, graph.edges[placed.edge])).c_str());
  for (const size_t i : placed.messages) {
    const replay::GraphMessage& message = graph.messages[i];
    Dim(frame, (message.taken ? "took " : "sent ") + message.id +
                   (message.kind.empty() ? "" : ", " + message.kind));
    const std::string text = replay::Elide(message.body.text, 160);
    if (!text.empty()) ImGui::TextUnformatted(DrawableLine(text).c_str());
  }
}

void DrawTooltip(Frame& frame, const replay::AgentGraph& graph, const GraphPicture& picture,
                 const GraphHover& hover) {
  if ((hover.node < 0 && hover.edge < 0) || ImGui::IsMouseDown(0)) return;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {frame.Px(8), frame.Px(6)});
  ImGui::BeginTooltip();
  ImGui::PushTextWrapPos(frame.Px(kTooltipWidth));
  if (hover.node >= 0) {
    NodeTooltip(frame, graph.nodes[static_cast<size_t>(hover.node)]);
  } else {
    EdgeTooltip(frame, graph, picture.edges[static_cast<size_t>(hover.edge)]);
  }
  ImGui::PopTextWrapPos();
  ImGui::EndTooltip();
  ImGui::PopStyleVar();
}

void DrawReady(Frame& frame, const replay::AgentGraph& graph) {
  const ImVec2 min = ImGui::GetCursorScreenPos(), size = ImGui::GetContentRegionAvail();
  GraphRegion region{min, {min.x + size.x, min.y + size.y}, frame.theme.scale, {}};
  region.corner = GraphOverlaySize(frame, graph, size.x);
  const GraphPicture picture =
      MakeGraphPicture(graph, frame.model.places.get(), frame.view, region);
  ImGui::InvisibleButton("graph", {std::max(size.x, 1.f), std::max(size.y, 1.f)},
                         ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight);
  ImGui::SetItemAllowOverlap();
  GraphHover hover;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const bool covered = mouse.x > region.max.x - region.corner.x &&
                       mouse.y < region.min.y + region.corner.y;
  if (ImGui::IsItemHovered() && !covered) {
    hover.node = NodeUnder(picture, mouse);
    if (hover.node < 0) {
      hover.edge = EdgeUnder(picture, mouse, frame.Px(kEdgeReach));
    }
  }
  HandleMouse(frame, graph, picture, hover);
  ShowFound(frame, graph, picture);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->PushClipRect(region.min, region.max, true);
  DrawGraphEdges(frame, graph, picture, hover);
  DrawGraphNodes(frame, graph, picture, hover);
  DrawGraphLabels(frame, graph, picture, hover);
  draw->PopClipRect();
  DrawTooltip(frame, graph, picture, hover);
  DrawMenu(frame, graph);
  DrawGraphOverlay(frame, graph, region, picture.detail);
}

}  // namespace

void DrawGraph(Frame& frame) {
  const Loaded<replay::AgentGraph>& graph = frame.model.graph;
  if (!graph.error.empty()) {
    ErrorState(frame, graph.error, "`backstep verify REC` says what is damaged.");
  } else if (graph.value == nullptr) {
    LoadingState(frame, "Reading who talks to whom", frame.model.timeline_progress);
  } else if (graph.value->nodes.size() <= 1) {
    EmptyState(frame, "No agents", "The recording names none.");
  } else {
    DrawReady(frame, *graph.value);
  }
}

}  // namespace backstep::gui
