#include "backstep/store/log/rocks/kv_store.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/store/log/rocks/table_copy.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"

namespace backstep::store {
namespace {

constexpr size_t kRecords = 16000;

std::string Noise(RandomStream* random, size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random->Next());
  return bytes;
}

// Records of which each has a half of its own and a half that many others have, too far apart for a
// block to hold two.
std::map<std::string, std::string> Records() {
  RandomStream random(4);
  std::vector<std::string> common;
  for (int i = 0; i < 120; ++i) common.push_back(Noise(&random, 250));
  std::map<std::string, std::string> records;
  for (size_t i = 0; i < kRecords; ++i) {
    records["L" + std::to_string(1000000 + i)] =
        common[i % common.size()] + Noise(&random, 250);
  }
  return records;
}

uint64_t TableFileBytes(const std::string& path) {
  uint64_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(path)) {
    if (file.path().extension() == ".sst") bytes += file.file_size();
  }
  return bytes;
}

void CheckHolds(const std::string& path, const std::map<std::string, std::string>& records) {
  const auto store = KvStore::OpenToRead(path, false);
  REQUIRE(store.ok());
  const auto view = (*store)->View();
  size_t at = 0;
  for (const auto& [key, value] : records) {
    if (++at % 17 != 0) continue;
    const auto read = view->Get(key);
    REQUIRE(read.ok());
    REQUIRE(*read == value);
  }
}

}  // namespace

TEST_CASE("What comes again all over a sealed log takes little room, and all of it reads back") {
  const testing::TempDir dir;
  const std::string log = dir.path() + "/log", copy = dir.path() + "/copy";
  std::filesystem::create_directory(log);
  std::filesystem::create_directory(copy);
  const auto records = Records();
  {
    const auto store = KvStore::Create(log);
    REQUIRE(store.ok());
    WriteSet set;
    for (const auto& [key, value] : records) set.Put(key, value);
    REQUIRE((*store)->Write(&set, false).ok());
    REQUIRE((*store)->FinishAndClose().ok());
  }
  CHECK(TableFileBytes(log) < kRecords * 500 * 3 / 4);
  CheckHolds(log, records);
  {
    const auto store = KvStore::OpenToRead(log, false);
    REQUIRE(store.ok());
    const auto copied = CopyToTables(*(*store)->View(), {}, copy, kRecords * 500, 9,
                                     [](uint64_t) { return true; });
    REQUIRE(copied.ok());
    CHECK(copied->keys == kRecords);
  }
  CHECK(TableFileBytes(copy) < kRecords * 500 * 3 / 4);
  CheckHolds(copy, records);
}

}  // namespace backstep::store
