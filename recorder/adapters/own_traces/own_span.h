// A span of an export, and what its attributes say: the way back of export/span_maker.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backstep/recorder/adapters/core/importer.h"
#include "backstep/recorder/adapters/spans/span.h"

namespace backstep::adapters {

// A view of attributes, which outlive it. Immutable.
class OwnAttributes {
 public:
  explicit OwnAttributes(const Attributes& attributes) : attributes_(attributes) {}
  const Attribute* Find(std::string_view key) const;
  std::string Text(std::string_view key) const;  // empty: not there
  std::optional<int64_t> Integer(std::string_view key) const;
  uint64_t Count(std::string_view key) const;  // 0: not there, or below zero
  double Real(std::string_view key) const;
  bool True(std::string_view key) const;
  // A JSON list of pairs of texts.
  std::vector<std::pair<std::string, std::string>> Pairs(std::string_view key) const;

 private:
  const Attributes& attributes_;
};

struct OwnMessage {
  std::string source, target, reply_to;  // names; the id of a message
  MessageDraft draft;                    // without the places of steps and agents
};

std::optional<Outcome> OwnOutcome(const Span& span);
// The body under `key`; none: there is none.
std::optional<KeptBody> OwnBody(const Span& span, const char* key, const char* media_key,
                                Sink& sink);
EffectDraft OwnEffect(const Span& span, EffectKind kind, Sink& sink);
OwnMessage OwnMessageOf(const Span& span, Sink& sink);
// Its faults; a step's error.
std::vector<FaultRecord> OwnFaults(const Span& span);
std::optional<StepError> OwnError(const Span& span);
// None: not an event that the run had.
std::optional<NoteDraft> OwnNote(std::string_view name, TimeNs at, const Attributes& attributes,
                                 Sink& sink);

}  // namespace backstep::adapters
