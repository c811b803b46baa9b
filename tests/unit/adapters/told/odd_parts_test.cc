// What a log says and cannot be: told, once a record, and the rest of the record is kept.
#include "backstep/recorder/adapters/adk/adk.h"
#include "backstep/recorder/adapters/cassettes/cassettes.h"
#include "backstep/recorder/adapters/inspect/inspect.h"
#include "backstep/recorder/adapters/generative_agents/generative_agents.h"
#include "backstep/recorder/adapters/llmmas/llmmas.h"
#include "backstep/recorder/adapters/mast/mast.h"
#include "backstep/recorder/adapters/openhands/openhands.h"
#include "backstep/recorder/adapters/swe_agent/swe_agent.h"
#include "backstep/recorder/adapters/who_when/who_when.h"
#include "backstep/tests/unit/adapters/conversations/telling.h"

namespace backstep::adapters {
namespace {

// What is told of a file, without its name.
std::vector<std::string> ToldOf(Importer& importer, const std::string& text, testing::Told* told) {
  const auto source = Source::OfBytes("in", text);
  Status status = importer.Read(*source, *told);
  if (status.ok()) status = importer.Finish(*told);
  INFO(status.ToString());
  REQUIRE(status.ok());
  testing::CheckTold(*told);
  std::vector<std::string> reasons;
  for (const std::string& reason : told->skipped) reasons.push_back(reason.substr(4));
  return reasons;
}
std::vector<std::string> ToldOf(std::unique_ptr<Importer> importer, const std::string& text) {
  testing::Told told;
  return ToldOf(*importer, text, &told);
}

using Reasons = std::vector<std::string>;

constexpr char kPhaseLine[] =
    R"({"phase":"p","from_agent":"a","to_agent":"b","message_content":"m","timestamp":)";

}  // namespace

TEST_CASE("times that cannot be are told of every log, and the rest of the record comes in") {
  testing::Told phases;
  CHECK(ToldOf(*MakeLlmmasImporter(),
               std::string(kPhaseLine) + "\"2025-01-01T00:00:00\"}\n" + kPhaseLine + "-5}\n" +
                   kPhaseLine + "\"9999-01-01T00:00:00\"}\n",
               &phases) ==
        Reasons{"timestamp is left out: -5", R"(timestamp is left out: "9999-01-01T00:00:00")"});
  CHECK(phases.sessions.at(0).steps.size() == 3);
  testing::Told town;
  const std::string told =
      ToldOf(*MakeGenerativeAgentsImporter(),
             "# 20240213-06:00\n\n## 活动记录：\n\n### 甲\n位置：a\n活动：b\n\n"
             "# 99990213-06:10\n\n## 活动记录：\n\n### 甲\n位置：c\n活动：d\n",
             &town)
          .at(0);
  CHECK(told == "the time is left out: it cannot be that: \"# 99990213-06:10\"");
  REQUIRE(town.sessions.at(0).segments.size() == 2);
  CHECK(town.sessions[0].steps.at(1).began.ns == 0);
  CHECK(town.sessions[0].steps[1].segment == SegmentIndex(1));
  testing::Told log;
  const std::string content =
      R"(2025-01-12 14:40:01.446 | INFO     | m:f:1 - A(R): to do W(W)\nx\n)"
      R"(1925-01-12 14:40:01.446 | INFO     | m:f:1 - B(R): to do V(V)\ny)";
  CHECK(
      ToldOf(*MakeMastImporter(), R"({"run_id":1,"prompt":"p","content":")" + content + "\"}", &log)
          .at(0)
          .starts_with("content: the time is left out: it cannot be that: \"1925-01-12"));
  CHECK(log.sessions.at(0).steps.size() == 2);
}

