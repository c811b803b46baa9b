// Records of records.h to the bytes a log holds (schemas/records.capnp) and back.
//
// Thread-safe. Encode never fails: values of ours fit. Decode takes untrusted bytes: read limits
// follow the input's size, nesting is bounded, enumerations are checked; whatever cannot be what
// Encode wrote is Corruption, and nothing is thrown. Fields a newer writer added are ignored,
// fields an older writer did not know have their defaults.
//
// `log` is the log that holds the record: a BodyRef into it is stored with log 0, and read back
// with `log`. A reference that is kNone has log 0.
#pragma once

#include <string>
#include <string_view>

#include "backstep/base/status.h"
#include "backstep/schemas/records.h"

namespace backstep {

std::string Encode(const LogHeader& header);
std::string Encode(const LogEnd& end);
std::string Encode(const AgentRecord& agent, LogId log = LogId{});
std::string Encode(const SegmentRecord& segment);
std::string Encode(const StepBegin& begin);
std::string Encode(const StepRecord& step, LogId log = LogId{});
std::string Encode(const MessageRecord& message, LogId log = LogId{});
std::string Encode(const EffectRecord& effect, LogId log = LogId{});
std::string Encode(const EventRecord& event);

Result<LogHeader> DecodeLogHeader(std::string_view bytes, LogId log);
Result<LogEnd> DecodeLogEnd(std::string_view bytes, LogId log);
Result<AgentRecord> DecodeAgentRecord(std::string_view bytes, LogId log);
Result<SegmentRecord> DecodeSegmentRecord(std::string_view bytes, LogId log);
Result<StepBegin> DecodeStepBegin(std::string_view bytes, LogId log);
Result<StepRecord> DecodeStepRecord(std::string_view bytes, LogId log);
Result<MessageRecord> DecodeMessageRecord(std::string_view bytes, LogId log);
Result<EffectRecord> DecodeEffectRecord(std::string_view bytes, LogId log);
// Of a message or a call where its body, or its response, lies, and no more: for who looks at many.
Result<BodyRef> DecodeMessageBody(std::string_view bytes, LogId log);
Result<BodyRef> DecodeResponse(std::string_view bytes, LogId log);
Result<EventRecord> DecodeEventRecord(std::string_view bytes, LogId log);

}  // namespace backstep
