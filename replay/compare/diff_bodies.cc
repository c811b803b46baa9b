#include <algorithm>

#include "backstep/base/utf8.h"
#include "backstep/replay/compare.h"
#include "backstep/replay/compare/excerpt.h"
#include "backstep/replay/compare/value_diffs.h"

namespace backstep::replay {
namespace {

// Of each; a value takes many times its text while it is parsed and compared.
constexpr size_t kJsonBytesMax = 4u << 20;

bool IsText(std::string_view bytes) {
  return bytes.find('\0') == std::string_view::npos && IsUtf8(bytes);
}

void DiffBinary(std::string_view before, std::string_view after, ValueDiffs* diffs) {
  const size_t shorter = std::min(before.size(), after.size());
  size_t at = 0;
  while (at < shorter && before[at] == after[at]) ++at;
  diffs->Add("byte " + std::to_string(at), HexExcerpt(before, at), HexExcerpt(after, at));
}

void DiffBytes(const Body& before, const Body& after, ValueDiffs* diffs) {
  // JSON that differs in form alone (spaces, the order of keys) has no path to name: by line then.
  const bool short_enough = std::max(before.bytes.size(), after.bytes.size()) <= kJsonBytesMax;
  if (short_enough && DiffJson(before.bytes, after.bytes, diffs) && !diffs->empty()) return;
  if (IsText(before.bytes) && IsText(after.bytes)) {
    DiffText(before.bytes, after.bytes, diffs);
  } else {
    DiffBinary(before.bytes, after.bytes, diffs);
  }
}

}  // namespace

void ValueDiffs::Add(const std::string& path, std::string_view before, std::string_view after) {
  if (!HasRoom()) return Count();
  auto [left, right] = ExcerptPair(before, after);
  diffs_.push_back({Excerpt(path), std::move(left), std::move(right)});
}

std::vector<ValueDiff> ValueDiffs::Take() {
  if (left_out_ > 0) {
    diffs_.push_back({"…", "", std::to_string(left_out_) + " more"});
    left_out_ = 0;
  }
  return std::move(diffs_);
}

std::vector<ValueDiff> DiffBodies(const Body& before, const Body& after, size_t most) {
  ValueDiffs diffs(most);
  if (before.media_type != after.media_type) {
    diffs.Add("media type", before.media_type, after.media_type);
  }
  if (before.bytes == after.bytes) return diffs.Take();
  ValueDiffs inside(most > 0 && !diffs.empty() ? most - 1 : most);
  DiffBytes(before, after, &inside);
  std::vector<ValueDiff> all = diffs.Take();
  for (ValueDiff& diff : inside.Take()) all.push_back(std::move(diff));
  return all;
}

}  // namespace backstep::replay
