#include "backstep/gui/bridge/graph_layout.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include <gvc.h>

namespace backstep::gui {
namespace {

constexpr size_t kRankedMax = 40;         // nodes that are laid out by rank
constexpr size_t kEdgesRankedMax = 160;
constexpr size_t kNodesMax = 1000;        // beyond it a grid
constexpr size_t kEdgesANodeMax = 4;      // that a layout by force is given, on average
constexpr size_t kEdgesMax = 2000;        // and altogether
constexpr float kPointsPerInch = 72;
constexpr float kGap = 28;                // between nodes that have no edge
constexpr float kMargin = 16;
constexpr float kTau = 6.2831853f;

using Edge = std::pair<size_t, size_t>;

int SwallowMessage(char*) { return 0; }

// One edge for both directions, pointing as the first message went: ranks then follow the work, and
// the picture stays when a recording grows.
std::vector<Edge> EdgesOf(const replay::AgentGraph& graph) {
  std::vector<const replay::GraphEdge*> sorted;
  for (const replay::GraphEdge& edge : graph.edges) {
    if (edge.from != edge.to) sorted.push_back(&edge);
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
    return a->first < b->first;
  });
  std::set<Edge> seen;
  std::vector<Edge> edges;
  for (const replay::GraphEdge* edge : sorted) {
    if (!seen.insert(std::minmax(edge->from, edge->to)).second) continue;
    edges.emplace_back(edge->from, edge->to);
  }
  return edges;
}

// Graphviz' own objects, freed in order.
class Picture {
 public:
  Picture() : context_(gvContext()) {
    agseterrf(SwallowMessage);
    agseterr(AGMAX);
    if (context_ != nullptr) graph_ = agopen(const_cast<char*>("g"), Agdirected, nullptr);
  }
  ~Picture() {
    if (laid_out_) gvFreeLayout(context_, graph_);
    if (graph_ != nullptr) agclose(graph_);
    if (context_ != nullptr) gvFreeContext(context_);
  }
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;

  bool Draw(const std::vector<size_t>& nodes, const std::vector<Edge>& edges, bool ranked) {
    if (graph_ == nullptr) return false;
    SetDefaults(ranked);
    std::map<size_t, Agnode_t*> known;
    for (const size_t node : nodes) {
      std::string name = "n" + std::to_string(node);
      known[node] = agnode(graph_, name.data(), 1);
    }
    for (const auto& [from, to] : edges) {
      agedge(graph_, known[from], known[to], nullptr, 1);
    }
    std::srand(1);  // the removal of overlaps draws from it
    laid_out_ = gvLayout(context_, graph_, ranked ? "dot" : "sfdp") == 0;
    if (!laid_out_) return false;
    for (const auto& [node, drawn] : known) {
      const auto& place = ND_coord(drawn);
      places_[node] = {static_cast<float>(place.x), -static_cast<float>(place.y)};
    }
    return true;
  }
  const std::map<size_t, std::pair<float, float>>& places() const { return places_; }

 private:
  void Set(int kind, const char* name, const std::string& value) {
    std::string copy = value;
    agattr(graph_, kind, const_cast<char*>(name), copy.data());
  }
  void SetDefaults(bool ranked) {
    // By force there is room for one more node between neighbours, and edges stay apart.
    const float wide = ranked ? 1.0f : 1.15f;
    Set(AGNODE, "shape", "box");
    Set(AGNODE, "label", "");
    Set(AGNODE, "fixedsize", "true");
    Set(AGNODE, "width", std::to_string(wide * kNodeWidth / kPointsPerInch));
    Set(AGNODE, "height", std::to_string(wide * kNodeHeight / kPointsPerInch));
    Set(AGRAPH, "splines", "false");
    Set(AGRAPH, "nodesep", "0.28");
    Set(AGRAPH, "ranksep", "0.42");
    Set(AGRAPH, "nslimit", "2");      // rounds of the network simplex, per node
    Set(AGRAPH, "mclimit", "1");
    if (ranked) return;
    Set(AGRAPH, "overlap", "prism");
    Set(AGRAPH, "start", "1");        // the same picture every time
    Set(AGRAPH, "maxiter", "200");
    Set(AGRAPH, "K", "1.6");
  }

