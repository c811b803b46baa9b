#include <fstream>
#include <sstream>

#include "backstep/recorder/faults/fault_plan.h"
#include "backstep/recorder/faults/fault_table.h"
#include "backstep/tests/support/catch.h"

using namespace backstep;
using namespace backstep::recorder;

namespace {

FaultPlan Load(const std::string& text, std::vector<std::string>* warnings = nullptr) {
  std::vector<std::string> own;
  auto plan = FaultPlan::Parse(text, "f.yaml", warnings ? warnings : &own);
  INFO(plan.status().ToString());
  REQUIRE(plan.ok());
  if (warnings == nullptr) CHECK(own.empty());
  return *plan;
}

std::string ErrorOf(const std::string& text) {
  std::vector<std::string> warnings;
  auto plan = FaultPlan::Parse(text, "f.yaml", &warnings);
  REQUIRE_FALSE(plan.ok());
  CHECK(plan.status().code() == StatusCode::kInvalidArgument);
  return plan.status().message();
}

// A fault of our own form with the given further lines.
std::string Native(const std::string& hook, const std::string& action,
                   const std::string& more = "") {
  return "backstep: 1\nfaults:\n  - id: f\n    hook: " + hook + "\n    action: " + action + "\n" +
         more;
}

std::string Foreign(const std::string& hook, const std::string& action,
                    const std::string& more = "") {
  return Native(hook, action, more).substr(std::string("backstep: 1\n").size());
}

}  // namespace

TEST_CASE("The published delay specs load word for word") {
  const FaultPlan llm = Load(R"(
faults:
  - id: A1_LLM_DELAY
    hook: llm_call
    selector:
      phase_name: planning
    action:
      type: llm.delay
      params:
        delay_ms: 1000
    limits:
      probability: 1.0
      max_times: 1
)");
  REQUIRE(llm.faults().size() == 1);
  const FaultSpec& spec = llm.faults()[0];
  CHECK(spec.id == "A1_LLM_DELAY");
  CHECK(spec.hooks == std::vector<FaultHookKind>{FaultHookKind::kLlmCall});
  CHECK(spec.params.at("delay_ms") == "1000");
  CHECK(spec.times_max == 1u);
  CHECK(spec.probability == 1.0);
  CHECK(spec.line == 3);
  const FaultPlan message = Load(R"(
faults:
  - id: A2_A2A_DELAY
    hook: a2a_send
    selector:
      phase_name: planning
      source_agent_id: Planner
      target_agent_id: Coder
    action: {type: a2a.delay, params: {ms: 1000}}
)");
  CHECK(message.faults()[0].selectors.size() == 3);
  CHECK(message.faults()[0].params.at("delay_ms") == "1000");
}

TEST_CASE("A JSON file, a bare list and an empty file load as llmmas-otel has them") {
  const FaultPlan json = Load(R"([{"id": "F03", "hooks": ["tool_call"], "description": "d",
    "selector": {"tool_name": "code_search", "step_index": 3, "channel": null},
    "action": {"type": "tool.malformed_response", "params": {"return_value": {"a": [1, "x"]}}},
    "limits": {"probability": 0.5}}])");
  const FaultSpec& spec = json.faults()[0];
  CHECK(spec.params.at("return_value") == R"({"a":[1,"x"]})");
  CHECK(spec.selectors.size() == 2);
  CHECK(spec.probability == 0.5);
  std::vector<std::string> warnings;
  CHECK(Load("", &warnings).empty());
  CHECK(warnings.size() == 1);
}

TEST_CASE("Every action of llmmas-otel loads with its parameters") {
  const std::vector<std::pair<std::string, std::string>> actions = {
      {"a2a_send", "{type: a2a.drop}"},
      {"a2a_send", "{type: a2a.delay, params: {ms: 5}}"},
      {"a2a_receive", "{type: a2a.truncate, params: {max_chars: 80}}"},
      {"a2a_send", "{type: a2a.replace_body, params: {body: hello}}"},
      {"a2a_send", "{type: a2a.instruction_loss}"},
      {"a2a_send", "{type: a2a.hallucinate}"},
      {"a2a_send", "{type: a2a.confident_wrong}"},
      {"tool_call", "{type: tool.not_installed}"},
      {"tool_call", "{type: tool.timeout}"},
      {"tool_call", "{type: tool.delay, params: {delay_ms: 5}}"},
      {"tool_call", "{type: tool.malformed_response, params: {value: x}}"},
      {"tool_call", "{type: tool.swap_result, params: {mimic: grep, value: x}}"},
      {"llm_call", "{type: llm.malformed_response, params: {value: '{bad'}}"},
      {"llm_call", "{type: llm.rate_limit}"},
      {"llm_call", "{type: llm.timeout}"},
      {"llm_call", "{type: llm.network_error}"},
      {"llm_call", "{type: llm.delay, params: {ms: 5}}"},
      {"llm_call", "{type: llm.prompt_inject, params: {note: x}}"},
      {"llm_call", "{type: llm.problem_reframe, params: {alt_problem: x}}"},
  };
  for (const auto& [hook, action] : actions) {
    INFO(action);
    std::vector<std::string> warnings;
    const FaultPlan plan = Load(Foreign(hook, action), &warnings);
    REQUIRE(plan.faults().size() == 1);
    // What this version cannot do says so and is never injected.
    CHECK(plan.faults()[0].hooks.empty() == !warnings.empty());
  }
}

