#include "backstep/recorder/adapters/inspect/inspect.h"

#include <cstdlib>
#include <map>

#include "backstep/recorder/adapters/inspect/sample.h"
#include "backstep/recorder/adapters/inspect/zip_stream.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/adapters/conversations/telling.h"
#include "backstep/tests/unit/adapters/core/packed.h"

namespace backstep::adapters {
namespace {

void Put(std::string* out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}

// A zip archive as it is laid out: each file deflated behind its header, then the directory.
std::string ZipOf(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string out, directory;
  for (const auto& [name, bytes] : files) {
    const std::string packed = testing::Deflated(bytes, -15);
    const auto sum = static_cast<uint32_t>(
        crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
    std::string common;
    Put(&common, 20, 2);
    Put(&common, 0, 2);
    Put(&common, 8, 2);
    Put(&common, 0, 4);
    Put(&common, sum, 4);
    Put(&common, static_cast<uint32_t>(packed.size()), 4);
    Put(&common, static_cast<uint32_t>(bytes.size()), 4);
    Put(&common, static_cast<uint32_t>(name.size()), 2);
    Put(&common, 0, 2);
    const auto at = static_cast<uint32_t>(out.size());
    out += "PK\x03\x04" + common + name + packed;
    directory += std::string("PK\x01\x02\x14\x00", 6) + common;
    Put(&directory, 0, 8);
    Put(&directory, 0, 2);
    Put(&directory, at, 4);
    directory += name;
  }
  const auto begin = static_cast<uint32_t>(out.size());
  out += directory + "PK\x05\x06";
  Put(&out, 0, 4);
  Put(&out, static_cast<uint32_t>(files.size()), 2);
  Put(&out, static_cast<uint32_t>(files.size()), 2);
  Put(&out, static_cast<uint32_t>(directory.size()), 4);
  Put(&out, begin, 4);
  Put(&out, 0, 2);
  return out;
}

constexpr char kSample[] = R"({"id": 3, "epoch": 1, "uuid": "u", "input": "in",
  "attachments": {"h1": "a long text"},
  "scores": {"judge": {"value": "I", "explanation": "no"}},
  "events": [
    {"event": "span_begin", "id": "s0", "type": "solver", "name": "agent"},
    {"event": "sample_init", "span_id": "s0", "timestamp": "2025-05-12T20:28:26-04:00",
     "sample": {"input": "attachment://h1"}, "state": {"messages": [], "store": {}}},
    {"event": "span_begin", "id": "s1", "parent_id": "s0", "type": "tool", "name": "bash"},
    {"event": "tool", "span_id": "s1", "id": "t", "type": "function", "function": "bash",
     "arguments": {"cmd": "ls"}, "result": "ok"},
    {"event": "span_end", "id": "s1"},
    {"event": "model", "span_id": "s0", "model": "openai/m", "input": [], "config": {"seed": 1},
     "timestamp": "2025-05-12T20:28:27-04:00", "completed": "2025-05-12T20:28:28-04:00",
     "output": {"choices": [{"stop_reason": "stop", "message": {"content": "attachment://h1"}}],
                "usage": {"input_tokens": 5, "output_tokens": 2}}},
    {"event": "state", "span_id": "s0", "changes": [
      {"op": "add", "path": "/messages/0", "value": "attachment://h1"},
      {"op": "add", "path": "/nowhere/at/all", "value": 1}]},
    {"event": "store", "span_id": "s0", "changes": [
      {"op": "add", "path": "/count", "value": 2}]},
    {"event": "span_end", "id": "s0"}, {"event": "span_end", "id": "s9"}]})";

std::string LogOf(const std::string& samples) {
  return R"({"version": 2, "status": "success", "eval": {"task": "t", "run_id": "r"},
            "samples": [)" + samples + "]}";
}

}  // namespace

