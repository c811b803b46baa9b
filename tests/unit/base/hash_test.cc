#include "backstep/base/hash.h"

#include <algorithm>

#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/edit_script.h"

namespace backstep {
namespace {

using testing::EditScript;

Hash128 InParts(std::string_view bytes) {
  Hasher hasher;
  for (size_t at = 0; at < bytes.size(); at += 777) hasher.Add(bytes.substr(at, 777));
  return hasher.Digest();
}

TEST_CASE("A text has one hash, whatever its size and however it is read") {
  EditScript script(EditScript::Kind::kAppend, 1);
  const std::string text = script.Text(300000);
  for (size_t size : {0, 1, 16, 17, 128, 129, 240, 241, 1023, 1024, 1025, 4096, 65537, 300000}) {
    const std::string_view part = std::string_view(text).substr(0, size);
    CHECK(HashBytes(part) == InParts(part));
  }
  CHECK(HashBytes("").ToHex() == "99aa06d3014798d86001c324468d497f");
}

TEST_CASE("The hash of a text that changes is that of the text alone") {
  for (const EditScript::Kind kind : EditScript::AllKinds()) {
    EditScript script(kind, 23);
    PrefixHash hash;
    std::string before;
    for (int i = 0; i < 80; ++i) {
      const std::string next = script.Next();
      const auto end = std::mismatch(before.begin(), before.end(), next.begin(), next.end());
      auto same = static_cast<size_t>(end.first - before.begin());
      if (i % 5 == 0) same /= 2;  // a caller may know of less
      REQUIRE(hash.Next(next, same) == HashBytes(next));
      before = next;
    }
  }
}

TEST_CASE("The hash of a text that gets shorter, and another then, is that of the text alone") {
  EditScript script(EditScript::Kind::kAppend, 29);
  std::string text = script.Text(400000);
  RandomStream random(31);
  PrefixHash hash;
  REQUIRE(hash.Next(text, 0) == HashBytes(text));
  for (int i = 0; i < 200; ++i) {
    size_t same = text.size() - std::min<size_t>(text.size(), random.Next() % 5000);
    if (i % 40 == 0) same = random.Next() % (text.size() + 1);
    if (i % 9 == 0) same &= ~size_t{0xffff};  // where the hash keeps what it was
    text.resize(same);
    if (i % 3 == 0) text += script.Text(random.Next() % (i % 2 == 0 ? 200 : 200000));
    REQUIRE(hash.Next(text, same) == HashBytes(text));
  }
}

}  // namespace
}  // namespace backstep
