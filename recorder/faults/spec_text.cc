#include "backstep/recorder/faults/spec_text.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <sstream>
#include <string_view>

#include <nlohmann/json.hpp>

#include "backstep/base/nearest.h"
#include "backstep/base/utf8.h"

namespace backstep::recorder {
namespace {

constexpr size_t kTextMax = 4u << 20;
constexpr size_t kDepthMax = 64;
constexpr size_t kValuesMax = 200000;

// Leaves the YAML parser from inside a callback; never leaves this file.
struct Refused {
  int line;
  std::string what;
};

size_t CountValues(const SpecNode& node) {
  size_t count = 1;
  for (const SpecNode& item : node.items) count += CountValues(item);
  for (const SpecEntry& entry : node.entries) count += CountValues(entry.value);
  return count;
}

size_t CountBytes(const SpecNode& node) {
  size_t bytes = node.text.size();
  for (const SpecNode& item : node.items) bytes += CountBytes(item);
  for (const SpecEntry& entry : node.entries) bytes += entry.key.size() + CountBytes(entry.value);
  return bytes;
}

size_t Depth(const SpecNode& node) {
  size_t below = 0;
  for (const SpecNode& item : node.items) below = std::max(below, Depth(item));
  for (const SpecEntry& entry : node.entries) below = std::max(below, Depth(entry.value));
  return below + 1;
}

// Builds the tree from the parser's events. Events instead of the library's own nodes, so that
// depth and references are bounded before anything is built.
class TreeBuilder final : public YAML::EventHandler {
 public:
  SpecNode root;
  bool seen = false;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Leaf(Make(SpecNode::Kind::kNull, mark), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Refused{LineOf(mark), "a reference to its own parent"};
    const Anchored& target = found->second;
    if (stack_.size() + target.depth > kDepthMax) throw Refused{LineOf(mark), "nested too deep"};
    Spend(target.values, target.bytes, mark);
    Place(target.node);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    SpecNode node = Make(SpecNode::Kind::kScalar, mark);
    node.quoted = tag != "?";
    node.text = value;
    Leaf(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Push(Make(SpecNode::Kind::kList, mark), anchor, mark);
  }
  void OnSequenceEnd() override { Pop(); }

  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Push(Make(SpecNode::Kind::kMap, mark), anchor, mark);
  }
  void OnMapEnd() override { Pop(); }

 private:
  struct Anchored {
    SpecNode node;
    size_t values, bytes, depth;
  };
  struct Level {
    SpecNode node;
    YAML::anchor_t anchor;
    bool key_waiting = false;
    SpecEntry entry;
    std::set<std::string> keys;
  };

  static int LineOf(const YAML::Mark& mark) { return mark.line + 1; }

  SpecNode Make(SpecNode::Kind kind, const YAML::Mark& mark) {
    Spend(1, 0, mark);
    SpecNode node;
    node.kind = kind;
    node.line = LineOf(mark);
    return node;
  }

  void Spend(size_t values, size_t bytes, const YAML::Mark& mark) {
    values_ += values;
    copied_bytes_ += bytes;
    if (values_ > kValuesMax || copied_bytes_ > kTextMax) {
      throw Refused{LineOf(mark), "more values than a file may have"};
    }
  }

  void Remember(YAML::anchor_t anchor, const SpecNode& node) {
    if (anchor == 0) return;
    anchors_[anchor] = {node, CountValues(node), CountBytes(node), Depth(node)};
  }

  void Leaf(SpecNode node, YAML::anchor_t anchor) {
    Remember(anchor, node);
    Place(std::move(node));
  }

  void Push(SpecNode node, YAML::anchor_t anchor, const YAML::Mark& mark) {
    if (stack_.size() >= kDepthMax) throw Refused{LineOf(mark), "nested too deep"};
    stack_.push_back({std::move(node), anchor, false, {}, {}});
  }

  void Pop() {
    Level level = std::move(stack_.back());
    stack_.pop_back();
    Remember(level.anchor, level.node);
    Place(std::move(level.node));
  }

  void Place(SpecNode node) {
    if (stack_.empty()) {
      root = std::move(node);
      seen = true;
      return;
    }
    Level& level = stack_.back();
    if (level.node.IsList()) {
      level.node.items.push_back(std::move(node));
    } else if (level.key_waiting) {
      level.entry.value = std::move(node);
      level.node.entries.push_back(std::move(level.entry));
      level.entry = {};
      level.key_waiting = false;
    } else {
      TakeKey(level, std::move(node));
    }
  }

  static void TakeKey(Level& level, SpecNode node) {
    if (!node.IsScalar()) throw Refused{node.line, "a key must be a word"};
    if (!node.quoted && node.text == "<<") {
      throw Refused{node.line, "merge keys ('<<') are not supported"};
    }
    if (!level.keys.insert(node.text).second) {
      throw Refused{node.line, "'" + node.text + "' is given twice"};
    }
    level.entry = {std::move(node.text), node.line, {}};
    level.key_waiting = true;
  }

