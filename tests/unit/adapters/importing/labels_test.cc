// Labels given to an import: broken ones end it, each lands on the one run that it means.
#include <filesystem>
#include <fstream>

#include "backstep/recorder/adapters/import.h"
#include "backstep/tests/unit/adapters/conversations/telling.h"
#include "backstep/tests/unit/adapters/drafts.h"

namespace backstep::adapters {
namespace {

namespace fs = std::filesystem;

std::string TauOf(int task, int trial, const std::string& words) {
  return R"({"task_id":)" + std::to_string(task) + R"(,"trial":)" + std::to_string(trial) +
         R"(,"reward":0.0,"traj":[{"role":"user","content":")" + words +
         R"("},{"role":"assistant","content":"yes"}]})";
}

std::string LabelsOf(const std::string& id, const std::string& more = "") {
  return R"({"trajectory_id":)" + id + more +
         R"(,"failures":[{"failure_id":1,"step_number":2,"failed_agent":"Assistant"}]})";
}

// Imports files named with their text; what was told, a line each, and the runs that got a label.
struct LabelledImport {
  using Files = std::vector<std::pair<std::string, std::string>>;
  testing::Imported imported;
  Result<ImportSummary> summary = Status::Internal("not run");
  std::string told;

  void Run(const Files& runs, const Files& labels, bool keep_partial = false) {
    ImportOptions options;
    options.recording = imported.path();
    options.keep_partial = keep_partial;
    for (const auto& [name, text] : runs) options.files.push_back(Put(name, text));
    for (const auto& [name, text] : labels) options.labels.push_back(Put(name, text));
    summary = Import(options);
    if (!summary.ok()) return;
    for (const SkippedRecord& skipped : summary->skipped) {
      told += fs::path(skipped.place.file).filename().string() + ": " + skipped.reason + "\n";
    }
  }
  // The names of the runs with labels, in the order of the recording.
  std::vector<std::string> Labelled() {
    imported.Open();
    std::vector<std::string> names;
    for (uint32_t log = 1; log <= summary->sessions; ++log) {
      const auto line = imported.Read(log);
      const Status scanned = line->ScanEvents([&](const EventRecord& event) {
        if (event.category == "annotation") names.push_back(line->header().name);
        return true;
      });
      REQUIRE(scanned.ok());
    }
    return names;
  }

