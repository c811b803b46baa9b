// Whether a body holds what a query asks for, and where. Private header of store/search.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backstep/store/search.h"
#include "backstep/store/search/scan/needle.h"

namespace backstep::store {

// One thread.
class Matcher {
 public:
  explicit Matcher(const SearchQuery& query);

  struct Found {
    size_t begin = 0, end = 0;  // of the first of the query's terms to be met, in the body
  };
  // nullopt: something of the query is not in it, or it is no text.
  std::optional<Found> Match(std::string_view bytes, std::string_view media_type);
  // A word of ASCII, or the beginning of one, that must be there; may be empty.
  const Needle& needle() const { return needle_; }

 private:
  // Of a term: which of its words the last words read were, as bits.
  struct Progress {
    uint64_t rows = 0;
    bool met = false;
  };
  // Takes the next word in; whether the term is met with it.
  static bool Advance(const SearchQuery::Term& term, std::string_view word, Progress* progress);

  const std::vector<SearchQuery::Term> terms_;
  std::vector<Progress> progress_;
  Needle needle_;
};

}  // namespace backstep::store
