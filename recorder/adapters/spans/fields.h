// What attribute keys mean: the one table of them. docs/import.md shows it to people.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace backstep::adapters {

// What a span can say of itself. Of several keys that say the same the one that stands first in the
// table counts: Backstep's and llmmas-otel's own, then gen_ai.*, OpenInference, then the tools'.
enum class Field : uint8_t {
  kSession, kUser, kSegmentName, kSegmentOrder,
  kAgentName, kAgentId, kAgentRole, kStepIndex,
  kNode, kNodeStep, kGraphNode, kGraphParent,
  kModel, kProvider, kFinishReason, kParameters, kTools, kSystem,
  kInputTokens, kOutputTokens, kCachedTokens, kReasoningTokens, kCost, kFirstTokenS, kFirstTokenMs,
  kInputMessages, kOutputMessages, kInput, kOutput,
  kToolName, kToolCallId, kToolType, kToolInput, kToolOutput,
  kSource, kTarget, kEdge, kChannel, kMessageId, kMessageHash, kMessageBody, kMessageType, kDropped,
  kFault, kFaultType, kFaultSpec, kFaultDecision,
  kErrorType, kErrorText, kSuccess, kMetadata,
  kCount
};

// Keys that end in numbers and names: a list of messages or tools, flattened.
enum class Family : uint8_t { kPrompts, kCompletions, kInputs, kOutputs, kToolSchemas, kCount };

enum class SpanRole : uint8_t {
  kOther,      // the program's own: kept as a span
  kSession,    // a whole run
  kSegment,    // a phase or workflow
  kAgent,      // one activation of an agent
  kLlm, kTool, kRetriever,
  kSend,       // a message that leaves
  kReceive,    // a message that is taken, and with it the activation where it names the agent
  kHandoff,
};

struct FieldRule {
  std::string_view key;
  Field field;
  uint16_t rank;  // smaller counts first
};

// Null: nothing is known of that key.
const FieldRule* FindField(std::string_view key);
// The list that a key belongs to, and what stands behind it ("0.role"); nothing: none.
std::optional<Family> FindFamily(std::string_view key, std::string_view* rest);
// `key` without the name of the tool that handed a program's own property on
// ("traceloop.association.properties.", "langfuse.observation.metadata.", …); empty: none of
// these.
std::string_view PropertyOf(std::string_view key);
// What the word a key holds says of the span, with the rank of that key; nothing: nothing.
struct RoleRule {
  std::string_view key, word;
  SpanRole role;
  uint16_t rank;
};
const RoleRule* FindRole(std::string_view key, std::string_view word);

}  // namespace backstep::adapters
