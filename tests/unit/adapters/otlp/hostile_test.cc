// Traces that nobody should send, and some do.
#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/otlp/otlp.h"
#include "backstep/tests/unit/adapters/spans/proto_writer.h"
#include "backstep/tests/unit/adapters/spans/reading.h"

namespace backstep::adapters {
namespace {

using namespace testing;

struct HostileRun : MemorySink {
  explicit HostileRun(const std::string& text) {
    status = ReadText(*MakeOtlpImporter(), text, *this);
  }
  Status status;
};

// A trace of JSON spans, each given as its members.
std::string TraceOf(const std::vector<std::string>& spans) {
  std::string text = R"({"resourceSpans":[{"scopeSpans":[{"spans":[)";
  for (const std::string& span : spans) text += (text.back() == '[' ? "{" : ",{") + span + "}";
  return text + "]}]}]}";
}
std::string Said(const std::string& key, const std::string& json_text) {
  return R"({"key":")" + key + R"(","value":{"stringValue":)" + json_text + "}}";
}

// Every note of a span must be JSON that can be read again.
void CheckNotes(HostileRun& run) {
  for (const SessionDraft& draft : run.sessions) {
    for (const NoteDraft& note : draft.notes) {
      if (note.kept_data) CHECK(ParseJson(run.Text(*note.kept_data)).ok());
    }
    for (const EffectDraft& effect : draft.effects) {
      if (effect.request.media == Media::kJson && effect.request.size > 0) {
        CHECK(ParseJson(run.Text(effect.request)).ok());
      }
    }
  }
}

TEST_CASE("Ids of odd lengths, missing ids and times that run backwards are taken as they are") {
  HostileRun run(TraceOf({
      R"("traceId":"abc","spanId":"1","name":"short","startTimeUnixNano":"2000",)"
      R"("endTimeUnixNano":"1000")",
      R"("traceId":"","spanId":"","name":"none","startTimeUnixNano":-5,"endTimeUnixNano":"x")",
      R"("traceId":"abc","spanId":")" + std::string(4000, 'f') +
          R"(","parentSpanId":"1","name":"long","startTimeUnixNano":18446744073709551615)",
      R"("traceId":"abc","spanId":"zz zz","parentSpanId":"nobody","name":"no hex",)"
      R"("startTimeUnixNano":1.5e18)",
  }));
  REQUIRE(run.status.ok());
  size_t spans = 0;
  for (const SessionDraft& draft : run.sessions) {
    spans += draft.notes.size();
    for (const NoteDraft& note : draft.notes) CHECK(note.duration.ns >= 0);
  }
  CHECK(spans == 4);
  CheckNotes(run);
}

TEST_CASE("Lone surrogates, NULs, quotes and bytes that are no UTF-8 stay one value each") {
  HostileRun json(TraceOf({R"("traceId":"a1","spanId":"b1","name":"n\u0000\ud800","attributes":[)" +
                           Said("k\\u0001\\\"", R"("v\u0000\udfff\\")") + "," +
                           Said("gen_ai.prompt.0.content", R"("\ud83d \u0007")") + "," +
                           Said("gen_ai.operation.name", "\"chat\"") + "]"}));
  REQUIRE(json.status.ok());
  CheckNotes(json);
  const std::string attributes =
      BytesField(9, TextAttribute("\xc3(", std::string("\x80\\\n\0", 4))) +
      BytesField(9, TextAttribute("gen_ai.operation.name", "chat")) +
      BytesField(9, TextAttribute("gen_ai.completion.0.content", "\xed\xa0\x80"));
  ProtoSpanText span{std::string(16, 'a'), std::string(8, 'b'), "",
                     std::string("\xff\xfe\0\"", 4), 1, 2, attributes};
  HostileRun proto(ProtoTraces(BytesField(2, ProtoSpan(span))));
  REQUIRE(proto.status.ok());
  CHECK(proto.sessions.size() == 1);
  CheckNotes(proto);
}

TEST_CASE("A list of a hundred thousand messages and attributes is read in one go") {
  std::string attributes = Said("gen_ai.operation.name", "\"chat\"");
  for (int i = 0; i < 100000; ++i) {
    attributes += "," + Said("gen_ai.prompt." + std::to_string(99999 - i) + ".content", "\"x\"");
    attributes += "," + Said("odd." + std::to_string(i), "\"y\"");
  }
  HostileRun run(
      TraceOf({R"("traceId":"a1","spanId":"b1","name":"n","attributes":[)" + attributes + "]"}));
  REQUIRE(run.status.ok());
  REQUIRE(run.sessions.size() == 1);
  REQUIRE(run.sessions[0].effects.size() == 1);
  CHECK(ParseJson(run.Text(run.sessions[0].effects[0].request))->at("messages").size() == 100000);
}