 private:
  std::string Put(const std::string& name, const std::string& text) {
    const std::string path = imported.dir() / name;
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
    return path;
  }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("labels that are broken, empty or none end the import before there is a recording") {
  for (const auto& [text, reason] : std::vector<std::pair<std::string, std::string>>{
           {R"({"trajectory_id":1,"failures":[)", "not JSON at byte"},
           {"", "empty"},
           {"{}", "no labels"},
           {"[]", "no labels"},
           {R"([{"trajectory_id":1}])", "no labels"},
           {"7", "no labels"}}) {
    INFO(text);
    LabelledImport import;
    import.Run({{"run.json", TauOf(1, 0, "a")}}, {{"labels.json", text}});
    REQUIRE_FALSE(import.summary.ok());
    const std::string message = import.summary.status().message();
    INFO(message);
    CHECK(message.find("labels.json: ") != std::string::npos);
    CHECK(message.find(reason) != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
    CHECK_FALSE(fs::exists(import.imported.path()));
  }
}

TEST_CASE("what is partial is kept beside broken labels, and the sound ones land") {
  LabelledImport import;
  import.Run({{"run.json", TauOf(1, 0, "a")}},
             {{"broken.json", "{"}, {"labels.json", LabelsOf("1")}}, true);
  REQUIRE(import.summary.ok());
  CHECK(import.summary->failed.message().find("broken.json") != std::string::npos);
  CHECK(import.summary->labels == 1);
  CHECK(import.summary->labels_landed == 1);
  CHECK(import.summary->skipped_count == 1);
}

TEST_CASE("labels that fit nothing are counted as such, each of a list by itself") {
  LabelledImport import;
  import.Run({{"run.json", TauOf(1, 0, "a")}},
             {{"labels.json", "[" + LabelsOf("1") + "," + LabelsOf("2") + "]"},
              {"others.json", LabelsOf("3")}});
  REQUIRE(import.summary.ok());
  CHECK(import.summary->labels == 3);
  CHECK(import.summary->labels_landed == 1);
  CHECK(import.told ==
        "labels.json: the labels of [1] in it fit no run that came in\n"
        "others.json: its labels fit no run that came in\n");
}

TEST_CASE("of a folder the files without labels are passed over, a broken one ends the import") {
  LabelledImport import;
  import.Run({{"run.json", TauOf(1, 0, "a")}, {"set/other.json", TauOf(1, 1, "b")}}, {});
  REQUIRE(import.summary.ok());
  testing::Imported more;
  ImportOptions options;
  options.recording = more.path();
  options.files = {import.imported.dir() / "run.json"};
  options.labels = {import.imported.dir() / "set"};
  CHECK(Import(options).status().message().find("no file of labels") != std::string::npos);
  std::ofstream(import.imported.dir() / "set/labels.json") << LabelsOf("1");
  const auto landed = Import(options);
  REQUIRE(landed.ok());
  CHECK(landed->labels_landed == 1);
  CHECK(landed->skipped_count == 1);
  // Named twice, the folder holds them still.
  options.labels.push_back(import.imported.dir() / "set");
  options.labels.push_back(import.imported.dir() / "./set/labels.json");
  std::ofstream(import.imported.dir() / "set/lines.json") << "{}\n{}\n";
  options.recording = more.dir() / "twice.backstep";
  const auto twice = Import(options);
  INFO(twice.status().message());
  REQUIRE(twice.ok());
  CHECK(twice->labels == 1);
  CHECK(twice->labels_landed == 1);
  CHECK(twice->annotations == landed->annotations);
  std::ofstream(import.imported.dir() / "set/torn.json")
      << R"({"trajectory_id":1,"failures":[)";
  options.recording = more.dir() / "again.backstep";
  CHECK(Import(options).status().message().find("torn.json") != std::string::npos);
}

TEST_CASE("labels that name a run stay on the first of that name") {
  LabelledImport import;
  import.Run({{"one/t.json", TauOf(4, 0, "a")}, {"two/t.json", TauOf(4, 0, "b")}},
             {{"l.json", LabelsOf("\"t\"")}});
  REQUIRE(import.summary.ok());
  CHECK(import.summary->labels_landed == 1);
  CHECK(import.Labelled().size() == 1);
  CHECK(import.told.starts_with("l.json: the labels of t name t"));
  CHECK(import.told.ends_with("two/t.json too; they stay on the first run that they name\n"));
}

TEST_CASE("labels of a task with several trials land on the trial they name, else on none") {
  const std::string runs =
      "[" + TauOf(4, 0, "a") + "," + TauOf(4, 1, "b") + "," + TauOf(5, 0, "c") + "]";
  {
    LabelledImport import;
    import.Run({{"t.json", runs}}, {{"l.json", LabelsOf("4")}});
    REQUIRE(import.summary.ok());
    CHECK(import.summary->labels_landed == 0);
    CHECK(import.Labelled().empty());
    CHECK(import.told ==
          "l.json: the labels of 4 fit 2 runs (t task 4 trial 0, t task 4 trial 1) and are put on "
          "none: name the \"trial\" in them, or one of these as \"trajectory_id\"\n");
  }
  for (const auto& [file, text] : LabelledImport::Files{
           {"l.json", LabelsOf("4", R"(,"trial":1)")},
           {"l.json", LabelsOf("4", R"(,"trial":"1")")},
           {"tau_retail_task4_trial1.json", LabelsOf("4")},
           {"l.json", LabelsOf(R"("t task 4 trial 1")")}}) {
    INFO(file << " " << text);
    LabelledImport import;
    import.Run({{"t.json", runs}}, {{file, text}});
    REQUIRE(import.summary.ok());
    CHECK(import.Labelled() == Names{"t task 4 trial 1"});
    CHECK(import.told.empty());
  }
  LabelledImport import;
  import.Run({{"t.json", runs}}, {{"l.json", "[" + LabelsOf("5") + "," +
                                                 LabelsOf("4", R"(,"trial":7)") + "]"}});
  REQUIRE(import.summary.ok());
  CHECK(import.Labelled() == Names{"t task 5 trial 0"});
  CHECK(import.told == "l.json: the labels of [1] in it fit no run that came in\n");
}

TEST_CASE("trials of a task in files of their own are told apart likewise") {
  const LabelledImport::Files runs = {{"a.json", TauOf(4, 0, "a")}, {"b.json", TauOf(4, 1, "b")}};
  LabelledImport neither;
  neither.Run(runs, {{"l.json", LabelsOf("4")}});
  REQUIRE(neither.summary.ok());
  CHECK(neither.Labelled().empty());
  CHECK(neither.told.find("fit 2 runs (a, b)") != std::string::npos);
  LabelledImport named;
  named.Run(runs, {{"labels/b.json", LabelsOf("4")}});
  REQUIRE(named.summary.ok());
  CHECK(named.Labelled() == Names{"b"});
  CHECK(named.told.empty());
}

}  // namespace backstep::adapters
