#include "backstep/store/search/words.h"

#include <algorithm>
#include <cstring>

#include "backstep/base/utf8.h"

namespace backstep::store {
namespace {

constexpr std::array<uint8_t, 256> MakeFoldedAscii() {
  std::array<uint8_t, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<size_t>(c)] = static_cast<uint8_t>(c);
  for (int c = 'a'; c <= 'z'; ++c) {
    table[static_cast<size_t>(c)] = static_cast<uint8_t>(c);
    table[static_cast<size_t>(c - 'a' + 'A')] = static_cast<uint8_t>(c);
  }
  return table;
}

struct Range {
  uint32_t first, last;
};

bool Within(const Range* ranges, size_t count, uint32_t value) {
  const Range* end = ranges + count;
  const Range* found = std::lower_bound(
      ranges, end, value, [](const Range& range, uint32_t point) { return range.last < point; });
  return found != end && found->first <= value;
}

// What parts words beyond ASCII: punctuation, spaces, signs that belong to no word.
constexpr Range kParting[] = {
    {0x80, 0xa9},     {0xab, 0xb1},     {0xb4, 0xb4},     {0xb6, 0xb8},     {0xbb, 0xbf},
    {0xd7, 0xd7},     {0xf7, 0xf7},     {0x1680, 0x1680}, {0x2000, 0x206f}, {0x2e00, 0x2e7f},
    {0x3000, 0x3004}, {0x3008, 0x3020}, {0x3030, 0x3030}, {0xe000, 0xf8ff}, {0xfe00, 0xfe1f},
    {0xfe30, 0xfe6f}, {0xfeff, 0xfeff}, {0xff00, 0xff0f}, {0xff1a, 0xff20}, {0xff3b, 0xff40},
    {0xff5b, 0xff65}, {0xfff0, 0xffff}, {0xe0000, 0x10ffff}};

// Characters that are words of themselves.
constexpr Range kAlone[] = {
    {0x0e00, 0x0e7f}, {0x0e80, 0x0eff}, {0x1000, 0x109f},   {0x1780, 0x17ff}, {0x20a0, 0x20bf},
    {0x2100, 0x2bff}, {0x2e80, 0x2fff}, {0x3005, 0x312f},   {0x3190, 0x4dbf}, {0x4e00, 0x9fff},
    {0xf900, 0xfaff}, {0xff66, 0xff9f}, {0x1f000, 0x1faff}, {0x20000, 0x3ffff}};

// Small letters for capital ones, of the scripts that have both.
uint32_t Folded(uint32_t value) {
  const auto in = [value](uint32_t first, uint32_t last) {
    return first <= value && value <= last;
  };
  if (in(0xc0, 0xde) && value != 0xd7) return value + 0x20;
  if (in(0x139, 0x148) || in(0x179, 0x17e)) return value + value % 2;
  if (value == 0x178) return 0xff;
  if ((in(0x100, 0x137) && !in(0x130, 0x131)) || in(0x14a, 0x177)) return value | 1;
  if (value == 0x386) return 0x3ac;
  if (in(0x388, 0x38a)) return value + 0x25;
  if (value == 0x38c) return 0x3cc;
  if (in(0x38e, 0x38f)) return value + 0x3f;
  if (in(0x391, 0x3ab)) return value + 0x20;
  if (value == 0x3c2) return 0x3c3;  // a sigma at the end of a word
  if (in(0x400, 0x40f)) return value + 0x50;
  if (in(0x410, 0x42f)) return value + 0x20;
  if (in(0x460, 0x481) || in(0x48a, 0x4bf) || in(0x4d0, 0x52f)) return value | 1;
  if (in(0x531, 0x556)) return value + 0x30;
  if (in(0x1e00, 0x1e95) || in(0x1ea0, 0x1eff)) return value | 1;
  if (in(0xff21, 0xff3a)) return value + 0x20;
  return value;
}

}  // namespace

const std::array<uint8_t, 256> kFoldedAscii = MakeFoldedAscii();

