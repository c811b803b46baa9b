#include "backstep/base/hash.h"
#include "backstep/replay/compare/align.h"
#include "backstep/replay/compare/value_diffs.h"

namespace backstep::replay {
namespace {

// With its line end, so that a missing last one is a difference.
std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const size_t length = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return lines;
}

std::vector<Hash128> Hashes(const std::vector<std::string_view>& lines) {
  std::vector<Hash128> hashes;
  hashes.reserve(lines.size());
  for (std::string_view line : lines) hashes.push_back(HashBytes(line));
  return hashes;
}

std::string_view WithoutEnd(std::string_view line) {
  if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  // An empty text would say that there is no such line.
  return line.empty() ? "(empty line)" : line;
}

void AddLine(size_t number, std::string_view before, std::string_view after, ValueDiffs* diffs) {
  std::string_view left = before.empty() ? before : WithoutEnd(before);
  std::string_view right = after.empty() ? after : WithoutEnd(after);
  const std::string path = "line " + std::to_string(number);
  if (left != right) return diffs->Add(path, left, right);
  const auto end_of = [](std::string_view line) {
    return line.back() != '\n' ? " (no line end)" : line.size() > 1 && line[line.size() - 2] == '\r'
                                                        ? " (CR LF)" : " (LF)";
  };
  diffs->Add(path, std::string(left) + end_of(before), std::string(right) + end_of(after));
}

}  // namespace

void DiffText(std::string_view before, std::string_view after, ValueDiffs* diffs) {
  const auto a = Lines(before), b = Lines(after);
  for (const Aligned& at : Align(Hashes(a), Hashes(b))) {
    if (at.equal) continue;
    if (!diffs->HasRoom()) {
      diffs->Count();
      continue;
    }
    AddLine(at.b.value_or(at.a.value_or(0)) + 1, at.a ? a[*at.a] : std::string_view(),
            at.b ? b[*at.b] : std::string_view(), diffs);
  }
}

}  // namespace backstep::replay
