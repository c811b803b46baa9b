#include "backstep/gui/panels/graph/graph_picture.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "backstep/gui/bridge/graph_layout.h"

namespace backstep::gui {
namespace {

constexpr float kDotBelow = 0.42f;        // zoom, in pixels a point at scale 1
constexpr float kNameBelow = 0.8f;
constexpr float kFitZoomMax = 1.15f;         // of fitting
constexpr float kDotRadius = 5;
// half its width, and how far above it reaches
constexpr float kDotName = 32, kDotNameHeight = 26;
constexpr size_t kAvoidNodesMax = 40;     // beyond it edges do not go round nodes
constexpr int kSamples = 12;
constexpr float kRowGap = 24;

using Points = std::vector<std::pair<float, float>>;

Points PointsOf(const replay::AgentGraph& graph, const GraphPlaces* places, const ViewState& view) {
  Points points(graph.nodes.size());
  const size_t known = places == nullptr ? 0 : places->centres.size();
  const float below = places == nullptr ? 0 : places->height;
  for (size_t i = 0; i < points.size(); ++i) {
    const auto dragged = view.node_places.find(graph.nodes[i].name);
    if (dragged != view.node_places.end()) {
      points[i] = dragged->second;
    } else if (i < known) {
      points[i] = places->centres[i];
    } else {
      const size_t row = (i - known) / 3, column = (i - known) % 3;
      points[i] = {kNodeWidth / 2 + static_cast<float>(column) * (kNodeWidth + kRowGap),
                   below + kNodeHeight / 2 + static_cast<float>(row) * (kNodeHeight + kRowGap)};
    }
  }
  return points;
}

GraphCamera FitInto(const Points& points, const GraphRegion& region) {
  GraphCamera camera;
  camera.middle = {(region.min.x + region.max.x) / 2, (region.min.y + region.max.y) / 2};
  camera.zoom = region.scale;
  if (points.empty()) return camera;
  float left = points[0].first, right = left, top = points[0].second, bottom = top;
  for (const auto& [x, y] : points) {
    left = std::min(left, x), right = std::max(right, x);
    top = std::min(top, y), bottom = std::max(bottom, y);
  }
  camera.x = (left + right) / 2;
  camera.y = (top + bottom) / 2;
  const float margin = 14 * region.scale;
  const float wide = std::max(region.max.x - region.min.x - 2 * margin, 1.f);
  const float high = std::max(region.max.y - region.min.y - 2 * margin, 1.f);
  camera.zoom = std::min({wide / (right - left + kNodeWidth), high / (bottom - top + kNodeHeight),
                          kFitZoomMax * region.scale});
  return camera;
}

// Whether a node, or the name above a dot, lies under what is drawn over the corner.
bool ReachesCorner(const Points& points, const GraphCamera& camera, const GraphRegion& region) {
  const bool dots = camera.zoom < kDotBelow * region.scale;
  const float wide = dots ? kDotName * region.scale : kNodeWidth / 2 * camera.zoom;
  const float high = dots ? kDotNameHeight * region.scale : kNodeHeight / 2 * camera.zoom;
  return std::any_of(points.begin(), points.end(), [&](const auto& point) {
    const ImVec2 at = camera.ToScreen(point.first, point.second);
    return at.x + wide > region.max.x - region.corner.x &&
           at.y - high < region.min.y + region.corner.y;
  });
}

GraphCamera Fit(const Points& points, const GraphRegion& region) {
  const GraphCamera camera = FitInto(points, region);
  if (region.corner.y == 0 || !ReachesCorner(points, camera, region)) return camera;
  GraphRegion below = region;
  below.min.y += region.corner.y;
  GraphCamera lower = FitInto(points, below);
  // Told of the same middle, which zooming and panning go by.
  lower.y -= (lower.middle.y - camera.middle.y) / lower.zoom;
  lower.middle = camera.middle;
  return lower;
}

// Where the way from the box's middle to `towards` leaves it.
ImVec2 Leave(const PlacedNode& node, ImVec2 towards) {
  const float dx = towards.x - node.centre.x, dy = towards.y - node.centre.y;
  if (dx == 0 && dy == 0) return node.centre;
  const float by_x = dx == 0 ? 1e9f : node.half.x / std::fabs(dx);
  const float by_y = dy == 0 ? 1e9f : node.half.y / std::fabs(dy);
  const float share = std::min({by_x, by_y, 1.f});
  return {node.centre.x + dx * share, node.centre.y + dy * share};
}

bool Inside(const PlacedNode& node, ImVec2 at, float reach) {
  return std::fabs(at.x - node.centre.x) <= node.half.x + reach &&
         std::fabs(at.y - node.centre.y) <= node.half.y + reach;
}

// The two ends and the bend of a curve that bulges by `bulge` pixels to its left.
void Curve(const PlacedNode& from, const PlacedNode& to, float bulge, PlacedEdge* edge) {
  const float dx = to.centre.x - from.centre.x, dy = to.centre.y - from.centre.y;
  const float length = std::max(std::sqrt(dx * dx + dy * dy), 1.f);
  edge->bend = {(from.centre.x + to.centre.x) / 2 + dy / length * bulge,
                (from.centre.y + to.centre.y) / 2 - dx / length * bulge};
  edge->from = Leave(from, edge->bend);
  edge->to = Leave(to, edge->bend);
}

bool RunsThrough(const std::vector<PlacedNode>& nodes, size_t from, size_t to,
                 const PlacedEdge& edge) {
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (i == from || i == to) continue;
    for (int s = 1; s < kSamples; ++s) {
      if (Inside(nodes[i], edge.At(static_cast<float>(s) / kSamples), 3)) return true;
    }
  }
  return false;
}

// Goes round the boxes in its way where that takes no more than a wide bow.
void Place(const std::vector<PlacedNode>& nodes, size_t from, size_t to, bool two_way,
           GraphDetail detail, PlacedEdge* edge) {
  const PlacedNode& a = nodes[from];
  const PlacedNode& b = nodes[to];
  if (from == to) {
    edge->loop = true;
    edge->bend = {a.centre.x + a.half.x, a.centre.y + a.half.y * 0.4f};
    edge->from = edge->to = edge->bend;
    return;
  }
  const float unit = std::max(a.half.y, b.half.y);
  const float lone = two_way ? unit * 0.7f : 0;
  Curve(a, b, lone, edge);
  if (detail == GraphDetail::kDot || nodes.size() > kAvoidNodesMax) return;
  for (const float bulge : {lone, -2 * unit, 3 * unit, -4 * unit, 6 * unit, -7 * unit, 9 * unit}) {
    Curve(a, b, bulge, edge);
    if (!RunsThrough(nodes, from, to, *edge)) return;
  }
  Curve(a, b, lone, edge);
}

bool Overlaps(const GraphRegion& region, ImVec2 min, ImVec2 max) {
  return max.x >= region.min.x && min.x <= region.max.x && max.y >= region.min.y &&
         min.y <= region.max.y;
}

void PlaceEdges(const replay::AgentGraph& graph, const GraphRegion& region, GraphPicture* picture) {
  std::map<std::pair<size_t, size_t>, size_t> carrying;  // to the index of the placed edge
  for (size_t i = 0; i < graph.edges.size(); ++i) {
    const replay::GraphEdge& edge = graph.edges[i];
    if (edge.count == 0) continue;
    carrying[{edge.from, edge.to}] = picture->edges.size();
    picture->edges.push_back({});
    picture->edges.back().edge = i;
  }
  for (PlacedEdge& placed : picture->edges) {
    const replay::GraphEdge& edge = graph.edges[placed.edge];
    const bool two_way = carrying.contains({edge.to, edge.from});
    Place(picture->nodes, edge.from, edge.to, two_way, picture->detail, &placed);
    const ImVec2 &a = placed.from, &b = placed.bend, &c = placed.to;
    const float reach = 20 * region.scale;
    const ImVec2 low{std::min({a.x, b.x, c.x}) - reach, std::min({a.y, b.y, c.y}) - reach};
    const ImVec2 high{std::max({a.x, b.x, c.x}) + reach, std::max({a.y, b.y, c.y}) + reach};
    placed.visible = Overlaps(region, low, high);
  }
  for (size_t i = 0; i < graph.messages.size(); ++i) {
    const auto found = carrying.find({graph.messages[i].from, graph.messages[i].to});
    if (found != carrying.end()) picture->edges[found->second].messages.push_back(i);
  }
}

}  // namespace

