// All that a line of a recording holds and OTLP can hold, as text: for comparing two of them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backstep/recorder/adapters/jsonl/record_json.h"
#include "backstep/store/line.h"
#include "backstep/tests/support/catch.h"

namespace backstep::adapters::testing {

// By kind of thing, in order.
using LineTold = std::map<std::string, std::vector<std::string>>;

class LineTeller {
 public:
  explicit LineTeller(store::Line& line) : line_(line) {}

  LineTold Tell() {
    Header();
    for (const AgentRecord& agent : line_.agents()) {
      if (agent.id == kOutside) continue;
      told_["agents"].push_back(agent.name + " | " + agent.role + " | " + agent.implementation +
                                " | " + agent.model + " | " + agent.attributes);
    }
    const auto segments = line_.Segments();
    REQUIRE(segments.ok());
    for (const SegmentRecord& segment : *segments) {
      told_["segments"].push_back(segment.name + " in " + std::to_string(segment.parent.value));
    }
    REQUIRE(line_.ScanStepsInFull(StepNumber(1), line_.last(),
                                  [this](const auto& step, const auto& effects, const auto&) {
                                    Step(step);
                                    for (const auto& effect : effects) Effect(step, effect);
                                    return true;
                                  })
                .ok());
    REQUIRE(line_.ScanMessages([this](const MessageRecord& message) {
                  Message(message);
                  return true;
                })
                .ok());
    REQUIRE(line_.ScanEvents([this](const EventRecord& event) {
                  Event(event);
                  return true;
                })
                .ok());
    return std::move(told_);
  }

 private:
  std::string BodyText(const BodyRef& ref) {
    const auto body = line_.ReadBody(ref);
    return body.ok() ? HashBytes(body->bytes).ToHex() + " " + body->media_type : "none";
  }
  std::string StepText(AgentId agent, AgentClock clock) {
    return line_.AgentName(agent) + "/" + std::to_string(clock.value);
  }
  static std::string OutcomeText(const Outcome& outcome) {
    return JsonText(ToJson(outcome));
  }

  void Header() {
    const LogHeader& header = line_.header();
    told_["session"] = {header.name, header.user_id, header.group_id,
                        OutcomeText(line_.end()->outcome)};
    for (const std::string& tag : header.tags) told_["session"].push_back(tag);
    for (const auto& [key, value] : header.metadata) {
      if (key.find("import.") == std::string::npos) told_["metadata"].push_back(key + "=" + value);
    }
  }

  void Step(const StepRecord& step) {
    std::string text = StepText(step.agent, step.clock) + " " + step.name + " " +
                       std::to_string(step.program_index.value_or(-1)) + " segment " +
                       std::to_string(step.segment.value) + " at " +
                       std::to_string(step.began_wall.ns) + ".." +
                       std::to_string(std::max(step.began_wall, step.ended_wall).ns);
    if (step.caller) text += " in " + StepText(step.caller->first, step.caller->second);
    if (step.error) text += " failed: " + step.error->kind + ": " + step.error->message;
    if (step.outcome) text += " " + OutcomeText(*step.outcome);
    for (const FaultRecord& fault : step.faults) {
      text += " fault " + fault.spec_id + " " + fault.type + " " + fault.hook + " " +
              fault.decision + fault.before + fault.after;
    }
    for (const TakenMessage& taken : step.took) text += " took " + line_.FormatMessageId(taken.id);
    told_["steps"].push_back(text);
  }

  void Effect(const StepRecord& step, const EffectRecord& effect) {
    const Usage& usage = effect.usage;
    Json json = ToJson(effect);
    std::string text = StepText(step.agent, step.clock) + " " + EffectKindName(effect.kind) + " " +
                       effect.name + " " + effect.provider + " " + effect.parameters + " " +
                       effect.tool_type + " " + effect.tool_call_id + " " + effect.finish_reason;
    text += " " + BodyText(effect.request) + " -> " + BodyText(effect.response);
    for (const uint64_t n :
         {usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.reasoning_tokens,
          static_cast<uint64_t>(usage.time_to_first_token.ns),
          static_cast<uint64_t>(effect.duration.ns)}) {
      text += " " + std::to_string(n);
    }
    text += " " + std::to_string(usage.cost_usd);
    if (effect.error) {
      text += " failed: " + effect.error->kind + " " + std::to_string(effect.error->code) + " " +
              effect.error->message;
    }
    told_["calls"].push_back(text);
  }

  void Message(const MessageRecord& message) {
    std::string text = line_.FormatMessageId(message.id) + " to " + line_.AgentName(message.to) +
                       " " + message.channel + " " + message.kind + " " + message.program_id + " " +
                       message.edge_id + " " + BodyText(message.body) +
                       (message.dropped ? " dropped" : "");
    for (const auto& [key, value] : message.attributes) text += " " + key + "=" + value;
    if (message.reply_to) text += " answers " + line_.FormatMessageId(*message.reply_to);
    told_["messages"].push_back(text);
  }

  void Event(const EventRecord& event) {
    std::string text = std::to_string(static_cast<int>(event.kind)) + " " + event.name + " " +
                       event.category + " " + event.data + " " +
                       std::to_string(event.began_wall.ns) + " " +
                       std::to_string(event.duration.ns);
    if (event.step) text += " in " + StepText(event.step->first, event.step->second);
    told_["events"].push_back(text);
  }

  store::Line& line_;
  LineTold told_;
};

}  // namespace backstep::adapters::testing
