#include "backstep/recorder/adapters/llmmas/llmmas.h"

#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/ordering/check_draft.h"
#include "backstep/tests/unit/adapters/spans/reading.h"

namespace backstep::adapters {
namespace {

using namespace testing;
using Files = std::vector<std::pair<std::string, std::string>>;

std::string LlmmasSpan(const std::string& id, const std::string& parent, const std::string& name,
                       int at, const std::string& attributes, const std::string& events = "") {
  return R"({"name":")" + name + R"(","trace_id":"00000000000000000000000000000abc","span_id":")" +
         id + R"(","parent_span_id":)" + (parent.empty() ? "null" : '"' + parent + '"') +
         R"(,"kind":"INTERNAL","start_time_unix_nano":1700000000)" + std::to_string(10 + at) +
         R"(0000000,"end_time_unix_nano":1700000000)" + std::to_string(11 + at) +
         R"(0000000,"attributes":{)" + attributes + R"(},"events":[)" + events +
         R"(],"status":{"status_code":"StatusCode.UNSET","description":"None"}})";
}

// Two messages of one id: the program numbers them anew in each of its processes.
const std::string kHandover =
    R"("llmmas.source_agent.id":"Planner","llmmas.target_agent.id":"Coder",)"
    R"("llmmas.edge.id":"Planner->Coder",)"
    R"("llmmas.channel":"tasks","llmmas.message.id":"msg-0001",)";

std::string Spans() {
  return R"({"spans":[)" +
         LlmmasSpan("0000000000000005", "0000000000000003", "send Planner->Coder", 2,
                    kHandover + R"("llmmas.message.sha256":"s1","llmmas.message.preview":"first",)"
                                R"("llmmas.fault.injected":true)",
                    R"({"name":"fault.applied","timestamp_unix_nano":1700000000012000000,)"
                    R"("attributes":)"
                    R"({"llmmas.fault.spec_id":"F1","llmmas.fault.type":"a2a.delay",)"
                    R"("llmmas.fault.decision":"delay","delay_ms":10}})") + "," +
         LlmmasSpan("0000000000000006", "0000000000000003", "send Planner->Coder", 3,
                    kHandover + R"("llmmas.message.sha256":"s2",)"
                                R"("llmmas.message.preview":"second")") + "," +
         LlmmasSpan("0000000000000003", "0000000000000002", "agent_step", 1,
                    R"("llmmas.agent.id":"Planner","llmmas.step.index":0)") + "," +
         LlmmasSpan("0000000000000002", "0000000000000001", "llmmas.workflow.segment", 1,
                    R"("llmmas.segment.name":"planning","llmmas.segment.order":0)") + "," +
         LlmmasSpan("0000000000000008", "0000000000000007", "process Planner->Coder", 5,
                    kHandover + R"("llmmas.message.sha256":"s2")") + "," +
         LlmmasSpan("0000000000000007", "0000000000000001", "agent_step", 5,
                    R"("llmmas.agent.id":"Coder","llmmas.step.index":0)") + "," +
         LlmmasSpan("0000000000000001", "", "llmmas.session", 0,
                    R"("llmmas.session.id":"demo::One")") + "]}";
}

std::string MessageLine(const std::string& direction, const std::string& hash,
                        const std::string& body) {
  return R"({"session_id":"demo::One","segment":{"name":"planning","order":0},"direction":")" +
         direction + R"(","message_id":"msg-0001","sha256":")" + hash +
         R"(","source_agent_id":"Planner","target_agent_id":"Coder","edge_id":"Planner->Coder",)"
         R"("channel":"tasks","body":")" +
         body + R"(","dropped":false})" + "\n";
}

const std::string kMessages = MessageLine("send", "s1", "the first, whole") +
                              MessageLine("send", "s2", "the second, whole") +
                              MessageLine("receive", "s2", "the second, whole");

struct LlmmasRun : MemorySink {
  explicit LlmmasRun(const Files& files) {
    const backstep::testing::TempDir folder;
    std::vector<std::string> paths;
    for (const auto& [name, text] : files) paths.push_back(WriteTo(folder / name, text));
    status = ReadFiles(*MakeLlmmasImporter(), paths, *this);
  }
  Status status;
};

