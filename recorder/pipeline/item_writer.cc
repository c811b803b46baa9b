#include "backstep/recorder/pipeline/item_writer.h"

#include <algorithm>

#include "backstep/recorder/redaction/request_hash.h"

namespace backstep::recorder {
namespace {

// How far around an edit a secret is looked for that the edit completes.
constexpr size_t kSeamBytes = 512;

const Body* BodyUnlessReferred(const BodyRef& ref, const Body& body) {
  return ref.where == BodyRef::Where::kNone ? &body : nullptr;
}

}  // namespace

Status AgentItem::WriteTo(ItemWriter& writer) { return writer.Agent(*this); }
Status SegmentItem::WriteTo(ItemWriter& writer) { return writer.Segment(*this); }
Status BeginItem::WriteTo(ItemWriter& writer) { return writer.Begin(*this); }
Status MessageItem::WriteTo(ItemWriter& writer) { return writer.Message(*this); }
Status EffectItem::WriteTo(ItemWriter& writer) { return writer.Effect(*this); }
Status CommitItem::WriteTo(ItemWriter& writer) { return writer.Commit(*this); }
Status EventItem::WriteTo(ItemWriter& writer) { return writer.Event(*this); }

ItemWriter::ItemWriter(store::LogWriter* writer, std::shared_ptr<const Redactor> redactor)
    : writer_(writer), redactor_(std::move(redactor)) {}

Status ItemWriter::Agent(AgentItem& item) {
  AgentRecord& record = item.record;
  for (std::string* text :
       {&record.role, &record.implementation, &record.model, &record.attributes}) {
    Redact(text);
  }
  Redact(&item.initial_state.bytes);
  return writer_->PutAgent(record, item.initial_state);
}

Status ItemWriter::Segment(SegmentItem& item) {
  Redact(&item.record.name);
  return writer_->PutSegment(item.record);
}

Status ItemWriter::Begin(BeginItem& item) {
  Redact(&item.record.name);
  return writer_->Begin(item.record);
}

Status ItemWriter::Message(MessageItem& item) {
  MessageRecord& record = item.record;
  for (auto& [key, value] : record.attributes) {
    Redact(&key);
    Redact(&value);
  }
  for (std::string* text : {&record.channel, &record.kind, &record.program_id, &record.edge_id}) {
    Redact(text);
  }
  Redact(&item.body.bytes);
  const Body* body = BodyUnlessReferred(record.body, item.body);
  if (body != nullptr && record.offered_hash.IsZero()) record.offered_hash = HashBytes(body->bytes);
  return writer_->PutMessage(&record, body);
}

Status ItemWriter::Effect(EffectItem& item) {
  EffectRecord& record = item.record;
  for (std::string* text : {&record.provider, &record.parameters, &record.tool_type,
                            &record.tool_call_id, &record.finish_reason}) {
    Redact(text);
  }
  if (record.error) {
    Redact(&record.error->kind);
    Redact(&record.error->message);
  }
  Redact(&item.request.bytes);
  Redact(&item.response.bytes);
  const Body* request = BodyUnlessReferred(record.request, item.request);
  if (request != nullptr && record.request_hash.IsZero()) {
    record.request_hash = HashOfRedacted(record.kind, record.name, *request, item.volatile_fields);
  }
  const Body* response = record.error ? nullptr : BodyUnlessReferred(record.response, item.response);
  return writer_->PutEffect(&record, request, response);
}

void ItemWriter::RedactStep(StepRecord* record) {
  Redact(&record->name);
  Redact(&record->scheduler_state);
  if (record->error) {
    Redact(&record->error->kind);
    Redact(&record->error->message);
  }
  if (record->outcome) Redact(&record->outcome->reason);
  for (FaultRecord& fault : record->faults) {
    for (std::string* text : {&fault.decision, &fault.before, &fault.after}) Redact(text);
  }
}

Status ItemWriter::Commit(CommitItem& item) {
  RedactStep(&item.record);
  last_step_ = item.record.number;
  if (auto* edit = std::get_if<StateEdit>(&item.state)) return CommitEdit(item, *edit);
  if (std::holds_alternative<Body>(item.state)) return CommitWhole(item);
  if (item.record.state.where == BodyRef::Where::kDropped) edited_states_.erase(item.record.agent);
  return writer_->Commit(&item.record, item.state);
}

Status ItemWriter::CommitWhole(CommitItem& item) {
  auto& body = std::get<Body>(item.state);
  Redact(&body.bytes);
  BACKSTEP_RETURN_IF_ERROR(writer_->Commit(&item.record, item.state));
  const auto known = edited_states_.find(item.record.agent);
  if (known != edited_states_.end()) std::swap(known->second, body);
  return {};
}

// The stored state of an agent that commits edits; read back from the log once, before its first.
Result<Body*> ItemWriter::EditedState(AgentId agent) {
  const auto known = edited_states_.find(agent);
  if (known != edited_states_.end()) return &known->second;
  BACKSTEP_RETURN_IF_ERROR(writer_->Flush());
  BACKSTEP_ASSIGN_OR_RETURN(std::unique_ptr<store::Line> line, writer_->Read());
  BACKSTEP_ASSIGN_OR_RETURN(Body state, line->State(agent, line->last()));
  return &edited_states_.emplace(agent, std::move(state)).first->second;
}

Status ItemWriter::CommitEdit(CommitItem& item, StateEdit& edit) {
  for (StateEdit::Splice& splice : edit.splices) Redact(&splice.insert);
  BACKSTEP_ASSIGN_OR_RETURN(Body* state, EditedState(item.record.agent));
  const bool appends = edit.splices.size() == 1 && edit.splices[0].remove == 0 &&
                       edit.splices[0].offset == state->bytes.size();
  if (appends) {
    state->bytes += edit.splices[0].insert;
  } else {
    BACKSTEP_ASSIGN_OR_RETURN(state->bytes, edit.Apply(state->bytes));
  }
  bool found = false;
  int64_t shift = 0;  // of the edited bytes against the base
  for (const StateEdit::Splice& splice : edit.splices) {
    const auto at = static_cast<size_t>(static_cast<int64_t>(splice.offset) + shift);
    const size_t begin = at - std::min(at, kSeamBytes);
    std::string seam = state->bytes.substr(begin, at - begin + splice.insert.size() + kSeamBytes);
    if (redactor_->Redact(&seam)) {
      state->bytes.replace(begin, seam.size(), seam);
      found = true;
    }
    shift += static_cast<int64_t>(splice.insert.size()) - static_cast<int64_t>(splice.remove);
  }
  if (!found) return writer_->Commit(&item.record, item.state);
  item.state = *state;
  return writer_->Commit(&item.record, item.state);
}

Status ItemWriter::Event(EventItem& item) {
  for (std::string* text : {&item.record.name, &item.record.category, &item.record.data}) {
    Redact(text);
  }
  return writer_->PutEvent(std::move(item.record));
}

}  // namespace backstep::recorder
