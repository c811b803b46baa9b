#include "backstep/recorder/adapters/core/body_file.h"

#include <filesystem>
#include <vector>

#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"

namespace backstep::adapters {

TEST_CASE("bodies that were put aside are read back, from memory and from the disk") {
  const backstep::testing::TempDir dir;
  const auto file = BodyFile::Create(dir.path());
  REQUIRE(file.ok());
  std::vector<KeptBody> kept;
  std::vector<std::string> bodies;
  for (size_t i = 0; i < 300; ++i) {
    bodies.push_back(std::string((i * 7919) % 40000, static_cast<char>('a' + i % 26)));
    kept.push_back((*file)->Keep(bodies.back(), i % 2 == 0 ? Media::kText : Media::kJson));
  }
  CHECK((*file)->status().ok());
  for (size_t i = 0; i < bodies.size(); ++i) {
    CHECK((*file)->Read(kept[i]).value() == bodies[i]);
    CHECK(kept[i].media == (i % 2 == 0 ? Media::kText : Media::kJson));
  }
  // Across what is written and what is not.
  CHECK((*file)->Read({0, (*file)->size(), Media::kBytes})->size() == (*file)->size());
  CHECK((*file)->Read({(*file)->size(), 1, Media::kText}).status().code() ==
        StatusCode::kInvalidArgument);
  CHECK((*file)->Read({UINT64_MAX, 2, Media::kText}).status().code() ==
        StatusCode::kInvalidArgument);
}

TEST_CASE("where bodies wait is seen by nobody") {
  const backstep::testing::TempDir dir;
  const auto file = BodyFile::Create(dir.path());
  REQUIRE(file.ok());
  CHECK(std::filesystem::is_empty(dir.path()));
  CHECK(BodyFile::Create(dir / "missing").status().code() == StatusCode::kIo);
}

}  // namespace backstep::adapters
