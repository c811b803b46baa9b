#include "backstep/store/search/matcher.h"

#include <algorithm>
#include <array>

#include "backstep/store/search/words.h"

namespace backstep::store {
namespace {

bool IsPlain(std::string_view word) {
  return std::all_of(word.begin(), word.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// The longest word of ASCII that a text must hold.
std::string LongestPlainWord(const std::vector<SearchQuery::Term>& terms) {
  std::string longest;
  for (const SearchQuery::Term& term : terms) {
    for (const std::string& word : term.words) {
      if (word.size() > longest.size() && IsPlain(word)) longest = word;
    }
  }
  return longest;
}

}  // namespace

Matcher::Matcher(const SearchQuery& query)
    : terms_(query.terms()), needle_(LongestPlainWord(terms_)) {}

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
  // Far cheaper than taking the body apart, and mostly the end of it.
  const size_t needle = escapes ? needle_.FindInJson(bytes) : needle_.Find(bytes);
  if (needle == std::string_view::npos || !HoldsWords(media_type, bytes)) return std::nullopt;
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
