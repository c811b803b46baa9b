// Records as JSON and back: the lines of the format `backstep_jsonl` (docs/import.md). A key that
// is not there reads as zero, empty or none.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/json/binary_text.h"
#include "backstep/schemas/records.h"

namespace backstep::adapters {

inline constexpr int kJsonlVersion = 1;

// Bytes as text where they are UTF-8, else as base64.
Json BodyJson(std::string_view bytes, const std::string& media_type);
Json DroppedJson(const BodyRef& ref);
Json ToJson(const MessageId& id);
Json ToJson(const LogHeader& header);
Json ToJson(const LogEnd& end);
Json ToJson(const AgentRecord& record);
Json ToJson(const SegmentRecord& record);
Json ToJson(const MessageRecord& record);
Json ToJson(const EffectRecord& record);
Json ToJson(const StepBegin& record);
Json ToJson(const StepRecord& record);
Json ToJson(const EventRecord& record);
Json ToJson(const Outcome& outcome);

// Pairs of texts, in their order, and back; what of a list is no such pair is passed over.
using TextPairs = std::vector<std::pair<std::string, std::string>>;
Json PairsJson(const TextPairs& pairs);
TextPairs PairsFrom(const Json& list);

// A body; none: there is none, or `ref` (may be null) says what became of it.
Result<std::optional<Body>> BodyFrom(const Json* json, BodyRef* ref);
LogHeader HeaderFrom(const Json& json);
LogEnd EndFrom(const Json& json);
AgentRecord AgentFrom(const Json& json);
SegmentRecord SegmentFrom(const Json& json);
MessageRecord MessageFrom(const Json& json);
EffectRecord EffectFrom(const Json& json);
StepRecord StepFrom(const Json& json);
EventRecord EventFrom(const Json& json);

}  // namespace backstep::adapters
