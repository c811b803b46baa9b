#include "backstep/recorder/adapters/assembly/collector.h"

#include <algorithm>

#include "backstep/recorder/adapters/assembly/assemble.h"
#include "backstep/recorder/adapters/assembly/mending.h"
#include "backstep/recorder/adapters/own_traces/keys.h"
#include "backstep/recorder/adapters/own_traces/restore.h"
#include "backstep/recorder/adapters/spans/meaning.h"
#include "backstep/recorder/adapters/spans/span_codec.h"

namespace backstep::adapters {
namespace {

constexpr size_t kIdMax = 256;        // bytes of a session's or trace's id that are kept
constexpr size_t kMetadataMax = 1000;  // of a session

// Spans without a trace's id belong together as far as their file goes.
Hash128 TraceKey(std::string_view id, const std::string& file) {
  Hasher hasher;
  hasher.AddField(id);
  if (id.empty()) hasher.AddField(file);
  return hasher.Digest();
}

// Some spans carry the name of a graph's node only because they were made while it ran: calls over
// the network, marks of a beginning or an end.
bool IsBystander(const Span& span, SpanRole role) {
  const std::string_view name = span.name;
  const bool mark = name == "agent_start_event" || name == "agent_end_event";
  return mark || (role == SpanRole::kOther && !span.kind.empty() && span.kind != "internal");
}

}  // namespace

uint64_t SpanCollector::SpanKey(std::string_view trace, std::string_view span) {
  Hasher hasher;
  hasher.AddField(trace);
  hasher.AddField(span);
  return hasher.Digest().low | 1;
}

std::optional<uint32_t> SpanCollector::FindTrace(std::string_view id) const {
  const auto found = id.empty() ? trace_by_id_.end() : trace_by_id_.find(TraceKey(id, {}));
  if (found == trace_by_id_.end()) return std::nullopt;
  return found->second;
}

OriginId SpanCollector::ReserveOrigin() {
  origins_.emplace_back();
  return static_cast<OriginId>(origins_.size());
}

void SpanCollector::SetOrigin(OriginId id, const Attributes& attributes, Sink& sink) {
  if (id == 0 || id > origins_.size()) return;
  Origin& origin = origins_[id - 1];
  encoded_.clear();
  EncodeAttributes(attributes, &encoded_);
  const Hash128 hash = HashBytes(encoded_);
  const auto [found, added] = origin_bodies_.try_emplace(hash);
  if (added) found->second = sink.Keep(encoded_, Media::kBytes);
  origin.body = found->second;
  origin.set = true;
  uint16_t rank = UINT16_MAX;
  for (const Attribute& attribute : attributes) {
    const FieldRule* rule = FindField(attribute.key);
    if (rule == nullptr || rule->field != Field::kSession || rule->rank >= rank) continue;
    rank = rule->rank;
    origin.session = SessionOf(attribute.text);
  }
}

uint32_t SpanCollector::SessionOf(std::string_view id) {
  if (id.empty()) return 0;
  std::string kept(id.substr(0, kIdMax));
  if (id.size() > kIdMax) kept += HashBytes(id).ToHex();
  const auto [found, added] = session_by_id_.try_emplace(scope_ + '\n' + kept, 0);
  if (added) {
    session_ids_.push_back({std::move(kept), scope_, {}});
    found->second = static_cast<uint32_t>(session_ids_.size());
  }
  return found->second;
}

void SpanCollector::Describe(std::string_view session, std::string key, std::string value) {
  const uint32_t named = SessionOf(session);
  if (named == 0 || session_ids_[named - 1].metadata.size() >= kMetadataMax) return;
  session_ids_[named - 1].metadata.emplace_back(std::move(key), std::move(value));
}

uint32_t SpanCollector::FileOf(const Place& place) {
  if (files_.empty() || files_.back() != place.file) files_.push_back(place.file);
  return static_cast<uint32_t>(files_.size() - 1);
}

uint32_t SpanCollector::TraceOf(const Span& span, const Place& place) {
  const auto [found, added] = trace_by_id_.try_emplace(TraceKey(span.trace_id, place.file),
                                                       static_cast<uint32_t>(traces_.size()));
  if (added) {
    traces_.emplace_back();
    traces_.back().id = span.trace_id.substr(0, kIdMax);
    traces_.back().resource = span.resource;
  }
  return found->second;
}

// A trace belongs to the session that its root names, else to the one named first in time: what
// frameworks call a session further down is often their own.
void SpanCollector::NoteSession(const Span& span, std::string_view session, Trace* trace) {
  if (session.empty()) return;
  const bool root = span.parent_id.empty();
  const bool earlier = trace->session == 0 || span.began < trace->told_at;
  if (trace->session != 0 && trace->told_by_root && !root) return;
  if (trace->session != 0 && root == trace->told_by_root && !earlier) return;
  trace->session = SessionOf(session);
  trace->told_by_root = root;
  trace->told_at = span.began;
}

void SpanCollector::NoteOrigin(const Span& span, Trace* trace) {
  bool own = false;
  for (const Attribute& attribute : span.attributes) {
    if (!attribute.key.starts_with("backstep.")) continue;
    own = own || attribute.key == own::kKind;
    if (attribute.key == own::kExport && attribute.text == std::to_string(own::kExportVersion)) {
      trace->exported = true;
    }
  }
  trace->foreign = trace->foreign || !own;
}

void SpanCollector::Add(Span* span, const Place& place, Sink& sink) {
  const Meaning meaning = Understand(span);
  sink.Holds();
  const std::string odd = MendSpan(meaning, format_ == "otlp", span);
  if (!odd.empty()) sink.Skip(place, odd);
  SpanSketch sketch;
  sketch.trace = TraceOf(*span, place);
  NoteOrigin(*span, &traces_[sketch.trace]);
  NoteSession(*span, span->session.empty() ? meaning.Text(Field::kSession) : span->session,
              &traces_[sketch.trace]);
  const OriginId resource = span->resource, scope = span->scope;
  span->resource = span->scope = 0;
  EncodeSpan(*span, &encoded_);
  sketch.content = HashBytes(encoded_).low;
  span->resource = resource;
  span->scope = scope;
  EncodeSpan(*span, &encoded_);
  sketch.body = sink.Keep(encoded_, Media::kBytes);
  const std::string unnamed = span->span_id.empty() ? std::to_string(sketches_.size()) + '\n' : "";
  sketch.id = SpanKey(span->trace_id, span->span_id.empty() ? unnamed : span->span_id);
  if (!span->parent_id.empty()) sketch.parent = SpanKey(span->trace_id, span->parent_id);
  sketch.began = span->began;
  sketch.ended = std::max(span->began, span->ended);
  sketch.node = IsBystander(*span, meaning.role) ? 0 : NodeKey(meaning);
  sketch.file = FileOf(place);
  sketch.by_line = place.line != 0;
  sketch.place = sketch.by_line ? place.line : place.offset;
  sketch.role = meaning.role;
  sketch.agent_told = meaning.Has(Field::kAgentName);
  sketch.has_usage = meaning.HasUsage();
  sketches_.push_back(sketch);
}

std::vector<CollectedSession> SpanCollector::Sessions() const {
  std::vector<CollectedSession> sessions;
  std::unordered_map<uint32_t, uint32_t> by_name;  // session from 1 -> its place
  std::vector<uint32_t> by_trace(traces_.size(), UINT32_MAX);
  for (const SpanSketch& sketch : sketches_) {
    uint32_t& at = by_trace[sketch.trace];
    if (at == UINT32_MAX) {
      const Trace& trace = traces_[sketch.trace];
      uint32_t named = trace.own() ? 0 : trace.session;  // two lines of a name stay apart
      if (named == 0 && !trace.own() && origin(trace.resource)) {
        named = origin(trace.resource)->session;
      }
      const auto next = static_cast<uint32_t>(sessions.size());
      at = named == 0 ? next : by_name.try_emplace(named, next).first->second;
      if (at == next) sessions.emplace_back().exported = trace.own();
      if (named != 0 && at == next) {
        const Named& name = session_ids_[named - 1];
        sessions[at].id = name.id;
        sessions[at].scope = name.scope;
        sessions[at].metadata = name.metadata;
      }
      sessions[at].traces.push_back(sketch.trace);
    }
    sessions[at].spans.push_back(&sketch);
  }
  return sessions;
}

Status SpanCollector::Finish(Sink& sink, const BodyFinder& find_body) {
  std::vector<CollectedSession> sessions = Sessions();
  for (CollectedSession& session : sessions) {
    Result<SessionDraft> draft = session.exported
                                     ? RestoreSession(*this, session, sink)
                                     : AssembleSession(*this, session, sink, find_body);
    if (!draft.ok()) return draft.status();
    session = {};
    BACKSTEP_RETURN_IF_ERROR(sink.Session(std::move(*draft)));
  }
  *this = SpanCollector(format_);
  return {};
}

}  // namespace backstep::adapters
