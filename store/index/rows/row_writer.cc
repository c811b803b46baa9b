#include "backstep/store/index/rows/row_writer.h"

#include <algorithm>
#include <limits>

#include "backstep/schemas/codec/codec.h"
#include "backstep/store/index/schema.h"
#include "backstep/store/index/rows/step_lists.h"

namespace backstep::store {
namespace {

std::string_view Excerpt(const std::string& text) {
  return std::string_view(text).substr(0, kIndexTextBytesMax);
}

// Rows that come once, behind a watermark, need no look at what they may replace.
std::string InsertSql(const char* table, int columns, bool once) {
  std::string sql = once ? "INSERT INTO " : "INSERT OR REPLACE INTO ";
  sql += std::string(table) + " VALUES (?";
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

// Times of a hostile log may lie further apart than a number can say.
int64_t Difference(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
int64_t Difference(TimeNs a, TimeNs b) { return Difference(a.ns, b.ns); }

int64_t Bounded(uint64_t value) {
  return static_cast<int64_t>(std::min<uint64_t>(value, std::numeric_limits<int64_t>::max()));
}

// Steps that another one does not see before it.
int64_t Lag(StepNumber step, StepNumber seen) {
  return static_cast<int64_t>(step.value - 1 - seen.value);
}

// Of step_rows.flags.
uint64_t RowFlags(const StepRecord& s) {
  return (s.state_changed ? uint64_t{1} : 0) | (s.incomplete ? uint64_t{2} : 0);
}

bool HasDetails(const StepRecord& s, const Usage& usage) {
  return s.caller || !s.name.empty() || s.program_index || s.effect_count > 0 ||
         !s.faults.empty() || s.error || s.outcome || s.own != s.duration ||
         usage.input_tokens != 0 || usage.output_tokens != 0 || usage.cost_usd != 0;
}

bool HasDetails(const MessageRecord& m) {
  return !m.program_id.empty() || !m.edge_id.empty() || m.reply_to || m.delay.ns != 0 ||
         m.edited || m.dropped;
}

std::string EffectIdText(Line& line, const EffectRecord& effect) {
  return line.AgentName(effect.agent) + "/" + std::to_string(effect.clock.value) + "#" +
         std::to_string(effect.ordinal);
}

Statement& AddMessageKey(Statement& row, LogId log, const MessageRecord& m) {
  row.AddNumber(log.value).AddNumber(m.id.sender.value).AddNumber(m.to.value);
  return row.AddNumber(m.id.clock.value).AddNumber(m.id.ordinal).AddNumber(m.id.copy);
}

Usage SumUsage(const std::vector<EffectRecord>& effects) {
  Usage sum;
  for (const EffectRecord& effect : effects) sum += effect.usage;
  return sum;
}

}  // namespace

Hash128 HeaderHash(const LogHeader& header) { return HashBytes(Encode(header)); }

Watermark FreshWatermark(const Line& line) {
  Watermark fresh;
  fresh.header_hash = HeaderHash(line.header());
  fresh.steps = line.fork();
  fresh.began_wall = line.header().began_wall;
  return fresh;
}

Result<std::unique_ptr<RowWriter>> RowWriter::Make(Database& db) {
  std::unique_ptr<RowWriter> writer(new RowWriter(db));
  struct Prepared {
    Statement* statement;
    const char* table;
    int columns;
    bool once = false;
  };
  for (const Prepared& p : {Prepared{&writer->step_, "step_rows", 15, true},
                            {&writer->step_details_, "step_details", 15, true},
                            {&writer->message_, "message_rows", 12, true},
                            {&writer->message_again_, "message_rows", 12},
                            {&writer->message_details_, "message_details", 12},
                            {&writer->effect_, "effects", 34, true},
                            {&writer->fault_, "faults_applied", 12, true},
                            {&writer->span_, "spans", 10},
                            {&writer->event_, "events", 10},
                            {&writer->agent_, "agents", 8},
                            {&writer->segment_, "segments", 9},
                            {&writer->session_, "sessions", 24},
                            {&writer->branch_, "branches", 25},
                            {&writer->edit_, "edits", 7},
                            {&writer->watermark_, "watermarks", 7}}) {
    BACKSTEP_ASSIGN_OR_RETURN(*p.statement, db.Prepare(InsertSql(p.table, p.columns, p.once)));
  }
  BACKSTEP_RETURN_IF_ERROR(writer->forms_.Prepare(db));
  BACKSTEP_RETURN_IF_ERROR(writer->chunks_.Prepare(db));
  return writer;
}

Status RowWriter::PutStep(Line& line, const StepRows& rows) {
  const StepRecord& s = rows.step;
  step_.AddNumber(line.id().value).AddNumber(s.number.value).AddNumber(s.agent.value);
  step_.AddNumber(s.clock.value);
  s.segment.value == 0 ? step_.AddNull() : step_.AddNumber(s.segment.value);
  step_.AddSigned(Lag(s.number, s.begin_after));
  step_.AddSigned(s.began_virtual.ns).AddSigned(s.duration.ns);
  const int64_t wall = Difference(s.began_wall, line.header().began_wall);
  step_.AddSigned(Difference(wall, s.began_virtual.ns));
  step_.AddSigned(Difference(Difference(s.ended_wall, s.began_wall), s.duration.ns));
  step_.AddNumber(RowFlags(s));
  AddBodySize(step_, s.state);
  step_.AddHash(s.state.hash, kIndexStateHashBytes);
  if (s.sent.size() > 1) {
    step_.AddText(SentToText(s.sent));
  } else {
    s.sent.empty() ? step_.AddNull() : step_.AddNumber(s.sent[0].to.value);
  }
  BACKSTEP_RETURN_IF_ERROR(step_.AddTextOrNull(TookText(s.took)).Run());
  BACKSTEP_RETURN_IF_ERROR(PutStepDetails(line, rows));
  for (const EffectRecord& e : rows.effects) BACKSTEP_RETURN_IF_ERROR(PutEffect(line, e, s.number));
  for (const MessageRecord& m : rows.messages) {
    BACKSTEP_RETURN_IF_ERROR(PutMessage(line, m, &s));
  }
  BACKSTEP_RETURN_IF_ERROR(PutFaults(line, s));
  return chunks_.Add(line, s, rows.effects);
}

Status RowWriter::PutStepDetails(Line& line, const StepRows& rows) {
  const StepRecord& s = rows.step;
  const Usage usage = SumUsage(rows.effects);
  if (!HasDetails(s, usage)) return Status();
  Statement& row = step_details_;
  row.AddNumber(line.id().value).AddNumber(s.number.value);
  AddStepRef(row, s.caller).AddTextOrNull(Excerpt(s.name));
  s.program_index ? row.AddNumber(*s.program_index) : row.AddNull();
  row.AddSigned(Difference(s.duration.ns, s.own.ns)).AddNumber(s.effect_count);
  row.AddNumber(s.faults.size()).AddNumber(usage.input_tokens).AddNumber(usage.output_tokens);
  row.AddReal(usage.cost_usd);
  if (s.error) {
    row.AddText(Excerpt(s.error->kind)).AddTextOrNull(Excerpt(s.error->message));
  } else {
    row.AddNull().AddNull();
  }
  s.outcome ? row.AddText(OutcomeName(s.outcome->kind)) : row.AddNull();
  return row.Run();
}

Status RowWriter::WriteMessages(LogId log) { return messages_.Write(message_, log); }

Status RowWriter::PutMessage(Line& line, const MessageRecord& m, const StepRecord* sent_by) {
  BACKSTEP_ASSIGN_OR_RETURN(
      const int64_t form,
      forms_.NumberOf(Excerpt(m.channel), Excerpt(m.kind), Excerpt(m.body.media_type)));
  MessageRow row{.id = m.id, .to = m.to, .form = form};
  if (m.body.where != BodyRef::Where::kNone) row.bytes = m.body.size;
  if (sent_by != nullptr) {
    row.sent_step = sent_by->number;
    row.lag = Lag(sent_by->number, m.sent_after);
    row.wall_after_ns = Difference(m.sent_wall, sent_by->began_wall);
    row.virtual_after_ns = Difference(m.sent_virtual, sent_by->began_virtual);
    messages_.Add(row);
    if (messages_.full()) {
      BACKSTEP_RETURN_IF_ERROR(WriteMessages(line.id()));
    }
  } else {
    row.lag = Bounded(m.sent_after.value);
    row.wall_after_ns = Difference(m.sent_wall, line.header().began_wall);
    row.virtual_after_ns = m.sent_virtual.ns;
    BACKSTEP_RETURN_IF_ERROR(PutMessageRow(message_again_, line.id(), row));
  }
  if (!HasDetails(m)) return Status();
  AddMessageKey(message_details_, line.id(), m);
  message_details_.AddTextOrNull(Excerpt(m.program_id)).AddTextOrNull(Excerpt(m.edge_id));
  message_details_.AddTextOrNull(m.reply_to ? line.FormatMessageId(*m.reply_to) : std::string());
  return message_details_.AddSigned(m.delay.ns).AddBool(m.edited).AddBool(m.dropped).Run();
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
  if (!span) row.AddText(EventKindName(e.kind));
  row.AddText(Excerpt(e.name)).AddTextOrNull(Excerpt(e.category));
  AddStepRef(row, e.step).AddTextOrNull(Excerpt(e.data)).AddSigned(e.began_wall.ns);
  if (span) row.AddSigned(e.duration.ns);
  return row.AddNumber(e.after.value).Run();
}

Result<Watermark> RowWriter::ReadWatermark(const Line& line) {
  const Watermark fresh = FreshWatermark(line);
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
  watermark_.AddNumber(w.events).AddNumber(w.outside_messages).AddBool(w.sealed);
  return watermark_.AddSigned(w.began_wall.ns).Run();
}

Status RowWriter::DeleteLog(LogId log) {
  messages_.Forget();
  chunks_.Forget();
  for (size_t i = 0; i < kTableCount; ++i) {
    if (kTables[i].rows != Rows::kOfLog) continue;
    BACKSTEP_RETURN_IF_ERROR(db_.Exec(std::string("DELETE FROM ") + kTables[i].name +
                                      " WHERE log = " + std::to_string(log.value)));
  }
  return Status();
}

Status RowWriter::DeleteBeyond(LogId log, StepNumber after) {
  messages_.Forget();
  const std::string where = " WHERE log = " + std::to_string(log.value) + " AND ";
  const std::string beyond = " > " + std::to_string(after.value);
  for (const char* table : {"step_rows", "step_details", "effects", "faults_applied"}) {
    BACKSTEP_RETURN_IF_ERROR(
        db_.Exec("DELETE FROM " + std::string(table) + where + "step" + beyond));
  }
  chunks_.Forget();
  BACKSTEP_RETURN_IF_ERROR(db_.Exec("DELETE FROM step_columns" + where + "first_step + " +
                                    std::to_string(kChunkSteps - 1) + beyond));
  const std::string messages =
      where + "(sent_step" + beyond + " OR sent_step IS NULL AND lag" + beyond + ")";
  const std::string key = "(log, sender, receiver, clock, ordinal, copy)";
  BACKSTEP_RETURN_IF_ERROR(
      db_.Exec("DELETE FROM message_details WHERE " + key + " IN (SELECT log, sender, receiver, "
               "clock, ordinal, copy FROM message_rows" + messages + ")"));
  return db_.Exec("DELETE FROM message_rows" + messages);
}

}  // namespace backstep::store