  std::vector<Level> stack_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  size_t values_ = 0;
  size_t copied_bytes_ = 0;
};

std::optional<uint32_t> HexUnit(const std::string& text, size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  return FourHexDigits(std::string_view(text).substr(at + 2));
}

// JSON writes characters beyond 16 bits as two escapes, which YAML does not know.
std::string JoinSurrogates(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      out.push_back(text[i++]);
      continue;
    }
    const auto high = HexUnit(text, i);
    const auto low = high ? HexUnit(text, i + 6) : std::nullopt;
    if (low && (*high >> 10) == 0x36 && (*low >> 10) == 0x37) {
      char bytes[4];
      out.append(bytes, EncodeUtf8(0x10000 + ((*high & 0x3FF) << 10) + (*low & 0x3FF), bytes));
      i += 12;
    } else {
      out.append(text, i, 2);
      i += 2;
    }
  }
  return out;
}

bool LooksLikeJson(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string::npos && (text[first] == '{' || text[first] == '[');
}

bool IsJsonNumber(const std::string& text) {
  if (text.empty() || (text[0] != '-' && !isdigit(static_cast<unsigned char>(text[0])))) {
    return false;
  }
  return nlohmann::json::accept(text);
}

std::string JsonString(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string ScalarToJson(const SpecNode& node) {
  if (!node.quoted) {
    if (auto flag = node.AsBool()) return *flag ? "true" : "false";
    if (IsJsonNumber(node.text)) return node.text;
    // YAML allows what JSON does not: "+1", ".5", "1.".
    if (auto number = node.AsNumber()) return nlohmann::json(*number).dump();
  }
  return JsonString(node.text);
}

void AppendJson(const SpecNode& node, std::string* out) {
  switch (node.kind) {
    case SpecNode::Kind::kNull: *out += "null"; return;
    case SpecNode::Kind::kScalar: *out += ScalarToJson(node); return;
    case SpecNode::Kind::kList:
      *out += '[';
      for (size_t i = 0; i < node.items.size(); ++i) {
        if (i > 0) *out += ',';
        AppendJson(node.items[i], out);
      }
      *out += ']';
      return;
    case SpecNode::Kind::kMap:
      *out += '{';
      for (size_t i = 0; i < node.entries.size(); ++i) {
        if (i > 0) *out += ',';
        *out += JsonString(node.entries[i].key) + ":";
        AppendJson(node.entries[i].value, out);
      }
      *out += '}';
  }
}

Result<SpecNode> ParseBounded(const std::string& text, const std::string& origin) {
  std::istringstream stream(LooksLikeJson(text) ? JoinSurrogates(text) : text);
  YAML::Parser parser(stream);
  TreeBuilder tree;
  try {
    parser.HandleNextDocument(tree);
    TreeBuilder next;
    if (parser.HandleNextDocument(next)) {
      return SpecError(origin, next.root.line, "a second document; one file holds one");
    }
  } catch (const Refused& refused) {
    return SpecError(origin, refused.line, refused.what);
  } catch (const YAML::Exception& e) {
    return SpecError(origin, e.mark.line + 1, "not YAML or JSON: " + e.msg);
  } catch (const std::exception& e) {
    return Status::InvalidArgument(origin + ": not YAML or JSON: " + e.what());
  }
  return std::move(tree.root);
}

}  // namespace

const SpecNode* SpecNode::Find(std::string_view key) const {
  for (const SpecEntry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::optional<uint64_t> SpecNode::AsCount() const {
  if (!IsScalar() || text.empty()) return std::nullopt;
  uint64_t count = 0;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc() || stop != end) return std::nullopt;
  return count;
}

std::optional<double> SpecNode::AsNumber() const {
  if (!IsScalar() || text.empty()) return std::nullopt;
  double number = 0;
  const char* begin = text.data() + (text[0] == '+' ? 1 : 0);
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(begin, end, number);
  // "inf" and "nan" are words here.
  const bool finite = number - number == 0;
  if (error != std::errc() || stop != end || !finite) return std::nullopt;
  return number;
}

std::optional<bool> SpecNode::AsBool() const {
  if (!IsScalar() || quoted) return std::nullopt;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

const char* SpecNode::KindName() const {
  switch (kind) {
    case Kind::kNull: return "nothing";
    case Kind::kScalar: return "a value";
    case Kind::kList: return "a list";
    case Kind::kMap: return "a map";
  }
  return "";
}

std::string SpecNode::ToJson() const {
  std::string out;
  AppendJson(*this, &out);
  return out;
}

Result<SpecNode> ParseSpecText(const std::string& text, const std::string& origin) {
  if (text.size() > kTextMax) {
    return Status::InvalidArgument(origin + ": larger than 4 MiB");
  }
  if (text.find('\0') != std::string::npos) {
    return Status::InvalidArgument(origin + ": not a text file");
  }
  return ParseBounded(text, origin);
}

Status SpecError(const std::string& origin, int line, const std::string& what) {
  return Status::InvalidArgument(origin + ":" + std::to_string(std::max(line, 1)) + ": " + what);
}

bool IsTypo(std::string_view word, const std::vector<std::string>& known) {
  const std::string nearest = Nearest(word, known);
  if (nearest.empty()) return false;
  if (nearest.size() > word.size() && nearest.compare(0, word.size(), word) == 0) return true;
  return EditDistance(word, nearest) <= std::max<size_t>(2, word.size() / 3);
}

}  // namespace backstep::recorder
