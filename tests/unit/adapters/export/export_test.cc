#include "backstep/recorder/adapters/export/export.h"

#include <filesystem>
#include <sstream>

#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/jsonl/record_json.h"
#include "backstep/tests/unit/adapters/random_draft.h"

namespace backstep::adapters {
namespace {

std::string Exported(store::Line& line, const ExportOptions& options) {
  std::string text;
  const Status done = Export(line, options, [&](std::string_view bytes) {
    text += bytes;
    return Status();
  });
  INFO(done.ToString());
  REQUIRE(done.ok());
  return text;
}

// Imports a text as a file with the real formats, and opens what comes of it.
struct Again {
  explicit Again(const std::string& text, const std::string& format = {}) {
    std::ofstream(dir / "again") << text;
    ImportOptions options;
    options.files = {dir / "again"};
    options.recording = dir / "again.backstep";
    options.format = format;
    auto imported = Import(options);
    INFO(imported.status().ToString());
    REQUIRE(imported.ok());
    summary = std::move(*imported);
    recording = std::move(store::Recording::Open(options.recording).value());
    line = std::move(recording->OpenLine(LogId(1)).value());
  }
  backstep::testing::TempDir dir;
  ImportSummary summary;
  std::unique_ptr<store::Recording> recording;
  std::unique_ptr<store::Line> line;
};

std::string DigestOf(store::Line& line) {
  const auto digest = line.Digest();
  INFO(digest.status().ToString());
  REQUIRE(digest.ok());
  return digest->ToHex();
}

SessionDraft SmallRun(Sink& sink) {
  SessionDraft draft;
  draft.name = "small";
  const AgentIndex boss = draft.Agent("boss"), worker = draft.Agent("worker");
  const StepIndex lead =
      draft.Add(StepDraft{.agent = boss, .began = {1000000000}, .ended = {9000000000}});
  const StepIndex work = draft.Add(
      StepDraft{.agent = worker, .parent = lead, .began = {2000000000}, .ended = {5000000000},
                .state = sink.Keep("{\"n\":1}", Media::kJson)});
  draft.steps[1].faults.push_back({.spec_id = "slow", .type = "llm.delay", .hook = "llm_call",
                                   .decision = "waited"});
  draft.Add(
      MessageDraft{.to = boss, .taken_by = lead, .body = sink.Keep("the task", Media::kText)});
  draft.Add(MessageDraft{.from = lead, .to = worker, .taken_by = work, .kind = "request",
                         .body = sink.Keep("do it", Media::kText), .sent = {1500000000}});
  draft.Add(MessageDraft{.from = work, .to = boss, .taken_by = lead, .kind = "reply",
                         .body = sink.Keep("\xff done", Media::kBytes), .sent = {4500000000}});
  draft.Add(EffectDraft{.step = work, .kind = EffectKind::kLlm, .name = "model-1",
                        .request = sink.Keep("[1]", Media::kJson),
                        .response = sink.Keep("yes", Media::kText),
                        .usage = {.input_tokens = 7, .output_tokens = 3, .cost_usd = 0.25},
                        .began = {2500000000}, .duration = {1000000000}});
  draft.Add(EffectDraft{.step = lead, .name = "search", .request = sink.Keep("{}", Media::kJson),
                        .error = CallError{"timeout", 110, "too slow", {}}, .began = {6000000000}});
  draft.Annotate(work, {.author = "me", .kind = "mistake", .reason = "was wrong"});
  draft.outcome = {Outcome::Kind::kFailed, 0.125, "not done"};
  return draft;
}

}  // namespace

TEST_CASE("JSON Lines come in again as they were") {
  testing::Imported imported;
  imported.Import([&](Sink& sink) {
    BACKSTEP_RETURN_IF_ERROR(sink.Session(SmallRun(sink)));
    for (uint64_t seed = 100; seed < 130; ++seed) {
      SessionDraft draft = testing::RandomDraft(seed, &sink).Make(40);
      BACKSTEP_RETURN_IF_ERROR(sink.Session(std::move(draft)));
    }
    return Status();
  });
  for (uint32_t log = 1; log <= 31; ++log) {
    const auto line = imported.Read(log);
    const Again again(Exported(*line, {}));
    CHECK(DigestOf(*again.line) == DigestOf(*line));
    CHECK(again.line->end()->outcome == line->end()->outcome);
    CHECK(again.summary.skipped_count == 0);
    const auto report = store::Verify(*again.recording, {});
    REQUIRE(report.ok());
    for (const auto& finding : report->findings) UNSCOPED_INFO(finding.where << finding.what);
    CHECK(report->findings.empty());
    // And once more the same bytes, but for where they came from.
    CHECK(Exported(*again.line, {}).size() > Exported(*line, {}).size());
  }
}

TEST_CASE("JSON Lines are known when another tool has reordered and spaced them") {
  testing::Imported imported;
  imported.Import([&](Sink& sink) { return sink.Session(SmallRun(sink)); });
  const auto line = imported.Read();
  std::istringstream lines(Exported(*line, {}));
  std::string text;
  for (std::string one; std::getline(lines, one);) {
    const std::string sorted = nlohmann::json::parse(one).dump();
    const std::string spaced = " \t{ " + sorted.substr(1, sorted.size() - 2) + " } ";
    text += spaced + "\r\n \n";
  }
  const Again again(text);
  CHECK(again.summary.files[0].format == "backstep_jsonl");
  CHECK(again.summary.skipped_count == 0);
  CHECK(DigestOf(*again.line) == DigestOf(*line));
}

TEST_CASE("JSON Lines that were tampered with are refused, or make a sound recording") {
  testing::Imported imported;
  imported.Import([&](Sink& sink) { return sink.Session(SmallRun(sink)); });
  const std::string text = Exported(*imported.Read(), {});
  RandomStream random(5);
  const backstep::testing::TempDir dir;
  for (int round = 0; round < 150; ++round) {
    std::string broken = text;
    for (uint64_t i = 0; i <= random.Next() % 3; ++i) {
      broken[random.Next() % broken.size()] = "0123456789{}[]\",:n"[random.Next() % 18];
    }
    std::ofstream(dir / "broken") << broken;
    ImportOptions options;
    options.files = {dir / "broken"};
    options.recording = dir / "broken.backstep";
    options.format = "backstep_jsonl";
    const auto summary = Import(options);
    if (!summary.ok()) {
      CHECK_FALSE(std::filesystem::exists(options.recording));
      continue;
    }
    const auto recording = store::Recording::Open(options.recording);
    const auto report = store::Verify(**recording, {});
    REQUIRE(report.ok());
    INFO(broken);
    for (const auto& finding : report->findings) UNSCOPED_INFO(finding.where << finding.what);
    CHECK(report->findings.empty());
    std::filesystem::remove_all(options.recording);
  }
}

TEST_CASE("two agents of one name in JSON Lines are refused") {
  testing::Imported imported;
  imported.Import([&](Sink& sink) { return sink.Session(SmallRun(sink)); });
  std::string text = Exported(*imported.Read(), {});
  const std::string name = "\"name\":\"worker\"";
  REQUIRE(text.find(name) != std::string::npos);
  text.replace(text.find(name), name.size(), "\"name\":\"boss\"");
  const backstep::testing::TempDir dir;
  std::ofstream(dir / "twice.jsonl") << text;
  ImportOptions options;
  options.files = {dir / "twice.jsonl"};
  options.recording = dir / "twice.backstep";
  const Status status = Import(options).status();
  INFO(status.ToString());
  CHECK(status.code() == StatusCode::kCorruption);
  CHECK_FALSE(std::filesystem::exists(options.recording));
}

TEST_CASE("part of a line goes out up to a step, and not from one in its midst") {
  testing::Imported imported;
  imported.Import([&](Sink& sink) { return sink.Session(SmallRun(sink)); });
  const auto line = imported.Read();
  const Again again(Exported(*line, {.to = StepNumber(1)}));
  CHECK(again.line->last() == StepNumber(1));
  CHECK(store::Verify(*again.recording, {})->findings.empty());
  const Status refused = Export(*line, {.from = StepNumber(2)}, [](auto) { return Status(); });
  CHECK(refused.code() == StatusCode::kInvalidArgument);
}

TEST_CASE("OTLP holds agents, steps, calls, messages, usage and faults, as JSON and as protobuf") {
  testing::Imported imported;
  imported.Import([&](Sink& sink) { return sink.Session(SmallRun(sink)); });
  const auto line = imported.Read();
  for (const ExportFormat format : {ExportFormat::kOtlpJson, ExportFormat::kOtlpProto}) {
    const std::string text = Exported(*line, {.format = format});
    if (format == ExportFormat::kOtlpJson) {
      const Result<Json> json = ParseJson(text);
      REQUIRE(json.ok());
      CHECK((*json)["resourceSpans"][0]["scopeSpans"][0]["spans"].size() == 13);
      CHECK(text.find("fault.applied") != std::string::npos);
    }
    const Again again(text);
    CHECK(again.summary.files[0].format == "otlp");
    CHECK(again.summary.sessions == 1);
    CHECK(again.summary.steps == 2);
    CHECK(again.summary.messages == 3);
    CHECK(again.summary.llm_calls == 1);
    CHECK(again.summary.tool_calls == 1);
    CHECK(again.summary.usage.input_tokens == 7);
    CHECK(again.summary.usage.output_tokens == 3);
    CHECK(again.line->FindAgent("boss").has_value());
    CHECK(again.line->FindAgent("worker").has_value());
    const auto first = again.line->Step(StepNumber(1));
    CHECK(again.line->AgentName(first->agent) == "worker");
    CHECK(first->caller.has_value());
    CHECK(store::Verify(*again.recording, {})->findings.empty());
  }
}

TEST_CASE("bytes go to base64 and back") {
  for (const std::string& bytes : {std::string(), std::string("a"), std::string("ab"),
                                   std::string("abc"), std::string("\0\xff\x80 x", 5)}) {
    CHECK(FromBase64(Base64Of(bytes)).value() == bytes);
  }
  CHECK(Base64Of("any carnal pleas") == "YW55IGNhcm5hbCBwbGVhcw==");
  CHECK(FromBase64("!!").status().code() == StatusCode::kCorruption);
}

}  // namespace backstep::adapters