std::string Without(std::string text, const std::string& part) {
  for (size_t at; (at = text.find(part)) != text.npos;) text.erase(at, part.size());
  return text;
}

TEST_CASE("Lines of messages without a hash come in, those without a direction are told") {
  const std::string send = Without(MessageLine("send", "s1", "whole"), R"("sha256":"s1",)");
  const std::string receive = Without(MessageLine("receive", "s1", "whole"), R"("sha256":"s1",)");
  CHECK(DetectText(*MakeLlmmasImporter(), send) == 98);
  LlmmasRun alone({{"messages_r01.jsonl", send + receive}});
  REQUIRE(alone.status.ok());
  REQUIRE(alone.sessions.at(0).messages.size() == 1);
  CHECK(alone.Text(alone.sessions[0].messages[0].body) == "whole");
  CHECK(alone.sessions[0].messages[0].taken_by);
  CHECK(alone.skipped.empty());

  LlmmasRun beside({{"traces_r01.json", Spans()}, {"messages_r01.jsonl", send}});
  REQUIRE(beside.status.ok());
  CHECK(beside.Text(beside.sessions.at(0).messages.at(0).body) == "whole");
  CHECK(beside.skipped.empty());

  const std::string nowhere = Without(MessageLine("send", "s1", "x"), R"("direction":"send",)");
  CHECK(DetectText(*MakeLlmmasImporter(), nowhere) == 98);
  LlmmasRun mixed({{"messages_r01.jsonl", nowhere + send}});
  REQUIRE(mixed.status.ok());
  REQUIRE(mixed.skipped.size() == 1);
  CHECK(mixed.skipped[0].first.line == 1);
  CHECK_FALSE(LlmmasRun({{"messages_r01.jsonl", nowhere}}).status.ok());
}

TEST_CASE("Messages of one id are told apart by their hash, and their bodies come from beside") {
  for (bool messages_first : {false, true}) {
    Files files = {{"traces_r01.json", Spans()}, {"messages_r01.jsonl", kMessages}};
    if (messages_first) std::swap(files[0], files[1]);
    LlmmasRun run(files);
    REQUIRE(run.status.ok());
    CHECK(run.skipped.empty());
    REQUIRE(run.sessions.size() == 1);
    const SessionDraft& draft = run.sessions[0];
    CHECK(draft.name == "demo::One");
    REQUIRE(draft.steps.size() == 2);
    REQUIRE(draft.segments.size() == 1);
    CHECK(draft.steps[0].segment);
    REQUIRE(draft.messages.size() == 2);
    CHECK(run.Text(draft.messages[0].body) == "the first, whole");
    CHECK(!draft.messages[0].taken_by);
    CHECK(run.Text(draft.messages[1].body) == "the second, whole");
    CHECK(draft.messages[1].taken_by == StepIndex(1));
    REQUIRE(draft.steps[0].faults.size() == 1);
    CHECK(draft.steps[0].faults[0].spec_id == "F1");
    CHECK(draft.steps[0].faults[0].hook == "a2a_send");
    CHECK(draft.steps[0].faults[0].decision == "delay delay_ms=10");
  }
}

TEST_CASE("A message is taken by the step it is taken in, whatever it calls that agent") {
  std::string spans = Spans();
  const std::string agent = R"("llmmas.agent.id":"Coder")";
  spans.replace(spans.find(agent), agent.size(), R"("llmmas.agent.id":"coder-1")");
  LlmmasRun run(Files{{"traces_r01.json", spans}});
  REQUIRE(run.status.ok());
  REQUIRE(run.sessions.size() == 1);
  SessionDraft draft = run.sessions[0];
  CHECK(CheckDraft(&draft).ok());
  CHECK(draft.messages[1].taken_by == StepIndex(1));
}

TEST_CASE("Two runs that call their sessions the same stay two") {
  std::string other = Spans();
  for (size_t at = 0; (at = other.find("000abc", at)) != std::string::npos;) {
    other.replace(at, 6, "000def");
  }
  LlmmasRun run(Files{{"traces_r01.json", Spans()}, {"traces_r02.json", other}});
  REQUIRE(run.status.ok());
  CHECK(run.sessions.size() == 2);
}

