#include "backstep/store/state/newest_bytes.h"

#include "backstep/store/state/diff/diff.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/edit_script.h"

namespace backstep::store {
namespace {

using testing::EditScript;

TEST_CASE("Kept bytes follow every difference") {
  for (const EditScript::Kind kind : EditScript::AllKinds()) {
    EditScript script(kind, 17);
    Differ differ;
    NewestBytes kept;
    for (int i = 0; i < 120; ++i) {
      const std::string next = script.Next();
      kept.Patch(next, differ.Run(kept.view(), next));
      REQUIRE(kept.view() == next);
    }
  }
}

TEST_CASE("Kept bytes follow splices at either end and in between") {
  RandomStream random(3);
  EditScript text(EditScript::Kind::kAppend, 4);
  std::string expected = text.Text(100000);
  NewestBytes kept;
  kept.Assign(expected);
  for (int i = 0; i < 2000; ++i) {
    const uint64_t places[] = {0, expected.size(), random.Next() % (expected.size() + 1),
                               std::min<uint64_t>(expected.size(), 20)};
    const uint64_t offset = places[random.Next() % 4];
    const uint64_t remove = std::min<uint64_t>(random.Next() % 900, expected.size() - offset);
    const std::string insert = text.Text(random.Next() % 900);
    expected.replace(offset, remove, insert);
    kept.Splice(offset, remove, insert);
    REQUIRE(kept.view() == expected);
  }
}

TEST_CASE("A window that slides keeps no more than twice its bytes") {
  NewestBytes kept;
  kept.Assign(std::string(200000, 'a'));
  for (int i = 0; i < 3000; ++i) {
    kept.Splice(0, 700, "");
    kept.Splice(kept.size(), 0, std::string(700, 'b'));
  }
  CHECK(kept.view() == std::string(200000, 'b'));
  CHECK(kept.RetainedBytes() < 3 * 200000 + (64 << 10));
}

}  // namespace
}  // namespace backstep::store
