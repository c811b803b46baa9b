#include "backstep/recorder/adapters/cassettes/exchange.h"

#include "backstep/recorder/adapters/conversations/fields.h"

namespace backstep::adapters {

std::string Cassette::AgentName(const Exchange& exchange) {
  if (!exchange.model_call) return "http";
  if (!exchange.name.empty()) return exchange.name;
  const auto before = by_answer_.find(exchange.previous_id);
  if (before != by_answer_.end()) return before->second;
  const auto [found, is_new] = by_instructions_.emplace(exchange.instructions, "");
  if (is_new) {
    const size_t count = by_instructions_.size();
    found->second = count == 1 ? "assistant" : "assistant " + std::to_string(count);
  }
  return found->second;
}

StepIndex Cassette::Add(const Exchange& exchange) {
  const std::string name = AgentName(exchange);
  const AgentIndex agent = draft_->Agent(name);
  if (!exchange.id.empty()) by_answer_[exchange.id] = name;
  AgentDraft& who = draft_->agents[agent.value];
  if (who.model.empty()) who.model = exchange.model;
  if (who.attributes.empty() && !exchange.instructions.empty()) {
    who.attributes = JsonText(Json{{"system_prompt", exchange.instructions}});
  }
  StepDraft step{.agent = agent,
                 .program_index = exchange.index,
                 .began = exchange.time,
                 .ended = exchange.time};
  if (!exchange.conversation.empty()) {
    step.state = sink_->Keep(
        JsonText(Json{{"reconstructed", true}, {"conversation", exchange.conversation}}),
        Media::kJson);
    draft_->state_source = StateSource::kReconstructed;
  }
  const StepIndex index = draft_->Add(std::move(step));
  if (!exchange.prompt.empty()) {
    MessageDraft prompt{.to = agent, .taken_by = index, .kind = "prompt"};
    prompt.body = sink_->Keep(exchange.prompt, MediaOf(exchange.prompt));
    if (!exchange.prompt_source.empty()) {
      prompt.attributes = {{"source", exchange.prompt_source}};
    }
    draft_->Add(std::move(prompt));
  }
  EffectDraft call{.step = index,
                   .kind = exchange.model_call ? EffectKind::kLlm : EffectKind::kTool,
                   .name = NamedOr(exchange.model),
                   .provider = exchange.provider,
                   .parameters = exchange.parameters,
                   .tool_type = exchange.model_call ? "" : "http",
                   .request = sink_->Keep(exchange.request, MediaOf(exchange.request)),
                   .error = exchange.error,
                   .usage = exchange.usage,
                   .finish_reason = exchange.finish_reason,
                   .began = exchange.time};
  if (exchange.response) {
    call.response = sink_->Keep(*exchange.response, MediaOf(*exchange.response));
  }
  draft_->Add(std::move(call));
  if (!exchange.raw.empty()) {
    draft_->notes.push_back(
        {.step = index, .name = "stream", .category = "debug", .data = exchange.raw});
  }
  Tools(exchange, index);
  return index;
}

void Cassette::Tools(const Exchange& exchange, StepIndex step) {
  for (const ToolAnswer& answer : exchange.answered) {
    const auto call = open_calls_.find(answer.id);
    if (call == open_calls_.end()) continue;  // told by an earlier request, or asked before it
    EffectDraft& effect = draft_->effects[call->second];
    if (answer.failed) {
      effect.error = CallError{.kind = "tool_error", .message = CutText(answer.text, 4096)};
    } else {
      effect.response = sink_->Keep(answer.text, MediaOf(answer.text));
    }
    open_calls_.erase(call);
  }
  for (const AskedTool& tool : exchange.asked) {
    open_calls_[tool.id] = draft_->effects.size();
    draft_->Add(EffectDraft{.step = step,
                            .kind = EffectKind::kTool,
                            .name = NamedOr(tool.name),
                            .tool_type = "function",
                            .tool_call_id = tool.id,
                            .request = sink_->Keep(tool.arguments, MediaOf(tool.arguments))});
  }
}

}  // namespace backstep::adapters
