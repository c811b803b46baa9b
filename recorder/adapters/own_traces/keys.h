// What Backstep's own OTLP exports say beside the keys that other tools know: attributes of spans
// and of span events. Written by export/, read by restore.h; docs/import.md has them too.
#pragma once

namespace backstep::adapters::own {

inline constexpr int kExportVersion = 1;

// Of the session's span alone: the version of the rest; another version is read as any trace.
inline constexpr const char* kExport = "backstep.export";
// Of every span: "session", "agent", "segment", "step", "llm" and the other kinds of calls, "send",
// "process", "event". A span without it is not ours.
inline constexpr const char* kKind = "backstep.span.kind";

// A body stands under a key that others know; beside it its media type, with ";base64" behind it
// where the bytes are no UTF-8 and stand so.
inline constexpr const char* kInputMedia = "input.mime_type";
inline constexpr const char* kOutputMedia = "output.mime_type";
inline constexpr const char* kMessageMedia = "backstep.message.media";

// Session. Tags and metadata: JSON lists of texts and of pairs.
inline constexpr const char* kTags = "backstep.tags";
inline constexpr const char* kMetadata = "backstep.metadata";
inline constexpr const char* kGroup = "backstep.group.id";
// Session and step.
inline constexpr const char* kOutcome = "backstep.outcome";
inline constexpr const char* kOutcomeReason = "backstep.outcome.reason";
inline constexpr const char* kOutcomeScore = "backstep.outcome.score";
// Agent.
inline constexpr const char* kAgentName = "backstep.agent.name";
inline constexpr const char* kImplementation = "backstep.agent.implementation";
inline constexpr const char* kAgentAttributes = "backstep.agent.attributes";
// Segments are numbered from 1; of a step: the one it lies in.
inline constexpr const char* kSegment = "backstep.segment.id";
// Step. kBeginAfter: the number of the step after whose end it began. kIndex: the program's own.
inline constexpr const char* kNumber = "backstep.step.number";
inline constexpr const char* kBeginAfter = "backstep.step.begin_after";
inline constexpr const char* kIndex = "backstep.step.index";
inline constexpr const char* kStepName = "backstep.step.name";
// Message. Attributes: a JSON list of pairs. kReplyTo: the llmmas.message.id of the other.
inline constexpr const char* kProgramId = "backstep.message.program_id";
inline constexpr const char* kMessageAttributes = "backstep.message.attributes";
inline constexpr const char* kReplyTo = "backstep.message.reply_to";
inline constexpr const char* kActivates = "backstep.message.activates";
// Call.
inline constexpr const char* kErrorCode = "backstep.error.code";
inline constexpr const char* kRetryAfterNs = "backstep.error.retry_after_ns";
inline constexpr const char* kFirstTokenNs = "backstep.time_to_first_token_ns";
// Event: "event", "span", "handoff".
inline constexpr const char* kEventKind = "backstep.event.kind";
inline constexpr const char* kCategory = "backstep.category";
inline constexpr const char* kData = "backstep.data";
inline constexpr const char* kDurationNs = "backstep.duration_ns";
// Fault, besides llmmas.fault.*.
inline constexpr const char* kFaultHook = "backstep.fault.hook";
inline constexpr const char* kFaultBefore = "backstep.fault.before";
inline constexpr const char* kFaultAfter = "backstep.fault.after";

}  // namespace backstep::adapters::own
