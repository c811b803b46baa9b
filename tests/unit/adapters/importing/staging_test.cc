// What is there of a recording while it is imported, and after an import that was cut off.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "backstep/tests/support/child.h"
#include "backstep/tests/unit/adapters/drafts.h"

namespace backstep::adapters {
namespace {

constexpr char kFolderVariable[] = "BACKSTEP_STAGING_TEST_FOLDER";
constexpr char kDiesVariable[] = "BACKSTEP_STAGING_TEST_DIES";

SessionDraft OneStep(const std::string& name) {
  SessionDraft draft;
  draft.name = name;
  draft.Add(StepDraft{.agent = draft.Agent("a")});
  return draft;
}

Status TwoSessions(Sink& sink) {
  BACKSTEP_RETURN_IF_ERROR(sink.Session(OneStep("one")));
  return sink.Session(OneStep("two"));
}

// What lies beside the recording, but for the file it comes from.
std::vector<std::string> Beside(const testing::Imported& imported) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(imported.dir().path())) {
    if (entry.path().filename() != "in") names.push_back(entry.path().filename().string());
  }
  return names;
}

// An import in a process of its own, of what `imported` has to import; `dies`: once its sessions
// are written. True: it was killed.
bool ImportElsewhere(const testing::Imported& imported, bool dies) {
  backstep::testing::Child child(backstep::testing::OwnCase("importer of the staging test"),
                                 {.environment = {{kFolderVariable, imported.dir().path()},
                                                  {kDiesVariable, dies ? "1" : "0"}}});
  return child.WasKilled();
}

}  // namespace

// Runs only as the child of tests below; adds to the recording where there is one.
TEST_CASE("importer of the staging test", "[.]") {
  const char* folder = std::getenv(kFolderVariable);
  if (folder == nullptr) FAIL("it runs as the child of other tests only");
  const bool dies = std::string(std::getenv(kDiesVariable)) == "1";
  ImportOptions options;
  options.files = {std::string(folder) + "/in"};
  options.recording = std::string(folder) + "/out.backstep";
  options.append = true;
  std::vector<std::unique_ptr<Importer>> importers;
  importers.push_back(std::make_unique<testing::DraftImporter>([dies](Sink& sink) -> Status {
    BACKSTEP_RETURN_IF_ERROR(TwoSessions(sink));
    if (dies) kill(getpid(), SIGKILL);
    return {};
  }));
  CHECK(ImportWith(options, std::move(importers)).ok());
}

TEST_CASE("a killed import leaves no recording, and the next one clears up after it") {
  testing::Imported imported;
  REQUIRE(ImportElsewhere(imported, true));
  CHECK_FALSE(std::filesystem::exists(imported.path()));
  CHECK(Beside(imported).size() == 1);
  imported.Import(TwoSessions);
  CHECK(Beside(imported) == std::vector<std::string>{"out.backstep"});
  CHECK(imported.recording().Sessions()->size() == 2);
  imported.CheckSound();
}

TEST_CASE("a killed import adds nothing to the recording it was to add to") {
  testing::Imported imported;
  imported.Import(TwoSessions);
  ImportOptions more = imported.Options();
  more.append = true;
  REQUIRE(ImportElsewhere(imported, true));
  imported.Open();
  CHECK(imported.recording().Sessions()->size() == 2);
  imported.CheckSound();
  REQUIRE(imported.TryImport(TwoSessions, more).ok());
  imported.Open();
  CHECK(imported.recording().Sessions()->size() == 4);
  CHECK(Beside(imported) == std::vector<std::string>{"out.backstep"});
  imported.CheckSound();
}

TEST_CASE("a recording that is being imported is not there before it is whole") {
  testing::Imported imported;
  const auto looks = [&](Sink& sink) -> Status {
    BACKSTEP_RETURN_IF_ERROR(TwoSessions(sink));
    CHECK_FALSE(std::filesystem::exists(imported.path()));
    return {};
  };
  imported.Import(looks);
  CHECK(imported.recording().Sessions()->size() == 2);
}

TEST_CASE("runs are added to a recording through a link, and to an empty directory") {
  testing::Imported imported;
  std::filesystem::create_directory(imported.path());
  ImportOptions more = imported.Options();
  more.append = true;
  REQUIRE(imported.TryImport(TwoSessions, more).ok());
  const std::string far = imported.dir() / "far";
  std::filesystem::create_directory(far);
  std::filesystem::rename(imported.path(), far + "/real.backstep");
  std::filesystem::create_directory_symlink(far + "/real.backstep", imported.path());
  REQUIRE(imported.TryImport(TwoSessions, more).ok());
  CHECK(std::filesystem::is_symlink(imported.path()));
  imported.Open();
  CHECK(imported.recording().Sessions()->size() == 4);
  imported.CheckSound();
}

TEST_CASE("what only looks like the rest of an import is left alone") {
  testing::Imported imported;
  const std::string notes = imported.path() + ".importing-notes";
  std::filesystem::create_directory(notes);
  imported.Import(TwoSessions);
  CHECK(std::filesystem::exists(notes));
}

TEST_CASE("an import does not take the place of what another made meanwhile") {
  testing::Imported imported;
  const auto makes = [&](Sink& sink) -> Status {
    BACKSTEP_RETURN_IF_ERROR(TwoSessions(sink));
    std::filesystem::create_directory(imported.path());
    std::ofstream(imported.path() + "/theirs") << "theirs";
    return {};
  };
  const auto failed = imported.TryImport(makes, imported.Options());
  CHECK(failed.status().code() == StatusCode::kInvalidArgument);
  CHECK(std::filesystem::exists(imported.path() + "/theirs"));
  CHECK(Beside(imported) == std::vector<std::string>{"out.backstep"});
}

TEST_CASE("an import clears nothing away that another one is at work on") {
  testing::Imported imported;
  const auto inner = [&](Sink& sink) -> Status {
    BACKSTEP_RETURN_IF_ERROR(TwoSessions(sink));
    CHECK_FALSE(ImportElsewhere(imported, false));
    return {};
  };
  // Both were asked for the same name; the one that was done first has it.
  CHECK_FALSE(imported.TryImport(inner, imported.Options()).ok());
  imported.Open();
  CHECK(imported.recording().Sessions()->size() == 2);
  imported.CheckSound();
}

TEST_CASE("what there is is kept where that is asked for, with what was still being gathered") {
  testing::Imported imported;
  const std::string span = R"({"traceId":"5b8aa5a2d2c872e8321cf37308d69df2","spanId":)"
                           R"("051581bf3cb55c13","name":"invoke_agent a","attributes":[{"key":)"
                           R"("gen_ai.agent.name","value":{"stringValue":"a"}}]})";
  const std::string whole = R"({"resourceSpans":[{"scopeSpans":[{"spans":[)" + span + "]}]}]}\n";
  std::ofstream(imported.dir() / "cut.jsonl") << whole << whole.substr(0, whole.size() / 2);
  std::ofstream(imported.dir() / "unknown") << "no format is like this";
  ImportOptions options = imported.Options();
  options.files = {imported.dir() / "unknown", imported.dir() / "cut.jsonl"};
  CHECK_FALSE(Import(options).ok());
  CHECK_FALSE(std::filesystem::exists(imported.path()));
  options.keep_partial = true;
  const auto kept = Import(options);
  REQUIRE(kept.ok());
  CHECK(kept->failed.message().find("unknown") != std::string::npos);
  CHECK(kept->steps == 1);
  CHECK(kept->skipped_count >= 1);
  imported.Open();
  imported.CheckSound();
}

}  // namespace backstep::adapters