ImVec2 PlacedEdge::At(float t) const {
  const float a = (1 - t) * (1 - t), b = 2 * t * (1 - t), c = t * t;
  return {a * from.x + b * bend.x + c * to.x, a * from.y + b * bend.y + c * to.y};
}

GraphPicture MakeGraphPicture(const replay::AgentGraph& graph, const GraphPlaces* places,
                              const ViewState& view, const GraphRegion& region) {
  GraphPicture picture;
  picture.region = region;
  const Points points = PointsOf(graph, places, view);
  picture.camera = Fit(points, region);
  if (view.graph_zoom > 0) {
    picture.camera.zoom = view.graph_zoom * region.scale;
    picture.camera.x = view.graph_x;
    picture.camera.y = view.graph_y;
  }
  const float zoom = picture.camera.zoom / region.scale;
  picture.detail = zoom < kDotBelow    ? GraphDetail::kDot
                   : zoom < kNameBelow ? GraphDetail::kName
                                       : GraphDetail::kFull;
  const float radius = std::clamp(kNodeHeight * zoom * 0.5f, 2.5f, kDotRadius) * region.scale;
  ImVec2 half{kNodeWidth / 2 * picture.camera.zoom, kNodeHeight / 2 * picture.camera.zoom};
  if (picture.detail == GraphDetail::kDot) half = {radius, radius};
  for (size_t i = 0; i < points.size(); ++i) {
    PlacedNode node{i, picture.camera.ToScreen(points[i].first, points[i].second), half, true};
    const ImVec2 reach{half.x + 12, half.y + 12};
    node.visible = Overlaps(region, {node.centre.x - reach.x, node.centre.y - reach.y},
                            {node.centre.x + reach.x, node.centre.y + reach.y});
    picture.nodes.push_back(node);
  }
  PlaceEdges(graph, region, &picture);
  return picture;
}

