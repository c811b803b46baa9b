#include "backstep/recorder/pipeline/item_writer.h"

#include <algorithm>

#include "backstep/recorder/redaction/request_hash.h"

namespace backstep::recorder {
namespace {

// How far around what is new a secret is looked for that it completes: the longest is a private
// key.
constexpr size_t kSeamBytes = 4096;

// Where the splices lie in the edited bytes, with what stands around them.
template <typename Visit>
void ForEachSeam(const StateEdit& edit, Visit visit) {
  int64_t shift = 0;  // of the edited bytes against the base
  for (const StateEdit::Splice& splice : edit.splices) {
    const auto at = static_cast<uint64_t>(static_cast<int64_t>(splice.offset) + shift);
    visit(at - std::min<uint64_t>(at, kSeamBytes), at + splice.insert.size() + kSeamBytes);
    shift += static_cast<int64_t>(splice.insert.size()) - static_cast<int64_t>(splice.remove);
  }
}

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
  std::string whole = item.initial_state.bytes;
  NoteLeft(record.id, Redact(&item.initial_state.bytes), std::move(whole));
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
  const Body* response =
      record.error ? nullptr : BodyUnlessReferred(record.response, item.response);
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
  if (std::holds_alternative<StateEdit>(item.state)) return CommitEdit(item);
  if (std::holds_alternative<Body>(item.state)) return CommitWhole(item);
  return writer_->Commit(&item.record, item.state);
}

// What lies as it lay in the agent's last state has been redacted there; only what is new is
// looked at, and the whole only when that holds a secret.
Status ItemWriter::CommitWhole(CommitItem& item) {
  auto& body = std::get<Body>(item.state);
  if (!redactor_->has_patterns()) {
    const auto clean = [&](std::string_view around_new) {
      seam_ = around_new;
      return !redactor_->Redact(&seam_);
    };
    BACKSTEP_ASSIGN_OR_RETURN(const bool committed,
                              writer_->CommitIfClean(&item.record, body, kSeamBytes, clean));
    if (committed) {
      left_.erase(item.record.agent);
      return {};
    }
  }
  std::string whole = body.bytes;
  NoteLeft(item.record.agent, Redact(&body.bytes), std::move(whole));
  return writer_->Commit(&item.record, item.state);
}

// A secret may only show where an edit meets what stood there before. Of an agent whose state held
// one, edits are of the state as it left it, not as it was kept: else part of the next secret might
// stand where part of the last one was.
Status ItemWriter::CommitEdit(CommitItem& item) {
  auto& edit = std::get<StateEdit>(item.state);
  const AgentId agent = item.record.agent;
  BACKSTEP_ASSIGN_OR_RETURN(const std::string_view newest, writer_->NewestState(agent));
  BACKSTEP_ASSIGN_OR_RETURN(const uint64_t size, edit.ResultSize(newest.size()));
  static_cast<void>(size);
  const auto left = left_.find(agent);
  if (left == left_.end()) {
    bool found = false;
    ForEachSeam(edit, [&](uint64_t begin, uint64_t end) {
      edit.Part(newest, begin, end, &seam_);
      found = found || redactor_->Redact(&seam_);
    });
    if (!found) return writer_->Commit(&item.record, item.state);
  }
  BACKSTEP_ASSIGN_OR_RETURN(std::string whole,
                            edit.Apply(left == left_.end() ? newest : left->second));
  std::string kept = whole;
  NoteLeft(agent, Redact(&kept), std::move(whole));
  edit.splices = {{0, newest.size(), std::move(kept)}};
  return writer_->Commit(&item.record, item.state);
}

void ItemWriter::NoteLeft(AgentId agent, bool redacted, std::string&& state) {
  if (redacted) {
    left_[agent] = std::move(state);
  } else {
    left_.erase(agent);
  }
}

Status ItemWriter::Event(EventItem& item) {
  for (std::string* text : {&item.record.name, &item.record.category, &item.record.data}) {
    Redact(text);
  }
  return writer_->PutEvent(std::move(item.record));
}

}  // namespace backstep::recorder
