#include "backstep/store/format/keys.h"

#include <type_traits>

namespace backstep::store {
namespace {

template <typename Number>
void AppendBigEndian(std::string* key, Number number) {
  static_assert(std::is_unsigned_v<Number>);
  for (int shift = 8 * (sizeof(Number) - 1); shift >= 0; shift -= 8) {
    key->push_back(static_cast<char>(number >> shift));
  }
}

template <typename... Numbers>
std::string Key(char tag, Numbers... numbers) {
  std::string key;
  key.reserve(1 + (sizeof(Numbers) + ... + 0));
  key.push_back(tag);
  (AppendBigEndian(&key, numbers), ...);
  return key;
}

template <typename Number>
std::optional<Number> BigEndian(std::string_view key, size_t offset) {
  if (offset > key.size() || key.size() - offset < sizeof(Number)) return std::nullopt;
  Number number = 0;
  for (size_t i = 0; i < sizeof(Number); ++i) {
    number = static_cast<Number>(number << 8 | static_cast<uint8_t>(key[offset + i]));
  }
  return number;
}

}  // namespace

std::string HeaderKey() { return "H"; }
std::string EndKey() { return "Z"; }
std::string AgentKey(AgentId agent) { return Key('A', agent.value); }
std::string SegmentKey(SegmentId segment) { return Key('G', segment.value); }
std::string StepKey(StepNumber step) { return Key('S', step.value); }
std::string ClockKey(AgentId agent, AgentClock clock) {
  return Key('K', agent.value, clock.value);
}
std::string AgentStepKey(AgentId agent, StepNumber step) {
  return Key('T', agent.value, step.value);
}
std::string OpenStepKey(AgentId agent, AgentClock clock) {
  return Key('X', agent.value, clock.value);
}
std::string BegunKey(StepNumber begin_after, AgentId agent, AgentClock clock) {
  return Key('B', begin_after.value, agent.value, clock.value);
}
std::string OutsideKey(StepNumber sent_after, uint32_t ordinal, uint32_t copy) {
  return Key('U', sent_after.value, ordinal, copy);
}
std::string MessageKey(const MessageId& id) {
  return Key('M', id.sender.value, id.clock.value, id.ordinal, id.copy);
}
std::string EffectKey(AgentId agent, AgentClock clock, uint32_t ordinal) {
  return Key('F', agent.value, clock.value, ordinal);
}
std::string EventKey(uint64_t sequence) { return Key('V', sequence); }
std::string CutKey(StepNumber step) { return Key('C', step.value); }
std::string LiteralKey(AgentId agent, uint64_t offset) { return Key('L', agent.value, offset); }
std::string UnescapedKey(AgentId agent, uint64_t offset) {
  return LiteralKey(agent, offset) + kUnescapedForm;
}
std::string OpsKey(AgentId agent, uint32_t stream, uint64_t version) {
  return Key('O', agent.value, stream, version);
}
std::string PieceTableKey(AgentId agent, uint32_t stream, uint64_t version) {
  return Key('P', agent.value, stream, version);
}

std::string NumberValue(uint64_t number) {
  std::string value;
  AppendBigEndian(&value, number);
  return value;
}

std::optional<uint64_t> KeyU64(std::string_view key, size_t offset) {
  return BigEndian<uint64_t>(key, offset);
}
std::optional<uint32_t> KeyU32(std::string_view key, size_t offset) {
  return BigEndian<uint32_t>(key, offset);
}

}  // namespace backstep::store