  GVC_t* context_ = nullptr;
  Agraph_t* graph_ = nullptr;
  bool laid_out_ = false;
  std::map<size_t, std::pair<float, float>> places_;
};

void PlaceOnCircle(const std::vector<size_t>& nodes, GraphPlaces* places) {
  const float around = static_cast<float>(nodes.size()) * (kNodeWidth + kGap);
  const float radius = nodes.size() < 2 ? 0 : std::max(around / kTau, kNodeWidth);
  for (size_t i = 0; i < nodes.size(); ++i) {
    const float angle = kTau * static_cast<float>(i) / static_cast<float>(nodes.size());
    places->centres[nodes[i]] = {radius * std::sin(angle), -radius * std::cos(angle)};
  }
}

// In rows under what lies above `top`, about `width` wide.
void PlaceInGrid(const std::vector<size_t>& nodes, float left, float width, float top,
                 GraphPlaces* places) {
  const float step = kNodeWidth + kGap;
  const size_t fit = static_cast<size_t>(std::max(1.0f, (width + kGap) / step));
  const size_t square = static_cast<size_t>(std::ceil(std::sqrt(nodes.size() / 2.0)));
  const size_t columns = std::max<size_t>({fit, square, 1});
  for (size_t i = 0; i < nodes.size(); ++i) {
    places->centres[nodes[i]] = {left + kNodeWidth / 2 + step * static_cast<float>(i % columns),
                                 top + kNodeHeight / 2 +
                                     (kNodeHeight + kGap) * static_cast<float>(i / columns)};
  }
}

struct Bounds {
  float left = 0, top = 0, right = 0, bottom = 0;
};

Bounds BoundsOf(const std::vector<size_t>& nodes, const GraphPlaces& places) {
  Bounds bounds;
  bool first = true;
  for (const size_t node : nodes) {
    const auto [x, y] = places.centres[node];
    const Bounds one{x - kNodeWidth / 2, y - kNodeHeight / 2, x + kNodeWidth / 2,
                     y + kNodeHeight / 2};
    if (first) bounds = one;
    first = false;
    bounds = {std::min(bounds.left, one.left), std::min(bounds.top, one.top),
              std::max(bounds.right, one.right), std::max(bounds.bottom, one.bottom)};
  }
  return bounds;
}

void PlaceConnected(const std::vector<size_t>& nodes, std::vector<Edge> edges,
                    GraphPlaces* places) {
  const bool ranked = nodes.size() <= kRankedMax && edges.size() <= kEdgesRankedMax;
  if (!ranked) edges.resize(std::min({edges.size(), nodes.size() * kEdgesANodeMax, kEdgesMax}));
  Picture picture;
  if (!picture.Draw(nodes, edges, ranked)) return PlaceOnCircle(nodes, places);
  for (const auto& [node, place] : picture.places()) places->centres[node] = place;
}

}  // namespace

GraphPlaces LayOutGraph(const replay::AgentGraph& graph) {
  GraphPlaces places;
  places.centres.resize(graph.nodes.size());
  const std::vector<Edge> edges = EdgesOf(graph);
  std::vector<bool> has_edge(graph.nodes.size());
  for (const auto& [from, to] : edges) has_edge[from] = has_edge[to] = true;
  std::vector<size_t> all, connected, alone;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    all.push_back(i);
    (has_edge[i] ? connected : alone).push_back(i);
  }
  Bounds bounds;
  if (all.size() > kNodesMax) {
    PlaceInGrid(all, 0, 0, 0, &places);
  } else {
    if (!connected.empty()) PlaceConnected(connected, edges, &places);
    bounds = BoundsOf(connected, places);
    const float top = connected.empty() ? 0 : bounds.bottom + kGap;
    PlaceInGrid(alone, bounds.left, bounds.right - bounds.left, top, &places);
  }
  bounds = BoundsOf(all, places);
  for (auto& [x, y] : places.centres) {
    x += kMargin - bounds.left;
    y += kMargin - bounds.top;
  }
  places.width = bounds.right - bounds.left + 2 * kMargin;
  places.height = bounds.bottom - bounds.top + 2 * kMargin;
  return places;
}

}  // namespace backstep::gui
