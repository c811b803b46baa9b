#include "backstep/store/search/scan/needle.h"

#include <algorithm>
#include <cstring>

#include "backstep/store/search/words.h"

namespace backstep::store {
namespace {

// Letters and digits of English texts and of programs, the frequent ones first.
constexpr std::string_view kByFrequency = "etaionsrlcdpumhfgybw0123v456789kxqjz";

size_t Rareness(char c) { return std::min(kByFrequency.find(c), kByFrequency.size()); }

const char* FindByte(const char* from, const char* end, char byte) {
  if (from >= end) return end;
  const void* found = std::memchr(from, byte, static_cast<size_t>(end - from));
  return found != nullptr ? static_cast<const char*>(found) : end;
}

// Where a letter or digit of ASCII is written as \u00XX.
size_t FindHexLetter(std::string_view text) {
  constexpr std::string_view kStart = "\\u00";
  size_t at = text.find(kStart);
  while (at != std::string_view::npos) {
    const size_t digit = at + kStart.size();
    if (digit < text.size() && text[digit] >= '3' && text[digit] <= '7') return at;
    at = text.find(kStart, at + 1);
  }
  return at;
}

}  // namespace

Needle::Needle(std::string word) : word_(std::move(word)) {
  for (size_t i = 1; i < word_.size(); ++i) {
    if (Rareness(word_[i]) > Rareness(word_[rare_])) rare_ = i;
  }
  if (word_.empty()) return;
  small_ = capital_ = word_[rare_];
  if (small_ >= 'a' && small_ <= 'z') capital_ = static_cast<char>(small_ - 'a' + 'A');
}

bool Needle::LiesAt(const char* place) const {
  for (size_t i = 0; i < word_.size(); ++i) {
    if (kFoldedAscii[static_cast<unsigned char>(place[i])] !=
        static_cast<unsigned char>(word_[i])) {
      return false;
    }
  }
  return true;
}

// memchr goes through what holds neither form of the rare letter many bytes at a time.
size_t Needle::Find(std::string_view text, size_t from) const {
  if (from > text.size() || word_.size() > text.size() - from) return std::string_view::npos;
  if (word_.empty()) return from;
  const char* const end = text.data() + text.size() - (word_.size() - 1 - rare_);
  const char* at = text.data() + from + rare_;
  const char* small = FindByte(at, end, small_);
  const char* capital = capital_ != small_ ? FindByte(at, end, capital_) : end;
  while (true) {
    at = std::min(small, capital);
    if (at == end) return std::string_view::npos;
    if (LiesAt(at - rare_)) return static_cast<size_t>(at - rare_ - text.data());
    if (at == small) small = FindByte(at + 1, end, small_);
    else capital = FindByte(at + 1, end, capital_);
  }
}

size_t Needle::FindInJson(std::string_view text) const {
  return std::min(Find(text), FindHexLetter(text));
}

}  // namespace backstep::store
