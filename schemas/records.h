// What a recording holds, as plain values: the shapes that store, replay, cli and gui share.
//
// Reading any of these from disk bounds every length and count; nothing in them is trusted as
// code or as a path. JSON fields are text; only the module that needs their inside parses them.
// Wall times are since 1970; virtual times since the session's start (see docs/concepts.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/base/ids.h"
#include "backstep/base/time.h"
#include "backstep/schemas/call.h"
#include "backstep/schemas/message.h"

namespace backstep {

// Where a body's bytes lie. Only the store follows it.
struct BodyRef {
  enum class Where : uint8_t {
    kNone,     // there is no body
    kInline,   // the bytes are `inline_bytes`
    kLiteral,  // `size` bytes at `position` of the literal log of `owner`
    kVersion,  // version `position` of stream `stream` of `owner`
    kDropped,  // there was a body of `size` bytes; it was dropped under overload
  };
  Where where = Where::kNone;
  LogId log;               // the log it lies in; filled by the reader (0 on disk: this log)
  AgentId owner;           // whose literal log / stream
  uint32_t stream = 0;     // see StreamKind in store/format/keys.h
  uint64_t position = 0;
  uint64_t size = 0;       // bytes, after redaction
  Hash128 hash;            // XXH3-128 of the redacted bytes
  std::string media_type;
  std::string inline_bytes;
};

struct Outcome {
  enum class Kind : uint8_t { kUnknown, kOk, kFailed };
  Kind kind = Kind::kUnknown;
  std::optional<double> score{};
  std::string reason{};
  bool operator==(const Outcome&) const = default;
};
const char* OutcomeName(Outcome::Kind kind);  // "unknown", "ok", "failed"
std::optional<Outcome::Kind> ParseOutcomeKind(const std::string& name);  // none: no such name

struct AgentRecord {
  AgentId id;
  std::string name;            // unique in its session
  std::string role;            // may be empty
  std::string implementation;  // class or framework, may be empty
  std::string model;           // default model, may be empty
  std::string attributes;      // JSON object, may be empty
  BodyRef initial_state;
  StepNumber registered_after;  // steps committed when it was named; 0 for most
};

struct SegmentRecord {
  SegmentId id;
  SegmentId parent;            // 0: top level
  std::string name;
  uint32_t order = 0;          // from 0, among its siblings
  TimeNs began_wall;
  std::optional<TimeNs> ended_wall;
  StepNumber began_after;      // steps committed when it began
  StepNumber ended_after;
};

struct MessageRecord {
  MessageId id;
  AgentId to;
  std::string channel, kind, program_id, edge_id;
  std::vector<std::pair<std::string, std::string>> attributes;
  BodyRef body;
  std::optional<MessageId> reply_to;
  TimeNs sent_wall;
  TimeNs sent_virtual;
  DurationNs delay;            // injected
  StepNumber sent_after;       // steps committed when it was sent
  bool edited = false;         // its body was replaced by an edit or a fault
  bool dropped = false;        // sent by the agent, never carried: an edit or a fault dropped it
  Hash128 offered_hash;        // of the (redacted) body as the agent offered it, before any change
};

// How one call of a re-execution ended; kRecorded for what ran in the original.
enum class CallStatus : uint8_t { kRecorded, kExact, kEdited, kFault, kLive, kMiss };
const char* CallStatusName(CallStatus status);  // "recorded", "exact", ...

struct EffectRecord {
  AgentId agent;
  AgentClock clock;
  uint32_t ordinal = 0;        // from 0 within the step, over all kinds
  EffectKind kind = EffectKind::kTool;
  std::string name;            // tool, variable or model
  std::string provider, parameters, tool_type, tool_call_id;
  Hash128 request_hash;        // of the canonical request: what matching compares
  BodyRef request;
  BodyRef response;            // kNone when it failed
  std::optional<CallError> error;
  Usage usage;
  std::string finish_reason;
  TimeNs began_wall;
  TimeNs began_virtual;
  DurationNs duration;         // as it counts in virtual time, injected delay included
  DurationNs injected_delay;   // part of duration
  DurationNs measured;         // what the call really took here; 0 when served
  StepNumber finished_after;   // steps committed when it finished
  CallStatus status = CallStatus::kRecorded;
  bool moved = false;          // served by the recorded answer of another of the agent's steps
  bool substituted = false;    // served by text of the experiment or the nearest recorded answer
  bool pure = false, free = false;
};

// One injection, on the step it hit.
struct FaultRecord {
  std::string spec_id;         // the fault's id in its file; "edit" for an edit
  std::string type;            // "a2a.drop", ...; "edit.message", "edit.response", "edit.drop"
  std::string hook;            // "a2a_send", ...
  std::string decision;        // what was done, in words
  std::string before, after;   // bounded excerpts of the payload, at most 4 KiB each
  std::optional<MessageId> message;       // the message it hit
  std::optional<uint32_t> effect_ordinal; // the effect it hit
  bool hidden = false;         // keep out of what agents can see
};

struct StepError {
  std::string kind{};            // "exception", "crash", "no_commit", or the program's word
  std::string message{};
};

struct TakenMessage {
  MessageId id;
  bool early = false;          // its sender's step was still open when this step committed
};

struct SentMessage {
  MessageId id;
  AgentId to;
  DurationNs delay;
  TimeNs sent_virtual;
  bool dropped = false;
};

// A step's begin: alone in the log while the step is open.
struct StepBegin {
  AgentId agent;
  AgentClock clock;
  std::optional<std::pair<AgentId, AgentClock>> caller;  // the step it is nested in
  SegmentId segment;
  std::vector<MessageId> taken;  // the activation, in order
  TimeNs began_wall;
  TimeNs began_virtual;
  StepNumber begin_after;        // steps committed when it began
  std::optional<uint64_t> program_index;  // the index the program gave, if any
  std::string name;              // what the program calls this step; may be empty
};

struct StepRecord : StepBegin {
  StepNumber number;
  std::vector<TakenMessage> took;   // activation and replies read later, in order of reading
  std::vector<SentMessage> sent;
  uint32_t effect_count = 0;
  // State after this step. `state` is the agent's newest version; unchanged when it failed.
  BodyRef state;
  bool state_changed = false;
  TimeNs ended_wall;
  DurationNs own;                   // its time less its calls and nested steps
  DurationNs duration;              // virtual: own + calls + nested steps
  std::optional<StepError> error;
  std::optional<Outcome> outcome;   // set by the program in this step
  std::vector<FaultRecord> faults;
  std::string scheduler_state;      // after the decision that started it; empty: unchanged
  bool incomplete = false;          // a body or state of it was dropped under overload
};

// A span or event beside steps; spans of the program's own code.
struct EventRecord {
  enum class Kind : uint8_t { kEvent, kSpan, kHandoff };
  Kind kind = Kind::kEvent;
  uint64_t sequence = 0;            // from 1 in its log
  std::optional<std::pair<AgentId, AgentClock>> step;  // the step it lies in
  std::string name;                 // of the span or event, or the handoff's target
  std::string category;             // span kind, event level ("info", ...), or handoff reason
  std::string data;                 // JSON or text
  TimeNs began_wall;
  DurationNs duration;              // spans
  StepNumber after;                 // steps committed at that time
};
const char* EventKindName(EventRecord::Kind kind);  // "event", "span", "handoff"
std::optional<EventRecord::Kind> ParseEventKind(const std::string& name);  // none: no such name

// How a re-execution is to differ; kept with the branch. JSON text of Experiment, see experiment.h.
struct BranchOrigin {
  LogId parent;
  StepNumber fork;
  std::string experiment;           // JSON
  std::string schedule;             // "served" or "free"
};

// First record of a log; written at creation, never changed.
struct LogHeader {
  LogId id;
  std::string name;                 // of the session, or of the branch
  std::optional<BranchOrigin> origin;  // set: a branch
  std::vector<std::string> tags;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::string group_id, user_id;
  std::vector<std::string> command;    // argv of the program
  std::string executable;              // absolute path
  Hash128 executable_hash;             // of the program's file; zero: not known
  std::string working_directory;
  std::string program_name;            // of the Program; empty: scopes only, not re-executable
  std::string host, writer_version;
  uint64_t process_id = 0;
  uint64_t seed = 0;
  std::string faults_text;             // fault file a live run was started with; empty: none
  std::string faults_origin;           // its path, for messages
  TimeNs began_wall;
};

// Counts of how the calls and steps of a re-execution ended: the summary line.
struct ReplaySummary {
  uint64_t reused = 0;              // steps shared with the parent
  uint64_t exact = 0, edited = 0, fault = 0, live = 0, miss = 0;  // calls
  uint64_t divergences = 0;
  uint64_t changes = 0;             // steps that differ downstream
  bool operator==(const ReplaySummary&) const = default;
};

// Last record of a sealed log.
struct LogEnd {
  Outcome outcome;
  TimeNs ended_wall;
  StepNumber last_step;
  uint64_t dropped_bodies = 0;      // overload
  std::string first_failure;        // empty: none
  // Branches only:
  std::string result;               // "finished" "paused" "limit" "cancelled" "crashed" "stuck"
  std::string result_detail;        // why, one line
  ReplaySummary summary;
  std::string divergences;          // JSON array, at most 64 KiB
  std::string output;               // what the program printed, bounded
};

}  // namespace backstep