TEST_CASE("A slip of the keyboard is refused in every file, with line and nearest name") {
  for (const bool native : {true, false}) {
    auto error = [&](const std::string& hook, const std::string& action, const std::string& more) {
      return ErrorOf(native ? Native(hook, action, more) : Foreign(hook, action, more));
    };
    const std::string line = native ? "f.yaml:7" : "f.yaml:6";
    CHECK(error("a2a_send", "{type: a2a.drop}", "    selector:\n      agnt_id: x\n") ==
          line + ": unknown selector 'agnt_id'; nearest is 'agent_id'");
    CHECK(error("a2a_send", "{type: a2a.dorp}", "").find(
              "unknown action 'a2a.dorp'; nearest is 'a2a.drop'") != std::string::npos);
    CHECK(error("a2a_sned", "{type: a2a.drop}", "").find(
              "unknown hook 'a2a_sned'; nearest is 'a2a_send'") != std::string::npos);
    CHECK(error("a2a_send", "{type: a2a.truncate, params: {max_char: 3}}", "").find(
              "unknown parameter 'max_char'; nearest is 'max_chars'") != std::string::npos);
    CHECK(error("a2a_send", "{type: a2a.drop}", "    limits: {max_time: 3}\n").find(
              "unknown limit 'max_time'; nearest is 'max_times'") != std::string::npos);
    CHECK(error("a2a_send", "{type: a2a.drop}", "    selctor: {agent_id: x}\n").find(
              "unknown key 'selctor'; nearest is 'selector'") != std::string::npos);
    CHECK(error("a2a_send", "{type: a2a.drop}", "falts: []\n").find("nearest is 'faults'") !=
          std::string::npos);
  }
}

TEST_CASE(
    "What llmmas-otel takes and cannot be honoured warns there and is an error in our files") {
  const std::vector<std::array<std::string, 4>> cases = {
      {"tool_call", "{type: a2a.drop}", "", "cannot serve tool_call"},
      {"a2a_receive", "{type: a2a.delay, params: {ms: 1}}", "", "cannot serve a2a_receive"},
      {"llm_call", "{type: llm.timeout}", "    selector: {tool_name: x}\n",
       "says nothing on llm_call"},
      {"llm_call", "{type: llm.timeout}", "    selector: {favourite_colour: x}\n",
       "unknown selector"},
      {"llm_call", "{type: llm.timeout}", "    owner_team: x\n", "unknown key"},
      {"llm_call", "{type: llm.prompt_inject, params: {note: x}}", "",
       "is not available in this version; available on this hook: llm.delay, llm.rate_limit"},
  };
  for (const auto& [hook, action, more, words] : cases) {
    INFO(action << more);
    CHECK(ErrorOf(Native(hook, action, more)).find(words) != std::string::npos);
    std::vector<std::string> warnings;
    Load(Foreign(hook, action, more), &warnings);
    REQUIRE(warnings.size() == 1);
    CHECK(warnings[0].find(words) != std::string::npos);
    CHECK(warnings[0].find("f.yaml:") == 0);
  }
  std::vector<std::string> warnings;
  const FaultPlan some =
      Load("faults: [{id: f, hooks: [a2a_send, tool_call], action: {type: a2a.drop}}]", &warnings);
  CHECK(some.faults()[0].hooks == std::vector<FaultHookKind>{FaultHookKind::kA2aSend});
}

TEST_CASE("A word of ours that this version cannot do is refused, and not as unknown") {
  for (const auto& text : {Native("a2a_send", "{type: a2a.reorder}"),
                           Foreign("a2a_send", "{type: a2a.reorder}")}) {
    CHECK(ErrorOf(text).find("action 'a2a.reorder' is not available in this version; available on "
                             "this hook: a2a.drop, a2a.delay") != std::string::npos);
  }
}

