#include "backstep/base/utf8.h"

#include "backstep/tests/support/catch.h"

namespace backstep {

TEST_CASE("a character is what UTF-8 says it is, and nothing that only looks like it") {
  CHECK(IsUtf8(""));
  CHECK(IsUtf8("aé漢"));
  CHECK(IsUtf8("\xF0\x9F\x98\x80"));
  CHECK(IsUtf8(std::string_view("\0", 1)));
  CHECK_FALSE(IsUtf8("\xC0\x80"));          // longer than it must be
  CHECK_FALSE(IsUtf8("\xED\xA0\x80"));      // half of a pair
  CHECK_FALSE(IsUtf8("\xF4\x90\x80\x80"));  // beyond the last
  CHECK_FALSE(IsUtf8("a\xE6\xBC"));         // cut
  CHECK(DecodeUtf8("a漢", 1).value == 0x6f22);
  CHECK(DecodeUtf8("a漢", 1).bytes == 3);
  CHECK(DecodeUtf8("a漢", 2).bytes == 0);
}

TEST_CASE("each character is encoded as it is decoded") {
  for (uint32_t value = 0; value <= 0x10ffff; value += value < 0x3000 ? 1 : 0x11) {
    if (value >= 0xd800 && value < 0xe000) continue;
    char bytes[4];
    const size_t count = EncodeUtf8(value, bytes);
    const CodePoint point = DecodeUtf8({bytes, count}, 0);
    if (point.value != value || point.bytes != count) FAIL(value);
  }
  char bytes[4];
  CHECK(std::string_view(bytes, EncodeUtf8(0x10ffff, bytes)) == "\xF4\x8F\xBF\xBF");
}

TEST_CASE("four hex digits are a number, and nothing else is") {
  CHECK(FourHexDigits("00e9") == 0xe9u);
  CHECK(FourHexDigits("fFAa09") == 0xffaau);
  for (const char* none : {"", "00e", "00g9", "+0e9", " 123", "12 4", "\x10\x11\x12\x13"}) {
    INFO(none);
    CHECK_FALSE(FourHexDigits(none));
  }
}

}  // namespace backstep
