#include "backstep/schemas/codec/wire.h"

namespace backstep::codec {
namespace {

static_assert(static_cast<int>(wire::BodyRef::Where::INLINED) ==
              static_cast<int>(BodyRef::Where::kInline));
static_assert(static_cast<int>(wire::BodyRef::Where::DROPPED) ==
              static_cast<int>(BodyRef::Where::kDropped));
static_assert(static_cast<int>(wire::Outcome::Kind::FAILED) ==
              static_cast<int>(Outcome::Kind::kFailed));

constexpr const char* kMediaTypes[] = {"", "application/json", "text/plain",
                                       "text/plain; charset=utf-8", "application/octet-stream"};

wire::BodyRef::Media MediaOf(const std::string& media_type) {
  for (uint16_t i = 1; i < std::size(kMediaTypes); ++i) {
    if (media_type == kMediaTypes[i]) return static_cast<wire::BodyRef::Media>(i);
  }
  return wire::BodyRef::Media::OTHER;
}

}  // namespace

void Write(const MessageId& id, wire::MessageId::Builder out) {
  out.setSender(id.sender.value);
  out.setClock(id.clock.value);
  out.setOrdinal(id.ordinal);
  out.setCopy(id.copy);
}

MessageId Read(wire::MessageId::Reader in) {
  return {AgentId(in.getSender()), AgentClock(in.getClock()), in.getOrdinal(), in.getCopy()};
}

bool IsSet(const BodyRef& ref) {
  return ref.where != BodyRef::Where::kNone || !ref.media_type.empty() || ref.size != 0 ||
         !ref.hash.IsZero();
}

void Write(const BodyRef& ref, LogId log, wire::BodyRef::Builder out) {
  out.setWhere(static_cast<wire::BodyRef::Where>(ref.where));
  out.setLog(ref.log == log ? 0 : ref.log.value);
  out.setOwner(ref.owner.value);
  out.setStream(ref.stream);
  out.setPosition(ref.position);
  out.setSize(ref.size);
  out.setHashHigh(ref.hash.high);
  out.setHashLow(ref.hash.low);
  const wire::BodyRef::Media media = MediaOf(ref.media_type);
  out.setMedia(media);
  if (media == wire::BodyRef::Media::OTHER && !ref.media_type.empty()) {
    out.setMediaType(ToText(ref.media_type));
  }
  if (!ref.inline_bytes.empty()) out.setInlineBytes(ToData(ref.inline_bytes));
}

BodyRef Read(wire::BodyRef::Reader in, LogId log) {
  BodyRef ref;
  ref.where = CheckedEnum(in.getWhere(), BodyRef::Where::kDropped, "BodyRef.where");
  ref.log = LogId(in.getLog());
  if (ref.log.value == 0 && ref.where != BodyRef::Where::kNone) ref.log = log;
  ref.owner = AgentId(in.getOwner());
  ref.stream = in.getStream();
  ref.position = in.getPosition();
  ref.size = in.getSize();
  ref.hash = {in.getHashHigh(), in.getHashLow()};
  const auto media = static_cast<uint16_t>(in.getMedia());
  KJ_REQUIRE(media < std::size(kMediaTypes), "enumeration out of range", "BodyRef.media", media);
  ref.media_type = media == 0 ? FromText(in.getMediaType()) : kMediaTypes[media];
  if (in.hasInlineBytes()) ref.inline_bytes = FromData(in.getInlineBytes());
  KJ_REQUIRE(ref.where != BodyRef::Where::kInline || ref.size == ref.inline_bytes.size(),
             "inline body of another size than recorded", ref.size, ref.inline_bytes.size());
  return ref;
}

void Write(const Outcome& outcome, wire::Outcome::Builder out) {
  out.setKind(static_cast<wire::Outcome::Kind>(outcome.kind));
  out.setHasScore(outcome.score.has_value());
  if (outcome.score) out.setScore(*outcome.score);
  if (!outcome.reason.empty()) out.setReason(ToText(outcome.reason));
}

Outcome Read(wire::Outcome::Reader in) {
  Outcome outcome;
  outcome.kind = CheckedEnum(in.getKind(), Outcome::Kind::kFailed, "Outcome.kind");
  if (in.getHasScore()) outcome.score = in.getScore();
  outcome.reason = FromText(in.getReason());
  return outcome;
}

void Write(const Pairs& pairs, capnp::List<wire::Pair>::Builder out) {
  for (uint32_t i = 0; i < out.size(); ++i) {
    out[i].setKey(ToText(pairs[i].first));
    out[i].setValue(ToText(pairs[i].second));
  }
}

Pairs Read(capnp::List<wire::Pair>::Reader in) {
  Pairs pairs;
  for (const auto pair : in) pairs.emplace_back(FromText(pair.getKey()), FromText(pair.getValue()));
  return pairs;
}

void Write(const std::vector<std::string>& texts, capnp::List<capnp::Text>::Builder out) {
  for (uint32_t i = 0; i < out.size(); ++i) out.set(i, ToText(texts[i]));
}

std::vector<std::string> Read(capnp::List<capnp::Text>::Reader in) {
  std::vector<std::string> texts;
  for (const auto text : in) texts.push_back(FromText(text));
  return texts;
}

void Write(const std::pair<AgentId, AgentClock>& step, wire::StepRef::Builder out) {
  out.setAgent(step.first.value);
  out.setClock(step.second.value);
}

std::pair<AgentId, AgentClock> Read(wire::StepRef::Reader in) {
  return {AgentId(in.getAgent()), AgentClock(in.getClock())};
}

}  // namespace backstep::codec