TEST_CASE("Wrong values are refused") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {Native("a2a_send", "{type: a2a.delay}"), "needs the parameter 'delay_ms'"},
      {Native("a2a_send", "{type: a2a.delay, params: {ms: soon}}"), "whole number"},
      {Native("a2a_send", "{type: a2a.delay, params: {ms: -1}}"), "whole number"},
      {Native("a2a_send", "{type: a2a.delay, params: {ms: 99999999999999}}"), "whole number"},
      {Native("a2a_send", "{type: a2a.drop}", "    limits: {probability: 1.5}\n"), "from 0 to 1"},
      {Native("a2a_send", "{type: a2a.drop}", "    limits: {probability: nan}\n"), "from 0 to 1"},
      {Native("a2a_send", "{type: a2a.drop}", "    limits: {max_times: 0}\n"), "from 1"},
      {Native("a2a_send", "{type: a2a.drop}", "    selector: {step_index: 7..3}\n"), "range"},
      {Native("a2a_send", "{type: a2a.drop}", "    selector: {step_index: x}\n"), "range"},
      {Native("a2a_send", "{type: a2a.drop}", "    selector: {agent_id: [a, b]}\n"), "one value"},
      {Native("a2a_send", "{type: a2a.drop}", "    hidden: maybe\n"), "true or false"},
      {"backstep: 2\nfaults: []\n", "'backstep' must be 1"},
      {"backstep: 1\n", "no 'faults'"},
      {"faults: {}\n", "must be a list, not a map"},
      {"faults: [3]\n", "a fault must be a map"},
      {"just words\n", "expected 'faults'"},
      {"faults: [{id: a, hook: a2a_send, action: a2a.drop}]", "needs an 'action'"},
      {"faults: [{hook: a2a_send, action: {type: a2a.drop}}]", "needs an 'id'"},
      {"faults: [{id: a, action: {type: a2a.drop}}]", "needs a 'hook'"},
  };
  for (const auto& [text, words] : cases) {
    INFO(text);
    const std::string error = ErrorOf(text);
    INFO(error);
    CHECK(error.find(words) != std::string::npos);
    CHECK(error.find("f.yaml:") == 0);
  }
}

TEST_CASE("Two faults of one id are refused at the second") {
  CHECK(ErrorOf("faults:\n- {id: a, hook: a2a_send, action: {type: a2a.drop}}\n"
                "- {id: a, hook: a2a_send, action: {type: a2a.drop}}\n") ==
        "f.yaml:3: a second fault with the id 'a'");
}

TEST_CASE("Our additions load: hidden, globs, ranges, structured bodies") {
  const FaultPlan plan = Load(Native("a2a_send",
                                     "{type: a2a.replace_body, params: {body: {k: [1]}}}",
                                     "    hidden: true\n"
                                     "    selector: {agent_id: 'plan*', step_index: 3..7}\n"));
  const FaultSpec& spec = plan.faults()[0];
  CHECK(spec.hidden);
  CHECK(spec.params.at("body") == R"({"k":[1]})");
  CHECK(spec.params.at("media_type") == "application/json");
  CHECK(spec.selectors[1].pattern == "3..7");
}

TEST_CASE("The page on faults names every hook, selector, action and parameter") {
  std::ifstream file(std::string(BACKSTEP_SOURCE_DIR) + "/docs/faults.md");
  std::stringstream buffer;
  buffer << file.rdbuf();
  const std::string page = buffer.str();
  REQUIRE_FALSE(page.empty());
  auto row = [&](const std::string& start) {
    const size_t at = page.find("| " + start);
    INFO(start);
    CHECK(at != std::string::npos);
    return at == std::string::npos ? std::string() : page.substr(at, page.find('\n', at) - at);
  };
  for (FaultHookKind hook : AllFaultHooks()) row("`" + std::string(FaultHookName(hook)) + "`");
  for (const SelectorInfo& selector : Selectors()) {
    CHECK(row("`" + std::string(selector.key) + "`").find(selector.meaning) != std::string::npos);
  }
  for (const ActionInfo& action : Actions()) {
    const std::string line = row("`" + std::string(action.name) + "`");
    INFO(line);
    CHECK(line.find(action.meaning) != std::string::npos);
    CHECK((line.find("not yet") == std::string::npos) == action.available());
    for (FaultHookKind hook : AllFaultHooks()) {
      const bool serves = (action.hooks & HookBit(hook)) != 0;
      CHECK((line.find("`" + std::string(FaultHookName(hook)) + "`") != std::string::npos) ==
            serves);
    }
    for (const ParamInfo& param : action.params) {
      CHECK(line.find("`" + std::string(param.name) + "`") != std::string::npos);
    }
  }
}