TEST_CASE("durations that cannot be are told and left out") {
  const auto swe = [](const std::string& seconds) {
    return ToldOf(
        MakeSweAgentImporter(),
        R"({"trajectory":[{"action":"ls","observation":"o","execution_time":)" + seconds + "}]}");
  };
  CHECK(swe("1.5").empty());
  CHECK(swe("0").empty());
  CHECK(swe("null").empty());
  CHECK(swe("-1") == Reasons{"trajectory[0]: execution_time is left out: -1"});
  CHECK(swe("\"nan\"") == Reasons{R"(trajectory[0]: execution_time is left out: "nan")"});
  CHECK(swe("1e300") == Reasons{"trajectory[0]: execution_time is left out: 1e+300"});
  CHECK(
      ToldOf(MakeOpenHandsImporter(),
             R"({"instance_id":"i","history":[{"id":1,"source":"agent","action":"run","args":{}}],)"
             R"("metrics":{"token_usages":[{"response_id":"r","model":"m","prompt_tokens":1}],)"
             R"("response_latencies":[{"response_id":"r","latency":-2.5}]}})") ==
      Reasons{"a latency in \"metrics\": latency is left out: -2.5"});
}

TEST_CASE("a mistake's step counts with blanks around it, and what is no step is told") {
  const auto annotated = [](const std::string& step, testing::Told* told) {
    return ToldOf(*MakeWhoWhenImporter(),
                  R"({"history":[{"role":"a","content":"x"},{"role":"b","content":"y"}],)"
                  R"("mistake_agent":"b","mistake_step":)" +
                      step + "}",
                  told);
  };
  for (const char* step : {"\" 1 \"", "\"1\"", "1", "\"1\\n\"", "1.0"}) {
    INFO(step);
    testing::Told told;
    CHECK(annotated(step, &told).empty());
    CHECK(told.sessions.at(0).notes.at(0).step == StepIndex(1));
  }
  for (const char* step : {"\"1.5\"", "-1", "2", "\"one\"", "\" \""}) {
    INFO(step);
    testing::Told told;
    CHECK(annotated(step, &told).size() == 1);
    CHECK_FALSE(told.sessions.at(0).notes.at(0).step);
  }
}

TEST_CASE("times and counts of tokens that cannot be are left out of a log and told") {
  CHECK(ToldOf(MakeAdkImporter(),
               R"({"id":"s","events":[{"invocation_id":"v","author":"a","timestamp":-3,)"
               R"("usage_metadata":{"prompt_token_count":-1,"candidates_token_count":4}},)"
               R"({"author":"b","timestamp":1700000000.5,"usage_metadata":{"prompt_token_count":)"
               R"(7}}]})") ==
        Reasons{"events[0]: timestamp is left out: -3; prompt_token_count is left out: -1"});
  CHECK(ToldOf(MakeOpenHandsImporter(),
               R"([{"id":1,"source":"agent","action":"run","args":{},"timestamp":"yesterday"},)"
               R"({"id":2,"source":"agent","action":"run","args":{},)"
               R"("timestamp":"2025-02-01T00:00:00"}])") ==
        Reasons{R"(history[0]: timestamp is left out: "yesterday")"});
  CHECK(ToldOf(MakeLlmHttpImporter(),
               R"({"method":"POST","uri":"http://h/v1/chat/completions","request":{"model":"m"},)"
               R"("status":200,"response":{"choices":[],"usage":{"prompt_tokens":"many"}}})") ==
        Reasons{R"(prompt_tokens is left out: "many")"});
}

TEST_CASE(
    "an event of a log that ended before it began is told, and what a failed call gave is kept") {
  testing::Told told;
  const auto inspect = MakeInspectImporter();
  const Reasons reasons = ToldOf(
      *inspect, R"({"version":2,"status":"s","eval":{"task":"t"},"samples":[{"id":1,"events":[)"
      R"({"event":"tool","function":"f","timestamp":"2025-02-01T00:00:05","completed":)"
      R"("2025-02-01T00:00:01","error":{"type":"t","message":"m"},"result":"half"}]}]})",
      &told);
  REQUIRE(told.sessions.size() == 1);
  const SessionDraft& draft = told.sessions[0];
  CHECK(reasons ==
        Reasons{draft.name + ": events[0]: it ended before it began: it has no duration"});
  CHECK(draft.effects.at(0).error);
  CHECK_FALSE(draft.effects.at(0).response);
  const NoteDraft& output = draft.notes.at(0);
  CHECK(output.category == "output");
  CHECK(told.Text(*output.kept_data) == "half");
}

}  // namespace backstep::adapters
