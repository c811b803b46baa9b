// The edits in force in a re-execution: its own, and those of the branches it descends from.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "backstep/schemas/experiment.h"
#include "backstep/store/line.h"

namespace backstep::replay {

// `agent/clock#ordinal`.
struct EffectId {
  AgentId agent;
  AgentClock clock;
  uint32_t ordinal = 0;
  auto operator<=>(const EffectId&) const = default;
};

// InvalidArgument: not of that form. NotFound: no such agent (nearest named).
Result<EffectId> ParseEffectId(const store::Line& line, const std::string& text);

// An edit with its target found.
struct KnownEdit {
  Edit edit;
  MessageId message;           // kReplaceMessage, kDropMessage
  EffectId effect;             // kReplaceResponse
  bool own = false;            // of this experiment, not inherited
  bool reached = false;
  // Applied to a message in a mailbox at the fork; `original` is what it was. Told on the step that
  // reads it.
  bool waiting = false;
  std::string original;
};

// One thread.
class Edits {
 public:
  // Later edits override earlier ones on the same target. NotFound / InvalidArgument: a target
  // that cannot be, named with the edit's origin.
  Status Add(const store::Line& line, const std::vector<Edit>& edits, bool own);

  // nullptr: none.
  KnownEdit* OfMessage(const MessageId& id);
  KnownEdit* OfEffect(const EffectId& id);
  // In order of target.
  std::vector<KnownEdit*> OfMessages();
  // Own edits that never took effect, as lines for a person.
  std::vector<std::string> Unreached() const;

 private:
  std::map<MessageId, KnownEdit> messages_;
  std::map<EffectId, KnownEdit> effects_;
};

// The record an edit leaves on the step it hit. `before` and `after` are cut to what a record
// holds.
FaultRecord EditRecord(const KnownEdit& edit, const std::string& hook, const std::string& before,
                       const std::string& after);
// The text an edit puts in place of `original`.
Body EditedBody(const KnownEdit& edit, const Body& original);

}  // namespace backstep::replay
