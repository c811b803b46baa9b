// Files that are cut off, garbled, or deep: every importer ends with a status, and what it told by
// then holds together.
#include <random>

#include "backstep/tests/support/effort.h"
#include "backstep/tests/unit/adapters/conversations/telling.h"
#include "backstep/tests/unit/adapters/core/packed.h"

namespace backstep::adapters {
namespace {

const std::vector<std::string> kSeeds = {
    R"({"is_correct":false,"question":"q","question_ID":"i","history":[{"content":"a","role":)"
    R"j("Orchestrator (-> W)"},{"content":["b",{"text":"c"}],"role":"W","name":7},{"role":"x"}],)j"
    R"("mistake_step":"1","mistake_agent":"W","mistake_reason":"r","system_prompt":{"W":"s"}})",
    R"({"task_id":1,"reward":0.5,"traj":[{"role":"system","content":"p","index":1},{"role":)"
    R"("assistant","content":null,"tool_calls":[{"id":"c","function":{"name":"f",)"
    R"("arguments":"{}"}}]},)"
    R"({"role":"tool","tool_call_id":"c","content":"x"},{"role":"user","content":"u"}]})",
    R"({"method":"POST","uri":"http://h/v1/chat/completions",)"
    R"("request":{"messages":[{"role":"user",)"
    R"("content":[{"type":"text","text":"t"}]}],"model":"m"},"status":200,)"
    R"("response":"data: {\"choices\")"
    R"(:[{\"delta\":{\"content\":\"x\"}}]}\n\n"})",
    R"([{"mode":"create","messages":[{"content":"a","type":"UserMessage","source":"U"}],)"
    R"("response":)"
    R"({"content":[{"id":"1","name":"n","arguments":"{}"}],"usage":{"prompt_tokens":-5}}}])",
    R"({"instance_id":"i","problem_statement":"p","other_data":{"correct":[1]},"trajectory":[)"
    R"("HyperAgent_x - INFO - Planner's Response: a","Action:","```python","f._run(","```"],)"
    R"("note":)"
    R"({"text":"t","options":{"m":"yes"}}})",
    R"({"instance_id":"i","problem_statement":"p","other_data":{},)"
    R"("trajectory":{"0":[{"role":"user",)"
    R"("content":"a"}],"1":[{"role":"assistant","content":"b"}]}})",
    R"({"run_id":1,"prompt":"p","content":"2025-01-12 14:40:01.446 | INFO     | m:f:1 - A(R):)"
    R"( to do W(W)\nx"})",
    R"({"metadata":{"id":"t","parent_id":"t","n_added_steps":1},)"
    R"("steps":[{"metadata":{"agent":"A/B",)"
    R"("prompt_id":"p"},"kind":"call","agent_name":"C"},{"kind":"x_action"},)"
    R"({"kind":"y_observation"}]})",
    "event: tool_calls\ndata: "
    "{\"thread_id\":\"t\",\"id\":\"1\",\"agent\":\"a\",\"tool_calls\":[{\"name\":"
    "\"handoff_to_b\",\"id\":\"c\"}],\"tool_call_chunks\":[{\"args\":\"{\",\"id\":\"c\",\"index\":"
    "0}]}\n\n"
    "event: tool_call_result\ndata: {\"thread_id\":\"t\",\"id\":\"2\",\"tool_call_id\":\"c\"}\n\n",
    R"({"values":{"messages":[{"type":"human","content":"h"},{"type":"ai",)"
    R"("tool_calls":[{"id":"c"}]},)"
    R"({"type":"tool","tool_call_id":"c"}]},"next":[],"checkpoint":{}})",
    R"({"trajectory":[{"action":"a b","observation":"o","state":"{\"x\":1}",)"
    R"("execution_time":1e300}],)"
    R"("history":[{"role":"user","content":"u","agent":"m"}],)"
    R"("info":{"model_stats":{"tokens_sent":1}}})",
    R"([{"id":1,"source":"agent","action":"run","args":{},"timestamp":"2025-02-01"},{"id":2,)"
    R"("source":)"
    R"("environment","observation":"error","cause":1,"content":"c"}])",
    R"({"version":2,"status":"s","eval":{"task":"t"},"samples":[{"id":1,"events":[{"event":"step",)"
    R"("action":"begin","name":"n"},{"event":"sample_init","state":{"a":[1]}},{"event":"state",)"
    R"("changes":[{"op":"move","from":"/a","path":"/b"}]},{"event":"model","output":{}},{"event":)"
    R"("tool","events":[{"event":"info"}]}],"scores":{"s":{"value":1}}}]})",
    R"({"id":"s","events":[{"invocation_id":"v","author":"a","content":{"parts":[{"function_call":)"
    R"({"name":"transfer_to_x","args":{"agent_name":"b"}}}]}},{"author":"b"}]})",
    "# 基础人设\n\n## 甲\n\n年龄：1\n\n# 20240213-06:00\n\n## 活动记录：\n\n### "
    "甲\n位置：a\n活动：b\n\n"
    "## 对话记录：\n\n### 甲 -> 乙 @ c\n\n`甲`\n> d\n"};

