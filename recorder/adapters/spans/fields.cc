#include "backstep/recorder/adapters/spans/fields.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_map>

namespace backstep::adapters {
namespace {

struct KeyRow {
  std::string_view key;
  Field field;
};

// In order of precedence within a field.
constexpr KeyRow kKeys[] = {
    {"backstep.session.id", Field::kSession}, {"llmmas.session.id", Field::kSession},
    {"session.id", Field::kSession}, {"gen_ai.conversation.id", Field::kSession},
    {"langfuse.session.id", Field::kSession}, {"scope.agentic.session", Field::kSession},
    {"session_id", Field::kSession}, {"thread_id", Field::kSession},
    {"gen_ai.thread.id", Field::kSession}, {"langsmith.metadata.session_id", Field::kSession},
    {"langgraph.thread_id", Field::kSession}, {"gcp.vertex.agent.session_id", Field::kSession},
    {"langwatch.thread.id", Field::kSession}, {"execution.id", Field::kSession},
    {"user.id", Field::kUser}, {"enduser.id", Field::kUser}, {"langfuse.user.id", Field::kUser},
    {"user_id", Field::kUser},
    {"llmmas.segment.name", Field::kSegmentName}, {"traceloop.workflow.name", Field::kSegmentName},
    {"workflow.name", Field::kSegmentName}, {"gen_ai.workflow.name", Field::kSegmentName},
    {"llmmas.segment.order", Field::kSegmentOrder},

    {"backstep.agent.name", Field::kAgentName}, {"llmmas.agent.id", Field::kAgentName},
    {"gen_ai.agent.name", Field::kAgentName}, {"agent.name", Field::kAgentName},
    {"agent_name", Field::kAgentName}, {"crewai.agent.role", Field::kAgentName},
    {"agent_role", Field::kAgentName}, {"crewai.agent.name", Field::kAgentName},
    {"openai.agent.name", Field::kAgentName}, {"recipient_agent_type", Field::kAgentName},
    {"agent_id", Field::kAgentName},
    {"ai.telemetry.functionId", Field::kAgentName},
    {"gen_ai.agent.id", Field::kAgentId}, {"agent.id", Field::kAgentId},
    {"crewai.agent.id", Field::kAgentId},
    {"llmmas.agent.role", Field::kAgentRole}, {"gen_ai.agent.description", Field::kAgentRole},
    {"crewai.agent.goal", Field::kAgentRole}, {"agent.role", Field::kAgentRole},
    {"recipient_agent_class", Field::kAgentRole},
    {"llmmas.step.index", Field::kStepIndex},
    {"langgraph_node", Field::kNode}, {"langgraph.node", Field::kNode},
    {"gen_ai.langgraph.node", Field::kNode}, {"koog.node.name", Field::kNode},
    {"langgraph_step", Field::kNodeStep}, {"langgraph.step", Field::kNodeStep},
    {"graph.node.name", Field::kGraphNode}, {"graph.node.id", Field::kGraphNode},
    {"graph.node.parent_id", Field::kGraphParent},

    {"gen_ai.request.model", Field::kModel}, {"gen_ai.response.model", Field::kModel},
    {"llm.model_name", Field::kModel}, {"embedding.model_name", Field::kModel},
    {"ai.model.id", Field::kModel}, {"ls_model_name", Field::kModel},
    {"langfuse.observation.model.name", Field::kModel}, {"llm.request.model", Field::kModel},
    {"model_name", Field::kModel},
    {"gen_ai.provider.name", Field::kProvider}, {"gen_ai.system", Field::kProvider},
    {"llm.provider", Field::kProvider}, {"llm.system", Field::kProvider},
    {"ai.model.provider", Field::kProvider}, {"ls_provider", Field::kProvider},
    {"entity.1.provider_name", Field::kProvider},
    {"gen_ai.response.finish_reasons", Field::kFinishReason},
    {"gen_ai.completion.0.finish_reason", Field::kFinishReason},
    {"ai.response.finishReason", Field::kFinishReason}, {"finish_reason", Field::kFinishReason},
    {"llm.invocation_parameters", Field::kParameters},
    {"langfuse.observation.model.parameters", Field::kParameters},
    {"gen_ai.tool.definitions", Field::kTools}, {"ai.prompt.tools", Field::kTools},
    {"gen_ai.system_instructions", Field::kSystem}, {"system_prompt", Field::kSystem},
    {"langfuse.usage.input", Field::kInputTokens},
    {"gen_ai.usage.input_tokens", Field::kInputTokens},
    {"gen_ai.usage.prompt_tokens", Field::kInputTokens},
    {"llm.token_count.prompt", Field::kInputTokens}, {"ai.usage.promptTokens", Field::kInputTokens},
    {"ai.usage.inputTokens", Field::kInputTokens}, {"llm.usage.prompt_tokens", Field::kInputTokens},
    {"prompt_tokens", Field::kInputTokens},
    {"langfuse.usage.output", Field::kOutputTokens},
    {"gen_ai.usage.output_tokens", Field::kOutputTokens},
    {"gen_ai.usage.completion_tokens", Field::kOutputTokens},
    {"llm.token_count.completion", Field::kOutputTokens},
    {"ai.usage.completionTokens", Field::kOutputTokens},
    {"ai.usage.outputTokens", Field::kOutputTokens},
    {"llm.usage.completion_tokens", Field::kOutputTokens},
    {"completion_tokens", Field::kOutputTokens},
    {"gen_ai.usage.cache_read.input_tokens", Field::kCachedTokens},
    {"gen_ai.usage.cache_read_input_tokens", Field::kCachedTokens},
    {"gen_ai.usage.cached_tokens", Field::kCachedTokens},
    {"llm.token_count.prompt_details.cache_read", Field::kCachedTokens},
    {"ai.usage.cachedInputTokens", Field::kCachedTokens},
    {"langfuse.usage.input_cached_tokens", Field::kCachedTokens},
    {"langfuse.usage.input_cache_read", Field::kCachedTokens},
    {"langfuse.usage.cache_read_input_tokens", Field::kCachedTokens},
    {"langfuse.usage.prompt_details.cache_read", Field::kCachedTokens},
    {"langfuse.usage.output_reasoning_tokens", Field::kReasoningTokens},
    {"langfuse.usage.output_reasoning", Field::kReasoningTokens},
    {"langfuse.usage.completion_details.reasoning", Field::kReasoningTokens},
    {"gen_ai.usage.reasoning.output_tokens", Field::kReasoningTokens},
    {"gen_ai.usage.reasoning_tokens", Field::kReasoningTokens},
    {"llm.token_count.completion_details.reasoning", Field::kReasoningTokens},
    {"gen_ai.usage.cost", Field::kCost}, {"llm.cost.total", Field::kCost},
    {"langfuse.observation.cost_details.total", Field::kCost},
    {"gen_ai.response.time_to_first_chunk", Field::kFirstTokenS},
    {"gen_ai.server.time_to_first_token", Field::kFirstTokenMs},
    {"ai.response.msToFirstChunk", Field::kFirstTokenMs},

    {"gen_ai.input.messages", Field::kInputMessages},
    {"gen_ai.output.messages", Field::kOutputMessages},
    {"backstep.input", Field::kInput}, {"ai.prompt.messages", Field::kInput},
    {"gcp.vertex.agent.llm_request", Field::kInput}, {"input.value", Field::kInput},
    {"traceloop.entity.input", Field::kInput}, {"ioa_observe.entity.input", Field::kInput},
    {"langfuse.observation.input", Field::kInput}, {"ai.prompt", Field::kInput},
    {"langwatch.input", Field::kInput}, {"mlflow.spanInputs", Field::kInput},
    {"agentops.entity.input", Field::kInput}, {"pydantic_ai.all_messages", Field::kInput},
    {"all_messages_events", Field::kInput}, {"gen_ai.prompt", Field::kInput},
    {"gen_ai.prompt_json", Field::kInput}, {"llmmas.llm.input", Field::kInput},
    {"llmmas.llm.input.preview", Field::kInput}, {"message", Field::kInput},
    {"input", Field::kInput},
    {"backstep.output", Field::kOutput}, {"ai.response.text", Field::kOutput},
    {"gcp.vertex.agent.llm_response", Field::kOutput}, {"output.value", Field::kOutput},
    {"traceloop.entity.output", Field::kOutput}, {"ioa_observe.entity.output", Field::kOutput},
    {"langfuse.observation.output", Field::kOutput}, {"ai.response.object", Field::kOutput},
    {"ai.response.toolCalls", Field::kOutput}, {"langwatch.output", Field::kOutput},
    {"mlflow.spanOutputs", Field::kOutput}, {"agentops.entity.output", Field::kOutput},
    {"final_result", Field::kOutput}, {"gen_ai.completion", Field::kOutput},
    {"gen_ai.completion_json", Field::kOutput}, {"llmmas.llm.output", Field::kOutput},
    {"llmmas.llm.output.preview", Field::kOutput}, {"output", Field::kOutput},

    {"llmmas.tool.name", Field::kToolName}, {"gen_ai.tool.name", Field::kToolName},
    {"tool.name", Field::kToolName}, {"tool_name", Field::kToolName},
    {"mcp.tool.name", Field::kToolName}, {"ai.toolCall.name", Field::kToolName},
    {"crewai.tool.name", Field::kToolName},
    {"llmmas.tool.call_id", Field::kToolCallId}, {"gen_ai.tool.call.id", Field::kToolCallId},
    {"tool_call.id", Field::kToolCallId}, {"ai.toolCall.id", Field::kToolCallId},
    {"tool_id", Field::kToolCallId},
    {"llmmas.tool.type", Field::kToolType}, {"gen_ai.tool.type", Field::kToolType},
    {"gen_ai.tool.call.arguments", Field::kToolInput}, {"llmmas.tool.args", Field::kToolInput},
    {"gcp.vertex.agent.tool_call_args", Field::kToolInput}, {"ai.toolCall.args", Field::kToolInput},
    {"tool_arguments", Field::kToolInput}, {"tool.parameters", Field::kToolInput},
    {"mcp.request.argument", Field::kToolInput}, {"retrieval.query", Field::kToolInput},
    {"gen_ai.tool.call.result", Field::kToolOutput}, {"llmmas.tool.result", Field::kToolOutput},
    {"gcp.vertex.agent.tool_response", Field::kToolOutput},
    {"ai.toolCall.result", Field::kToolOutput}, {"tool_response", Field::kToolOutput},
    {"mcp.response.value", Field::kToolOutput},

    {"llmmas.source_agent.id", Field::kSource}, {"sender_agent_type", Field::kSource},
    {"a2a.source_agent", Field::kSource}, {"gen_ai.handoff.from_agent", Field::kSource},
    {"from_agent", Field::kSource},
    {"llmmas.target_agent.id", Field::kTarget}, {"gen_ai.handoff.to_agent", Field::kTarget},
    {"a2a.target_agent", Field::kTarget}, {"to_agent", Field::kTarget},
    {"llmmas.edge.id", Field::kEdge}, {"llmmas.channel", Field::kChannel},
    {"messaging.destination.name", Field::kChannel}, {"messaging.destination", Field::kChannel},
    {"llmmas.message.id", Field::kMessageId}, {"messaging.message.id", Field::kMessageId},
    {"a2a.message.id", Field::kMessageId},
    {"llmmas.message.sha256", Field::kMessageHash},
    {"llmmas.message.body", Field::kMessageBody}, {"llmmas.message.preview", Field::kMessageBody},
    {"messaging.message.type", Field::kMessageType},
    {"llmmas.message.dropped", Field::kDropped},
    {"llmmas.fault.injected", Field::kFault}, {"llmmas.fault.type", Field::kFaultType},
    {"llmmas.fault.spec_id", Field::kFaultSpec}, {"llmmas.fault.decision", Field::kFaultDecision},
    {"exception.type", Field::kErrorType}, {"error.type", Field::kErrorType},
    {"exception.message", Field::kErrorText}, {"error.message", Field::kErrorText},
    {"execution.success", Field::kSuccess}, {"metadata", Field::kMetadata},
};

constexpr struct {
  std::string_view prefix;
  Family family;
} kFamilies[] = {
    {"gen_ai.prompt.", Family::kPrompts},        {"gen_ai.completion.", Family::kCompletions},
    {"llm.input_messages.", Family::kInputs},    {"llm.output_messages.", Family::kOutputs},
    {"llm.tools.", Family::kToolSchemas},        {"llm.request.functions.", Family::kToolSchemas},
};

constexpr std::string_view kPropertyPrefixes[] = {
    "traceloop.association.properties.", "ioa_observe.association.properties.",
    "langfuse.observation.metadata.", "langfuse.trace.metadata.", "langsmith.metadata.",
    "agentops.association.properties.", "metadata.",
};

struct RoleKey {
  std::string_view key;
  uint16_t rank;
};
// The keys that say what a span is, in order of precedence.
constexpr RoleKey kRoleKeys[] = {
    {"backstep.span.kind", 0},      {"langfuse.observation.type", 1}, {"gen_ai.operation.name", 2},
    {"openinference.span.kind", 3}, {"traceloop.span.kind", 4},       {"ioa_observe.span.kind", 5},
    {"agentops.span.kind", 6},      {"langsmith.span.kind", 7},       {"span.type", 8},
    {"ai.operationId", 9},          {"mlflow.spanType", 10},          {"langwatch.span.type", 11},
    {"messaging.operation", 12},    {"messaging.operation.type", 13}, {"llm.request.type", 14},
    {"mcp.method.name", 15},        {"deepeval.span.type", 16},       {"openai.span.type", 17},
};

struct RoleWord {
  std::string_view word;  // in lower case
  SpanRole role;
};
constexpr RoleWord kRoleWords[] = {
    {"agent", SpanRole::kAgent}, {"invoke_agent", SpanRole::kAgent}, {"step", SpanRole::kAgent},
    {"agent_step", SpanRole::kAgent}, {"agentic.invocation", SpanRole::kAgent},
    {"llm", SpanRole::kLlm}, {"chat", SpanRole::kLlm}, {"generation", SpanRole::kLlm},
    {"text_completion", SpanRole::kLlm}, {"completion", SpanRole::kLlm},
    {"generate_content", SpanRole::kLlm}, {"inference", SpanRole::kLlm},
    {"inference.framework", SpanRole::kLlm}, {"inference.modelapi", SpanRole::kLlm},
    {"chat_model", SpanRole::kLlm}, {"embeddings", SpanRole::kLlm}, {"embedding", SpanRole::kLlm},
    {"ai.generatetext", SpanRole::kLlm}, {"ai.streamtext", SpanRole::kLlm},
    {"ai.generateobject", SpanRole::kLlm}, {"ai.streamobject", SpanRole::kLlm},
    {"ai.generatetext.dogenerate", SpanRole::kLlm}, {"ai.streamtext.dostream", SpanRole::kLlm},
    {"ai.generateobject.dogenerate", SpanRole::kLlm}, {"ai.streamobject.dostream", SpanRole::kLlm},
    {"tool", SpanRole::kTool}, {"execute_tool", SpanRole::kTool}, {"ai.toolcall", SpanRole::kTool},
    {"tools/call", SpanRole::kTool}, {"agentic.tool.invocation", SpanRole::kTool},
    {"agentic.mcp.invocation", SpanRole::kTool}, {"function", SpanRole::kTool},
    {"retriever", SpanRole::kRetriever}, {"retrieval", SpanRole::kRetriever},
    {"reranker", SpanRole::kRetriever}, {"rag", SpanRole::kRetriever},
    {"workflow", SpanRole::kSegment}, {"invoke_workflow", SpanRole::kSegment},
    {"agentic.turn", SpanRole::kSegment}, {"segment", SpanRole::kSegment},
    {"session", SpanRole::kSession}, {"handoff", SpanRole::kHandoff},
    {"response", SpanRole::kLlm}, {"create_agent", SpanRole::kOther},
};
constexpr RoleWord kMessagingWords[] = {
    {"send", SpanRole::kSend}, {"publish", SpanRole::kSend}, {"create", SpanRole::kSend},
    {"process", SpanRole::kReceive}, {"receive", SpanRole::kReceive},
};

using FieldMap = std::unordered_map<std::string_view, FieldRule>;
const FieldMap& FieldsByKey() {
  static const FieldMap* const map = [] {
    auto* made = new FieldMap;
    uint16_t rank = 0;
    for (const KeyRow& row : kKeys) made->emplace(row.key, FieldRule{row.key, row.field, rank++});
    return made;
  }();
  return *map;
}

std::string LowerCase(std::string_view text) {
  std::string lower(text.substr(0, 64));
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (lower.size() > 2 && lower.front() == '"' && lower.back() == '"') {  // MLflow writes JSON
    lower = lower.substr(1, lower.size() - 2);
  }
  return lower;
}

using RoleMap = std::unordered_map<std::string, RoleRule>;
const RoleMap& RolesByWord() {
  static const RoleMap* const map = [] {
    auto* made = new RoleMap;
    for (const RoleKey& key : kRoleKeys) {
      const bool messaging = key.key.substr(0, 9) == "messaging";
      const RoleWord* first = messaging ? std::begin(kMessagingWords) : std::begin(kRoleWords);
      const RoleWord* last = messaging ? std::end(kMessagingWords) : std::end(kRoleWords);
      for (const RoleWord* word = first; word != last; ++word) {
        made->emplace(std::string(key.key) + '\n' + std::string(word->word),
                      RoleRule{key.key, word->word, word->role, key.rank});
      }
    }
    return made;
  }();
  return *map;
}

}  // namespace

const FieldRule* FindField(std::string_view key) {
  const FieldMap& map = FieldsByKey();
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

std::optional<Family> FindFamily(std::string_view key, std::string_view* rest) {
  for (const auto& family : kFamilies) {
    if (key.size() > family.prefix.size() && key.substr(0, family.prefix.size()) == family.prefix) {
      *rest = key.substr(family.prefix.size());
      if (rest->front() >= '0' && rest->front() <= '9') return family.family;
    }
  }
  return std::nullopt;
}

std::string_view PropertyOf(std::string_view key) {
  for (std::string_view prefix : kPropertyPrefixes) {
    if (key.size() > prefix.size() && key.substr(0, prefix.size()) == prefix) {
      return key.substr(prefix.size());
    }
  }
  return {};
}

const RoleRule* FindRole(std::string_view key, std::string_view word) {
  for (const RoleKey& candidate : kRoleKeys) {
    if (candidate.key != key) continue;
    const RoleMap& map = RolesByWord();
    const auto found = map.find(std::string(key) + '\n' + LowerCase(word));
    return found == map.end() ? nullptr : &found->second;
  }
  return nullptr;
}

}  // namespace backstep::adapters
