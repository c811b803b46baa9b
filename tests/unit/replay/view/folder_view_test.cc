#include "backstep/replay/view/session/folder_view.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "backstep/recorder/session.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"

namespace backstep::replay {
namespace {

using testing::TempDir;
namespace fs = std::filesystem;

// One step with a call that costs and a call that fails, and a step that fails.
void Record(const std::string& path) {
  recorder::SessionOptions options;
  options.path = path;
  options.read_environment = false;
  auto session = recorder::Session::Open(options);
  session->AddAgent({.name = "a"});
  {
    auto step = session->BeginStep("a");
    (void)step->CallLlm({.name = "m"}, [](const CallRequest&, CallProgress&) {
      CallResponse response;
      response.usage.cost_usd = 0.5;
      return CallResult(response);
    });
    (void)step->CallTool({.name = "t"}, [](const CallRequest&, CallProgress&) {
      return CallResult(CallError{.kind = "timeout"});
    });
    (void)step->Commit({"x", "text/plain"});
  }
  session->BeginStep("a")->Fail({.kind = "broken"});
  REQUIRE(session->Close().ok());
}

}  // namespace

TEST_CASE("a folder's recordings are listed by name, and what cannot be read among them") {
  const TempDir dir;
  Record(dir / "b.backstep");
  Record(dir / "other-name");
  fs::create_directories(dir / "a.backstep");
  fs::create_directories(dir / "plain");
  const auto rows = ListRecordings(dir.path());
  REQUIRE(rows.ok());
  REQUIRE(rows->size() == 3);
  CHECK((*rows)[0].path.ends_with("a.backstep"));
  CHECK(!(*rows)[0].error.empty());
  CHECK((*rows)[1].sessions.size() == 1);
  CHECK((*rows)[2].path.ends_with("other-name"));
  const auto itself = ListRecordings(dir / "b.backstep");
  REQUIRE(itself.ok());
  CHECK(itself->size() == 1);
  CHECK(ListRecordings(dir / "nowhere").status().code() == StatusCode::kIo);
}

TEST_CASE("a listing tells how far it is, and ends where nobody wants more of it") {
  const TempDir dir;
  for (const char* name : {"a.backstep", "b.backstep", "c.backstep", "plain"}) {
    fs::create_directories(dir / name);
  }
  std::vector<size_t> rows_seen, looked_at;
  const auto rows =
      ListRecordings(dir.path(), [&](const auto& so_far, size_t looked, size_t total) {
        CHECK(total == 4);
        rows_seen.push_back(so_far.size());
        looked_at.push_back(looked);
        return looked < 2;
      });
  REQUIRE(rows.ok());
  CHECK(rows->size() == 2);
  CHECK(rows_seen == std::vector<size_t>{1, 2});
  CHECK(looked_at == std::vector<size_t>{1, 2});
}

TEST_CASE("errors and cost of a listed session are counted over its steps and calls") {
  const TempDir dir;
  Record(dir / "b.backstep");
  auto rows = ListRecordings(dir.path());
  REQUIRE(rows.ok());
  CHECK(!(*rows)[0].sessions[0].counts.has_value());
  CountListed(&*rows);
  REQUIRE((*rows)[0].sessions[0].counts.has_value());
  CHECK((*rows)[0].sessions[0].counts->errors == 2);
  CHECK((*rows)[0].sessions[0].counts->cost_usd == 0.5);
}

TEST_CASE("a folder shows its directories by name, with its own place and its parent's") {
  const TempDir dir;
  Record(dir / "z.backstep");
  fs::create_directories(dir / "inner");
  fs::create_directories(dir / ".hidden");
  const auto view = ViewFolder(dir / "inner/../");
  REQUIRE(view.ok());
  CHECK(view->path == fs::canonical(dir.path()).string());
  CHECK(view->parent == fs::canonical(dir.path()).parent_path().string());
  REQUIRE(view->entries.size() == 2);
  CHECK(view->entries[0].name == "inner");
  CHECK(view->entries[0].kind == EntryKind::kFolder);
  CHECK(view->entries[1].kind == EntryKind::kRecording);
  CHECK(view->total == 2);
  CHECK(ViewFolder("/")->parent.empty());
  CHECK(ViewFolder(dir / "nowhere").status().code() == StatusCode::kNotFound);
}

TEST_CASE("looking for a program, a folder shows what may be run in place of recordings") {
  const TempDir dir;
  Record(dir / "z.backstep");
  fs::create_directories(dir / "inner");
  for (const char* name : {"team", "notes.txt"}) std::ofstream(dir / name) << "#!/bin/sh\n";
  fs::permissions(dir / "team", fs::perms::owner_all);
  const auto view = ViewFolder(dir.path(), Sought::kProgram);
  REQUIRE(view.ok());
  REQUIRE(view->entries.size() == 2);
  CHECK(view->entries[0].kind == EntryKind::kFolder);
  CHECK(view->entries[1].name == "team");
  CHECK(view->entries[1].kind == EntryKind::kProgram);
  CHECK(view->named.empty());
  const auto file = ViewFolder(dir / "team", Sought::kProgram);
  REQUIRE(file.ok());
  CHECK(file->path == view->path);
  CHECK(file->named == "team");
  const Status unmarked = ViewFolder(dir / "notes.txt", Sought::kProgram).status();
  CHECK(unmarked.code() == StatusCode::kInvalidArgument);
  CHECK(unmarked.message().find("notes.txt") != std::string::npos);
}

}  // namespace backstep::replay
