// Texts as rows of words, the same for who indexes, who scans and who asks. Private header of
// store/search.
//
// A word is a run of letters and digits of any script, without regard to case; all else parts
// words. Of scripts that set no space between words (Chinese, Japanese, Thai, ...), and of symbols
// such as emoji, each character is a word. Words are told apart by their first kWordBytesMax bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace backstep::store {

inline constexpr size_t kWordBytesMax = 64;

// One thread. Bytes that are no UTF-8 part words.
class WordReader {
 public:
  // `escapes`: the text is JSON, in which \n parts words and \u00e9 is a letter. Backslashes in
  // front of n, r and t count as escaped once or twice: JSON is often kept inside JSON.
  WordReader(std::string_view text, bool escapes) : text_(text), escapes_(escapes) {}

  // Moves to the next word; false: there is none.
  bool Next();
  // In lower case, cut to kWordBytesMax; good until Next.
  std::string_view word() const { return {word_.data(), size_}; }
  // Where it stands in the text.
  size_t begin() const { return begin_; }
  size_t end() const { return end_; }

 private:
  struct Character {
    uint32_t folded = 0;   // 0: it parts words
    size_t bytes = 1;      // in the text
    bool alone = false;    // a word of itself
  };
  Character At(size_t place) const;
  Character Escaped(size_t place) const;
  void Add(uint32_t folded);

  const std::string_view text_;
  const bool escapes_;
  size_t at_ = 0, begin_ = 0, end_ = 0, size_ = 0;
  bool full_ = false;
  std::array<char, kWordBytesMax> word_{};
};

// The ASCII letter or digit in lower case; 0: it is none.
extern const std::array<uint8_t, 256> kFoldedAscii;

// Whether bodies of this type are JSON; whether they hold words at all. An empty type is unknown:
// the bytes decide.
bool IsJsonType(std::string_view media_type);
bool HoldsWords(std::string_view media_type, std::string_view bytes);

}  // namespace backstep::store
