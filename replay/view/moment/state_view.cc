#include "backstep/replay/view/moment/state_view.h"

#include <algorithm>
#include <cstdlib>

#include "backstep/base/utf8.h"
#include "backstep/replay/view/json.h"
#include "backstep/replay/view/text.h"

namespace backstep::replay {
namespace {

constexpr size_t kTextBytesMax = 4u << 20;
constexpr size_t kTreeBytesMax = 16u << 20;  // of a state that is made a tree
constexpr size_t kScalarBytesMax = 240;
constexpr size_t kNodesMax = 20000;
constexpr size_t kChangesMax = 500;
constexpr size_t kDiffBytesMax = 8u << 20;   // of two states together
constexpr int kDepthMax = 64;

// '~' and '/' of a key as a JSON pointer has them (RFC 6901).
std::string Escaped(const std::string& key) {
  std::string out;
  for (const char c : key) {
    if (c == '~') out += "~0";
    else if (c == '/') out += "~1";
    else out += c;
  }
  return out;
}

class TreeMaker {
 public:
  TreeMaker(const std::vector<ValueDiff>& changed, size_t nodes_max)
      : nodes_max_(nodes_max) {
    for (const ValueDiff& diff : changed) paths_.push_back(diff.path);
    std::sort(paths_.begin(), paths_.end());
  }

  void Add(const Json& json, const std::string& key, const std::string& path, int depth) {
    ++total_;
    if (nodes_.size() < nodes_max_) nodes_.push_back(NodeOf(json, key, path, depth));
    if (depth >= kDepthMax) return;
    if (json.is_object()) {
      for (const auto& [name, value] : json.items()) {
        Add(value, name, path + "/" + Escaped(name), depth + 1);
      }
    } else if (json.is_array()) {
      for (size_t i = 0; i < json.size(); ++i) {
        Add(json[i], std::to_string(i), path + "/" + std::to_string(i), depth + 1);
      }
    }
  }

  std::vector<ValueNode> Take() { return std::move(nodes_); }
  uint64_t total() const { return total_; }

 private:
  ValueNode NodeOf(const Json& json, const std::string& key, const std::string& path,
                   int depth) const {
    ValueNode node{depth, key, path, {}, json.is_structured(), Changed(path)};
    if (node.parent) {
      node.text = json.is_object() ? "{" + std::to_string(json.size()) + "}"
                                   : "[" + std::to_string(json.size()) + "]";
      return node;
    }
    node.text = Dump(json, false);
    if (node.text.size() > kScalarBytesMax) {
      node.text = std::string(CutUtf8(node.text, kScalarBytesMax)) + "…";
    }
    return node;
  }

  // A change at the path, above it, or inside it.
  bool Changed(const std::string& path) const {
    const auto inside = std::lower_bound(paths_.begin(), paths_.end(), path);
    if (inside != paths_.end() && inside->starts_with(path) &&
        (inside->size() == path.size() || (*inside)[path.size()] == '/')) {
      return true;
    }
    for (size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0;
         slash = path.rfind('/', slash - 1)) {
      if (std::binary_search(paths_.begin(), paths_.end(), path.substr(0, slash))) return true;
    }
    return false;
  }

  const size_t nodes_max_;
  std::vector<std::string> paths_;
  std::vector<ValueNode> nodes_;
  uint64_t total_ = 0;
};

uint64_t CountChanges(const std::vector<ValueDiff>& changes) {
  if (changes.size() <= kChangesMax) return changes.size();
  // The last one says how many more there are: "49501 more".
  return changes.size() - 1 + std::strtoull(changes.back().after.c_str(), nullptr, 10);
}

}  // namespace

std::vector<ValueNode> MakeValueTree(const std::string& text,
                                     const std::vector<ValueDiff>& changed, size_t nodes_max,
                                     uint64_t* total) {
  *total = 0;
  // Nesting beyond what is shown is not followed, so that a hostile text costs no stack.
  int depth = 0;
  const auto shallow = [&depth](int level, Json::parse_event_t, Json&) {
    depth = std::max(depth, level);
    return level <= kDepthMax + 2;
  };
  const Json json = Json::parse(text, shallow, false);
  if (!json.is_structured()) return {};
  TreeMaker maker(changed, nodes_max);
  maker.Add(json, "", "", 0);
  *total = maker.total();
  return maker.Take();
}

TextDiff DiffStates(const Body& before, const Body& after) {
  if (before.bytes == after.bytes) return {};
  if (before.bytes.size() + after.bytes.size() > kDiffBytesMax) return {};
  if (!IsUtf8(before.bytes) || !IsUtf8(after.bytes)) return {};
  return DiffLaidOut(before.bytes, after.bytes);
}

Result<StateView> ViewState(store::Line& line, AgentId agent, StepNumber step) {
  StateView view;
  view.agent = line.AgentName(agent);
  view.step = step;
  BACKSTEP_ASSIGN_OR_RETURN(const auto newest, line.LatestStepOf(agent, step));
  view.last_step = newest.value_or(StepNumber());
  const Result<Body> state = line.State(agent, step);
  if (state.status().code() == StatusCode::kIncomplete) {
    view.incomplete = state.status().message();
    return view;
  }
  if (!state.ok()) return state.status();
  view.body = ViewBytes(*state, kTextBytesMax);
  if (newest) {
    const Result<Body> before = line.State(agent, StepNumber(newest->value - 1));
    if (before.ok()) {
      view.changes = DiffBodies(*before, *state, kChangesMax);
      view.changes_total = CountChanges(view.changes);
      view.diff = DiffStates(*before, *state);
    }
  }
  if (state->bytes.size() <= kTreeBytesMax) {
    view.nodes = MakeValueTree(state->bytes, view.changes, kNodesMax, &view.nodes_total);
  }
  return view;
}

std::string ToJson(const StateView& view) {
  Json json;
  json["agent"] = view.agent;
  json["moment"] = view.step.value;
  json["last_step"] = view.last_step.value;
  json["state"] = BodyJson(view.body);
  json["changes"] = ValuesJson(view.changes);
  json["changed_lines"] = view.diff.changed;
  json["nodes"] = view.nodes_total;
  json["incomplete"] = OrNull(view.incomplete);
  return Dump(json, true);
}

}  // namespace backstep::replay
