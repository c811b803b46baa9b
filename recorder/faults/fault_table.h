// What a fault file may say, as data: hooks, selectors, actions and their parameters. Internal.
//
// A new action is one row of Actions() and one function in fault_actions.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backstep/recorder/faults/fault_plan.h"
#include "backstep/schemas/call.h"
#include "backstep/schemas/message.h"

namespace backstep::recorder {

// A set of hooks: bit (1 << FaultHookKind).
using HookSet = uint8_t;
constexpr HookSet HookBit(FaultHookKind hook) { return HookSet(1u << static_cast<unsigned>(hook)); }
inline constexpr HookSet kSendHook = HookBit(FaultHookKind::kA2aSend);
inline constexpr HookSet kReceiveHook = HookBit(FaultHookKind::kA2aReceive);
inline constexpr HookSet kToolHook = HookBit(FaultHookKind::kToolCall);
inline constexpr HookSet kLlmHook = HookBit(FaultHookKind::kLlmCall);
inline constexpr HookSet kStepHook = HookBit(FaultHookKind::kAgentStep);
inline constexpr HookSet kMessageHooks = kSendHook | kReceiveHook;
inline constexpr HookSet kAllHooks = kMessageHooks | kToolHook | kLlmHook | kStepHook;

const std::vector<FaultHookKind>& AllFaultHooks();
std::optional<FaultHookKind> ParseFaultHook(const std::string& name);

struct SelectorInfo {
  const char* key;
  HookSet hooks;        // where it means something
  bool number = false;  // a count or a range
  const char* meaning;
};
const std::vector<SelectorInfo>& Selectors();
const SelectorInfo* FindSelector(const std::string& key);

enum class ParamType : uint8_t { kCount, kText, kValue };  // kValue: text, or any JSON
const char* ParamTypeName(ParamType type);

struct ParamInfo {
  const char* name;
  const char* other_name;     // also accepted; nullptr: none
  ParamType type;
  bool required;
  const char* default_value;  // nullptr: absent
  uint64_t at_most;           // kCount
  const char* meaning;
};

// What a fault does to a message. Nothing of it set: the fault changes nothing here, and is
// neither counted nor recorded.
struct MessageChange {
  bool drop = false;
  DurationNs delay;
  uint32_t copies = 0;
  std::optional<Body> body;
  std::string decision;  // in words, for the record
  bool Any() const { return drop || delay.ns > 0 || copies > 0 || body.has_value(); }
};

// What a fault does to a call: waits, then answers instead of it or lets it run.
struct CallChange {
  DurationNs delay;
  std::optional<CallResult> answer;
  std::string decision;
};

using MessageAction = MessageChange (*)(const FaultSpec& spec, const Message& message);
using CallAction = CallChange (*)(const FaultSpec& spec, const CallRequest& request);
using StepAction = std::string (*)(const FaultSpec& spec);  // the error's message

struct ActionInfo {
  const char* name;
  HookSet hooks;                  // that it can serve
  bool upstream;                  // llmmas-otel has it
  std::vector<ParamInfo> params;
  const char* meaning;
  MessageAction on_message = nullptr;
  CallAction on_call = nullptr;
  StepAction on_step = nullptr;
  // False: a known word that this version cannot do.
  bool available() const { return on_message || on_call || on_step; }
};
const std::vector<ActionInfo>& Actions();
const ActionInfo* FindAction(const std::string& name);
// The available actions that serve one of `hooks`, as "a, b, c".
std::string AvailableActions(HookSet hooks);

}  // namespace backstep::recorder
