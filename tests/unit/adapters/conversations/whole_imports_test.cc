// Every kind of conversation and log, through an import into a recording that verifies.
#include <filesystem>
#include <fstream>
#include <map>

#include "backstep/recorder/adapters/import.h"
#include "backstep/tests/support/effort.h"
#include "backstep/tests/unit/adapters/conversations/telling.h"
#include "backstep/tests/unit/adapters/drafts.h"

namespace backstep::adapters {
namespace {

struct RealSet {
  const char* folder;
  const char* ending;
  const char* format;
};

constexpr RealSet kRealSets[] = {{"who_when", ".json", "who_when"},
                                 {"agentrx_tau/runs", ".json", "tau"},
                                 {"llm_http", ".jsonl", "llm_http"},
                                 {"autogen_recorded", ".json", "autogen_recorded"},
                                 {"mast", ".json", "mast"},
                                 {"mast", ".json.gz", "mast"},
                                 {"tapeagents", ".json", "tapeagents"},
                                 {"deerflow/replay_v1", ".txt", "langgraph_stream"},
                                 {"deerflow/threads_v2", ".json", "langgraph_thread"},
                                 {"swe_agent", ".traj", "swe_agent"},
                                 {"openhands", ".json", "openhands"},
                                 {"inspect_ai", ".eval", "inspect"},
                                 {"inspect_ai", ".json", "inspect"},
                                 {"google_adk", ".json", "adk"},
                                 {"generative_agents_cn", "part1.md", "generative_agents"}};

struct Counts {
  uint64_t sessions = 0, steps = 0, messages = 0, llm = 0, tools = 0, annotations = 0, tokens = 0;
  bool operator==(const Counts&) const = default;
};

Counts CountsOf(const testing::Told& told) {
  Counts counts;
  counts.sessions = told.sessions.size();
  for (const SessionDraft& draft : told.sessions) {
    counts.steps += draft.steps.size();
    counts.messages += draft.messages.size();
    counts.llm += testing::CallsOf(draft, EffectKind::kLlm);
    counts.tools += testing::CallsOf(draft, EffectKind::kTool);
    for (const EffectDraft& effect : draft.effects) counts.tokens += effect.usage.input_tokens;
    for (const NoteDraft& note : draft.notes) counts.annotations += note.category == "annotation";
  }
  return counts;
}

Counts CountsOf(const ImportSummary& summary) {
  return {summary.sessions + summary.branches, summary.steps,      summary.messages,
          summary.llm_calls,                   summary.tool_calls, summary.annotations,
          summary.usage.input_tokens};
}

}  // namespace

TEST_CASE("published runs of every kind are told apart and become sound recordings", "[data]") {
  for (const RealSet& set : kRealSets) {
    std::vector<std::string> files = testing::RealFiles(set.folder, set.ending);
    if (files.empty()) continue;
    // Every session is a log of its own, sealed and verified.
    const size_t few = backstep::testing::kSanitized ? 3 : 12;
    if (!backstep::testing::IsLong() && files.size() > few) files.resize(few);
    INFO(set.folder << " " << set.ending);
    testing::Imported imported;
    ImportOptions options;
    options.files = files;
    options.recording = imported.path();
    const Result<ImportSummary> summary = Import(options);
    INFO(summary.status().ToString());
    REQUIRE(summary.ok());
    for (const auto& file : summary->files) CHECK(file.format == set.format);
    testing::Told told;
    for (const auto& importer : AllImporters()) {
      if (importer->info().name == set.format) testing::Tell(*importer, files, &told);
    }
    CHECK(CountsOf(*summary) == CountsOf(told));
    CHECK(summary->skipped_count == told.skipped.size());
    CHECK(summary->links_dropped == 0);
    imported.Open();
    imported.CheckSound();
  }
}

TEST_CASE("labels that find no run, no step, no agent or no failure are told, each by itself") {
  testing::Imported imported;
  const std::string folder = imported.dir() / "labels";
  std::filesystem::create_directory(folder);
  ImportOptions options;
  options.recording = imported.path();
  options.files = {imported.dir() / "seven.json"};
  options.labels = {folder};
  std::ofstream(options.files[0])
      << R"({"question": "q", "is_correct": false, "question_ID": "seven", "mistake_agent": "A",
             "mistake_step": "0",
             "history": [{"role": "A", "content": "x"}, {"role": "B", "content": "y"}]})";
  std::ofstream(folder + "/seven.json")
      << R"({"trajectory_id": "seven", "root_cause": {"failure_id": 9}, "failures": [
             {"failure_id": 1, "step_number": 1, "failed_agent": "a", "step_reason": "why"},
             {"failure_id": 2, "step_number": 5, "failed_agent": "B", "step_reason": "why"},
             {"failure_id": 3, "step_number": 2, "failed_agent": "C", "step_reason": "why"}]})";
  std::ofstream(folder + "/eight.json")
      << R"({"trajectory_id": "eight", "failures": [{"step_number": 1, "failed_agent": "Z"}]})";
  const auto summary = Import(options);
  INFO(summary.status().ToString());
  REQUIRE(summary.ok());
  CHECK(summary->annotations >= 3);  // whatever is odd about them
  std::string told;
  for (const SkippedRecord& skipped : summary->skipped) {
    told += std::filesystem::path(skipped.place.file).filename().string() + ": " + skipped.reason +
            "\n";
  }
  INFO(told);
  CHECK(summary->skipped_count == 4);
  CHECK(told.find("seven.json: step_number 5 is no step of") != std::string::npos);
  CHECK(told.find("seven.json: failed_agent 'C' is no agent of") != std::string::npos);
  CHECK(told.find("seven.json: root_cause names failure 9") != std::string::npos);
  CHECK(told.find("eight.json: its labels fit no run that came in") != std::string::npos);
}

TEST_CASE("labels without their run are told apart from what nobody knows") {
  testing::Imported imported;
  ImportOptions options;
  options.recording = imported.path();
  options.files = {imported.dir() / "labels.json"};
  std::ofstream(options.files[0]) << R"({"trajectory_id": "a", "failures": [], "root_cause": {}})";
  const Status labels = Import(options).status();
  CHECK(labels.code() == StatusCode::kInvalidArgument);
  CHECK(labels.message().find("--labels") != std::string::npos);
  std::ofstream(options.files[0]) << R"({"trajectory": "a"})";
  const Status unknown = Import(options).status();
  CHECK(unknown.code() == StatusCode::kInvalidArgument);
  CHECK(unknown.message().find("--format") != std::string::npos);
}

}  // namespace backstep::adapters
