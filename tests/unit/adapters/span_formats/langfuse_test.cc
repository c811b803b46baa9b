// What Langfuse observations used, in the shapes that its versions have had.
#include <set>

#include "backstep/recorder/adapters/langfuse/langfuse.h"
#include "backstep/tests/unit/adapters/conversations/telling.h"
#include "backstep/tests/unit/adapters/spans/reading.h"

namespace backstep::adapters {
namespace {

Usage UsageOfObservation(const std::string& members) {
  const std::string text =
      R"({"trace":{"id":"t","sessionId":null},"observations":[{"id":"a","traceId":"t",)"
      R"("parentObservationId":null,"type":"GENERATION","name":"call","startTime":)"
      R"("2025-01-01T00:00:00Z","endTime":"2025-01-01T00:00:01Z","model":"m",)" + members + "}]}";
  testing::MemorySink sink;
  REQUIRE(testing::ReadText(*MakeLangfuseImporter(), text, sink).ok());
  REQUIRE(sink.sessions.size() == 1);
  REQUIRE(sink.sessions[0].effects.size() == 1);
  return sink.sessions[0].effects[0].usage;
}

struct OldShape {
  const char* members;
  uint64_t in, out;
  double cost;
};

constexpr OldShape kOldShapes[] = {
    {R"("usageDetails":{"input":3,"output":4,"total":7},"costDetails":{"total":0.5})", 3, 4, 0.5},
    // The newest shape alone counts.
    {R"("usageDetails":{"input":3,"output":4},"usage":{"input":30,"output":40},"promptTokens":300,)"
     R"("completionTokens":400,"inputUsage":3000,"costDetails":{"total":0.5},"totalCost":5)",
     3, 4, 0.5},
    {R"("usage":{"input":30,"output":40,"total":70,"unit":"TOKENS","totalCost":0.25},)"
     R"("promptTokens":30,"completionTokens":40)",
     30, 40, 0.25},
    {R"("usage":{"promptTokens":30,"completionTokens":40},"calculatedTotalCost":0.125)", 30, 40,
     0.125},
    {R"("promptTokens":30,"completionTokens":40,"totalTokens":70,"totalCost":"0.25")", 30, 40,
     0.25},
    {R"("inputUsage":1200,"outputUsage":15,"totalUsage":1215,"inputCost":0.5,"outputCost":0.25)",
     1200, 15, 0.75},
    // Zeros stand for what was not known.
    {R"("usageDetails":{},"usage":{"input":0,"output":0,"total":0},"promptTokens":5,)"
     R"("completionTokens":6,"costDetails":{},"totalCost":0,"calculatedTotalCost":2)",
     5, 6, 2},
    {R"("usageDetails":{"input":0,"output":0},"metadata":{"attributes":)"
     R"({"gen_ai.usage.input_tokens":8,"gen_ai.usage.output_tokens":9}})",
     8, 9, 0},
    {R"("usageDetails":{"prompt_tokens":5,"completion_tokens":6})", 5, 6, 0},
    {R"("usageDetails":{"input_text":5,"input_audio":6,"output_text":7},)"
     R"("costDetails":{"input":0.25,"output":0.5})",
     11, 7, 0.75},
    {R"("usage":{"total":9},"totalTokens":9)", 9, 0, 0},
    {R"("usage":{"input":9,"output":9,"unit":"CHARACTERS"})", 0, 0, 0}};

}  // namespace

TEST_CASE("tokens and costs of Langfuse count in each shape, and never twice") {
  for (const OldShape& shape : kOldShapes) {
    INFO(shape.members);
    const Usage usage = UsageOfObservation(shape.members);
    CHECK(usage.input_tokens == shape.in);
    CHECK(usage.output_tokens == shape.out);
    CHECK(usage.cost_usd == shape.cost);
  }
}

TEST_CASE("Langfuse's published traces have the tokens that their columns add up to", "[data]") {
  for (const std::string& file : testing::RealFiles("langfuse_frameworks", ".json")) {
    INFO(file);
    Json export_ = testing::RealJson(file);
    uint64_t in = 0, out = 0;
    std::set<std::string> told_within;  // what an inner call has counted is not counted again
    for (bool more = true; more;) {
      more = false;
      for (Json& observation : export_["observations"]) {
        const bool counts =
            (observation["totalUsage"].is_number() && observation["totalUsage"] > 0) ||
            told_within.contains(observation["id"]);
        const Json& parent = observation["parentObservationId"];
        if (counts && parent.is_string() && told_within.insert(parent).second) more = true;
      }
    }
    for (const Json& observation : export_["observations"]) {
      if (told_within.contains(observation["id"])) continue;
      const auto count = [&](const char* key) {
        return observation.contains(key) && observation[key].is_number()
                   ? observation[key].get<uint64_t>()
                   : 0;
      };
      in += count("inputUsage");
      out += count("outputUsage");
    }
    testing::MemorySink sink;
    REQUIRE(testing::ReadFiles(*MakeLangfuseImporter(), {file}, sink).ok());
    Usage sum;
    for (const SessionDraft& draft : sink.sessions) {
      for (const EffectDraft& effect : draft.effects) sum += effect.usage;
    }
    CHECK(sum.input_tokens == in);
    CHECK(sum.output_tokens == out);
  }
}

}  // namespace backstep::adapters
