// What a log says and cannot be: told, once a record, and the rest of the record is kept.
#include "backstep/recorder/adapters/adk/adk.h"
#include "backstep/recorder/adapters/cassettes/cassettes.h"
#include "backstep/recorder/adapters/inspect/inspect.h"
#include "backstep/recorder/adapters/openhands/openhands.h"
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

}  // namespace

TEST_CASE("times and counts of tokens that cannot be are left out of a log and told") {
  CHECK(ToldOf(MakeAdkImporter(),
               R"({"id":"s","events":[{"invocation_id":"v","author":"a","timestamp":-3,)"
               R"("usage_metadata":{"prompt_token_count":-1,"candidates_token_count":4}},)"
               R"({"author":"b","timestamp":1700000000.5,"usage_metadata":{"prompt_token_count":7}}]})") ==
        Reasons{"events[0]: timestamp is left out: -3; prompt_token_count is left out: -1"});
  CHECK(ToldOf(MakeOpenHandsImporter(),
               R"([{"id":1,"source":"agent","action":"run","args":{},"timestamp":"yesterday"},)"
               R"({"id":2,"source":"agent","action":"run","args":{},"timestamp":"2025-02-01T00:00:00"}])") ==
        Reasons{R"(history[0]: timestamp is left out: "yesterday")"});
  CHECK(ToldOf(MakeLlmHttpImporter(),
               R"({"method":"POST","uri":"http://h/v1/chat/completions","request":{"model":"m"},)"
               R"("status":200,"response":{"choices":[],"usage":{"prompt_tokens":"many"}}})") ==
        Reasons{R"(prompt_tokens is left out: "many")"});
}

TEST_CASE("an event of a log that ended before it began is told, and what a failed call gave is kept") {
  testing::Told told;
  const auto inspect = MakeInspectImporter();
  const Reasons reasons = ToldOf(
      *inspect, R"({"version":2,"status":"s","eval":{"task":"t"},"samples":[{"id":1,"events":[)"
      R"({"event":"tool","function":"f","timestamp":"2025-02-01T00:00:05","completed":)"
      R"("2025-02-01T00:00:01","error":{"type":"t","message":"m"},"result":"half"}]}]})",
      &told);
  REQUIRE(told.sessions.size() == 1);
  const SessionDraft& draft = told.sessions[0];
  CHECK(reasons == Reasons{draft.name + ": events[0]: it ended before it began: it has no duration"});
  CHECK(draft.effects.at(0).error);
  CHECK_FALSE(draft.effects.at(0).response);
  const NoteDraft& output = draft.notes.at(0);
  CHECK(output.category == "output");
  CHECK(told.Text(*output.kept_data) == "half");
}

}  // namespace backstep::adapters
