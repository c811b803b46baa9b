#include "backstep/replay/view/diff/word_diff.h"

#include <algorithm>

#include "backstep/base/hash.h"
#include "backstep/base/utf8.h"
#include "backstep/replay/compare/align.h"
#include "backstep/replay/view/text.h"

namespace backstep::replay {
namespace {

bool IsWordByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z') || byte == '_';
}

// Words, and each other character for itself.
std::vector<DiffSpan> WordsOf(std::string_view line) {
  std::vector<DiffSpan> words;
  for (size_t at = 0; at < line.size();) {
    size_t end = at + 1;
    if (IsWordByte(line[at])) {
      while (end < line.size() && IsWordByte(line[end])) ++end;
    }
    words.emplace_back(at, end);
    at = end;
  }
  return words;
}

std::vector<Hash128> HashesOf(std::string_view line, const std::vector<DiffSpan>& words) {
  std::vector<Hash128> hashes;
  hashes.reserve(words.size());
  for (const auto& [from, to] : words) hashes.push_back(HashBytes(line.substr(from, to - from)));
  return hashes;
}

// A lone blank between two changed words belongs to them.
void Join(std::string_view line, DiffSpan span, std::vector<DiffSpan>* spans) {
  if (!spans->empty()) {
    const size_t end = spans->back().second;
    if (span.first == end || (span.first == end + 1 && line[end] == ' ')) {
      spans->back().second = span.second;
      return;
    }
  }
  spans->push_back(span);
}

}  // namespace

void DiffWords(std::string_view before, std::string_view after, std::vector<DiffSpan>* in_before,
               std::vector<DiffSpan>* in_after) {
  const auto a = WordsOf(before), b = WordsOf(after);
  for (const Aligned& at : Align(HashesOf(before, a), HashesOf(after, b))) {
    if (at.equal) continue;
    if (at.a) Join(before, a[*at.a], in_before);
    if (at.b) Join(after, b[*at.b], in_after);
  }
}

size_t CutStart(std::string_view before, std::string_view after, size_t bytes_max) {
  if (std::max(before.size(), after.size()) <= bytes_max) return 0;
  const size_t shorter = std::min(before.size(), after.size());
  size_t at = 0;
  while (at < shorter && before[at] == after[at]) ++at;
  const size_t lead = bytes_max / 4;
  if (at <= lead) return 0;
  // Both sides are the same up to here, so a character's start of one is one of the other.
  return CharacterStart(before, at - lead);
}

std::string CutLine(std::string_view line, size_t from, size_t bytes_max) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  const std::string_view rest = line.substr(std::min(from, line.size()));
  const std::string_view kept = rest.size() > bytes_max ? CutUtf8(rest, bytes_max) : rest;
  return (from > 0 ? "…" : "") + std::string(kept) + (kept.size() < rest.size() ? "…" : "");
}

}  // namespace backstep::replay
