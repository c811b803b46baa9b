// Shared pieces of the codec: values that stand inside several records. Private to schemas/codec.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <capnp/message.h>

#include "backstep/schemas/records.h"
#include "backstep_generated/schemas/records.capnp.h"

namespace backstep::codec {

// The bytes of a string as a Cap'n Proto text; they must outlive the call that takes it.
inline capnp::Text::Reader ToText(const std::string& s) { return {s.data(), s.size()}; }
inline capnp::Data::Reader ToData(const std::string& s) {
  return {reinterpret_cast<const capnp::byte*>(s.data()), s.size()};
}
inline std::string FromText(capnp::Text::Reader t) { return {t.begin(), t.size()}; }
inline std::string FromData(capnp::Data::Reader d) {
  return {reinterpret_cast<const char*>(d.begin()), d.size()};
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

void Write(const MessageId& id, wire::MessageId::Builder out);
void Write(const BodyRef& ref, LogId log, wire::BodyRef::Builder out);
void Write(const Outcome& outcome, wire::Outcome::Builder out);
void Write(const Pairs& pairs, capnp::List<wire::Pair>::Builder out);
void Write(const std::vector<std::string>& texts, capnp::List<capnp::Text>::Builder out);
void Write(const std::pair<AgentId, AgentClock>& step, wire::StepRef::Builder out);

// Worth a pointer in the record; the default value is read back from a null one.
bool IsSet(const BodyRef& ref);

// These throw kj::Exception on bytes that cannot be ours; the record decoders catch it.
MessageId Read(wire::MessageId::Reader in);
BodyRef Read(wire::BodyRef::Reader in, LogId log);
Outcome Read(wire::Outcome::Reader in);
Pairs Read(capnp::List<wire::Pair>::Reader in);
std::vector<std::string> Read(capnp::List<capnp::Text>::Reader in);
std::pair<AgentId, AgentClock> Read(wire::StepRef::Reader in);

// The enumerator with the wire's number; throws when it is greater than `greatest`.
template <typename To, typename From>
To CheckedEnum(From value, To greatest, const char* what) {
  const auto number = static_cast<uint16_t>(value);
  KJ_REQUIRE(number <= static_cast<uint16_t>(greatest), "enumeration out of range", what, number);
  return static_cast<To>(number);
}

}  // namespace backstep::codec
