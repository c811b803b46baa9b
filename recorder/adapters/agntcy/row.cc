#include "backstep/recorder/adapters/agntcy/row.h"

#include <array>
#include <charconv>
#include <cstdio>

#include "backstep/recorder/adapters/spans/span_words.h"

namespace backstep::adapters {
namespace {

// Python's "datetime.datetime(2025, 6, 20, 21, 37, 8, 604341)"; moves `at` behind it.
TimeNs PythonTime(std::string_view text, size_t* at) {
  constexpr std::string_view kWord = "datetime.datetime(";
  const size_t found = text.find(kWord, *at);
  *at = text.size();
  if (found == text.npos) return {};
  std::array<int, 7> parts{};
  const char* next = text.data() + found + kWord.size();
  const char* last = text.data() + text.size();
  for (int& part : parts) {
    const auto number = std::from_chars(next, last, part);
    if (number.ec != std::errc()) break;
    next = number.ptr;
    if (next == last || *next != ',') break;
    next += next + 1 < last && next[1] == ' ' ? 2 : 1;
  }
  *at = static_cast<size_t>(next - text.data());
  char iso[128];
  std::snprintf(iso, sizeof(iso), "%04d-%02d-%02dT%02d:%02d:%02d.%06d", parts[0], parts[1],
                parts[2], parts[3], parts[4], parts[5], parts[6]);
  return TimeOf(Json(std::string(iso)));
}

std::vector<TimeNs> TimesOf(const Json& column) {
  std::vector<TimeNs> times;
  if (column.is_array()) {
    for (const Json& item : column) times.push_back(TimeOf(item));
  } else if (column.is_string()) {
    const auto& text = column.get_ref<const std::string&>();
    for (size_t at = 0; at < text.size();) times.push_back(PythonTime(text, &at));
  }
  return times;
}

const Json* Item(const Json& column, size_t at) {
  return column.is_array() && at < column.size() ? &column[at] : nullptr;
}

std::string ItemText(const Json& column, size_t at) {
  const Json* item = Item(column, at);
  return item != nullptr && item->is_string() ? item->get<std::string>() : std::string();
}

void ReadEvents(const Json& row, Span* span) {
  const Json names = ClickhouseColumn(row, "Events", "Name");
  const Json attributes = ClickhouseColumn(row, "Events", "Attributes");
  const std::vector<TimeNs> times = TimesOf(ClickhouseColumn(row, "Events", "Timestamp"));
  if (!names.is_array()) return;
  for (size_t i = 0; i < names.size(); ++i) {
    SpanEvent event;
    event.name = span->arena.Keep(ItemText(names, i));
    if (i < times.size()) event.at = times[i];
    if (const Json* said = Item(attributes, i)) SetMembers(*said, span, &event.attributes);
    span->events.push_back(std::move(event));
  }
}

void ReadLinks(const Json& row, Span* span) {
  const Json traces = ClickhouseColumn(row, "Links", "TraceId");
  const Json ids = ClickhouseColumn(row, "Links", "SpanId");
  const Json attributes = ClickhouseColumn(row, "Links", "Attributes");
  if (!traces.is_array()) return;
  for (size_t i = 0; i < traces.size(); ++i) {
    SpanLink link;
    link.trace_id = span->arena.Keep(IdOf(ItemText(traces, i), kTraceIdSize));
    link.span_id = span->arena.Keep(IdOf(ItemText(ids, i), kSpanIdSize));
    if (const Json* said = Item(attributes, i)) SetMembers(*said, span, &link.attributes);
    span->links.push_back(std::move(link));
  }
}

}  // namespace

Json ClickhouseColumn(const Json& row, const std::string& group, const std::string& part) {
  const Json* found = Find(row, group + part);
  if (found == nullptr && !part.empty()) found = Find(row, group + "." + part);
  if (found == nullptr) return nullptr;
  if (!found->is_string()) return *found;
  const auto& text = found->get_ref<const std::string&>();
  if (text.empty() || (text.front() != '[' && text.front() != '{')) return *found;
  Result<Json> parsed = ParseJson(text);
  return parsed.ok() ? std::move(*parsed) : *found;
}

bool ReadClickhouseRow(const Json& row, Span* span) {
  span->trace_id = span->arena.Keep(IdOf(TextAt(row, "TraceId"), kTraceIdSize));
  span->span_id = span->arena.Keep(IdOf(TextAt(row, "SpanId"), kSpanIdSize));
  span->parent_id = span->arena.Keep(IdOf(TextAt(row, "ParentSpanId"), kSpanIdSize));
  span->name = span->arena.Keep(TextAt(row, "SpanName"));
  if (span->name.empty() && span->span_id.empty()) return false;
  span->kind = KindOf(TextAt(row, "SpanKind"));
  if (const Json* at = Find(row, "Timestamp")) {
    span->began = Noted(TimeOf(*at), at, kOddBegin, span);
  }
  const Json* duration = Find(row, "Duration");
  const bool told = duration != nullptr && !duration->is_null();
  const double duration_ns = NumberAt(row, "Duration").value_or(told ? -1 : 0);
  const bool sane = duration_ns >= 0 && duration_ns < 4e18 && span->began.ns < 4000000000000000000;
  if (!sane) span->odd |= kOddDuration;
  span->ended = {span->began.ns + (sane ? static_cast<int64_t>(duration_ns) : 0)};
  span->status = StatusOf(TextAt(row, "StatusCode"));
  span->status_message = span->arena.Keep(TextAt(row, "StatusMessage"));
  SetMembers(ClickhouseColumn(row, "SpanAttributes", ""), span, &span->attributes);
  const std::string state = TextAt(row, "TraceState");
  if (!state.empty()) span->Set("otlp.trace_state", state);
  ReadEvents(row, span);
  ReadLinks(row, span);
  // Columns that the exporting tool added.
  for (const char* key : {"sessionId", "evalId", "execution_id", "FrameworkSpanKind"}) {
    const std::string text = TextAt(row, key);
    if (!text.empty()) span->Set(std::string("clickhouse.") + key, text);
  }
  return true;
}

}  // namespace backstep::adapters
