// Backstep's JSON Lines with numbers that no recording can have.
#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/export/export.h"
#include "backstep/tests/unit/adapters/drafts.h"

namespace backstep::adapters {
namespace {

// A run with a step that took a message, sent one and made a call, as JSON Lines.
std::string Lines() {
  testing::Imported imported;
  imported.Import([](Sink& sink) {
    SessionDraft draft;
    const AgentIndex a = draft.Agent("a"), b = draft.Agent("b");
    const TimeNs begin{1700000000000000000}, end{1700000001000000000};
    draft.segments.push_back({.name = "phase", .began = begin});
    const StepIndex one = draft.Add(StepDraft{
        .agent = a, .segment = SegmentIndex(0), .program_index = 5, .began = begin, .ended = end});
    draft.steps[one.value].faults.push_back(
        {.spec_id = "f", .type = "replace", .before = "was", .after = "is"});
    const StepIndex two =
        draft.Add(StepDraft{.agent = b, .began = end, .ended = end + Milliseconds(5)});
    draft.Add(MessageDraft{.to = a, .taken_by = one, .body = sink.Keep("in", Media::kText)});
    draft.Add(
        MessageDraft{.from = one, .to = b, .taken_by = two, .sent = begin + Milliseconds(10)});
    draft.Add(EffectDraft{.step = one, .kind = EffectKind::kLlm, .name = "m",
                          .usage = {.input_tokens = 3, .output_tokens = 4}, .began = begin,
                          .duration = Milliseconds(7)});
    draft.Annotate(one, {.author = "x", .kind = "label"});
    return sink.Session(std::move(draft));
  });
  std::string text;
  const auto line = imported.Read();
  REQUIRE(Export(*line, {}, [&](std::string_view bytes) {
            text += bytes;
            return Status();
          }).ok());
  return text;
}

Status ImportText(const std::string& text) {
  const backstep::testing::TempDir dir;
  std::ofstream(dir / "in") << text;
  ImportOptions options;
  options.files = {dir / "in"};
  options.recording = dir / "out.backstep";
  return Import(options).status();
}

}  // namespace

TEST_CASE("JSON Lines whose numbers no recording can have are refused, each by its name") {
  const std::string lines = Lines();
  REQUIRE(ImportText(lines).ok());
  size_t tried = 0;
  for (const char* name :
       {"began_wall", "ended_wall", "sent_wall", "began_virtual", "sent_virtual", "duration", "own",
        "measured", "id", "to", "agent", "segment", "clock", "number", "after",
        "sent_after", "begin_after", "ended_after"}) {
    const std::string key = "\"" + std::string(name) + "\":";
    for (size_t at = lines.find(key); at != lines.npos; at = lines.find(key, at + 1)) {
      const size_t from = at + key.size(), end = lines.find_first_of(",}]", from);
      if (lines[from] != '[' && (lines[from] < '0' || lines[from] > '9')) continue;
      for (const char* value : {"9223372036854775807", "18446744073709551615",
                                "-9223372036854775808", "1.5", "\"7\""}) {
        std::string changed = lines;
        if (lines[from] == '[') {
          changed.replace(from + 1, end - from - 1, value);
        } else {
          changed.replace(from, end - from, value);
        }
        const Status status = ImportText(changed);
        INFO(name << " " << value << ": " << status.ToString());
        // The largest that is a number of some step is refused as that, if it is none.
        CHECK_FALSE(status.ok());
        ++tried;
      }
    }
  }
  CHECK(tried > 100);
}

TEST_CASE("JSON Lines whose agents are not there are refused") {
  const std::string lines = Lines();
  for (const auto& [was, is] : {std::pair{"\"agent\":2", "\"agent\":4294967298"},
                                {"\"agent\":2", "\"agent\":3"},
                                {"\"to\":2", "\"to\":7"},
                                {"\"step\":[1,", "\"step\":[9,"}}) {
    const size_t at = lines.find(was);
    REQUIRE(at != lines.npos);
    std::string changed = lines;
    CHECK_FALSE(ImportText(changed.replace(at, std::string(was).size(), is)).ok());
  }
}

}  // namespace backstep::adapters
