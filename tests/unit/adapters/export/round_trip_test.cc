// What goes out as OTLP comes in again with all that OTLP can hold.
#include <algorithm>

#include "backstep/recorder/adapters/export/export.h"
#include "backstep/tests/support/effort.h"
#include "backstep/tests/unit/adapters/conversations/telling.h"
#include "backstep/tests/unit/adapters/export/lines_told.h"
#include "backstep/tests/unit/adapters/random_draft.h"

namespace backstep::adapters {
namespace {

enum class Compare { kAll, kCounts };

void CheckSame(testing::LineTold before, testing::LineTold after, Compare compare) {
  // Beside the steps their order is not the run's.
  for (testing::LineTold* told : {&before, &after}) {
    std::sort((*told)["events"].begin(), (*told)["events"].end());
  }
  for (const auto& [kind, lines] : before) {
    INFO(kind);
    CHECK(lines.size() == after[kind].size());
    if (compare == Compare::kCounts) continue;
    for (size_t i = 0; i < std::min(lines.size(), after[kind].size()); ++i) {
      if (lines[i] == after[kind][i]) continue;
      CHECK(lines[i] == after[kind][i]);  // the first is enough
      break;
    }
  }
}

void CheckRoundTrip(store::Recording& recording, LogId log, Compare compare = Compare::kAll) {
  const auto line = recording.OpenLine(log);
  REQUIRE(line.ok());
  for (const ExportFormat format : {ExportFormat::kOtlpJson, ExportFormat::kOtlpProto}) {
    const backstep::testing::TempDir dir;
    {
      std::ofstream file(dir / "exported", std::ios::binary);
      const Status done = Export(**line, {.format = format}, [&](std::string_view bytes) {
        file << bytes;
        return Status();
      });
      INFO(done.ToString());
      REQUIRE(done.ok());
    }
    ImportOptions options;
    options.files = {dir / "exported"};
    options.recording = dir / "again.backstep";
    const auto summary = Import(options);
    INFO(summary.status().ToString());
    REQUIRE(summary.ok());
    CHECK(summary->skipped_count == 0);
    CHECK(summary->sessions == 1);
    const auto again = store::Recording::Open(options.recording);
    REQUIRE(again.ok());
    const auto line_again = (*again)->OpenLine(LogId(1));
    REQUIRE(line_again.ok());
    CheckSame(testing::LineTeller(**line).Tell(), testing::LineTeller(**line_again).Tell(),
              compare);
    CHECK(store::Verify(**again, {})->findings.empty());
  }
}

SessionDraft Everything(Sink& sink) {
  SessionDraft draft;
  draft.name = "everything";
  draft.tags = {"a", "b, c"};
  draft.metadata = {{"twice", "1"}, {"twice", "2"}, {"source.x", "\"quoted\""}};
  draft.group_id = "group";
  draft.user_id = "user";
  draft.outcome = {Outcome::Kind::kFailed, 0.125, "not done"};
  const AgentIndex boss = draft.Agent("boss"), worker = draft.Agent("worker");
  draft.Agent("idle");  // never acts
  draft.agents[2] = {.name = "idle", .role = "spare", .implementation = "Idle", .model = "model-2",
                     .attributes = R"({"a":1})"};
  draft.segments = {
      {.name = "outer"}, {.name = "inner", .parent = SegmentIndex(0)}, {.name = "empty"}};
  const StepIndex lead = draft.Add(StepDraft{.agent = boss,
                                             .segment = SegmentIndex(1),
                                             .name = "lead",
                                             .program_index = 0,
                                             .began = {1000000000},
                                             .ended = {9000000000}});
  const StepIndex work = draft.Add(StepDraft{.agent = worker, .parent = lead, .began = {2000000000},
                                             .ended = {5000000000},
                                             .error = StepError{"exception", "it broke"},
                                             .outcome = Outcome{Outcome::Kind::kOk, 1.0, "well"}});
  draft.steps[1].faults.push_back({.spec_id = "slow", .type = "llm.delay", .hook = "llm_call",
                                   .decision = "waited", .before = "b", .after = "a"});
  const MessageIndex task = draft.Add(MessageDraft{.to = boss,
                                                   .taken_by = lead,
                                                   .program_id = "p1",
                                                   .body = sink.Keep("the task", Media::kText)});
  draft.Add(MessageDraft{.to = boss, .kind = "never taken", .body = sink.Keep("{}", Media::kJson)});
  draft.Add(MessageDraft{.from = lead, .to = worker, .taken_by = work, .channel = "c",
                         .kind = "request", .edge_id = "e", .attributes = {{"k", "v"}, {"k", "w"}},
                         .body = sink.Keep("do it", Media::kText), .reply_to = task,
                         .sent = {1500000000}});
  draft.Add(MessageDraft{.from = work, .to = boss, .taken_by = lead, .taken_in_mid_step = true,
                         .body = sink.Keep("\xff done", Media::kBytes), .sent = {4500000000}});
  draft.Add(MessageDraft{.from = work, .to = boss, .sent = {4600000000}, .dropped = true});
  draft.Add(EffectDraft{.step = work, .kind = EffectKind::kLlm, .name = "model-1", .provider = "p",
                        .parameters = R"({"temperature":0})",
                        .request = sink.Keep("[1]", Media::kJson),
                        .response = sink.Keep("yes", Media::kText),
                        .usage = {7, 3, 5, 11, 0.25, {12345}}, .finish_reason = "stop",
                        .began = {2500000000}, .duration = {1000000000}});
  CallError error{"timeout", 110, "too slow", DurationNs{5}};
  draft.Add(EffectDraft{.step = lead,
                        .name = "search",
                        .tool_type = "mcp",
                        .tool_call_id = "id",
                        .request = sink.Keep("{}", Media::kJson),
                        .error = error,
                        .began = {6000000000}});
  draft.Add(EffectDraft{.step = lead, .kind = EffectKind::kRandom, .name = "dice",
                        .response = sink.Keep("4", Media::kText), .began = {7000000000}});
  draft.Add(
      EffectDraft{.step = lead, .name = "silent", .response = KeptBody{}, .began = {7500000000}});
  draft.Annotate(work, {.author = "me", .kind = "mistake", .reason = "was wrong"});
  draft.Annotate(std::nullopt, {.author = "me", .kind = "label", .reason = "of the whole run"});
  draft.notes.push_back({.name = "log", .category = "info", .data = "of the run", .began = {3}});
  draft.notes.push_back({.step = work,
                         .kind = EventRecord::Kind::kSpan,
                         .name = "inner span",
                         .category = "span",
                         .data = "{}",
                         .began = {2100000000},
                         .duration = {77}});
  draft.notes.push_back({.step = lead, .kind = EventRecord::Kind::kHandoff, .name = "worker",
                         .began = {1600000000}});
  return draft;
}

}  // namespace

TEST_CASE("a run with some of everything goes out as OTLP and comes in again") {
  testing::Imported imported;
  imported.Import([&](Sink& sink) { return sink.Session(Everything(sink)); });
  CheckRoundTrip(imported.recording(), LogId(1));
}

TEST_CASE(
    "more events and annotations than an export holds at a time come in again, each in its step") {
  testing::Imported imported;
  imported.Import([&](Sink& sink) {
    SessionDraft draft;
    draft.name = "wordy";
    const AgentIndex agent = draft.Agent("agent");
    const std::string words(100'000, 'w');
    for (int64_t i = 0; i < 200; ++i) {
      const TimeNs began{(i + 1) * 1000};
      const StepIndex step =
          draft.Add(StepDraft{.agent = agent, .began = began, .ended = {began.ns + 10}});
      draft.notes.push_back({.step = step, .name = "log", .category = "info",
                             .data = words + std::to_string(i), .began = began});
      draft.Annotate(step, {.author = "me", .kind = "label", .reason = words + std::to_string(i)});
    }
    return sink.Session(std::move(draft));
  });
  CheckRoundTrip(imported.recording(), LogId(1));
  // And of a part: what lies in its steps.
  const auto line = imported.Read();
  std::string text;
  REQUIRE(Export(*line, {.format = ExportFormat::kOtlpProto, .from = StepNumber(100),
                         .to = StepNumber(101)}, [&](std::string_view bytes) {
            text += bytes;
            return Status();
          }).ok());
  CHECK(text.find("w99\"") != std::string::npos);  // step 100
  CHECK(text.find("w98\"") == std::string::npos);
  CHECK(text.find("w101\"") == std::string::npos);
}

TEST_CASE("runs of any shape go out as OTLP and come in again") {
  testing::Imported imported;
  imported.Import([&](Sink& sink) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      BACKSTEP_RETURN_IF_ERROR(sink.Session(testing::RandomDraft(seed, &sink).Make(40)));
    }
    return Status();
  });
  for (uint32_t log = 1; log <= 20; ++log) {
    INFO("seed " << log);
    // Their clocks contradict their causes: the order of what ran side by side may be another.
    CheckRoundTrip(imported.recording(), LogId(log), Compare::kCounts);
  }
}

