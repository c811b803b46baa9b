#include "backstep/store/search/matcher.h"

#include <algorithm>

#include "backstep/store/search/words.h"

namespace backstep::store {
namespace {

bool IsPlain(std::string_view word) {
  return std::all_of(word.begin(), word.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

unsigned char FoldedByte(char c) { return kFoldedAscii[static_cast<unsigned char>(c)]; }

}  // namespace

Matcher::Matcher(const SearchQuery& query) : terms_(query.terms()) {
  for (const SearchQuery::Term& term : terms_) {
    for (const std::string& word : term.words) {
      if (word.size() > needle_.size() && IsPlain(word)) needle_ = word;
    }
  }
  skip_.fill(static_cast<uint8_t>(needle_.size()));
  for (size_t i = 0; i + 1 < needle_.size(); ++i) {
    const auto left = static_cast<uint8_t>(needle_.size() - 1 - i);
    const auto small = static_cast<unsigned char>(needle_[i]);
    skip_[small] = left;
    if (small >= 'a' && small <= 'z') skip_[static_cast<size_t>(small - 'a' + 'A')] = left;
  }
}

// Far cheaper than taking the body apart, and mostly the end of it.
bool Matcher::CanHold(std::string_view bytes, bool escapes) const {
  if (needle_.empty()) return true;
  const size_t last = needle_.size() - 1;
  const auto end = static_cast<unsigned char>(needle_[last]);
  for (size_t at = last; at < bytes.size();) {
    if (FoldedByte(bytes[at]) == end) {
      size_t same = 0;
      while (same < last && FoldedByte(bytes[at - 1 - same]) ==
                                static_cast<unsigned char>(needle_[last - 1 - same])) {
        ++same;
      }
      if (same == last) return true;
    }
    at += skip_[static_cast<unsigned char>(bytes[at])];
  }
  return escapes && bytes.find("\\u") != std::string_view::npos;
}

bool Matcher::Advance(const SearchQuery::Term& term, std::string_view word, Progress* progress) {
  const size_t count = term.words.size();
  uint64_t rows = 0;
  for (size_t i = 0; i < count; ++i) {
    if (i > 0 && (progress->rows >> (i - 1) & 1) == 0) continue;
    const bool open = term.prefix && i + 1 == count;
    const std::string& wanted = term.words[i];
    if (open ? word.starts_with(wanted) : word == wanted) rows |= uint64_t{1} << i;
  }
  progress->rows = rows;
  return (rows >> (count - 1) & 1) != 0;
}

std::optional<Matcher::Found> Matcher::Match(std::string_view bytes, std::string_view media_type) {
  const bool escapes = IsJsonType(media_type);
  if (!CanHold(bytes, escapes) || !HoldsWords(media_type, bytes)) return std::nullopt;
  progress_.assign(terms_.size(), {});
  size_t unmet = terms_.size();
  std::optional<Found> found;
  std::array<size_t, 64> begins{};  // of the last words
  size_t words = 0;
  WordReader reader(bytes, escapes);
  while (reader.Next()) {
    begins[words % begins.size()] = reader.begin();
    ++words;
    for (size_t i = 0; i < terms_.size(); ++i) {
      if (progress_[i].met || !Advance(terms_[i], reader.word(), &progress_[i])) continue;
      progress_[i].met = true;
      const size_t first = words - terms_[i].words.size();
      if (!found) found = Found{begins[first % begins.size()], reader.end()};
      if (--unmet == 0) return found;
    }
  }
  return std::nullopt;
}

}  // namespace backstep::store
