// A word that is looked for in bytes as they lie, before any of them is taken apart. Private header
// of store/search.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace backstep::store {

// Immutable.
class Needle {
 public:
  // `word`: small letters and digits of ASCII; empty: it lies everywhere.
  explicit Needle(std::string word = {});

  bool empty() const { return word_.empty(); }
  size_t size() const { return word_.size(); }
  // Where it lies first in `text`, without regard to case, at `from` or behind; npos: nowhere.
  size_t Find(std::string_view text, size_t from = 0) const;
  // The first place at which it may lie in a text that may be JSON, in which letters and digits can
  // be written in hex.
  size_t FindInJson(std::string_view text) const;

 private:
  bool LiesAt(const char* place) const;

  std::string word_;
  size_t rare_ = 0;               // place of its letter or digit that texts have least
  char small_ = 0, capital_ = 0;  // that letter; the same for a digit
};

// How many bytes of a text FindInJson looks at together at most.
inline constexpr size_t kHexLetterBytes = 6;

}  // namespace backstep::store