TEST_CASE("runs of other tools go out as OTLP and come in again", "[data]") {
  struct Kind {
    const char* folder;
    const char* ending;
  };
  const Kind kinds[] = {
      {"otlp", ".json"},       {"otlp", ".pb"},        {"who_when", ".json"},
      {"mast", ".json"},       {"swe_agent", ".traj"}, {"agentrx_tau/runs", ".json"},
      {"tapeagents", ".json"}, {"llm_http", ".jsonl"}, {"llmmas_otel/Sudoku", ""}};
  for (const Kind& kind : kinds) {
    std::vector<std::string> files = testing::RealFiles(kind.folder, kind.ending);
    if (files.empty()) continue;
    const bool joined = std::string(kind.ending).empty();
    const size_t few = backstep::testing::kSanitized ? 1 : 3;
    if (!joined && !backstep::testing::IsLong() && files.size() > few) files.resize(few);
    INFO(kind.folder << " " << kind.ending);
    testing::Imported imported;
    ImportOptions options;
    options.files = files;
    options.recording = imported.path();
    const auto summary = Import(options);
    INFO(summary.status().ToString());
    REQUIRE(summary.ok());
    imported.Open();
    const auto logs = imported.recording().Logs();
    REQUIRE(logs.ok());
    for (const auto& log : *logs) {
      CheckRoundTrip(imported.recording(), log.id);
    }
  }
}

}  // namespace backstep::adapters
