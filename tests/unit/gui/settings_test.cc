#include "backstep/gui/app/setup/settings.h"

#include <filesystem>
#include <fstream>

#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"

namespace backstep::gui {
namespace {

ViewState ReadBack(const std::string& path, const std::string& recording) {
  Settings settings(path);
  ViewState view;
  settings.Load({}, &view);
  settings.Load(recording, &view);
  return view;
}

TEST_CASE("Two windows keep what each of them has changed") {
  const testing::TempDir dir;
  const std::string path = dir / "config/window.json";
  ViewState first_view;
  Settings first(path);
  REQUIRE(first.Save({}, first_view) == Status());
  Settings second(path);
  ViewState second_view;
  second.Load({}, &second_view);

  first_view.dark = false;
  first_view.bookmarks = {{StepNumber(3), "here"}};
  first.AddRecent("/r/a.backstep");
  REQUIRE(first.Save("/r/a.backstep", first_view) == Status());
  second_view.left_share = 0.5f;
  second_view.node_places["coder"] = {1, 2};
  second.AddRecent("/r/b.backstep");
  REQUIRE(second.Save("/r/b.backstep", second_view) == Status());

  CHECK_FALSE(ReadBack(path, {}).dark);
  CHECK(ReadBack(path, {}).left_share == 0.5f);
  CHECK(ReadBack(path, "/r/a.backstep").bookmarks.size() == 1);
  CHECK(ReadBack(path, "/r/b.backstep").node_places.size() == 1);
  CHECK(Settings(path).recent() == std::vector<std::string>{"/r/b.backstep", "/r/a.backstep"});
}

TEST_CASE("A bookmark that was taken away stays away") {
  const testing::TempDir dir;
  const std::string path = dir / "window.json";
  Settings settings(path);
  ViewState view;
  view.bookmarks = {{StepNumber(3), ""}};
  REQUIRE(settings.Save("/r/a.backstep", view) == Status());
  view.bookmarks.clear();
  REQUIRE(settings.Save("/r/a.backstep", view) == Status());
  CHECK(ReadBack(path, "/r/a.backstep").bookmarks.empty());
}

TEST_CASE("Settings that cannot be written say so, and what to do") {
  const testing::TempDir dir;
  std::ofstream(dir / "file") << "no folder";
  Settings settings(dir / "file/window.json");
  const Status status = settings.Save({}, {});
  CHECK(status.code() == StatusCode::kIo);
  CHECK(status.message().find("XDG_CONFIG_HOME") != std::string::npos);
}

}  // namespace
}  // namespace backstep::gui
