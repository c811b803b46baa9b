// Drafts of every kind, for tests of what must hold whatever an importer understood.
#pragma once

#include <string>

#include "backstep/base/hash.h"
#include "backstep/tests/unit/adapters/drafts.h"

namespace backstep::adapters::testing {

// Runs whose clocks are off, whose parents and messages go in circles, whose steps overlap.
class RandomDraft {
 public:
  RandomDraft(uint64_t seed, Sink* sink) : random_(seed), sink_(sink) {}

  SessionDraft Make(uint32_t steps_max) {
    timed_ = Pick(3);
    const uint32_t agents = 1 + Pick(6), steps = Pick(steps_max + 1);
    for (uint32_t i = 0; i < agents; ++i) Agent(i);
    for (uint32_t i = 0; i < Pick(4); ++i) {
      draft_.segments.push_back({.name = "segment", .began = Time()});
      if (Pick(2) == 0) draft_.segments.back().parent = SegmentIndex(Pick(i + 1));
    }
    draft_.conversations.resize(2);
    for (uint32_t i = 0; i < steps; ++i) Step(steps);
    for (uint32_t i = 0; steps > 0 && i < Pick(2 * steps); ++i) Message(steps);
    for (uint32_t i = 0; steps > 0 && i < Pick(steps); ++i) Rest(steps);
    draft_.outcome = {Outcome::Kind::kFailed, 0.5, "so it is"};
    return std::move(draft_);
  }

 private:
  uint32_t Pick(uint32_t below) { return static_cast<uint32_t>(random_.Next() % below); }
  TimeNs Time() {
    if (timed_ == 0 || (timed_ == 1 && Pick(3) == 0)) return {};
    if (Pick(40) == 0) return {Pick(2) == 0 ? INT64_MAX : -5};
    return {1700000000000000000 + int64_t{Pick(1000000)}};
  }
  KeptBody Body() {
    const std::string bytes = "\"" + std::string(Pick(300), 'b') + std::to_string(Pick(9)) + "\"";
    return sink_ != nullptr ? sink_->Keep(bytes, static_cast<Media>(Pick(3))) : KeptBody{};
  }
  void Agent(uint32_t i) {
    static const char* const kNames[] = {"", "@odd", "a\nb", "same", "same"};
    AgentDraft agent;
    agent.name = i < 5 && Pick(2) == 0 ? kNames[i] : "agent" + std::to_string(i);
    if (Pick(3) == 0) agent.initial_state = Body();
    if (Pick(3) == 0) agent.attributes = "not an object";
    draft_.agents.push_back(std::move(agent));
  }
  void Step(uint32_t steps) {
    StepDraft step;
    step.agent = AgentIndex(Pick(static_cast<uint32_t>(draft_.agents.size())));
    if (Pick(2) == 0) step.parent = StepIndex(Pick(steps));
    if (!draft_.segments.empty() && Pick(2) == 0) {
      step.segment = SegmentIndex(Pick(static_cast<uint32_t>(draft_.segments.size())));
    }
    step.began = Time();
    if (Pick(4) != 0) step.ended = Time();
    auto& heard = draft_.conversations[Pick(2)];
    switch (Pick(4)) {
      case 0:
        step.state = Body();
        break;
      case 1:
        heard.entries.push_back(Body());
        step.state = ConversationPoint{
            ConversationIndex(static_cast<uint32_t>(&heard - draft_.conversations.data())),
            static_cast<uint32_t>(heard.entries.size())};
        break;
      default:
        break;
    }
    if (Pick(8) == 0) step.error = StepError{"exception", "it broke"};
    draft_.Add(std::move(step));
  }
  void Message(uint32_t steps) {
    MessageDraft message;
    if (Pick(4) != 0) message.from = StepIndex(Pick(steps));
    message.to = AgentIndex(Pick(static_cast<uint32_t>(draft_.agents.size())));
    if (Pick(5) != 0) {
      message.taken_by = StepIndex(Pick(steps));
      message.to = draft_.steps[message.taken_by->value].agent;
    }
    message.taken_in_mid_step = Pick(3) == 0;
    message.sent = Time();
    message.body = Body();
    message.dropped = !message.taken_by && Pick(4) == 0;
    if (!draft_.messages.empty() && Pick(2) == 0) {
      message.reply_to = MessageIndex(Pick(static_cast<uint32_t>(draft_.messages.size())));
    }
    draft_.Add(std::move(message));
  }
  void Rest(uint32_t steps) {
    EffectDraft effect{.step = StepIndex(Pick(steps)), .name = "tool", .request = Body()};
    effect.began = Time();
    effect.duration = {Pick(50) == 0 ? INT64_MIN : int64_t{Pick(1000)}};
    if (Pick(2) == 0) effect.response = Body();
    draft_.Add(std::move(effect));
    if (Pick(2) == 0) draft_.order.push_back({StepIndex(Pick(steps)), StepIndex(Pick(steps))});
    NoteDraft note{.name = "note", .began = Time()};
    if (Pick(2) == 0) note.step = StepIndex(Pick(steps));
    if (Pick(3) == 0) note.category = "annotation";
    draft_.notes.push_back(std::move(note));
  }

  RandomStream random_;
  Sink* sink_;
  uint32_t timed_ = 0;
  SessionDraft draft_;
};

}  // namespace backstep::adapters::testing