TEST_CASE("Messages without spans are a run of their own") {
  LlmmasRun run(Files{{"messages_r01.jsonl", kMessages}});
  REQUIRE(run.status.ok());
  REQUIRE(run.sessions.size() == 1);
  CHECK(run.sessions[0].agents.size() == 2);
  CHECK(run.sessions[0].messages.size() == 2);
  CHECK(run.sessions[0].messages[1].taken_by);
}

TEST_CASE("A log of phases becomes segments and steps") {
  LlmmasRun run(
      Files{{"trace.jsonl",
             R"({"timestamp":1700000000.5,"phase":"Design","from_agent":"System","to_agent":"All",)"
             R"("message_type":"system_start","message_content":"go","tool_calls":[]})"
             "\n"
             R"({"timestamp":1700000001.5,"phase":"Design","from_agent":"CEO","to_agent":"CTO",)"
             R"("message_type":"say","message_content":"build","tool_calls":[]})"
             "\n"
             R"({"timestamp":1700000002.5,"phase":"Code","from_agent":"CTO","to_agent":"CEO",)"
             R"("message_type":"say","message_content":"done","tool_calls":[]})"
             "\n"
             "{}\n"}});
  REQUIRE(run.status.ok());
  CHECK(run.skipped.size() == 1);
  REQUIRE(run.sessions.size() == 1);
  CHECK(run.sessions[0].segments.size() == 2);
  CHECK(run.sessions[0].steps.size() == 3);
  REQUIRE(run.sessions[0].messages.size() == 2);
  CHECK(run.sessions[0].messages[0].taken_by == StepIndex(2));
}

// What the files hold, counted without the importer.
struct Counted {
  size_t sessions = 0, segments = 0, steps = 0, calls = 0, sends = 0, faults = 0;
};
Counted CountSpans(const std::string& path) {
  Counted counted;
  const Json json = *ParseJson(*(*Source::Open(path))->ReadAll());
  for (const Json& span : json.at("spans")) {
    const std::string name = span.at("name");
    counted.sessions += name == "llmmas.session";
    counted.segments += name == "llmmas.workflow.segment";
    counted.steps += name == "agent_step";
    counted.calls += name.rfind("inference", 0) == 0;
    counted.sends += name.rfind("send ", 0) == 0;
    for (const Json& event : span.at("events")) {
      counted.faults += event.at("name") == "fault.applied";
    }
  }
  return counted;
}

TEST_CASE("The real runs of llmmas-otel come in with the counts of their files") {
  if (TestData().empty()) {
    WARN("not run: BACKSTEP_TEST_DATA is not set");
    return;
  }
  for (const std::string& path : FilesIn(TestData() + "/llmmas_otel", ".json")) {
    INFO(path);
    const Counted expected = CountSpans(path);
    std::vector<std::string> paths = {path};
    std::string messages = path;
    messages.replace(messages.rfind("traces_"), 7, "messages_");
    if (std::filesystem::exists(messages + "l")) paths.push_back(messages + "l");
    MemorySink sink;
    REQUIRE(ReadFiles(*MakeLlmmasImporter(), paths, sink).ok());
    Counted found;
    for (const SessionDraft& draft : sink.sessions) {
      ++found.sessions;
      found.segments += draft.segments.size();
      found.steps += draft.steps.size();
      found.calls += draft.effects.size();
      found.sends += draft.messages.size();
      for (const StepDraft& step : draft.steps) found.faults += step.faults.size();
      for (const MessageDraft& message : draft.messages) {
        CHECK(message.taken_by);
        if (paths.size() == 2) CHECK(message.body.size > 200);  // whole, and no preview
      }
    }
    CHECK(found.sessions == expected.sessions);
    CHECK(found.segments == expected.segments);
    CHECK(found.steps == expected.steps);
    CHECK(found.calls == expected.calls);
    CHECK(found.sends == expected.sends);
    CHECK(found.faults == expected.faults);
  }
}

}  // namespace
}  // namespace backstep::adapters
