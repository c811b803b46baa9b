// What models used, in the words of each provider.
#include "backstep/recorder/adapters/conversations/usage.h"
#include "backstep/recorder/adapters/cassettes/cassettes.h"
#include "backstep/recorder/adapters/deerflow/deerflow.h"
#include "backstep/recorder/adapters/openai_traces/openai_traces.h"
#include "backstep/recorder/adapters/openhands/openhands.h"
#include "backstep/tests/unit/adapters/conversations/telling.h"

namespace backstep::adapters {
namespace {

struct ToldUsage {
  const char* text;
  uint64_t in, out, cached, reasoning;
};

constexpr ToldUsage kToldUsages[] = {
    {R"({"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":)"
     R"({"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}})", 10, 5, 4, 2},
    {R"({"input_tokens":10,"output_tokens":5,"input_tokens_details":{"cached_tokens":4},)"
     R"("output_tokens_details":{"reasoning_tokens":2}})", 10, 5, 4, 2},
    {R"({"input_tokens":10,"output_tokens":5,"cache_read_input_tokens":4})", 10, 5, 4, 0},
    {R"({"input_tokens":10,"output_tokens":5,"total_tokens":15,"input_token_details":)"
     R"({"cache_read":4},"output_token_details":{"reasoning":2}})", 10, 5, 4, 2},
    {R"({"promptTokenCount":10,"candidatesTokenCount":5,"cachedContentTokenCount":4,)"
     R"("thoughtsTokenCount":2})", 10, 5, 4, 2},
    {R"({"prompt_token_count":10,"candidates_token_count":5,"thoughts_token_count":)"
     R"(2})", 10, 5, 0, 2},
    {R"({"inputTokens":10,"outputTokens":5,"cacheReadInputTokens":4})", 10, 5, 4, 0},
    {R"({"promptTokens":10,"completionTokens":5})", 10, 5, 0, 0},
    {R"({"billed_units":{"input_tokens":1,"output_tokens":1},"tokens":{"input_tokens":10,)"
     R"("output_tokens":5}})", 10, 5, 0, 0},
    {R"({"prompt_eval_count":10,"eval_count":5})", 10, 5, 0, 0},
    {R"({"prompt_tokens":0,"input_tokens":10,"completion_tokens":null,)"
     R"("output_tokens":5})", 10, 5, 0, 0},
    {R"({"prompt_tokens":-1,"completion_tokens":"many"})", 0, 0, 0, 0},
    {R"([1])", 0, 0, 0, 0}};

// The sum over the model calls of what an importer makes of a text.
Usage SumOfModels(std::unique_ptr<Importer> importer, const std::string& text, size_t* calls) {
  testing::Told told;
  const auto source = Source::OfBytes("in", text);
  Status status = importer->Read(*source, told);
  if (status.ok()) status = importer->Finish(told);
  INFO(status.ToString());
  REQUIRE(status.ok());
  testing::CheckTold(told);
  Usage sum;
  *calls = 0;
  for (const SessionDraft& draft : told.sessions) {
    *calls += testing::CallsOf(draft, EffectKind::kLlm);
    for (const EffectDraft& effect : draft.effects) sum += effect.usage;
  }
  return sum;
}

}  // namespace

TEST_CASE("tokens are counted in the words of every provider") {
  for (const ToldUsage& told : kToldUsages) {
    INFO(told.text);
    CHECK(UsageOfModel(*ParseJson(told.text)) == Usage{.input_tokens = told.in,
                                                       .output_tokens = told.out,
                                                       .cached_tokens = told.cached,
                                                       .reasoning_tokens = told.reasoning});
  }
}