int NodeUnder(const GraphPicture& picture, ImVec2 at) {
  const float reach = picture.detail == GraphDetail::kDot ? 4.f : 0.f;
  for (size_t i = picture.nodes.size(); i-- > 0;) {
    if (picture.nodes[i].visible && Inside(picture.nodes[i], at, reach)) return static_cast<int>(i);
  }
  return -1;
}

int EdgeUnder(const GraphPicture& picture, ImVec2 at, float reach) {
  int best = -1;
  float nearest = reach * reach;
  for (size_t i = 0; i < picture.edges.size(); ++i) {
    const PlacedEdge& edge = picture.edges[i];
    if (!edge.visible) continue;
    for (int s = 0; s <= kSamples; ++s) {
      // Between two samples the curve is nearly straight.
      const ImVec2 a = edge.At(static_cast<float>(s) / kSamples);
      const ImVec2 b = edge.At(static_cast<float>(std::min(s + 1, kSamples)) / kSamples);
      const float dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
      const float along = (at.x - a.x) * dx + (at.y - a.y) * dy;
      const float t = length == 0 ? 0 : std::clamp(along / length, 0.f, 1.f);
      const float ex = at.x - a.x - t * dx, ey = at.y - a.y - t * dy;
      if (ex * ex + ey * ey > nearest) continue;
      nearest = ex * ex + ey * ey;
      best = static_cast<int>(i);
    }
  }
  return best;
}

}  // namespace backstep::gui
