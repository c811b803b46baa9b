#include <array>
#include <charconv>

#include "backstep/recorder/adapters/jsonl/record_json.h"
#include "backstep/recorder/pipeline/log_item.h"

namespace backstep::adapters {
namespace {

uint64_t UnsignedAt(const Json& json, std::string_view key) {
  const Json* found = Find(json, key);
  if (found == nullptr || !found->is_number_unsigned()) return 0;
  return found->get<uint64_t>();
}

uint32_t SmallAt(const Json& json, std::string_view key) {
  const uint64_t number = UnsignedAt(json, key);
  return number <= UINT32_MAX ? static_cast<uint32_t>(number) : 0;
}

int64_t SignedAt(const Json& json, std::string_view key) {
  const Json* found = Find(json, key);
  return found != nullptr && found->is_number_integer() ? found->get<int64_t>() : 0;
}

bool FlagAt(const Json& json, std::string_view key) {
  const Json* found = Find(json, key);
  return found != nullptr && found->is_boolean() && found->get<bool>();
}

std::string StringAt(const Json& json, std::string_view key) {
  const Json* found = Find(json, key);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<double> RealAt(const Json& json, std::string_view key) {
  const Json* found = Find(json, key);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

Hash128 HashAt(const Json& json, std::string_view key) {
  const std::string text = StringAt(json, key);
  Hash128 hash;
  if (text.size() != 32) return {};
  std::from_chars(text.data(), text.data() + 16, hash.high, 16);
  std::from_chars(text.data() + 16, text.data() + 32, hash.low, 16);
  return hash;
}

// Number `i` of a list; 0: there is none.
uint64_t ItemOf(const Json* list, size_t i) {
  if (list == nullptr || !list->is_array() || i >= list->size()) return 0;
  const Json& item = (*list)[i];
  return item.is_number_unsigned() ? item.get<uint64_t>() : 0;
}

MessageId IdFrom(const Json* list) {
  return {AgentId(static_cast<uint32_t>(ItemOf(list, 0))), AgentClock(ItemOf(list, 1)),
          static_cast<uint32_t>(ItemOf(list, 2)), static_cast<uint32_t>(ItemOf(list, 3))};
}

std::optional<std::pair<AgentId, AgentClock>> StepRefAt(const Json& json, std::string_view key) {
  const Json* found = Find(json, key);
  if (found == nullptr || !found->is_array()) return std::nullopt;
  return std::pair(AgentId(static_cast<uint32_t>(ItemOf(found, 0))), AgentClock(ItemOf(found, 1)));
}

template <typename Visit>
void ForEachIn(const Json& json, std::string_view key, Visit visit) {
  const Json* list = Find(json, key);
  if (list == nullptr || !list->is_array()) return;
  for (const Json& item : *list) visit(item);
}

std::vector<std::string> TextsAt(const Json& json, std::string_view key) {
  std::vector<std::string> texts;
  ForEachIn(json, key, [&](const Json& item) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  });
  return texts;
}

TextPairs PairsAt(const Json& json, std::string_view key) {
  const Json* list = Find(json, key);
  return list == nullptr ? TextPairs() : PairsFrom(*list);
}

Outcome OutcomeFrom(const Json& json) {
  Outcome outcome;
  outcome.kind = ParseOutcomeKind(StringAt(json, "kind")).value_or(Outcome::Kind::kUnknown);
  outcome.score = RealAt(json, "score");
  outcome.reason = StringAt(json, "reason");
  return outcome;
}

FaultRecord FaultFrom(const Json& json) {
  FaultRecord fault;
  fault.spec_id = StringAt(json, "id");
  fault.type = StringAt(json, "type");
  fault.hook = StringAt(json, "hook");
  fault.decision = StringAt(json, "decision");
  fault.before = StringAt(json, "before");
  fault.after = StringAt(json, "after");
  fault.hidden = FlagAt(json, "hidden");
  if (const Json* message = Find(json, "message")) fault.message = IdFrom(message);
  if (Find(json, "effect") != nullptr) fault.effect_ordinal = SmallAt(json, "effect");
  return fault;
}

Usage UsageFrom(const Json& json) {
  Usage usage;
  usage.input_tokens = UnsignedAt(json, "in");
  usage.output_tokens = UnsignedAt(json, "out");
  usage.cached_tokens = UnsignedAt(json, "cached");
  usage.reasoning_tokens = UnsignedAt(json, "reasoning");
  usage.cost_usd = RealAt(json, "cost_usd").value_or(0);
  usage.time_to_first_token.ns = SignedAt(json, "first_token_ns");
  return usage;
}

CallStatus StatusFrom(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(CallStatus::kMiss); ++i) {
    if (name == CallStatusName(static_cast<CallStatus>(i))) return static_cast<CallStatus>(i);
  }
  return CallStatus::kRecorded;
}

}  // namespace

TextPairs PairsFrom(const Json& list) {
  TextPairs pairs;
  if (!list.is_array()) return pairs;
  for (const Json& pair : list) {
    const bool two = pair.is_array() && pair.size() == 2;
    if (!two || !pair[0].is_string() || !pair[1].is_string()) continue;
    pairs.emplace_back(pair[0].get<std::string>(), pair[1].get<std::string>());
  }
  return pairs;
}

Result<std::optional<Body>> BodyFrom(const Json* json, BodyRef* ref) {
  if (json == nullptr || !json->is_object()) return std::optional<Body>();
  Body body{{}, StringAt(*json, "media")};
  if (ref != nullptr && Find(*json, "dropped") != nullptr) {
    *ref = recorder::DroppedRef(UnsignedAt(*json, "dropped"), body.media_type);
    return std::optional<Body>();
  }
  if (Find(*json, "base64") != nullptr) {
    BACKSTEP_ASSIGN_OR_RETURN(body.bytes, FromBase64(StringAt(*json, "base64")));
  } else {
    body.bytes = StringAt(*json, "text");
  }
  return std::optional<Body>(std::move(body));
}

LogHeader HeaderFrom(const Json& json) {
  LogHeader header;
  header.name = StringAt(json, "name");
  header.tags = TextsAt(json, "tags");
  header.metadata = PairsAt(json, "metadata");
  header.group_id = StringAt(json, "group_id");
  header.user_id = StringAt(json, "user_id");
  header.command = TextsAt(json, "command");
  header.executable = StringAt(json, "executable");
  header.executable_hash = HashAt(json, "executable_hash");
  header.working_directory = StringAt(json, "working_directory");
  header.program_name = StringAt(json, "program_name");
  header.host = StringAt(json, "host");
  header.writer_version = StringAt(json, "writer_version");
  header.process_id = UnsignedAt(json, "process_id");
  header.seed = UnsignedAt(json, "seed");
  header.faults_text = StringAt(json, "faults_text");
  header.faults_origin = StringAt(json, "faults_origin");
  header.began_wall.ns = SignedAt(json, "began_wall");
  return header;
}

LogEnd EndFrom(const Json& json) {
  LogEnd end;
  if (const Json* outcome = Find(json, "outcome")) end.outcome = OutcomeFrom(*outcome);
  end.ended_wall.ns = SignedAt(json, "ended_wall");
  end.dropped_bodies = UnsignedAt(json, "dropped_bodies");
  end.first_failure = StringAt(json, "first_failure");
  return end;
}

AgentRecord AgentFrom(const Json& json) {
  AgentRecord record;
  record.id = AgentId(SmallAt(json, "id"));
  record.name = StringAt(json, "name");
  record.role = StringAt(json, "role");
  record.implementation = StringAt(json, "implementation");
  record.model = StringAt(json, "model");
  record.attributes = StringAt(json, "attributes");
  record.registered_after = StepNumber(UnsignedAt(json, "registered_after"));
  return record;
}

SegmentRecord SegmentFrom(const Json& json) {
  SegmentRecord record;
  record.id = SegmentId(SmallAt(json, "id"));
  record.parent = SegmentId(SmallAt(json, "parent"));
  record.name = StringAt(json, "name");
  record.order = SmallAt(json, "order");
  record.began_wall.ns = SignedAt(json, "began_wall");
  record.began_after = StepNumber(UnsignedAt(json, "began_after"));
  if (Find(json, "ended_wall") != nullptr) record.ended_wall = TimeNs{SignedAt(json, "ended_wall")};
  record.ended_after = StepNumber(UnsignedAt(json, "ended_after"));
  return record;
}

MessageRecord MessageFrom(const Json& json) {
  MessageRecord record;
  record.id = IdFrom(Find(json, "id"));
  record.to = AgentId(SmallAt(json, "to"));
  record.channel = StringAt(json, "channel");
  record.kind = StringAt(json, "kind");
  record.program_id = StringAt(json, "program_id");
  record.edge_id = StringAt(json, "edge_id");
  record.attributes = PairsAt(json, "attributes");
  if (const Json* replied = Find(json, "reply_to")) record.reply_to = IdFrom(replied);
  record.sent_wall.ns = SignedAt(json, "sent_wall");
  record.sent_virtual.ns = SignedAt(json, "sent_virtual");
  record.delay.ns = SignedAt(json, "delay");
  record.sent_after = StepNumber(UnsignedAt(json, "sent_after"));
  record.edited = FlagAt(json, "edited");
  record.dropped = FlagAt(json, "dropped");
  record.offered_hash = HashAt(json, "offered_hash");
  return record;
}

EffectRecord EffectFrom(const Json& json) {
  EffectRecord record;
  record.agent = AgentId(SmallAt(json, "agent"));
  record.clock = AgentClock(UnsignedAt(json, "clock"));
  record.ordinal = SmallAt(json, "ordinal");
  record.kind = ParseEffectKind(StringAt(json, "kind")).value_or(EffectKind::kTool);
  record.name = StringAt(json, "name");
  record.provider = StringAt(json, "provider");
  record.parameters = StringAt(json, "parameters");
  record.tool_type = StringAt(json, "tool_type");
  record.tool_call_id = StringAt(json, "tool_call_id");
  record.request_hash = HashAt(json, "request_hash");
  if (const Json* error = Find(json, "error")) {
    record.error = CallError{StringAt(*error, "kind"), SignedAt(*error, "code"),
                             StringAt(*error, "message"), {}};
    if (Find(*error, "retry_after") != nullptr) {
      record.error->retry_after = DurationNs{SignedAt(*error, "retry_after")};
    }
  }
  if (const Json* usage = Find(json, "usage")) record.usage = UsageFrom(*usage);
  record.finish_reason = StringAt(json, "finish_reason");
  record.began_wall.ns = SignedAt(json, "began_wall");
  record.began_virtual.ns = SignedAt(json, "began_virtual");
  record.duration.ns = SignedAt(json, "duration");
  record.injected_delay.ns = SignedAt(json, "injected_delay");
  record.measured.ns = SignedAt(json, "measured");
  record.finished_after = StepNumber(UnsignedAt(json, "finished_after"));
  record.status = StatusFrom(StringAt(json, "status"));
  record.moved = FlagAt(json, "moved");
  record.substituted = FlagAt(json, "substituted");
  record.pure = FlagAt(json, "pure");
  record.free = FlagAt(json, "free");
  return record;
}

StepRecord StepFrom(const Json& json) {
  StepRecord record;
  record.number = StepNumber(UnsignedAt(json, "number"));
  record.agent = AgentId(SmallAt(json, "agent"));
  record.clock = AgentClock(UnsignedAt(json, "clock"));
  record.caller = StepRefAt(json, "caller");
  record.segment = SegmentId(SmallAt(json, "segment"));
  ForEachIn(json, "taken", [&](const Json& id) { record.taken.push_back(IdFrom(&id)); });
  record.began_wall.ns = SignedAt(json, "began_wall");
  record.began_virtual.ns = SignedAt(json, "began_virtual");
  record.begin_after = StepNumber(UnsignedAt(json, "begin_after"));
  record.name = StringAt(json, "name");
  if (Find(json, "program_index") != nullptr) {
    record.program_index = UnsignedAt(json, "program_index");
  }
  ForEachIn(json, "took", [&](const Json& taken) {
    record.took.push_back({IdFrom(Find(taken, "id")), FlagAt(taken, "early")});
  });
  ForEachIn(json, "sent", [&](const Json& sent) {
    record.sent.push_back({IdFrom(Find(sent, "id")), AgentId(SmallAt(sent, "to")),
                           DurationNs{SignedAt(sent, "delay")},
                           TimeNs{SignedAt(sent, "sent_virtual")}, FlagAt(sent, "dropped")});
  });
  ForEachIn(json, "faults", [&](const Json& fault) { record.faults.push_back(FaultFrom(fault)); });
  record.effect_count = SmallAt(json, "effect_count");
  record.ended_wall.ns = SignedAt(json, "ended_wall");
  record.own.ns = SignedAt(json, "own");
  record.duration.ns = SignedAt(json, "duration");
  if (const Json* error = Find(json, "error")) {
    record.error = StepError{StringAt(*error, "kind"), StringAt(*error, "message")};
  }
  if (const Json* outcome = Find(json, "outcome")) record.outcome = OutcomeFrom(*outcome);
  record.scheduler_state = StringAt(json, "scheduler_state");
  record.incomplete = FlagAt(json, "incomplete");
  return record;
}

EventRecord EventFrom(const Json& json) {
  EventRecord record;
  record.kind = ParseEventKind(StringAt(json, "kind")).value_or(EventRecord::Kind::kEvent);
  record.step = StepRefAt(json, "step");
  record.name = StringAt(json, "name");
  record.category = StringAt(json, "category");
  record.data = StringAt(json, "data");
  record.began_wall.ns = SignedAt(json, "began_wall");
  record.duration.ns = SignedAt(json, "duration");
  record.after = StepNumber(UnsignedAt(json, "after"));
  return record;
}

}  // namespace backstep::adapters
