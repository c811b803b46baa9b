#include "backstep/base/utf8.h"
#include "backstep/recorder/adapters/jsonl/record_json.h"

namespace backstep::adapters {
namespace {

// Adds what is not zero, empty or none.
class Members {
 public:
  Members& Text(const char* key, const std::string& text) {
    if (!text.empty()) json_[key] = text;
    return *this;
  }
  Members& Number(const char* key, uint64_t number) {
    if (number != 0) json_[key] = number;
    return *this;
  }
  Members& Signed(const char* key, int64_t number) {
    if (number != 0) json_[key] = number;
    return *this;
  }
  Members& Flag(const char* key, bool flag) {
    if (flag) json_[key] = true;
    return *this;
  }
  Members& Hash(const char* key, const Hash128& hash) {
    if (!hash.IsZero()) json_[key] = hash.ToHex();
    return *this;
  }
  Members& Put(const char* key, Json value) {
    json_[key] = std::move(value);
    return *this;
  }
  Members& Pairs(const char* key, const TextPairs& pairs) {
    if (!pairs.empty()) json_[key] = PairsJson(pairs);
    return *this;
  }
  Json Take() { return std::move(json_); }

 private:
  Json json_ = Json::object();
};

Json UsageToJson(const Usage& usage) {
  Members members;
  members.Number("in", usage.input_tokens).Number("out", usage.output_tokens);
  members.Number("cached", usage.cached_tokens).Number("reasoning", usage.reasoning_tokens);
  members.Signed("first_token_ns", usage.time_to_first_token.ns);
  if (usage.cost_usd != 0) members.Put("cost_usd", usage.cost_usd);
  return members.Take();
}

Json FaultToJson(const FaultRecord& fault) {
  Members members;
  members.Text("id", fault.spec_id).Text("type", fault.type).Text("hook", fault.hook);
  members.Text("decision", fault.decision).Text("before", fault.before).Text("after", fault.after);
  members.Flag("hidden", fault.hidden);
  if (fault.message) members.Put("message", ToJson(*fault.message));
  if (fault.effect_ordinal) members.Put("effect", *fault.effect_ordinal);
  return members.Take();
}

void AddBegin(const StepBegin& record, Members* members) {
  members->Number("agent", record.agent.value).Number("clock", record.clock.value);
  if (record.caller) {
    members->Put("caller", {record.caller->first.value, record.caller->second.value});
  }
  members->Number("segment", record.segment.value);
  Json taken = Json::array();
  for (const MessageId& id : record.taken) taken.push_back(ToJson(id));
  if (!taken.empty()) members->Put("taken", std::move(taken));
  members->Signed("began_wall", record.began_wall.ns);
  members->Signed("began_virtual", record.began_virtual.ns);
  members->Number("begin_after", record.begin_after.value).Text("name", record.name);
  if (record.program_index) members->Put("program_index", *record.program_index);
}

}  // namespace

Json PairsJson(const TextPairs& pairs) {
  Json list = Json::array();
  for (const auto& [name, value] : pairs) list.push_back(Json::array({name, value}));
  return list;
}

Json BodyJson(std::string_view bytes, const std::string& media_type) {
  Json json = Json::object();
  json["media"] = media_type;
  if (IsUtf8(bytes)) json["text"] = bytes;
  else json["base64"] = Base64Of(bytes);
  return json;
}

Json DroppedJson(const BodyRef& ref) {
  return {{"media", ref.media_type}, {"dropped", ref.size}};
}

Json ToJson(const MessageId& id) {
  return {id.sender.value, id.clock.value, id.ordinal, id.copy};
}

Json ToJson(const Outcome& outcome) {
  Members members;
  members.Put("kind", OutcomeName(outcome.kind)).Text("reason", outcome.reason);
  if (outcome.score) members.Put("score", *outcome.score);
  return members.Take();
}

Json ToJson(const LogHeader& header) {
  Members members;
  members.Text("name", header.name).Put("tags", header.tags).Pairs("metadata", header.metadata);
  members.Text("group_id", header.group_id).Text("user_id", header.user_id);
  members.Put("command", header.command).Text("executable", header.executable);
  members.Hash("executable_hash", header.executable_hash);
  members.Text("working_directory", header.working_directory);
  members.Text("program_name", header.program_name).Text("host", header.host);
  members.Text("writer_version", header.writer_version).Number("process_id", header.process_id);
  members.Number("seed", header.seed).Text("faults_text", header.faults_text);
  members.Text("faults_origin", header.faults_origin).Signed("began_wall", header.began_wall.ns);
  return members.Take();
}

Json ToJson(const LogEnd& end) {
  Members members;
  members.Put("outcome", ToJson(end.outcome)).Signed("ended_wall", end.ended_wall.ns);
  members.Number("dropped_bodies", end.dropped_bodies).Text("first_failure", end.first_failure);
  return members.Take();
}

Json ToJson(const AgentRecord& record) {
  Members members;
  members.Number("id", record.id.value).Text("name", record.name).Text("role", record.role);
  members.Text("implementation", record.implementation).Text("model", record.model);
  members.Text("attributes", record.attributes);
  return members.Number("registered_after", record.registered_after.value).Take();
}

Json ToJson(const SegmentRecord& record) {
  Members members;
  members.Number("id", record.id.value).Number("parent", record.parent.value);
  members.Text("name", record.name).Number("order", record.order);
  members.Signed("began_wall", record.began_wall.ns)
      .Number("began_after", record.began_after.value);
  if (record.ended_wall) members.Put("ended_wall", record.ended_wall->ns);
  return members.Number("ended_after", record.ended_after.value).Take();
}

Json ToJson(const MessageRecord& record) {
  Members members;
  members.Put("id", ToJson(record.id)).Number("to", record.to.value);
  members.Text("channel", record.channel).Text("kind", record.kind);
  members.Text("program_id", record.program_id).Text("edge_id", record.edge_id);
  members.Pairs("attributes", record.attributes);
  if (record.reply_to) members.Put("reply_to", ToJson(*record.reply_to));
  members.Signed("sent_wall", record.sent_wall.ns).Signed("sent_virtual", record.sent_virtual.ns);
  members.Signed("delay", record.delay.ns).Number("sent_after", record.sent_after.value);
  members.Flag("edited", record.edited).Flag("dropped", record.dropped);
  return members.Hash("offered_hash", record.offered_hash).Take();
}

Json ToJson(const EffectRecord& record) {
  Members members;
  members.Number("agent", record.agent.value).Number("clock", record.clock.value);
  members.Number("ordinal", record.ordinal).Put("kind", EffectKindName(record.kind));
  members.Text("name", record.name).Text("provider", record.provider);
  members.Text("parameters", record.parameters).Text("tool_type", record.tool_type);
  members.Text("tool_call_id", record.tool_call_id).Hash("request_hash", record.request_hash);
  if (record.error) {
    Members error;
    error.Text("kind", record.error->kind).Signed("code", record.error->code);
    error.Text("message", record.error->message);
    if (record.error->retry_after) error.Put("retry_after", record.error->retry_after->ns);
    members.Put("error", error.Take());
  }
  members.Put("usage", UsageToJson(record.usage)).Text("finish_reason", record.finish_reason);
  members.Signed("began_wall", record.began_wall.ns);
  members.Signed("began_virtual", record.began_virtual.ns).Signed("duration", record.duration.ns);
  members.Signed("injected_delay", record.injected_delay.ns).Signed("measured", record.measured.ns);
  members.Number("finished_after", record.finished_after.value);
  members.Put("status", CallStatusName(record.status)).Flag("moved", record.moved);
  members.Flag("substituted", record.substituted).Flag("pure", record.pure);
  return members.Flag("free", record.free).Take();
}

Json ToJson(const StepBegin& record) {
  Members members;
  AddBegin(record, &members);
  return members.Take();
}

Json ToJson(const StepRecord& record) {
  Members members;
  members.Number("number", record.number.value);
  AddBegin(record, &members);
  Json took = Json::array(), sent = Json::array(), faults = Json::array();
  for (const TakenMessage& taken : record.took) {
    took.push_back({{"id", ToJson(taken.id)}, {"early", taken.early}});
  }
  for (const SentMessage& message : record.sent) {
    Members entry;
    entry.Put("id", ToJson(message.id)).Number("to", message.to.value);
    entry.Signed("delay", message.delay.ns).Signed("sent_virtual", message.sent_virtual.ns);
    sent.push_back(entry.Flag("dropped", message.dropped).Take());
  }
  for (const FaultRecord& fault : record.faults) faults.push_back(FaultToJson(fault));
  members.Put("took", std::move(took)).Put("sent", std::move(sent));
  members.Put("faults", std::move(faults)).Number("effect_count", record.effect_count);
  members.Signed("ended_wall", record.ended_wall.ns).Signed("own", record.own.ns);
  members.Signed("duration", record.duration.ns);
  if (record.error) {
    members.Put("error", {{"kind", record.error->kind}, {"message", record.error->message}});
  }
  if (record.outcome) members.Put("outcome", ToJson(*record.outcome));
  members.Text("scheduler_state", record.scheduler_state);
  return members.Flag("incomplete", record.incomplete).Take();
}

Json ToJson(const EventRecord& record) {
  Members members;
  members.Put("kind", EventKindName(record.kind));
  if (record.step) members.Put("step", {record.step->first.value, record.step->second.value});
  members.Text("name", record.name).Text("category", record.category).Text("data", record.data);
  members.Signed("began_wall", record.began_wall.ns).Signed("duration", record.duration.ns);
  return members.Number("after", record.after.value).Take();
}

}  // namespace backstep::adapters
