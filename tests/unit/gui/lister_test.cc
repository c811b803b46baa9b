#include "backstep/gui/bridge/lister.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"

namespace backstep::gui {
namespace {

struct Lists {
  void Wait(const std::function<bool()>& until) {
    for (int i = 0; i < 10'000 && !until(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      lister.Collect(&model);
    }
    REQUIRE(until());
  }

  Model model;
  Lister lister{[] {}};
};

// What cannot be read is listed too, with the reason.
void MakeRecordings(const std::string& folder, int count) {
  for (int i = 0; i < count; ++i) {
    std::filesystem::create_directories(folder + "/" + std::to_string(i) + ".backstep");
  }
}

TEST_CASE("A folder of many recordings is listed to its end, and says how far it was read") {
  const testing::TempDir dir;
  MakeRecordings(dir.path(), 150);
  Lists lists;
  lists.lister.List(dir.path());
  lists.Wait([&] { return lists.lister.idle(); });
  REQUIRE(lists.model.listing.value != nullptr);
  CHECK_FALSE(lists.model.listing.loading);
  CHECK(lists.model.listing.value->size() == 150);
  CHECK(lists.model.listing_folder == dir.path());
  CHECK(lists.model.listing_read.looked == 150);
  CHECK(lists.model.listing_read.total == 150);
}

TEST_CASE("What is asked while a folder is listed is answered too, and of two folders the newer") {
  const testing::TempDir dir;
  MakeRecordings(dir / "many", 300);
  MakeRecordings(dir / "few", 2);
  Lists lists;
  lists.lister.List(dir / "many");
  lists.lister.Browse(dir.path(), replay::Sought::kRecording);
  lists.lister.List(dir / "few");
  lists.Wait([&] { return lists.lister.idle(); });
  CHECK(lists.model.browsed.value->entries.size() == 2);
  CHECK(lists.model.listing_folder == dir / "few");
  CHECK(lists.model.listing.value->size() == 2);
}

TEST_CASE("A folder that is not there is an error, and another one can be listed after it") {
  const testing::TempDir dir;
  MakeRecordings(dir / "few", 2);
  Lists lists;
  lists.lister.List(dir / "nowhere");
  lists.Wait([&] { return lists.lister.idle(); });
  CHECK_FALSE(lists.model.listing.error.empty());
  lists.lister.List(dir / "few");
  lists.Wait([&] { return lists.lister.idle(); });
  CHECK(lists.model.listing.error.empty());
  CHECK(lists.model.listing.value->size() == 2);
}

}  // namespace
}  // namespace backstep::gui
