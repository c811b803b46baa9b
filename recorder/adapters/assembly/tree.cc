#include "backstep/recorder/adapters/assembly/tree.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace backstep::adapters {
namespace {

void Tell(const SpanCollector& collector, const SpanSketch& sketch, const std::string& reason,
          Sink& sink) {
  Place place{collector.file(sketch.file)};
  (sketch.by_line ? place.line : place.offset) = sketch.place;
  sink.Skip(place, reason);
}

// The nodes, each span of the session once.
std::unordered_map<uint64_t, int32_t> AddNodes(const SpanCollector& collector,
                                               const CollectedSession& session, Sink& sink,
                                               SpanTree* tree) {
  std::unordered_map<uint64_t, int32_t> by_id;
  std::unordered_set<uint64_t> seen;
  by_id.reserve(session.spans.size());
  tree->nodes.reserve(session.spans.size());
  for (const SpanSketch* sketch : session.spans) {
    if (!seen.insert(sketch->content).second) {
      Tell(collector, *sketch, "the same span, word for word, stands before it", sink);
      continue;
    }
    by_id.try_emplace(sketch->id, static_cast<int32_t>(tree->nodes.size()));
    SpanNode node;
    node.sketch = sketch;
    tree->nodes.push_back(node);
  }
  return by_id;
}

// Cuts each circle of parents at the span that began first.
void CutCircles(const SpanCollector& collector, Sink& sink, SpanTree* tree) {
  enum : char { kNew, kOnPath, kDone };
  std::vector<char> seen(tree->nodes.size(), kNew);
  std::vector<int32_t> path;
  for (size_t start = 0; start < tree->nodes.size(); ++start) {
    auto at = static_cast<int32_t>(start);
    path.clear();
    while (at >= 0 && seen[at] == kNew) {
      seen[at] = kOnPath;
      path.push_back(at);
      at = tree->nodes[at].parent;
    }
    if (at >= 0 && seen[at] == kOnPath) {
      int32_t first = at;
      for (int32_t next = tree->nodes[at].parent; next != at; next = tree->nodes[next].parent) {
        if (tree->nodes[next].sketch->began < tree->nodes[first].sketch->began) first = next;
      }
      tree->nodes[first].parent = -1;
      Tell(collector, *tree->nodes[first].sketch,
           "its parents form a circle: this span is taken as their beginning, and its parent is "
           "left out",
           sink);
    }
    for (int32_t passed : path) seen[passed] = kDone;
  }
}

// Links children in time order and lists all nodes, parents first.
void Order(SpanTree* tree) {
  std::vector<int32_t> by_time(tree->nodes.size());
  for (size_t i = 0; i < by_time.size(); ++i) by_time[i] = static_cast<int32_t>(i);
  std::stable_sort(by_time.begin(), by_time.end(), [&](int32_t a, int32_t b) {
    return tree->nodes[a].sketch->began < tree->nodes[b].sketch->began;
  });
  int32_t first_root = -1;
  for (auto it = by_time.rbegin(); it != by_time.rend(); ++it) {
    SpanNode& node = tree->nodes[*it];
    int32_t& head = node.parent < 0 ? first_root : tree->nodes[node.parent].first_child;
    node.next_sibling = head;
    head = *it;
  }
  tree->order.reserve(tree->nodes.size());
  std::vector<int32_t> waiting;
  for (int32_t root = first_root; root >= 0; root = tree->nodes[root].next_sibling) {
    int32_t at = root;
    while (at >= 0) {
      tree->order.push_back(at);
      const SpanNode& node = tree->nodes[at];
      if (node.next_sibling >= 0 && at != root) waiting.push_back(node.next_sibling);
      if (node.first_child >= 0) {
        at = node.first_child;
      } else if (!waiting.empty()) {
        at = waiting.back();
        waiting.pop_back();
      } else {
        at = -1;
      }
    }
  }
}

bool IsEffect(SpanRole role) {
  return role == SpanRole::kLlm || role == SpanRole::kTool || role == SpanRole::kRetriever;
}

// For each node the step around it and the graph node it lies in.
void Enclose(SpanTree* tree, bool* any_step, std::vector<int32_t>* homeless) {
  std::vector<uint64_t> graph_node(tree->nodes.size());
  homeless->clear();
  for (int32_t at : tree->order) {
    SpanNode& node = tree->nodes[at];
    const SpanSketch& sketch = *node.sketch;
    const int32_t outer = node.parent < 0 ? -1 : tree->nodes[node.parent].step;
    const uint64_t inherited = node.parent < 0 ? 0 : graph_node[node.parent];
    graph_node[at] = sketch.node != 0 ? sketch.node : inherited;
    const bool new_node = sketch.node != 0 && sketch.node != inherited;
    const bool effect = IsEffect(sketch.role);
    const bool takes = sketch.role == SpanRole::kReceive && sketch.agent_told;
    const bool own_agent = effect && outer < 0 && sketch.agent_told;
    const bool step = sketch.role == SpanRole::kAgent || new_node || takes || own_agent;
    node.is_step = node.is_step || step;
    node.step = node.is_step ? at : outer;
    *any_step = *any_step || node.is_step;
    if (effect && node.step < 0) homeless->push_back(at);
  }
}


}  // namespace

SpanTree GrowTree(const SpanCollector& collector, const CollectedSession& session, Sink& sink) {
  SpanTree tree;
  const auto by_id = AddNodes(collector, session, sink, &tree);
  for (size_t i = 0; i < tree.nodes.size(); ++i) {
    if (tree.nodes[i].sketch->parent == 0) continue;
    const auto parent = by_id.find(tree.nodes[i].sketch->parent);
    if (parent != by_id.end()) tree.nodes[i].parent = parent->second;
  }
  CutCircles(collector, sink, &tree);
  Order(&tree);
  return tree;
}

void MarkSteps(SpanTree* tree) {
  bool any_step = false;
  std::vector<int32_t> homeless;
  Enclose(tree, &any_step, &homeless);
  if (!any_step && homeless.empty()) {  // nothing but spans: each root is at least one step
    for (int32_t at : tree->order) {
      if (tree->nodes[at].parent < 0) homeless.push_back(at);
    }
  }
  // Parents stand before children: the root of each is found once, on the way down.
  std::vector<int32_t> root(tree->nodes.size());
  for (int32_t at : tree->order) {
    root[at] = tree->nodes[at].parent < 0 ? at : root[tree->nodes[at].parent];
  }
  for (int32_t at : homeless) {
    SpanNode& top = tree->nodes[root[at]];
    top.is_step = true;
  }
  if (!homeless.empty()) Enclose(tree, &any_step, &homeless);
  for (auto it = tree->order.rbegin(); it != tree->order.rend(); ++it) {
    const SpanNode& node = tree->nodes[*it];
    if (node.parent < 0) continue;
    const bool counts = node.sketch->role == SpanRole::kLlm && node.sketch->has_usage;
    SpanNode& parent = tree->nodes[node.parent];
    parent.usage_below = parent.usage_below || node.usage_below || counts;
  }
}

}  // namespace backstep::adapters
