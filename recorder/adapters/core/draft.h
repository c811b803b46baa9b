// A run as an importer understood it, before its order is settled and it is written: a skeleton in
// memory whose bodies lie in a BodyFile. Plain values; one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "backstep/base/ids.h"
#include "backstep/base/time.h"
#include "backstep/schemas/call.h"
#include "backstep/schemas/records.h"

namespace backstep::adapters {

// Times beyond the year 2200 are damage, and could not be added to.
inline constexpr TimeNs kTimeMax{7258118400000000000};
// A time and a duration can always be added.
inline constexpr DurationNs kDurationMax{INT64_MAX - kTimeMax.ns};

// Places in the vectors of a SessionDraft, from 0.
using AgentIndex = StrongInt<struct AgentIndexTag, uint32_t>;
using SegmentIndex = StrongInt<struct SegmentIndexTag, uint32_t>;
using StepIndex = StrongInt<struct StepIndexTag, uint32_t>;
using MessageIndex = StrongInt<struct MessageIndexTag, uint32_t>;
using ConversationIndex = StrongInt<struct ConversationIndexTag, uint32_t>;

enum class Media : uint8_t { kText, kJson, kBytes };

// Where a body waits in the BodyFile of the import. `size` 0: an empty body.
struct KeptBody {
  uint64_t at = 0;
  uint64_t size = 0;  // bytes
  Media media = Media::kText;
};

struct AgentDraft {
  std::string name;  // unique in the draft; what the store cannot take as a name is changed there
  std::string role{}, implementation{}, model{};
  std::string attributes{};  // JSON object; may be empty
  std::optional<KeptBody> initial_state{};
};

struct SegmentDraft {
  std::string name;
  std::optional<SegmentIndex> parent{};
  TimeNs began{};  // 0: not known
  TimeNs ended{};
};

// Values that an agent's state is made of when the source holds the conversation: the state after a
// step is `{"reconstructed":true,"conversation":[...]}` with the first `entries` of them. Agents
// that all hear everything share one conversation.
struct ConversationDraft {
  std::vector<KeptBody> entries;  // each the text of one JSON value
};

struct ConversationPoint {
  ConversationIndex conversation;
  uint32_t entries = 0;  // never fewer than in the agent's step before
};

struct StepDraft {
  AgentIndex agent;
  std::optional<StepIndex> parent{};  // the step it is nested in: it commits within that one
  std::optional<SegmentIndex> segment{};
  std::string name{};
  std::optional<uint64_t> program_index{};  // the index the source gives
  TimeNs began{};                           // wall; 0: not known
  TimeNs ended{};                           // wall; before `began`: taken as `began`
  // The agent's state after it. Whole bytes, or what it had heard; nothing: unchanged.
  std::variant<std::monostate, KeptBody, ConversationPoint> state{};
  std::optional<StepError> error{};
  std::optional<Outcome> outcome{};
  std::vector<FaultRecord> faults{};  // `message` and `effect_ordinal` of them are not looked at
};

struct MessageDraft {
  std::optional<StepIndex> from{};      // none: it came from outside
  AgentIndex to;
  std::optional<StepIndex> taken_by{};  // none: it was never taken
  bool taken_in_mid_step = false;       // an answer its taker waited for; else it activated that
  std::string channel{}, kind{}, program_id{}, edge_id{};
  std::vector<std::pair<std::string, std::string>> attributes{};
  KeptBody body{};
  std::optional<MessageIndex> reply_to{};
  TimeNs sent{};  // wall; 0: not known
  bool dropped = false;
};

struct EffectDraft {
  StepIndex step;
  EffectKind kind = EffectKind::kTool;
  std::string name{};  // tool or model
  std::string provider{}, parameters{}, tool_type{}, tool_call_id{};
  KeptBody request{};
  std::optional<KeptBody> response{};  // none: it failed, or the source does not have it
  std::optional<CallError> error{};
  Usage usage{};
  std::string finish_reason{};
  TimeNs began{};  // wall; 0: not known
  DurationNs duration{};
};

// An event, a span of the program's own, a handoff or an annotation.
struct NoteDraft {
  std::optional<StepIndex> step{};
  EventRecord::Kind kind = EventRecord::Kind::kEvent;
  std::string name{};      // see EventRecord
  std::string category{};
  std::string data{};
  // in place of `data`: a run of a million spans has as many notes
  std::optional<KeptBody> kept_data{};
  TimeNs began{};
  DurationNs duration{};
};

// What someone said about a step, or about the whole run, afterwards. Kept as an event of category
// "annotation" whose name is the author and whose data is the JSON object
//   {"author": …, "kind": …, "agent": …, "reason": …, "decisive": true|false,
//    "details": {…}}.
struct Annotation {
  std::string author;    // who judged: "who_when", "agentrx", …; two authors stay apart
  std::string kind;      // "mistake", "failure", "label"
  std::string agent{};   // whom it blames, as the author names it; may be empty
  std::string reason{};
  bool decisive = false; // the author holds it for the step that decided the run
  std::string details{}; // JSON object with whatever else is known; may be empty
};

// How much of an agent's mind the source holds.
enum class StateSource : uint8_t {
  kViewOnly,       // previews at most: no states are written
  kReconstructed,  // put together from the conversation
  kRecorded,       // the source holds states
};

// One run. Steps, messages and effects stand in the order of the source: what orders them when
// neither cause nor time does.
struct SessionDraft {
  std::string name;
  std::vector<std::string> tags{};
  std::vector<std::pair<std::string, std::string>> metadata{};
  std::string group_id{}, user_id{};
  TimeNs began{};  // wall; 0: the earliest time of what lies in it
  TimeNs ended{};
  Outcome outcome{};
  StateSource state_source = StateSource::kViewOnly;
  bool restored = false;  // from a recording's own export, which says itself what there is to say
  std::vector<AgentDraft> agents{};
  std::vector<SegmentDraft> segments{};
  std::vector<ConversationDraft> conversations{};
  std::vector<StepDraft> steps{};
  std::vector<MessageDraft> messages{};
  std::vector<EffectDraft> effects{};
  std::vector<NoteDraft> notes{};
  // (first, then): `then` begins after `first` has committed, whatever the times say.
  std::vector<std::pair<StepIndex, StepIndex>> order{};
  // A branch: `parent_key` names the session's `key`, which must have been handed over before, and
  // its first `shared_steps` steps (in written order) are the same.
  std::string key{};
  std::string parent_key{};
  uint64_t shared_steps = 0;
  // Where Agent() has found whom.
  std::unordered_map<std::string, AgentIndex> agent_places{};
  size_t agents_placed = 0;  // of `agents`, from the front

  // The agent of that name, added when it is not there yet.
  AgentIndex Agent(const std::string& agent_name);
  StepIndex Add(StepDraft step);
  MessageIndex Add(MessageDraft message);
  void Add(EffectDraft effect);
  void Annotate(std::optional<StepIndex> step, const Annotation& annotation);
};

}  // namespace backstep::adapters
