#include "backstep/gui/widgets/text.h"

#include "backstep/tests/support/catch.h"

namespace backstep::gui {

// Without a context of ImGui every code point of the basic plane counts as drawable.
TEST_CASE("what cannot be drawn appears as a framed code point, never as a question mark") {
  CHECK(Drawable("plain, \u05d0\u8bf7\n\t.") == "plain, \u05d0\u8bf7\n\t.");
  CHECK(Drawable("\U0001F600") == "\u27e6U+1F600\u27e7");
  CHECK(Drawable(std::string("a\0b", 3)) == "a\u27e6U+0000\u27e7" "b");
  CHECK(Drawable("\x1b[31m") == "\u27e6U+001B\u27e7[31m");
  CHECK(Drawable("\u202e") == "\u27e6U+202E\u27e7");
  CHECK(Drawable("\xff\xc3(") == "\u27e6FF\u27e7\u27e6C3\u27e7(");
  CHECK(Drawable("\xe2\x82") == "\u27e6E2\u27e7\u27e6" "82\u27e7");
}

TEST_CASE("a name with line breaks and bytes that are no UTF-8 is one line") {
  CHECK(DrawableLine("line\nbreak\ttab\r") == "line\\nbreak\\ttab\\r");
  CHECK(DrawableLine("\xff bad") == "\u27e6FF\u27e7 bad");
}

}  // namespace backstep::gui
