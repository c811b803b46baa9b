#include <algorithm>

#include <nlohmann/json.hpp>

#include "backstep/base/hash.h"
#include "backstep/replay/compare/align.h"
#include "backstep/replay/compare/value_diffs.h"
#include "backstep/replay/json_depth.h"

namespace backstep::replay {
namespace {

using Json = nlohmann::json;

// Comparing, writing and freeing a value all go down it by recursion.
constexpr size_t kDepthMax = 256;

Json ParseOrDiscard(std::string_view text) {
  if (NestsDeeperThan(text, kDepthMax)) return Json(Json::value_t::discarded);
  return Json::parse(text.begin(), text.end(), nullptr, false);
}

std::string Text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string PointerPart(const std::string& key) {
  std::string out = "/";
  for (char c : key) {
    if (c == '~') out += "~0";
    else if (c == '/') out += "~1";
    else out += c;
  }
  return out;
}

class JsonDiffer {
 public:
  explicit JsonDiffer(ValueDiffs* diffs) : diffs_(diffs) {}

  void Diff(const std::string& path, const Json& before, const Json& after) {
    if (before == after) return;
    if (before.is_object() && after.is_object()) return DiffObjects(path, before, after);
    if (before.is_array() && after.is_array()) return DiffArrays(path, before, after);
    if (!diffs_->HasRoom()) return diffs_->Count();
    diffs_->Add(path, Text(before), Text(after));
  }

 private:
  void OneSide(const std::string& path, const Json* before, const Json* after) {
    if (!diffs_->HasRoom()) return diffs_->Count();
    diffs_->Add(path, before ? Text(*before) : "", after ? Text(*after) : "");
  }

  // Keys are sorted on both sides.
  void DiffObjects(const std::string& path, const Json& before, const Json& after) {
    auto a = before.begin();
    auto b = after.begin();
    while (a != before.end() || b != after.end()) {
      const int order = a == before.end() ? 1 : b == after.end() ? -1 : a.key().compare(b.key());
      if (order < 0) {
        OneSide(path + PointerPart(a.key()), &*a, nullptr);
        ++a;
      } else if (order > 0) {
        OneSide(path + PointerPart(b.key()), nullptr, &*b);
        ++b;
      } else {
        Diff(path + PointerPart(a.key()), *a, *b);
        ++a;
        ++b;
      }
    }
  }

  static std::vector<Hash128> Hashes(const Json& array) {
    std::vector<Hash128> hashes;
    hashes.reserve(array.size());
    for (const Json& item : array) hashes.push_back(HashBytes(Text(item)));
    return hashes;
  }

  // A changed or inserted element has its place in `after`, a removed one its place in `before`.
  void DiffArrays(const std::string& path, const Json& before, const Json& after) {
    for (const Aligned& at : Align(Hashes(before), Hashes(after))) {
      if (at.equal) continue;
      const std::string place = path + "/" + std::to_string(at.b.value_or(at.a.value_or(0)));
      if (at.a && at.b) Diff(place, before[*at.a], after[*at.b]);
      else OneSide(place, at.a ? &before[*at.a] : nullptr, at.b ? &after[*at.b] : nullptr);
    }
  }

  ValueDiffs* diffs_;
};

}  // namespace

bool DiffJson(std::string_view before, std::string_view after, ValueDiffs* diffs) {
  const Json a = ParseOrDiscard(before);
  if (a.is_discarded()) return false;
  const Json b = ParseOrDiscard(after);
  if (b.is_discarded()) return false;
  JsonDiffer(diffs).Diff("", a, b);
  return true;
}

}  // namespace backstep::replay