// Lets whoever takes it for theirs read it.
void TellAny(const std::string& bytes) {
  for (const auto& importer : AllImporters()) {
    if (testing::SureOf(*importer, bytes.substr(0, 64 << 10)) == 0) continue;
    INFO(importer->info().name << ": " << bytes.substr(0, 2000));
    testing::Told told;
    const auto source = Source::OfBytes("seed", bytes);
    Status status = importer->Read(*source, told);
    if (status.ok()) status = importer->Finish(told);
    if (!status.ok()) CHECK_FALSE(status.message().empty());
    testing::CheckTold(told);
  }
}

std::string Garbled(std::string bytes, std::mt19937& random) {
  const auto place = [&] { return random() % (bytes.size() + 1); };
  switch (random() % 5) {
    case 0:
      return bytes.substr(0, place());
    case 1:
      for (int i = 0; i < 3 && !bytes.empty(); ++i) {
        bytes[random() % bytes.size()] = static_cast<char>(random());
      }
      return bytes;
    case 2: {  // a piece of it once more, elsewhere
      const size_t from = place();
      return bytes.insert(place(), bytes.substr(from, random() % 60));
    }
    case 3: {  // a value of another kind
      const char* const values[] = {"null", "-1", "[]", "{}", "1e999", "\"\\ud800\"", "[[[[]]]]"};
      const size_t quote = bytes.find(':', place());
      if (quote == std::string::npos) return bytes;
      const size_t end = bytes.find_first_of(",}", quote);
      if (end == std::string::npos) return bytes;
      return bytes.replace(quote + 1, end - quote - 1, values[random() % 7]);
    }
    default:
      bytes.erase(place(), random() % 20);
      return bytes;
  }
}

}  // namespace

TEST_CASE("every seed is taken by an importer, whole") {
  for (const std::string& seed : kSeeds) {
    INFO(seed);
    int sure = 0;
    for (const auto& importer : AllImporters()) {
      sure = std::max(sure, testing::SureOf(*importer, seed));
    }
    CHECK(sure >= 60);
    TellAny(seed);
  }
}

TEST_CASE("garbled files end in a status and never in a draft that contradicts itself") {
  std::mt19937 random(20260101);
  const int rounds = backstep::testing::IsLong() ? 20'000 : backstep::testing::kSanitized ? 20 : 60;
  for (const std::string& seed : kSeeds) {
    for (int i = 0; i < rounds; ++i) {
      std::string bytes = Garbled(seed, random);
      for (size_t more = random() % 3; more > 0; --more) bytes = Garbled(bytes, random);
      TellAny(bytes);
    }
  }
}

TEST_CASE("a value a hundred thousand brackets deep is refused by every importer of JSON") {
  const std::string deep(100'000, '[');
  for (const char* front : {R"({"history":[{"role":"human","content":)", R"({"task_id":1,"traj":)",
                            R"({"instance_id":"i","problem_statement":"p","other_data":)",
                            R"({"id":"s","events":[{"author":"a","invocation_id":)"}) {
    TellAny(front + deep);
  }
}

}  // namespace backstep::adapters
