// One agent's part in a run, read as a chat: what it was told, asked, answered, said and suffered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/replay/view/rows/body_view.h"
#include "backstep/schemas/records.h"
#include "backstep/store/line.h"

namespace backstep::replay {

enum class ChatKind : uint8_t {
  kTook,      // a message it read: `who` said it
  kSent,      // a message it sent to `who`
  kModel,     // a call of the model `who`
  kTool,      // a call of the tool, or of the variable of the environment, `who`
  kFailure,   // its step failed
  kFault,     // an injected fault hit
  kEdit,      // an edit hit
  kOutcome,   // it said how the run ended
};
const char* ChatKindName(ChatKind kind);  // "took", "sent", "model", ...

// A piece of a model's prompt.
struct ChatPart {
  std::string role;
  BodyView body;
};

struct ChatRow {
  ChatKind kind = ChatKind::kTook;
  StepNumber step;               // where to travel to; 0: the step is open and has no number
  std::string step_id;           // planner/12
  std::string id;                // message, call, or step: unique with `kind` and `ordinal`
  uint32_t ordinal = 0;          // of faults of one step
  bool first_of_step = false;
  bool open = false;             // of a step that had not committed at the moment
  std::string who;               // agent, model or tool; fault: its type
  std::string topic;             // message: its kind; fault: spec id; failure: kind; may be empty
  // fault: id of what it hit; message: id it replies to; may be empty
  std::string about;
  bool edited = false, dropped = false, early = false;  // of a message
  // Message: its body. Failure, fault, outcome: the text.
  BodyView body;
  // Where the body, request or response (its words, if it has any) is JSON: the same as lines to be
  // read, not to be copied.
  std::string readable, readable_request, readable_response;
  // Calls. `prompt` is the newest part of a chat-shaped request; `answer` its answer's words.
  BodyView request, response;
  std::vector<ChatPart> prompt;
  size_t prompt_total = 0;       // turns of the whole prompt
  BodyView answer;
  std::optional<CallError> error;
  CallStatus status = CallStatus::kRecorded;
  bool substituted = false;
  DurationNs duration;
  Usage usage;
  std::string before, after;     // fault or edit: bounded excerpts of what it changed
};

struct Conversation {
  std::string agent;
  StepNumber until;
  std::vector<ChatRow> rows;     // in order of time
  uint64_t steps_shown = 0;
  uint64_t steps_total = 0;      // that the agent had begun by then
  StepNumber from;               // the first step shown; 0: none
  bool cut = false;              // there are older rows than the first
};

struct ConversationOptions {
  StepNumber from{1};            // no row of an older step
  size_t rows_max = 100;         // the newest
  size_t text_bytes_max = 16000; // of each body
  size_t turns_max = 3;          // of each prompt
  // Bytes of bodies that are read, newest first; what lies beyond has size and no text.
  size_t read_bytes_max = 4u << 20;
};

// The conversation of `agent` up to the moment `until`, read backwards from there: its cost follows
// what is shown. Calls of clock and random are left out. For @outside: the messages from outside.
// NotFound: no such agent or step. Corruption, Io: as of store::Line.
Result<Conversation> ConversationOf(store::Line& line, AgentId agent, StepNumber until,
                                    const ConversationOptions& options = {});

std::string ToJson(const Conversation& conversation);

}  // namespace backstep::replay
