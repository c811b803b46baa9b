#include "backstep/store/index/row_writer.h"

#include <algorithm>

#include "backstep/schemas/codec/codec.h"
#include "backstep/store/index/schema.h"

namespace backstep::store {
namespace {

std::string_view Excerpt(const std::string& text) {
  return std::string_view(text).substr(0, kIndexTextBytesMax);
}

std::string InsertSql(const char* table, int columns) {
  std::string sql = std::string("INSERT OR REPLACE INTO ") + table + " VALUES (?";
  for (int i = 1; i < columns; ++i) sql += ",?";
  return sql + ")";
}

void AddBodySize(Statement& row, const BodyRef& ref) {
  if (ref.where == BodyRef::Where::kNone) {
    row.AddNull();
  } else {
    row.AddNumber(ref.size);
  }
}

Statement& AddStepRef(Statement& row, const std::optional<std::pair<AgentId, AgentClock>>& step) {
  if (!step) return row.AddNull().AddNull();
  return row.AddNumber(step->first.value).AddNumber(step->second.value);
}

std::string EffectIdText(Line& line, const EffectRecord& effect) {
  return line.AgentName(effect.agent) + "/" + std::to_string(effect.clock.value) + "#" +
         std::to_string(effect.ordinal);
}

Usage SumUsage(const std::vector<EffectRecord>& effects) {
  Usage sum;
  for (const EffectRecord& effect : effects) sum += effect.usage;
  return sum;
}

}  // namespace

Hash128 HeaderHash(const LogHeader& header) { return HashBytes(Encode(header)); }

Result<std::unique_ptr<RowWriter>> RowWriter::Make(Database& db) {
  std::unique_ptr<RowWriter> writer(new RowWriter(db));
  struct Prepared {
    Statement* statement;
    const char* table;
    int columns;
  };
  for (const Prepared& p : {Prepared{&writer->step_, "steps", 29},
                            {&writer->message_, "messages", 23},
                            {&writer->take_, "takes", 8},
                            {&writer->effect_, "effects", 34},
                            {&writer->fault_, "faults_applied", 12},
                            {&writer->span_, "spans", 10},
                            {&writer->event_, "events", 10},
                            {&writer->agent_, "agents", 8},
                            {&writer->segment_, "segments", 9},
                            {&writer->session_, "sessions", 24},
                            {&writer->branch_, "branches", 25},
                            {&writer->edit_, "edits", 7},
                            {&writer->watermark_, "watermarks", 6}}) {
    BACKSTEP_ASSIGN_OR_RETURN(*p.statement, db.Prepare(InsertSql(p.table, p.columns)));
  }
  return writer;
}

Status RowWriter::PutStep(Line& line, const StepRows& rows) {
  const StepRecord& s = rows.step;
  const Usage usage = SumUsage(rows.effects);
  step_.AddNumber(line.id().value).AddNumber(s.number.value).AddNumber(s.agent.value);
  step_.AddNumber(s.clock.value);
  s.segment.value == 0 ? step_.AddNull() : step_.AddNumber(s.segment.value);
  AddStepRef(step_, s.caller).AddTextOrNull(Excerpt(s.name));
  s.program_index ? step_.AddNumber(*s.program_index) : step_.AddNull();
  step_.AddNumber(s.begin_after.value).AddSigned(s.began_wall.ns).AddSigned(s.ended_wall.ns);
  step_.AddSigned(s.began_virtual.ns).AddSigned(s.duration.ns).AddSigned(s.own.ns);
  step_.AddNumber(s.took.size()).AddNumber(s.sent.size()).AddNumber(s.effect_count);
  step_.AddNumber(s.faults.size()).AddNumber(usage.input_tokens).AddNumber(usage.output_tokens);
  step_.AddReal(usage.cost_usd);
  AddBodySize(step_, s.state);
  step_.AddHash(s.state.hash).AddBool(s.state_changed);
  if (s.error) {
    step_.AddText(Excerpt(s.error->kind)).AddTextOrNull(Excerpt(s.error->message));
  } else {
    step_.AddNull().AddNull();
  }
  s.outcome ? step_.AddText(OutcomeName(s.outcome->kind)) : step_.AddNull();
  BACKSTEP_RETURN_IF_ERROR(step_.AddBool(s.incomplete).Run());
  for (size_t i = 0; i < s.took.size(); ++i) {
    const MessageId& id = s.took[i].id;
    take_.AddNumber(line.id().value).AddNumber(s.number.value).AddNumber(i);
    take_.AddNumber(id.sender.value).AddNumber(id.clock.value).AddNumber(id.ordinal);
    BACKSTEP_RETURN_IF_ERROR(take_.AddNumber(id.copy).AddBool(s.took[i].early).Run());
  }
  for (const EffectRecord& e : rows.effects) BACKSTEP_RETURN_IF_ERROR(PutEffect(line, e, s.number));
  for (const MessageRecord& m : rows.messages) {
    BACKSTEP_RETURN_IF_ERROR(PutMessage(line, m, s.number));
  }
  return PutFaults(line, s);
}

Status RowWriter::PutMessage(Line& line, const MessageRecord& m, StepNumber sent_step) {
  message_.AddNumber(line.id().value).AddNumber(m.id.sender.value).AddNumber(m.id.clock.value);
  message_.AddNumber(m.id.ordinal).AddNumber(m.id.copy).AddText(line.FormatMessageId(m.id));
  message_.AddNumber(m.to.value);
  sent_step.value == 0 ? message_.AddNull() : message_.AddNumber(sent_step.value);
  message_.AddTextOrNull(Excerpt(m.channel)).AddTextOrNull(Excerpt(m.kind));
  message_.AddTextOrNull(Excerpt(m.program_id)).AddTextOrNull(Excerpt(m.edge_id));
  message_.AddTextOrNull(m.reply_to ? line.FormatMessageId(*m.reply_to) : std::string());
  message_.AddNumber(m.sent_after.value).AddSigned(m.sent_wall.ns).AddSigned(m.sent_virtual.ns);
  message_.AddSigned(m.delay.ns);
  AddBodySize(message_, m.body);
  message_.AddTextOrNull(Excerpt(m.body.media_type)).AddHash(m.body.hash);
  return message_.AddHash(m.offered_hash).AddBool(m.edited).AddBool(m.dropped).Run();
}

Status RowWriter::PutEffect(Line& line, const EffectRecord& e, StepNumber step) {
  effect_.AddNumber(line.id().value).AddNumber(e.agent.value).AddNumber(e.clock.value);
  effect_.AddNumber(e.ordinal).AddText(EffectIdText(line, e)).AddNumber(step.value);
  effect_.AddText(EffectKindName(e.kind)).AddText(Excerpt(e.name));
  effect_.AddTextOrNull(Excerpt(e.provider)).AddTextOrNull(Excerpt(e.tool_type));
  effect_.AddTextOrNull(Excerpt(e.tool_call_id)).AddHash(e.request_hash);
  AddBodySize(effect_, e.request);
  AddBodySize(effect_, e.response);
  effect_.AddHash(e.response.hash).AddText(CallStatusName(e.status)).AddBool(e.moved);
  effect_.AddBool(e.substituted);
  if (e.error) {
    effect_.AddText(Excerpt(e.error->kind)).AddSigned(e.error->code);
    effect_.AddTextOrNull(Excerpt(e.error->message));
  } else {
    effect_.AddNull().AddNull().AddNull();
  }
  effect_.AddNumber(e.usage.input_tokens).AddNumber(e.usage.output_tokens);
  effect_.AddNumber(e.usage.cached_tokens).AddNumber(e.usage.reasoning_tokens);
  effect_.AddReal(e.usage.cost_usd).AddSigned(e.usage.time_to_first_token.ns);
  effect_.AddTextOrNull(Excerpt(e.finish_reason)).AddSigned(e.began_wall.ns);
  effect_.AddSigned(e.began_virtual.ns).AddSigned(e.duration.ns).AddSigned(e.injected_delay.ns);
  return effect_.AddSigned(e.measured.ns).AddNumber(e.finished_after.value).Run();
}

Status RowWriter::PutFaults(Line& line, const StepRecord& step) {
  for (size_t i = 0; i < step.faults.size(); ++i) {
    const FaultRecord& f = step.faults[i];
    fault_.AddNumber(line.id().value).AddNumber(step.number.value).AddNumber(i);
    fault_.AddText(Excerpt(f.spec_id)).AddText(Excerpt(f.type)).AddText(Excerpt(f.hook));
    fault_.AddTextOrNull(Excerpt(f.decision)).AddTextOrNull(Excerpt(f.before));
    fault_.AddTextOrNull(Excerpt(f.after));
    fault_.AddTextOrNull(f.message ? line.FormatMessageId(*f.message) : std::string());
    f.effect_ordinal ? fault_.AddNumber(*f.effect_ordinal) : fault_.AddNull();
    BACKSTEP_RETURN_IF_ERROR(fault_.AddBool(f.hidden).Run());
  }
  return Status();
}

Status RowWriter::PutEvent(LogId log, const EventRecord& e) {
  const bool span = e.kind == EventRecord::Kind::kSpan;
  Statement& row = span ? span_ : event_;
  row.AddNumber(log.value).AddNumber(e.sequence);
  if (!span) row.AddText(e.kind == EventRecord::Kind::kHandoff ? "handoff" : "event");
  row.AddText(Excerpt(e.name)).AddTextOrNull(Excerpt(e.category));
  AddStepRef(row, e.step).AddTextOrNull(Excerpt(e.data)).AddSigned(e.began_wall.ns);
  if (span) row.AddSigned(e.duration.ns);
  return row.AddNumber(e.after.value).Run();
}

Result<Watermark> RowWriter::ReadWatermark(const Line& line) {
  Watermark fresh;
  fresh.header_hash = HeaderHash(line.header());
  fresh.steps = line.fork();
  BACKSTEP_ASSIGN_OR_RETURN(
      Statement query,
      db_.Prepare("SELECT lower(hex(header_hash)), steps, events, outside_messages, sealed "
                  "FROM watermarks WHERE log = ?"));
  BACKSTEP_ASSIGN_OR_RETURN(const bool found, query.AddNumber(line.id().value).Next());
  if (!found) return fresh;
  if (query.Text(0) != fresh.header_hash.ToHex()) {
    BACKSTEP_RETURN_IF_ERROR(DeleteLog(line.id()));
    return fresh;
  }
  Watermark watermark = fresh;
  watermark.steps = StepNumber(static_cast<uint64_t>(std::max<int64_t>(0, query.Integer(1))));
  watermark.events = static_cast<uint64_t>(std::max<int64_t>(0, query.Integer(2)));
  watermark.outside_messages = static_cast<uint32_t>(query.Integer(3));
  watermark.sealed = query.Integer(4) != 0;
  return watermark;
}

Status RowWriter::PutWatermark(LogId log, const Watermark& w) {
  watermark_.AddNumber(log.value).AddHash(w.header_hash).AddNumber(w.steps.value);
  return watermark_.AddNumber(w.events).AddNumber(w.outside_messages).AddBool(w.sealed).Run();
}

Status RowWriter::DeleteLog(LogId log) {
  for (size_t i = 0; i < kTableCount; ++i) {
    if (!kTables[i].derived) continue;
    BACKSTEP_RETURN_IF_ERROR(db_.Exec(std::string("DELETE FROM ") + kTables[i].name +
                                      " WHERE log = " + std::to_string(log.value)));
  }
  return Status();
}

Status RowWriter::DeleteBeyond(LogId log, StepNumber after) {
  const std::string where = " WHERE log = " + std::to_string(log.value) + " AND ";
  const std::string beyond = " > " + std::to_string(after.value);
  for (const char* table : {"steps", "takes", "effects", "faults_applied"}) {
    BACKSTEP_RETURN_IF_ERROR(db_.Exec("DELETE FROM " + std::string(table) + where + "step" + beyond));
  }
  return db_.Exec("DELETE FROM messages" + where + "(sent_step" + beyond + " OR sent_after" +
                  beyond + ")");
}

}  // namespace backstep::store