// A backslash stands at `place`.
WordReader::Character WordReader::Escaped(size_t place) const {
  size_t end = place;
  while (end < text_.size() && text_[end] == '\\') ++end;
  const size_t slashes = end - place;
  if (end == text_.size()) return {0, slashes, false};
  const char letter = text_[end];
  if (letter == 'u') {
    const auto escaped = FourHexDigits(text_.substr(end + 1));
    if (!escaped) return {0, slashes, false};
    uint32_t value = *escaped;
    size_t bytes = slashes + 5;
    const std::string_view rest = text_.substr(place + bytes);
    if (value >= 0xd800 && value < 0xdc00 && rest.size() > slashes + 4 &&
        rest.substr(0, slashes) == text_.substr(place, slashes) && rest[slashes] == 'u') {
      const uint32_t low = FourHexDigits(rest.substr(slashes + 1)).value_or(0);
      if (low >= 0xdc00 && low < 0xe000) {
        value = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
        bytes += slashes + 5;
      }
    }
    if (value < 0x80) return {kFoldedAscii[value], bytes, false};
    if (value >= 0xd800 && value < 0xe000) return {0, bytes, false};
    if (Within(kParting, std::size(kParting), value)) return {0, bytes, false};
    return {Folded(value), bytes, Within(kAlone, std::size(kAlone), value)};
  }
  const bool of_space = letter == 'n' || letter == 'r' || letter == 't';
  const bool of_json = (letter == 'b' || letter == 'f') && slashes % 2 == 1;
  return {0, slashes + (of_space || of_json ? 1 : 0), false};
}

WordReader::Character WordReader::At(size_t place) const {
  const auto byte = static_cast<unsigned char>(text_[place]);
  if (byte < 0x80) {
    if (byte == '\\' && escapes_) return Escaped(place);
    return {kFoldedAscii[byte], 1, false};
  }
  const CodePoint point = DecodeUtf8(text_, place);
  if (point.bytes == 0) return {};
  if (Within(kParting, std::size(kParting), point.value)) return {0, point.bytes, false};
  return {Folded(point.value), point.bytes, Within(kAlone, std::size(kAlone), point.value)};
}

void WordReader::Add(uint32_t folded) {
  char bytes[4];
  const size_t count = EncodeUtf8(folded, bytes);
  full_ |= size_ + count > word_.size();
  if (full_) return;
  std::memcpy(word_.data() + size_, bytes, count);
  size_ += count;
}

bool WordReader::Next() {
  size_ = 0;
  full_ = false;
  const char* const bytes = text_.data();
  while (at_ < text_.size()) {
    // Nearly all there is: letters of ASCII in a row.
    uint8_t plain = kFoldedAscii[static_cast<unsigned char>(bytes[at_])];
    if (plain != 0) {
      if (size_ == 0) begin_ = at_;
      do {
        if (size_ < word_.size() && !full_) word_[size_++] = static_cast<char>(plain);
        else full_ = true;
        ++at_;
        plain = at_ < text_.size() ? kFoldedAscii[static_cast<unsigned char>(bytes[at_])] : 0;
      } while (plain != 0);
      end_ = at_;
      continue;
    }
    // And what is mostly between them.
    const auto byte = static_cast<unsigned char>(bytes[at_]);
    if (byte < 0x80 && (byte != '\\' || !escapes_)) {
      if (size_ > 0) return true;
      ++at_;
      continue;
    }
    const Character next = At(at_);
    if (size_ > 0 && (next.folded == 0 || next.alone)) return true;
    if (next.folded != 0) {
      if (size_ == 0) begin_ = at_;
      Add(next.folded);
      end_ = at_ + next.bytes;
    }
    at_ += next.bytes;
    if (next.alone && next.folded != 0) return true;
  }
  return size_ > 0;
}

bool IsJsonType(std::string_view media_type) {
  const std::string_view type = media_type.substr(0, media_type.find(';'));
  return type.find("json") != std::string_view::npos;
}

bool HoldsWords(std::string_view media_type, std::string_view bytes) {
  if (IsJsonType(media_type) || media_type.starts_with("text/")) return true;
  for (const std::string_view word : {"xml", "yaml", "javascript", "graphql", "sql"}) {
    if (media_type.starts_with("application/") && media_type.find(word) != std::string_view::npos) {
      return true;
    }
  }
  return media_type.empty() && IsUtf8(bytes) && bytes.find('\0') == std::string_view::npos;
}

}  // namespace backstep::store
