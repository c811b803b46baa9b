#include "backstep/recorder/faults/fault_table.h"

#include "backstep/recorder/faults/fault_actions.h"

namespace backstep::recorder {
namespace {

constexpr uint64_t kMillisMax = 366ull * 24 * 3600 * 1000;
constexpr uint64_t kCharsMax = 1ull << 40;
constexpr uint64_t kCopiesMax = 100;
constexpr uint64_t kCodeMax = 1ull << 31;

constexpr ParamInfo Delay() {
  return {"delay_ms", "ms", ParamType::kCount, true, nullptr, kMillisMax, "milliseconds"};
}
constexpr ParamInfo After() {
  return {"after_ms", nullptr, ParamType::kCount, false, "0", kMillisMax,
          "milliseconds until it fails"};
}
constexpr ParamInfo Text(const char* name, bool required, const char* meaning) {
  return {name, nullptr, ParamType::kText, required, nullptr, 0, meaning};
}
constexpr ParamInfo ErrorText() { return Text("message", false, "the error's text"); }
constexpr ParamInfo MediaType(const char* meaning) { return Text("media_type", false, meaning); }
constexpr ParamInfo Count(const char* name, const char* value, uint64_t at_most,
                          const char* meaning) {
  return {name, nullptr, ParamType::kCount, false, value, at_most, meaning};
}
constexpr ParamInfo Value() {
  return {"return_value", "value", ParamType::kValue, false, "MALFORMED_RESPONSE", 0,
          "the answer"};
}

std::vector<ActionInfo> MessageActions() {
  return {
      {"a2a.drop", kMessageHooks, true, {}, "the message is never carried, or never read",
       DropMessage},
      {"a2a.delay", kSendHook, true, {Delay()}, "the message arrives later", DelayMessage},
      {"a2a.truncate", kMessageHooks, true,
       {{"max_chars", nullptr, ParamType::kCount, true, nullptr, kCharsMax, "characters kept"}},
       "the body is cut", TruncateMessage},
      {"a2a.replace_body", kMessageHooks, true,
       {{"body", nullptr, ParamType::kValue, true, nullptr, 0, "the new body"},
        MediaType("of the new body; the original's by default, JSON for a structured body")},
       "the body is replaced", ReplaceMessage},
      {"a2a.duplicate", kSendHook, false, {Count("copies", "1", kCopiesMax, "how many more")},
       "the message is carried more than once", DuplicateMessage},
      {"a2a.instruction_loss", kMessageHooks, true, {}, "the request in the body is lost"},
      {"a2a.hallucinate", kMessageHooks, true, {}, "the body claims what is not so"},
      {"a2a.confident_wrong", kMessageHooks, true, {}, "the body claims a success"},
      {"a2a.reorder", kSendHook, false, {}, "the message overtakes an older one"},
      {"a2a.misroute", kSendHook, false, {}, "the message goes to another agent"},
      {"a2a.corrupt", kMessageHooks, false, {}, "bytes of the body are changed"},
  };
}

std::vector<ActionInfo> ToolActions() {
  return {
      {"tool.delay", kToolHook, true, {Delay()}, "the call takes longer", nullptr, DelayCall},
      {"tool.error", kToolHook, false,
       {ErrorText(), Count("code", "1", kCodeMax, "the error's code"), After()},
       "the call fails: tool_error", nullptr, FailTool},
      {"tool.timeout", kToolHook, true, {ErrorText(), After()}, "the call fails: timeout", nullptr,
       FailTimeout},
      {"tool.not_installed", kToolHook, true, {ErrorText(), After()},
       "the call fails: not_installed", nullptr, FailNotInstalled},
      {"tool.malformed_response", kToolHook, true,
       {Value(), MediaType("of the answer; by its form by default")},
       "the call is answered with what is given", nullptr, AnswerMalformed},
      {"tool.swap_result", kToolHook, true,
       {Text("mimic", true, "the tool whose answer it looks like"),
        {"value", nullptr, ParamType::kValue, true, nullptr, 0, "the answer"}},
       "the call is answered as if by another tool"},
  };
}

std::vector<ActionInfo> LlmActions() {
  return {
      {"llm.delay", kLlmHook, true, {Delay()}, "the call takes longer", nullptr, DelayCall},
      {"llm.rate_limit", kLlmHook, true,
       {ErrorText(), Count("code", "429", kCodeMax, "the error's code"),
        {"retry_after_ms", nullptr, ParamType::kCount, false, nullptr, kMillisMax,
         "when to try again, told with the error"},
        After()},
       "the call fails: rate_limit", nullptr, FailRateLimit},
      {"llm.timeout", kLlmHook, true, {ErrorText(), After()}, "the call fails: timeout", nullptr,
       FailTimeout},
      {"llm.network_error", kLlmHook, true, {ErrorText(), After()},
       "the call fails: network_error", nullptr, FailNetwork},
      {"llm.malformed_response", kLlmHook, true,
       {Value(), MediaType("of the answer; by its form by default")},
       "the call is answered with what is given", nullptr, AnswerMalformed},
      {"llm.prompt_inject", kLlmHook, true, {Text("note", true, "the note put into the prompt")},
       "a note is put into the prompt"},
      {"llm.problem_reframe", kLlmHook, true,
       {Text("alt_problem", true, "the task given instead")}, "the task is put differently"},
      {"llm.truncate", kLlmHook, false, {}, "the answer is cut"},
      {"llm.refusal", kLlmHook, false, {}, "the model refuses"},
  };
}

std::vector<ActionInfo> StepActions() {
  return {
      {"agent.crash", kStepHook, false,
       {{"message", nullptr, ParamType::kText, false, "injected crash", 0, "the error's text"}},
       "the step fails before any of it runs", nullptr, nullptr, CrashStep},
      {"agent.stale_state", kStepHook, false, {}, "the agent runs on an older state"},
      {"agent.state_patch", kStepHook, false, {}, "the agent's state is changed"},
      {"agent.profile", kStepHook, false, {}, "the agent runs under another profile"},
  };
}

std::vector<ActionInfo> MakeActions() {
  std::vector<ActionInfo> all;
  for (auto group : {MessageActions(), ToolActions(), LlmActions(), StepActions()}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

}  // namespace

const char* FaultHookName(FaultHookKind hook) {
  switch (hook) {
    case FaultHookKind::kA2aSend: return "a2a_send";
    case FaultHookKind::kA2aReceive: return "a2a_receive";
    case FaultHookKind::kToolCall: return "tool_call";
    case FaultHookKind::kLlmCall: return "llm_call";
    case FaultHookKind::kAgentStep: return "agent_step";
  }
  return "unknown";
}

const std::vector<FaultHookKind>& AllFaultHooks() {
  static const std::vector<FaultHookKind> all = {
      FaultHookKind::kA2aSend, FaultHookKind::kA2aReceive, FaultHookKind::kToolCall,
      FaultHookKind::kLlmCall, FaultHookKind::kAgentStep};
  return all;
}

std::optional<FaultHookKind> ParseFaultHook(const std::string& name) {
  for (FaultHookKind hook : AllFaultHooks()) {
    if (name == FaultHookName(hook)) return hook;
  }
  return std::nullopt;
}

const std::vector<SelectorInfo>& Selectors() {
  static const std::vector<SelectorInfo> all = {
      {"agent_id", kAllHooks, false, "the agent whose step it is: sender, receiver, or caller"},
      {"step_index", kAllHooks, true, "the index the program gave the step, else the agent clock"},
      {"phase_name", kAllHooks, false, "the innermost segment's name"},
      {"phase_order", kAllHooks, true, "that segment's place among its siblings, from 0"},
      {"source_agent_id", kMessageHooks, false, "the message's sender"},
      {"target_agent_id", kMessageHooks, false, "the message's receiver"},
      {"edge_id", kMessageHooks, false, "the edge's name; SENDER->RECEIVER where it has none"},
      {"message_id", kMessageHooks, false,
       "the id as printed (planner/12.0) or as the program gave"},
      {"channel", kMessageHooks, false, "the message's channel"},
      {"tool_name", kToolHook, false, "the tool's name"},
      {"tool_type", kToolHook, false, "the tool's type"},
      {"tool_call_id", kToolHook, false, "the id the model gave the call"},
  };
  return all;
}

const SelectorInfo* FindSelector(const std::string& key) {
  for (const SelectorInfo& selector : Selectors()) {
    if (key == selector.key) return &selector;
  }
  return nullptr;
}

const char* ParamTypeName(ParamType type) {
  switch (type) {
    case ParamType::kCount: return "whole number";
    case ParamType::kText: return "text";
    case ParamType::kValue: return "text or JSON";
  }
  return "";
}

const std::vector<ActionInfo>& Actions() {
  static const std::vector<ActionInfo> all = MakeActions();
  return all;
}

const ActionInfo* FindAction(const std::string& name) {
  for (const ActionInfo& action : Actions()) {
    if (name == action.name) return &action;
  }
  return nullptr;
}

std::string AvailableActions(HookSet hooks) {
  std::string names;
  for (const ActionInfo& action : Actions()) {
    if (!action.available() || (action.hooks & hooks) == 0) continue;
    names += (names.empty() ? "" : ", ") + std::string(action.name);
  }
  return names;
}

}  // namespace backstep::recorder