TEST_CASE("a sample of Inspect's is a step an event, its state folded from the patches") {
  const backstep::testing::TempDir dir;
  testing::Told told;
  auto importer = MakeInspectImporter();
  const std::string log = LogOf(kSample);
  CHECK(testing::SureOf(*importer, log) >= 90);
  testing::Tell(*importer, {testing::WriteTo(dir / "l.json", log)}, &told);
  const SessionDraft& draft = told.sessions.at(0);
  CHECK(draft.name == "t sample 3 epoch 1");
  CHECK(draft.group_id == "r");
  REQUIRE(draft.steps.size() == 5);
  CHECK(draft.agents.size() == 1);  // a tool's span is its caller's work
  CHECK(draft.segments.size() == 2);
  CHECK(draft.steps[1].segment->value == 1);
  const auto state = [&](size_t step) {
    return *ParseJson(told.Text(std::get<KeptBody>(draft.steps[step].state)));
  };
  CHECK(state(0)["messages"].empty());
  CHECK(std::holds_alternative<std::monostate>(draft.steps[2].state));
  CHECK(state(3)["messages"][0] == "a long text");
  CHECK(state(4)["store"]["count"] == 2);
  CHECK(state(4)["messages"].size() == 1);
  REQUIRE(draft.effects.size() == 2);
  CHECK(draft.effects[0].name == "bash");
  CHECK(draft.effects[1].provider == "openai");
  CHECK(draft.effects[1].usage.input_tokens == 5);
  CHECK(draft.effects[1].duration.ns == 1000000000);
  CHECK(told.Text(*draft.effects[1].response).find("a long text") != std::string::npos);
  CHECK(told.Text(draft.messages.at(0).body) == "a long text");
  CHECK(draft.outcome.kind == Outcome::Kind::kFailed);
  CHECK(draft.notes.at(0).name == "judge");
  CHECK(told.skipped.size() == 2);  // a patch that does not fit, an end without a begin
}

TEST_CASE("a sample that kept no events is its messages; an older one keeps them in a transcript") {
  const backstep::testing::TempDir dir;
  testing::Told told;
  const std::string log = LogOf(R"({"id": 1, "epoch": 1, "score": {"value": 1}, "messages": [
      {"role": "user", "content": "go"},
      {"role": "assistant", "content": "", "tool_calls": [{"id": "c", "function": "f",
       "type": "function", "arguments": {"a": 1}}]},
      {"role": "tool", "content": "done", "tool_call_id": "c"}]},
    {"id": 2, "epoch": 1, "transcript": {"content": {"h": "text"}, "events": [
      {"event": "sample_init", "sample": {"input": "attachment://h"}, "state": {}}]}})");
  testing::Tell(*MakeInspectImporter(), {testing::WriteTo(dir / "l.json", log)}, &told);
  REQUIRE(told.sessions.size() == 2);
  CHECK(told.sessions[0].steps.size() == 3);
  CHECK(told.Text(*told.sessions[0].effects.at(0).response) == "done");
  CHECK(told.sessions[0].outcome.kind == Outcome::Kind::kOk);
  CHECK(told.sessions[1].steps.size() == 1);
  CHECK(told.Text(told.sessions[1].messages.at(0).body) == "text");
}

TEST_CASE("an .eval archive is read as it streams by, sample after sample") {
  const backstep::testing::TempDir dir;
  testing::Told told;
  auto importer = MakeInspectImporter();
  const std::string zip = ZipOf({{"_journal/start.json", R"({"eval": {"task": "z"}})"},
                                 {"samples/1_epoch_1.json", kSample},
                                 {"samples/2_epoch_1.json", "{broken"},
                                 {"summaries.json", "[]"},
                                 {"header.json", R"({"status": "success"})"}});
  CHECK(testing::SureOf(*importer, zip) >= 80);
  testing::Tell(*importer, {testing::WriteTo(dir / "e.eval", zip)}, &told);
  REQUIRE(told.sessions.size() == 1);
  CHECK(told.sessions[0].name == "z sample 3 epoch 1");
  REQUIRE(told.skipped.size() == 3);
  CHECK(told.skipped[2].find("samples/2_epoch_1.json") != std::string::npos);
  // Cut off anywhere, it says so and keeps what came before.
  Status status;
  testing::Told half;
  testing::Tell(*importer, {testing::WriteTo(dir / "h.eval", zip.substr(0, 700))}, &half, &status);
  CHECK(status.code() == StatusCode::kCorruption);
}