TEST_CASE("A chain of spans as deep as a file is long is one tree, and a step of each nests") {
  std::string chain;
  const int depth = 20000;
  for (int i = 0; i < depth; ++i) {
    ProtoSpanText span{std::string(16, 'a'), std::to_string(10000000 + i),
                       i == 0 ? "" : std::to_string(10000000 + i - 1), "invoke_agent a",
                       static_cast<uint64_t>(1000 + i), 100000, ""};
    chain += BytesField(2, ProtoSpan(span));
  }
  HostileRun run(ProtoTraces(chain));
  REQUIRE(run.status.ok());
  REQUIRE(run.sessions.size() == 1);
  CHECK(run.sessions[0].steps.size() == depth);
}

TEST_CASE("Nested values stop at a depth, and a key that stands twice harms nobody") {
  std::string deep = BytesField(1, "leaf");
  // ArrayValue in AnyValue
  for (int i = 0; i < 200; ++i) deep = BytesField(5, BytesField(1, deep));
  ProtoSpanText span{std::string(16, 'a'), std::string(8, 'b'), "", "n", 1, 2,
                     BytesField(9, BytesField(1, "deep") + BytesField(2, deep))};
  HostileRun run(ProtoTraces(BytesField(2, ProtoSpan(span))));
  CHECK((!run.status.ok() || !run.skipped.empty()));
  HostileRun twice(
      TraceOf({R"("traceId":"a1","spanId":"b1","name":"one","name":"two","attributes":[)" +
               Said("k", "\"1\"") + "," + Said("k", "\"2\"") + "]"}));
  REQUIRE(twice.status.ok());
  CheckNotes(twice);
}

TEST_CASE("Spans of one id that differ are both kept") {
  HostileRun run(TraceOf({R"("traceId":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",)"
                          R"("spanId":"b1b1b1b1b1b1b1b1","name":"one")",
                          R"("traceId":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",)"
                          R"("spanId":"b1b1b1b1b1b1b1b1","name":"two")",
                          R"("traceId":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",)"
                          R"("spanId":"b2b2b2b2b2b2b2b2","parentSpanId":"b1b1b1b1b1b1b1b1",)"
                          R"("name":"child")"}));
  REQUIRE(run.status.ok());
  REQUIRE(run.sessions.size() == 1);
  CHECK(run.sessions[0].notes.size() == 3);
  CHECK(run.skipped.empty());
}

TEST_CASE("A span of more parts than one may have brings what it may, and the rest is told") {
  const auto parts = [](uint32_t field, int count) {
    std::string bytes;
    for (int i = 0; i < count; ++i) bytes += BytesField(field, "");
    return bytes;
  };
  ProtoSpanText span{std::string(16, 'a'), std::string(8, 'b'), "", "n", 1, 2,
                     parts(11, 150'000) + parts(13, 150'000) + parts(9, 1'100'000)};
  HostileRun run(ProtoTraces(BytesField(2, ProtoSpan(span))));
  REQUIRE(run.status.ok());
  REQUIRE(run.skipped.size() == 1);
  CHECK(
      run.skipped[0].second.starts_with("200000 of its attributes, events and links are left out"));
  REQUIRE(run.sessions.size() == 1);
}

TEST_CASE("Events that are shorter than what they take in memory are kept together") {
  std::string spans;
  for (int i = 0; i < 4; ++i) {
    std::string events;
    for (int j = 0; j < 50'000; ++j) events += BytesField(11, BytesField(2, "e"));
    ProtoSpanText span{std::string(16, 'a'), "1234567" + std::to_string(i), "", "n", 1, 2, events};
    spans += BytesField(2, ProtoSpan(span));
  }
  HostileRun run(ProtoTraces(spans));
  REQUIRE(run.status.ok());
  REQUIRE(run.sessions.size() == 1);
  const auto& notes = run.sessions[0].notes;
  CHECK(notes.size() < 150'000);
  size_t events = 0;
  for (const NoteDraft& note : notes) {
    if (note.name == "e") ++events;
    if (note.name == "further events") events += ParseJson(run.Text(*note.kept_data))->size();
  }
  CHECK(events == 200'000);
}

TEST_CASE("A fault that decided a hundred thousand things is told as far as one reads") {
  std::string attributes = BytesField(9, TextAttribute("gen_ai.operation.name", "invoke_agent"));
  std::string event = BytesField(2, "fault.applied");
  for (int i = 0; i < 100'000; ++i) {
    event += BytesField(3, TextAttribute("llmmas.fault.decision", std::string(100, 'd')));
  }
  ProtoSpanText span{std::string(16, 'a'), std::string(8, 'b'), "", "n", 1, 2,
                     attributes + BytesField(11, event)};
  HostileRun run(ProtoTraces(BytesField(2, ProtoSpan(span))));
  REQUIRE(run.status.ok());
  const auto& faults = run.sessions.at(0).steps.at(0).faults;
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].decision.size() <= 4096);
}

TEST_CASE("Two formats in one file: what is no trace is told") {
  const std::string trace = TraceOf({R"("traceId":"a1","spanId":"b1","name":"one")"});
  HostileRun run(trace + "\n" + R"({"history":[{"role":"user","content":"hi"}]})" +
                 "\nplain words\n" + trace);
  REQUIRE(run.status.ok());
  CHECK(run.skipped.size() >= 2);  // the words, and the same span again
  CHECK(run.sessions.size() == 1);
}

}  // namespace
}  // namespace backstep::adapters
