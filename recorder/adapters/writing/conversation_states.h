// Turns what a draft says of its agents' states into what the store is given: of a conversation
// that went on, only what is new.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "backstep/recorder/adapters/core/body_file.h"
#include "backstep/recorder/adapters/core/draft.h"
#include "backstep/recorder/adapters/writing/repeats.h"
#include "backstep/schemas/message.h"
#include "backstep/store/state/state_edit.h"

namespace backstep::adapters {

Body BodyOf(std::string bytes, Media media);

// One thread. Where more agents hear a conversation than a recording should hold it again for, they
// keep the state they had. `draft` and `bodies` outlive it. Errors are those of reading `bodies`.
class ConversationStates {
 public:
  ConversationStates(const SessionDraft& draft, const BodyFile& bodies);

  // What the agent starts from; to be asked for before its first step.
  Result<Body> Initial(AgentIndex agent);
  using State = std::variant<std::monostate, Body, StateEdit>;
  // What the step leaves, against what was asked for last of its agent.
  Result<State> After(const StepDraft& step);
  uint64_t left_out() const { return left_out_; }  // steps whose state was not told

 private:
  struct Held {
    std::optional<ConversationIndex> conversation;  // none: it holds no part of one
    uint32_t entries = 0;
    uint64_t bytes = 0;
  };
  // Entries first.. of a conversation, each after a comma but the very first.
  Result<std::string> Entries(ConversationIndex conversation, uint32_t first, uint32_t end) const;

  // Whether entries first..end may be written, and counts them.
  bool Affords(ConversationIndex conversation, uint32_t first, uint32_t end);

  const SessionDraft& draft_;
  const BodyFile& bodies_;
  struct Sizes {
    std::vector<uint64_t> before;  // bytes of the entries before each, and of all
    uint32_t told = 0;             // entries that were written at least once
  };
  std::vector<Sizes> sizes_;     // by conversation
  Repeats repeats_;
  uint64_t left_out_ = 0;
  std::vector<bool> converses_;  // by agent
  std::vector<Held> held_;       // by agent
};

}  // namespace backstep::adapters