TEST_CASE("an archive that unpacks to far more than it is is not unpacked") {
  const backstep::testing::TempDir dir;
  testing::Told told;
  Status status;
  const std::string zip = ZipOf({{"samples/1_epoch_1.json", std::string(90u << 20, ' ')}});
  testing::Tell(*MakeInspectImporter(), {testing::WriteTo(dir / "b.eval", zip)}, &told, &status);
  CHECK(status.code() == StatusCode::kCorruption);
  CHECK(told.sessions.empty());
}

TEST_CASE("patches that make a state grow out of itself are refused") {
  SampleState state;
  state.Set(Json{{"a", Json::object()}});
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "/a";
  CHECK_FALSE(
      state.Change(Json::array({Json{{"op", "add"}, {"path", deep}, {"value", 1}}}), false));
  size_t doubled = 0;
  state.Set(Json{{"text", std::string(1u << 20, 'x')}});
  for (int i = 0; i < 40; ++i) {
    const std::string path = "/copy" + std::to_string(i);
    doubled +=
        state.Change(Json::array({Json{{"op", "copy"}, {"from", ""}, {"path", path}}}), false);
  }
  CHECK(doubled < 12);
  state.Set(Json{{"x", Json::object()}});
  int moved = 0;
  for (; moved < 2000; ++moved) {
    const bool fits = state.Change(
        Json::array({Json{{"op", "add"}, {"path", "/y"}, {"value", Json::object()}},
                     Json{{"op", "move"}, {"from", "/x"}, {"path", "/y/x"}},
                     Json{{"op", "move"}, {"from", "/y"}, {"path", "/x"}}}), false);
    if (!fits) break;
  }
  CHECK(moved < 1000);
}

TEST_CASE("published Inspect logs bring every event; the folded state ends as the log does",
          "[data]") {
  std::vector<std::string> files = testing::RealFiles("inspect_ai", ".json");
  for (const std::string& file : testing::RealFiles("inspect_ai", ".eval")) files.push_back(file);
  for (const std::string& file : files) {
    INFO(file);
    testing::Told told;
    testing::Tell(*MakeInspectImporter(), {file}, &told);
    Json samples = Json::array();
    auto source = Source::Open(file);
    REQUIRE(source.ok());
    if (file.ends_with(".eval")) {
      REQUIRE(EachZipEntry(**source, 1u << 30,
                           [](const std::string& name) { return name.starts_with("samples/"); },
                           [&](const ZipEntry& entry) -> Status {
                             samples.push_back(Json::parse(entry.bytes));
                             return {};
                           }).ok());
    } else {
      samples = testing::RealJson(file)["samples"];
    }
    if (samples.is_null() || samples.empty()) {
      CHECK(told.sessions.at(0).steps.empty());
      continue;
    }
    REQUIRE(told.sessions.size() == samples.size());
    for (size_t i = 0; i < samples.size(); ++i) {
      const Json& sample = samples[i];
      const SessionDraft& draft = told.sessions[i];
      std::map<std::string, size_t> kinds;
      for (const Json& event : sample["events"]) ++kinds[event["event"]];
      const size_t bounds = kinds["step"] + kinds["span_begin"] + kinds["span_end"];
      CHECK(draft.steps.size() == sample["events"].size() - bounds);
      CHECK(testing::CallsOf(draft, EffectKind::kLlm) == kinds["model"]);
      CHECK(testing::CallsOf(draft, EffectKind::kTool) == kinds["tool"]);
      const KeptBody* last = nullptr;
      for (const StepDraft& step : draft.steps) {
        if (const auto* state = std::get_if<KeptBody>(&step.state)) last = state;
      }
      REQUIRE(last != nullptr);
      Attachments attachments(&sample["attachments"]);
      CHECK(ParseJson(told.Text(*last))->at("messages") == attachments.Resolve(sample["messages"]));
    }
  }
}

}  // namespace backstep::adapters