TEST_CASE("every importer counts tokens that stand under an older or another name") {
  const Usage seven{.input_tokens = 7, .output_tokens = 3};
  size_t calls = 0;
  // LangChain's message without its own count, and without the model's name.
  for (const char* said :
       {R"("usage_metadata":{"input_tokens":7,"output_tokens":3})",
        R"("response_metadata":{"token_usage":{"prompt_tokens":7,"completion_tokens":3}})",
        R"("usage_metadata":null,"response_metadata":{"model":"claude","usage":)"
        R"({"input_tokens":7,"output_tokens":3}})",
        R"("response_metadata":{"model":"llama","prompt_eval_count":7,"eval_count":3})"}) {
    INFO(said);
    CHECK(
        SumOfModels(
            MakeLangGraphThreadImporter(),
            R"({"values":{"messages":[{"type":"human","content":"h"},{"type":"ai","content":"a",)" +
                std::string(said) + "}]}}",
            &calls) == seven);
    CHECK(calls == 1);
  }
  CHECK(SumOfModels(MakeLangGraphStreamImporter(),
                    "event: message_chunk\ndata: "
                    "{\"thread_id\":\"t\",\"id\":\"1\",\"agent\":\"a\",\"content\":"
                    "\"x\",\"usage_metadata\":{\"input_tokens\":7,\"output_tokens\":1}}\n\n"
                    "event: message_chunk\ndata: "
                    "{\"thread_id\":\"t\",\"id\":\"1\",\"agent\":\"a\",\"content\":"
                    "\"y\",\"usage_metadata\":{\"input_tokens\":0,\"output_tokens\":2}}\n\n",
                    &calls) == seven);
  CHECK(calls == 1);
  for (const char* said :
       {R"("response":{"message":{},"prompt_eval_count":7,"eval_count":3})",
        R"("response":{"message":{},"usage":{"inputTokens":7,"outputTokens":3}})",
        R"("response":{"text":"","meta":{"tokens":{"input_tokens":7,"output_tokens":3}}})"}) {
    INFO(said);
    CHECK(
        SumOfModels(
            MakeLlmHttpImporter(),
            R"({"method":"POST","uri":"http://h/api/chat","request":{"model":"m"},"status":200,)" +
                std::string(said) + "}",
            &calls) == seven);
  }
  CHECK(SumOfModels(
            MakeOpenAiTracesImporter(),
            R"({"object":"trace","id":"t"})"
            "\n"
            R"({"object":"trace.span","id":"s","trace_id":"t","started_at":"2025-01-01T00:00:00Z",)"
            R"("ended_at":"2025-01-01T00:00:01Z","span_data":{"type":"generation","model":"m",)"
            R"("usage":{"prompt_tokens":7,"completion_tokens":3}}})",
            &calls) == seven);
}

TEST_CASE("what OpenHands tells of a whole run alone counts at its last model call") {
  size_t calls = 0;
  const std::string events =
      R"("history":[{"id":1,"source":"agent","action":"run","args":{}},)"
      R"({"id":2,"source":"environment","observation":"run","cause":1,"content":"c"}])";
  CHECK(SumOfModels(MakeOpenHandsImporter(),
                    R"({"instance_id":"i",)" + events + R"(,"metrics":{"accumulated_cost":0.5,)"
                    R"("accumulated_token_usage":{"prompt_tokens":7,"completion_tokens":3}}})",
                    &calls) == Usage{.input_tokens = 7, .output_tokens = 3, .cost_usd = 0.5});
  CHECK(calls == 1);
  CHECK(SumOfModels(
            MakeOpenHandsImporter(),
            R"({"instance_id":"i",)" + events +
                R"(,"metrics":{"accumulated_cost":0.5,"token_usages":)"
                R"([{"response_id":"r","model":"m","prompt_tokens":7,"completion_tokens":3}],)"
                R"("accumulated_token_usage":{"prompt_tokens":7,"completion_tokens":3}}})",
            &calls) == Usage{.input_tokens = 7, .output_tokens = 3, .cost_usd = 0.5});
  CHECK(calls == 1);
}

}  // namespace backstep::adapters
