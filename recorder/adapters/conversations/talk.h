// A run told as a list of things said: who spoke, to whom, and what everyone had heard by then.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backstep/recorder/adapters/core/importer.h"
#include "backstep/recorder/adapters/core/json_text.h"

namespace backstep::adapters {

// What is said, and how it stands in the conversation.
struct Saying {
  std::string agent;
  std::string text{};              // the body of the message
  Media media = Media::kText;
  const Json* item = nullptr;      // the source's own item, for the state; none: agent and text
  std::optional<uint64_t> index{}; // as the source counts
  std::string name{};              // of the step; may be empty
  std::string kind{};              // of the message; may be empty
  TimeNs time{};                   // 0: not known
};

// Builds one conversation of a draft: each saying is a step of its agent, after the one before,
// whose state after it is all that was said so far. Its message goes to the agent that speaks next,
// which takes it, unless To or Nobody says otherwise. Several of them may build one draft. One
// thread.
class Talk {
 public:
  // Both must outlive it.
  Talk(SessionDraft* draft, Sink* sink);

  // From outside, to whoever speaks first.
  void Ask(std::string_view text, Media media = Media::kText, const std::string& kind = "task");
  void Ask(const KeptBody& body, const std::string& kind = "task");
  StepIndex Say(const Saying& saying);
  // Of what was said last: whom it goes to (each takes it when it speaks next), or nobody.
  void To(const std::string& agent, const std::string& channel = {});
  void Nobody();
  // Everyone hears it, nobody said it: it stands in the conversation and is no step.
  void Hear(const Json& item);
  // A call of the step said last; an id joins it with its Answer.
  void Call(EffectDraft effect, const std::string& id);
  // The answer to the oldest unanswered call with that id; `error`: it is the text of a failure.
  // False: there is no such call.
  bool Answer(const std::string& id, std::string_view text, Media media,
              std::optional<CallError> error = std::nullopt);
  // The step whose call waits for an answer with that id.
  std::optional<StepIndex> CallerOf(const std::string& id) const;

  std::optional<StepIndex> last() const { return last_; }
  StepDraft& last_step() { return draft_->steps[last_->value]; }  // something has been said
  uint32_t entries() const;
  ConversationIndex conversation() const { return conversation_; }

 private:
  MessageIndex Send(StepIndex from, AgentIndex to, const std::string& channel);

  SessionDraft* draft_;
  Sink* sink_;
  ConversationIndex conversation_;
  std::map<uint32_t, std::vector<MessageIndex>> addressed_;  // by agent: not yet taken
  std::map<std::string, std::deque<size_t>> calls_;          // effects by id: not yet answered
  std::vector<MessageDraft> asked_;                          // before anyone spoke
  std::optional<StepIndex> last_;
  MessageDraft said_{};       // of the last step
  bool undelivered_ = false;  // `said_` waits for the next speaker
};

}  // namespace backstep::adapters
