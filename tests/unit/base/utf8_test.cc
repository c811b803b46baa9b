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

}  // namespace backstep
