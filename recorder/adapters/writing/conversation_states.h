// Turns what a draft says of its agents' states into what the store is given: of a conversation that
// went on, only what is new.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "backstep/recorder/adapters/core/body_file.h"
#include "backstep/recorder/adapters/core/draft.h"
#include "backstep/schemas/message.h"
#include "backstep/store/state/state_edit.h"

namespace backstep::adapters {

Body BodyOf(std::string bytes, Media media);

// One thread. `draft` and `bodies` outlive it. Errors are those of reading `bodies`.
class ConversationStates {
 public:
  ConversationStates(const SessionDraft& draft, const BodyFile& bodies);

  // What the agent starts from; to be asked for before its first step.
  Result<Body> Initial(AgentIndex agent);
  using State = std::variant<std::monostate, Body, StateEdit>;
  // What the step leaves, against what was asked for last of its agent.
  Result<State> After(const StepDraft& step);

 private:
  struct Held {
    std::optional<ConversationIndex> conversation;  // none: it holds no part of one
    uint32_t entries = 0;
    uint64_t bytes = 0;
  };
  // Entries first.. of a conversation, each after a comma but the very first.
  Result<std::string> Entries(ConversationIndex conversation, uint32_t first, uint32_t end) const;

  const SessionDraft& draft_;
  const BodyFile& bodies_;
  std::vector<bool> converses_;  // by agent
  std::vector<Held> held_;       // by agent
};

}  // namespace backstep::adapters
