#include "backstep/recorder/adapters/jaeger/jaeger.h"

#include "backstep/tests/unit/adapters/spans/reading.h"

namespace backstep::adapters {
namespace {

using namespace testing;

const std::string kJaeger =
    R"({"data":[{"traceID":"5b8efff798038103d269b633813fc60c","spans":[)"
    R"({"traceID":"5b8efff798038103d269b633813fc60c","spanID":"eee19b7ec3c1b173",)"
    R"("operationName":"agent",)"
    R"("references":[],"startTime":1700000000000000,"duration":2000,"tags":[)"
    R"({"key":"openinference.span.kind","type":"string","value":"AGENT"},)"
    R"({"key":"agent.name","type":"string","value":"Solo"},)"
    R"({"key":"error","type":"bool","value":true}],)"
    R"("logs":[{"timestamp":1700000000001000,"fields":[{"key":"event","type":"string",)"
    R"("value":"exception"},)"
    R"({"key":"exception.type","type":"string","value":"Oops"},)"
    R"({"key":"exception.message","type":"string","value":"it broke"}]}],"processID":"p1"},)"
    R"({"traceID":"5b8efff798038103d269b633813fc60c","spanID":"eee19b7ec3c1b174",)"
    R"("operationName":"lookup",)"
    R"("references":[{"refType":"CHILD_OF","traceID":"5b8efff798038103d269b633813fc60c",)"
    R"("spanID":"eee19b7ec3c1b173"}],)"
    R"("startTime":1700000000000500,"duration":100,"tags":[)"
    R"({"key":"openinference.span.kind","type":"string","value":"TOOL"},)"
    R"({"key":"input.value","type":"string","value":"x"},{"key":"n","type":"int64","value":4}],)"
    R"("logs":[],"processID":"p1"}],"processes":{"p1":{"serviceName":"solo-service","tags":[]}}}],)"
    R"("total":0})";

TEST_CASE("Jaeger's spans, tags, logs and processes make the same run as any trace") {
  MemorySink sink;
  const auto importer = MakeJaegerImporter();
  CHECK(DetectText(*importer, kJaeger) == 95);
  REQUIRE(ReadText(*importer, kJaeger, sink).ok());
  CHECK(sink.skipped.empty());
  REQUIRE(sink.sessions.size() == 1);
  const SessionDraft& draft = sink.sessions[0];
  REQUIRE(draft.steps.size() == 1);
  CHECK(draft.agents[0].name == "Solo");
  REQUIRE(draft.steps[0].error);
  CHECK(draft.steps[0].error->kind == "Oops");
  CHECK(draft.steps[0].error->message == "it broke");
  CHECK(draft.steps[0].began.ns == 1700000000000000000);
  CHECK(draft.steps[0].ended.ns == 1700000000002000000);
  REQUIRE(draft.effects.size() == 1);
  CHECK(draft.effects[0].name == "lookup");
  CHECK(draft.effects[0].duration.ns == 100000);
  CHECK(draft.outcome.kind == Outcome::Kind::kFailed);
  bool service = false;
  for (const auto& [key, value] : draft.metadata) {
    service = service || value.find("solo-service") != std::string::npos;
  }
  CHECK(service);
}

TEST_CASE("A file of Jaeger without a whole span is refused") {
  MemorySink sink;
  CHECK(ReadText(*MakeJaegerImporter(), kJaeger.substr(0, 200), sink).code() ==
        StatusCode::kCorruption);
}

}  // namespace
}  // namespace backstep::adapters
