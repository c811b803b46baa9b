// Keys of a log. Big-endian numbers behind a tag byte, so that byte order is number order.
//
//   H                          log header (LogHeader)        written first, never changed
//   Z                          end record (LogEnd)           written by Seal
//   A agent:u32                agent (AgentRecord)
//   G segment:u32              segment (SegmentRecord)
//   S step:u64                 committed step (StepRecord)
//   K agent:u32 clock:u64      -> step number (8 bytes): step of an agent clock
//   T agent:u32 step:u64       -> clock (8 bytes): steps of an agent in commit order
//   X agent:u32 clock:u64      open step (StepBegin); deleted by its commit
//   B begin_after:u64 agent:u32 clock:u64        -> step number (8 bytes): a committed step
//                              that was open in some cut, that is number > begin_after + 1
//   U sent_after:u64 ordinal:u32 copy:u32        -> nothing: a message from outside
//   M agent:u32 clock:u64 ordinal:u32 copy:u32   message (MessageRecord), written when sent
//   F agent:u32 clock:u64 ordinal:u32            effect (EffectRecord), written when finished
//   V sequence:u64             event, span, handoff (EventRecord)
//   C step:u64                 cut snapshot: mailboxes and agents after a step (store/log/cut.h)
//   L agent:u32 offset:u64     literal bytes of the agent's literal log
//   L agent:u32 offset:u64 1   the same, as where they lie in it escaped
//   O agent:u32 stream:u32 version:u64   operations that make a version from the one before
//   P agent:u32 stream:u32 version:u64   piece table of a version
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "backstep/base/ids.h"
#include "backstep/schemas/message.h"

namespace backstep::store {

// Streams of versions an agent's literal log holds.
enum StreamKind : uint32_t {
  kStateStream = 0,
  kLlmRequestStream = 1,
  kToolRequestStream = 2,
};

std::string HeaderKey();
std::string EndKey();
std::string AgentKey(AgentId agent);
std::string SegmentKey(SegmentId segment);
std::string StepKey(StepNumber step);
std::string ClockKey(AgentId agent, AgentClock clock);
std::string AgentStepKey(AgentId agent, StepNumber step);
std::string OpenStepKey(AgentId agent, AgentClock clock);
std::string BegunKey(StepNumber begin_after, AgentId agent, AgentClock clock);
std::string OutsideKey(StepNumber sent_after, uint32_t ordinal, uint32_t copy);
std::string MessageKey(const MessageId& id);
std::string EffectKey(AgentId agent, AgentClock clock, uint32_t ordinal);
std::string EventKey(uint64_t sequence);
std::string CutKey(StepNumber step);
inline constexpr char kUnescapedForm = 1;  // the last byte of an UnescapedKey
std::string LiteralKey(AgentId agent, uint64_t offset);
std::string UnescapedKey(AgentId agent, uint64_t offset);
std::string OpsKey(AgentId agent, uint32_t stream, uint64_t version);
std::string PieceTableKey(AgentId agent, uint32_t stream, uint64_t version);

// A step number as the value of a K, T or B key: 8 bytes, big endian.
std::string NumberValue(uint64_t number);

// Reading keys back: big-endian number at `offset`; nullopt when the key is too short.
std::optional<uint64_t> KeyU64(std::string_view key, size_t offset);
std::optional<uint32_t> KeyU32(std::string_view key, size_t offset);

}  // namespace backstep::store
