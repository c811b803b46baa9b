#include <algorithm>

#include "backstep/base/utf8.h"
#include "backstep/store/search.h"
#include "backstep/store/search/words.h"

namespace backstep::store {
namespace {

constexpr size_t kQueryBytesMax = 4096;
constexpr size_t kTermsMax = 64;
constexpr size_t kPhraseWordsMax = 64;  // a bit each in a matcher

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// One piece of a query, quotes taken off, as the words it is made of.
Result<SearchQuery::Term> MakeTerm(std::string_view piece) {
  SearchQuery::Term term;
  const std::string shown(piece);
  const size_t star = piece.find('*');
  if (star != std::string_view::npos) {
    if (star + 1 != piece.size() || star == 0) {
      return Status::InvalidArgument("'" + shown + "': a * stands behind the beginning of a word, "
                                     "as in fail*");
    }
    piece.remove_suffix(1);
    term.prefix = true;
  }
  WordReader reader(piece, false);
  size_t end = 0;
  while (reader.Next()) {
    term.words.emplace_back(reader.word());
    end = reader.end();
  }
  if (term.prefix && end != piece.size()) {
    return Status::InvalidArgument("'" + shown + "': a * follows a letter or a digit, as in fail*");
  }
  if (term.words.size() > kPhraseWordsMax) {
    return Status::InvalidArgument("more than " + std::to_string(kPhraseWordsMax) +
                                   " words in a row: leave some out");
  }
  return term;
}

}  // namespace

Result<SearchQuery> SearchQuery::Parse(const std::string& text) {
  if (text.size() > kQueryBytesMax) {
    return Status::InvalidArgument("more than " + std::to_string(kQueryBytesMax) +
                                   " bytes to search for: a few words will do");
  }
  if (!IsUtf8(text)) return Status::InvalidArgument("the words to search for are not UTF-8");
  SearchQuery query;
  size_t at = 0;
  while (at < text.size()) {
    if (IsSpace(text[at])) {
      ++at;
      continue;
    }
    const bool quoted = text[at] == '"';
    if (quoted) ++at;
    size_t end = at;
    while (end < text.size() && text[end] != '"' && (quoted || !IsSpace(text[end]))) ++end;
    if (quoted && end == text.size()) {
      return Status::InvalidArgument("the quote before '" + text.substr(at, 40) +
                                     "' is not closed: close it, or leave it out");
    }
    BACKSTEP_ASSIGN_OR_RETURN(Term term, MakeTerm(std::string_view(text).substr(at, end - at)));
    if (!term.words.empty()) query.terms_.push_back(std::move(term));
    at = quoted ? end + 1 : end;
  }
  if (query.terms_.empty()) {
    return Status::InvalidArgument("no word to search for: it takes letters or digits");
  }
  if (query.terms_.size() > kTermsMax) {
    return Status::InvalidArgument("more than " + std::to_string(kTermsMax) +
                                   " words to search for: leave some out");
  }
  return query;
}

}  // namespace backstep::store
