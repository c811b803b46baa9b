// What a trace says and cannot be: told, once a span, and the rest of the span is kept.
#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/jaeger/jaeger.h"
#include "backstep/recorder/adapters/otlp/otlp.h"
#include "backstep/tests/unit/adapters/spans/proto_writer.h"
#include "backstep/tests/unit/adapters/spans/reading.h"

namespace backstep::adapters {
namespace {

using namespace testing;

constexpr const char* kIds =
    R"("traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","name":"n")";

struct MendedRun : MemorySink {
  explicit MendedRun(const std::string& span)
      : MendedRun(*MakeOtlpImporter(),
                  R"({"resourceSpans":[{"scopeSpans":[{"spans":[{)" + span + "}]}]}]}") {}
  MendedRun(Importer& importer, const std::string& text) {
    const Status status = ReadText(importer, text, *this);
    INFO(status.ToString());
    REQUIRE(status.ok());
    REQUIRE(sessions.size() == 1);
  }
  // The one thing told; empty: none.
  std::string Told() const {
    CHECK(skipped.size() <= 1);
    return skipped.empty() ? "" : skipped[0].second;
  }
};

std::string Counted(const std::string& key, const std::string& value) {
  return std::string(kIds) +
         R"(,"attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},)" +
         R"({"key":")" + key + R"(","value":)" + value + "}]";
}

}  // namespace

TEST_CASE("a span as it should be is not told, whatever form its ids and times have") {
  CHECK(MendedRun(kIds).Told().empty());
  CHECK(MendedRun(R"("traceId":"AQIDBAUGBwgJCgsMDQ4PEA==","spanId":"AQIDBAUGBwg=","name":"n",)"
                  R"("startTimeUnixNano":"0","endTimeUnixNano":1700000000000000000)")
            .Told()
            .empty());
  CHECK(MendedRun(Counted("gen_ai.usage.input_tokens", R"({"intValue":"12"})")).Told().empty());
  CHECK(MendedRun(Counted("gen_ai.usage.input_tokens", R"({"doubleValue":12.0})")).Told().empty());
}

TEST_CASE("ids that are not as long as OTLP has them are kept and told") {
  MendedRun run(R"("traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"01",)"
                R"("parentSpanId":"xyz","name":"n")");
  CHECK(run.Told() == "its span id, kept as it is, is not of 8 bytes; "
                      "its parent's id, kept as it is, is not of 8 bytes");
  CHECK(run.sessions[0].steps.size() == 1);
}

TEST_CASE("times that cannot be are left out and told") {
  const std::string ids = std::string(kIds) + ",";
  const std::string begin = "the time at which it began is left out: it cannot be that";
  CHECK(MendedRun(ids + R"("startTimeUnixNano":-5)").Told() == begin);
  CHECK(MendedRun(ids + R"("startTimeUnixNano":"soon")").Told() == begin);
  CHECK(MendedRun(ids + R"("startTimeUnixNano":"2024-05-01T00:00:00Z")").Told() == begin);
  CHECK(MendedRun(ids + R"("startTimeUnixNano":"9223372036854775807")").Told() == begin);
  CHECK(MendedRun(ids + R"("startTimeUnixNano":18446744073709551615)").Told() == begin);
  CHECK(MendedRun(ids + R"("endTimeUnixNano":1e300)").Told() ==
        "the time at which it ended is left out: it cannot be that");
  CHECK(
      MendedRun(ids + R"("events":[{"name":"e","timeUnixNano":-1},{"name":"f","timeUnixNano":-1}])")
          .Told() == "the time of an event is left out: it cannot be that");
  MendedRun back(
      ids + R"("startTimeUnixNano":"1700000000000000009","endTimeUnixNano":"1700000000000000001")");
  CHECK(back.Told() == "it ended before it began: it has no duration");
  CHECK(back.sessions[0].notes.at(0).duration.ns == 0);
  ProtoSpanText late{std::string(16, 't'), std::string(8, 's'), "", "n", UINT64_MAX, 2, ""};
  CHECK(MendedRun(*MakeOtlpImporter(), ProtoTraces(BytesField(2, ProtoSpan(late)))).Told() ==
        begin);
  CHECK(
      MendedRun(
          *MakeJaegerImporter(),
          R"({"data":[{"traceID":"a1","spans":[{"traceID":"a1","spanID":"b1","operationName":"n",)"
          R"("startTime":1700000000000000,"duration":-7}],"processes":{}}]})")
          .Told() == "its duration is left out: it cannot be that");
}

TEST_CASE("counts of tokens that are none are left out and told") {
  const std::string key = "gen_ai.usage.output_tokens";
  for (const char* value : {R"({"intValue":"-5"})", R"({"stringValue":"-5"})"}) {
    MendedRun run(Counted(key, value));
    CHECK(run.Told() == R"(its tokens out are left out: "-5")");
    CHECK(run.sessions[0].effects.at(0).usage.output_tokens == 0);
  }
  CHECK(MendedRun(Counted(key, R"({"stringValue":"many"})")).Told() ==
        R"(its tokens out are left out: "many")");
  CHECK(MendedRun(Counted(key, R"({"intValue":"9223372036854775807"})")).Told() ==
        R"(its tokens out are left out: "9223372036854775807")");
}

TEST_CASE("what a failed call gave is kept beside its error") {
  MendedRun run(std::string(kIds) +
                R"(,"status":{"code":2,"message":"broke"},"attributes":[)"
                R"({"key":"gen_ai.operation.name","value":{"stringValue":"execute_tool"}},)"
                R"({"key":"gen_ai.tool.name","value":{"stringValue":"t"}},)"
                R"({"key":"gen_ai.tool.call.result","value":{"stringValue":"half of it"}}])");
  const SessionDraft& draft = run.sessions[0];
  REQUIRE(draft.effects.size() == 1);
  CHECK(draft.effects[0].error->message == "broke");
  CHECK_FALSE(draft.effects[0].response);
  const auto output = std::find_if(draft.notes.begin(), draft.notes.end(),
                                   [](const NoteDraft& note) { return note.category == "output"; });
  REQUIRE(output != draft.notes.end());
  CHECK(output->step == StepIndex(0));
  CHECK(run.Text(*output->kept_data) == "half of it");
}

TEST_CASE("what a step gave that nobody waited for is kept") {
  MendedRun run(
      std::string(kIds) +
      R"(,"attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"invoke_agent"}},)"
      R"({"key":"gen_ai.agent.name","value":{"stringValue":"a"}},)"
      R"({"key":"output.value","value":{"stringValue":"the answer"}}])");
  const auto& notes = run.sessions[0].notes;
  CHECK(std::any_of(notes.begin(), notes.end(), [&](const NoteDraft& note) {
    return note.category == "output" && run.Text(*note.kept_data) == "the answer";
  }));
}

}  // namespace backstep::adapters
