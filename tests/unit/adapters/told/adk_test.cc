// Sessions of the Google ADK: what an event says beside its text.
#include "backstep/recorder/adapters/adk/adk.h"
#include "backstep/tests/unit/adapters/conversations/telling.h"

namespace backstep::adapters {
namespace {

SessionDraft AdkDraft(const std::string& events, testing::Told* told) {
  const auto source = Source::OfBytes("in", R"({"id":"s","events":[)" + events + "]}");
  const auto importer = MakeAdkImporter();
  REQUIRE(importer->Read(*source, *told).ok());
  testing::CheckTold(*told);
  return told->sessions.at(0);
}

const NoteDraft* NoteOf(const SessionDraft& draft, const std::string& name) {
  for (const NoteDraft& note : draft.notes) {
    if (note.name == name) return &note;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("an event of the ADK with an error is a model call that failed, in either spelling") {
  for (const char* event : {R"({"author":"a","errorCode":"SAFETY","errorMessage":"blocked"})",
                            R"({"author":"a","error_code":"SAFETY","error_message":"blocked",)"
                            R"("errorCode":null,"errorMessage":null})",
                            R"({"author":"a","error_code":null,"error_message":null,)"
                            R"("errorCode":"SAFETY","errorMessage":"blocked"})"}) {
    testing::Told told;
    const SessionDraft draft = AdkDraft(event, &told);
    REQUIRE(draft.effects.size() == 1);
    CHECK(draft.effects[0].kind == EffectKind::kLlm);
    CHECK(draft.effects[0].error == CallError{.kind = "SAFETY", .message = "blocked"});
    CHECK_FALSE(draft.effects[0].response);
    CHECK_FALSE(draft.steps.at(0).error);
  }
}

TEST_CASE("what a model of the ADK gave before it failed is kept, and its tokens count") {
  testing::Told told;
  const SessionDraft draft = AdkDraft(
      R"({"author":"a","modelVersion":"m","errorCode":"MAX_TOKENS","finishReason":"MAX_TOKENS",)"
      R"("content":{"parts":[{"text":"half"}]},"usageMetadata":{"promptTokenCount":10,)"
      R"("candidatesTokenCount":4,"thoughtsTokenCount":3,"cachedContentTokenCount":2}})",
      &told);
  REQUIRE(draft.effects.size() == 1);
  const EffectDraft& call = draft.effects[0];
  CHECK(call.name == "m");
  CHECK(call.error == CallError{.kind = "MAX_TOKENS"});
  CHECK(call.finish_reason == "MAX_TOKENS");
  CHECK(call.usage == Usage{.input_tokens = 10,
                            .output_tokens = 4,
                            .cached_tokens = 2,
                            .reasoning_tokens = 3});
  const NoteDraft* output = NoteOf(draft, "output");
  REQUIRE(output != nullptr);
  CHECK(told.Text(*output->kept_data) == R"({"parts":[{"text":"half"}]})");
}

TEST_CASE("codes of HTTP are told by their kind, why a model stopped is no failure") {
  testing::Told told;
  const SessionDraft draft = AdkDraft(
      R"({"author":"a","error_code":"429","error_message":"slow down"},)"
      R"({"author":"a","error_message":"gone"},)"
      R"({"author":"a","errorCode":"STOP","finishReason":"STOP","content":{"parts":[]}},)"
      R"({"author":"user","errorCode":"E","errorMessage":"m"},)"
      R"({"author":"a","finishReason":"SAFETY","content":{"parts":[{"text":"x"}]}})",
      &told);
  REQUIRE(draft.effects.size() == 4);
  CHECK(draft.effects[0].error == CallError{"rate_limit", 429, "slow down", {}});
  CHECK(draft.effects[1].error == CallError{.kind = "unknown", .message = "gone"});
  CHECK_FALSE(draft.effects[2].error);
  CHECK(draft.effects[3].finish_reason == "SAFETY");
  REQUIRE(draft.steps.at(3).error);
  CHECK(draft.steps[3].error->kind == "E");
  CHECK(draft.steps[3].error->message == "m");
}

TEST_CASE("tools and code that fail in a session of the ADK are calls that failed") {
  testing::Told told;
  const SessionDraft draft = AdkDraft(
      R"({"author":"a","content":{"parts":[{"functionCall":{"id":"1","name":"f","args":{}}},)"
      R"({"functionCall":{"id":"2","name":"g","args":{}}},{"executableCode":{"code":"1/0"}}]}},)"
      R"({"author":"a","content":{"parts":[{"codeExecutionResult":{"outcome":"OUTCOME_FAILED",)"
      R"("output":"ZeroDivisionError"}},{"functionResponse":{"id":"1","name":"f","response":)"
      R"({"error":"no such city"}}},{"functionResponse":{"id":"2","name":"g","response":)"
      R"({"error":null,"rows":3}}}]}})",
      &told);
  REQUIRE(draft.effects.size() == 3);
  CHECK(draft.effects[0].error == CallError{.kind = "tool_error", .message = "no such city"});
  REQUIRE(draft.effects[1].response);
  CHECK(told.Text(*draft.effects[1].response) == R"({"error":null,"rows":3})");
  CHECK(draft.effects[2].name == "code_execution");
  REQUIRE(draft.effects[2].error);
  CHECK(draft.effects[2].error->message == "OUTCOME_FAILED: ZeroDivisionError");
  CHECK(told.skipped.empty());
}

TEST_CASE("what an event of the ADK asks of its session is an event of the step") {
  testing::Told told;
  const SessionDraft draft = AdkDraft(
      R"({"author":"a","interrupted":true,"longRunningToolIds":["c1"],"branch":"root.a",)"
      R"("partial":false,)"
      R"("actions":{"escalate":true,"stateDelta":{"x":1},"artifactDelta":{},)"
      R"("skipSummarization":false}})",
      &told);
  std::vector<std::string> names;
  for (const NoteDraft& note : draft.notes) {
    names.push_back(note.name + "=" + told.Text(note.kept_data.value()));
    CHECK(note.step == StepIndex(0));
  }
  CHECK(names == std::vector<std::string>{"interrupted=true", "branch=root.a",
                                          R"(long_running_tool_ids=["c1"])",
                                          R"(state_delta={"x":1})", "escalate=true"});
  CHECK(draft.effects.empty());
}

TEST_CASE("what an event of the ADK names as null it does not say") {
  testing::Told told;
  const SessionDraft draft = AdkDraft(
      R"({"author":"a","errorCode":null,"errorMessage":null,"usageMetadata":null,)"
      R"("finishReason":null,"longRunningToolIds":null,"content":{"parts":[{"text":"hi",)"
      R"("functionCall":null,"functionResponse":null,"executableCode":null,)"
      R"("codeExecutionResult":null}]},"actions":{"transferToAgent":null,"stateDelta":null}})",
      &told);
  CHECK(draft.effects.empty());
  CHECK(draft.notes.empty());
  CHECK(draft.agents.size() == 1);
  CHECK(draft.messages.empty());
  CHECK(told.skipped.empty());
}

}  // namespace backstep::adapters
