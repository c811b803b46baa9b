#include <filesystem>
#include <fstream>
#include <iterator>

#include "backstep/store/index/index.h"
#include "backstep/store/index/index_file.h"
#include "backstep/store/index/sqlite.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/sample_recording.h"

namespace backstep::store {
namespace {

using testing::SampleShape;
using testing::TempDir;

// A session of several blocks and a branch of it, indexed.
void WriteIndexed(const std::string& path) {
  SampleShape shape;
  shape.steps = 300;
  shape.state_bytes = 8192;
  REQUIRE(testing::WriteSampleSession(path, shape).ok());
  REQUIRE(testing::WriteSampleBranch(path, 200, 4, shape).ok());
  const auto recording = Recording::Open(path);
  REQUIRE(recording.ok());
  REQUIRE(Reindex(**recording, {}).ok());
}

void Alter(const std::string& path, const std::string& sql) {
  const auto db = Database::Open(IndexPath(path), SQLITE_OPEN_READWRITE);
  REQUIRE(db.ok());
  const Status status = (*db)->Exec(sql);
  INFO(status.ToString());
  REQUIRE(status.ok());
}

std::vector<std::string> Differences(const std::string& path) {
  const auto recording = Recording::Open(path);
  REQUIRE(recording.ok());
  const auto differences = CompareIndex(**recording);
  INFO(differences.status().ToString());
  REQUIRE(differences.ok());
  return *differences;
}

std::string LargestTable(const std::string& log) {
  std::string largest;
  for (const auto& entry : std::filesystem::directory_iterator(log)) {
    if (entry.path().extension() != ".sst") continue;
    if (largest.empty() || entry.file_size() > std::filesystem::file_size(largest)) {
      largest = entry.path().string();
    }
  }
  return largest;
}

TEST_CASE("the rows that differ are counted, and those that are of another key") {
  const TempDir dir;
  const std::string path = dir / "r";
  WriteIndexed(path);
  CHECK(Differences(path).empty());
  Alter(path, "UPDATE step_rows SET duration_ns = duration_ns + 1 WHERE log = 1 AND step <= 7");
  Alter(path, "UPDATE message_rows SET bytes = NULL WHERE log = 2");
  Alter(path, "UPDATE step_rows SET step = 999 WHERE log = 1 AND step = 20");
  const auto told = Differences(path);
  REQUIRE(told.size() == 2);
  CHECK(told[0] == "log 1: table step_rows: 8 rows differ from the log");
  CHECK(told[1].starts_with("log 2: table message_rows: "));
}

TEST_CASE("messages agree whatever numbers their forms have, and only with the right texts") {
  const TempDir dir;
  const std::string path = dir / "r";
  WriteIndexed(path);
  Alter(path, "UPDATE message_forms SET form = form + 10; UPDATE message_rows SET form = form + "
               "10; INSERT INTO message_forms VALUES (1, 'of', 'no', 'message')");
  CHECK(Differences(path).empty());
  Alter(path, "UPDATE message_forms SET kind = kind || 's' WHERE form > 10");
  CHECK(Differences(path).size() == 2);
}

TEST_CASE("a form that says another text than its key in the index of forms is told") {
  const TempDir dir;
  const std::string path = dir / "r";
  WriteIndexed(path);
  const auto first_kind = [&] {
    const auto db = Database::Open(IndexPath(path), SQLITE_OPEN_READONLY);
    REQUIRE(db.ok());
    const auto kind = (*db)->Query("SELECT kind FROM messages WHERE log = 1 AND kind <> ''");
    REQUIRE(kind.ok());
    return kind->value_or("");
  };
  const std::string kind = first_kind();
  REQUIRE(kind.size() > 2);
  std::ifstream in(IndexPath(path), std::ios::binary);
  const std::string sound{std::istreambuf_iterator<char>(in), {}};
  int changed = 0;
  for (size_t at = sound.find(kind); at != std::string::npos; at = sound.find(kind, at + 1)) {
    std::string damaged = sound;
    damaged[at + 1] ^= 1;
    std::ofstream(IndexPath(path), std::ios::binary | std::ios::trunc) << damaged;
    if (first_kind() == kind) continue;
    ++changed;
    CHECK_FALSE(Differences(path).empty());
  }
  CHECK(changed > 0);
}

TEST_CASE("a log that cannot be read keeps no other one from being compared") {
  const TempDir dir;
  const std::string path = dir / "r";
  WriteIndexed(path);
  Alter(path, "UPDATE step_rows SET duration_ns = duration_ns + 1 WHERE log = 2");
  const std::string table = LargestTable(path + "/logs/1");
  std::ifstream in(table, std::ios::binary);
  const std::string sound{std::istreambuf_iterator<char>(in), {}};
  constexpr size_t kParts = 24;
  int unread = 0;
  for (size_t part = 0; part < kParts; ++part) {
    std::string damaged = sound;
    const size_t begin = sound.size() * part / kParts, end = sound.size() * (part + 1) / kParts;
    std::fill(damaged.begin() + static_cast<ptrdiff_t>(begin),
              damaged.begin() + static_cast<ptrdiff_t>(end), '\xa5');
    std::ofstream(table, std::ios::binary | std::ios::trunc) << damaged;
    bool one_unread = false, other_told = false;
    for (const std::string& line : Differences(path)) {
      one_unread = one_unread || line.starts_with("log 1: cannot be compared: ");
      other_told = other_told || line == "log 2: table step_rows: 4 rows differ from the log";
    }
    if (!one_unread) continue;
    ++unread;
    CHECK(other_told);
  }
  CHECK(unread > 0);
}

TEST_CASE("a comparison that is told to stop is cancelled") {
  const TempDir dir;
  const std::string path = dir / "r";
  WriteIndexed(path);
  const auto recording = Recording::Open(path);
  REQUIRE(recording.ok());
  uint64_t last = 0, all = 0;
  const auto whole = CompareIndex(**recording, [&](uint64_t done, uint64_t total) {
    last = done;
    all = total;
    return true;
  });
  REQUIRE(whole.ok());
  CHECK(last == 304);
  CHECK(all == 304);
  int calls = 0;
  const auto stopped = CompareIndex(**recording, [&](uint64_t, uint64_t) { return ++calls < 3; });
  CHECK(stopped.status().code() == StatusCode::kCancelled);
}

}  // namespace
}  // namespace backstep::store
