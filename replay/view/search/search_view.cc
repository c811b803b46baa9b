#include "backstep/replay/view/search/search_view.h"

#include "backstep/base/utf8.h"
#include "backstep/replay/view/json.h"
#include "backstep/replay/view/text.h"

namespace backstep::replay {
namespace {

// White space of any length as one space, control characters as they are shown.
std::string Flowing(std::string_view text) {
  std::string flowing;
  bool space = false;
  for (const char c : text) {
    const bool is_space = c == ' ' || (c >= '\t' && c <= '\r');
    if (!is_space) flowing += c;
    else if (!space) flowing += ' ';
    space = is_space;
  }
  return OneLine(flowing);
}

// Its last characters, no more than `columns` wide.
std::string_view LastColumns(std::string_view text, size_t columns) {
  size_t begin = text.size();
  while (begin > 0) {
    const size_t next = CharacterStart(text, begin - 1);
    if (DisplayWidth(text.substr(next)) > columns) break;
    begin = next;
  }
  return text.substr(begin);
}

SearchRow RowOf(const store::Recording& recording, const store::Line& line,
                const store::SearchHit& hit) {
  SearchRow row;
  row.moment = FormatMomentOf(recording, line, hit.step);
  row.number = hit.step;
  row.open = hit.open;
  if (hit.message) {
    row.id = line.FormatMessageId(hit.message->id);
    row.from = line.AgentName(hit.message->id.sender);
    row.to = line.AgentName(hit.message->to);
    row.kind = hit.message->kind;
  } else {
    row.call = true;
    row.id = FormatEffect(line, hit.call->agent, hit.call->clock, hit.call->ordinal);
    row.from = line.AgentName(hit.call->agent);
    row.kind = EffectKindName(hit.call->kind);
    row.name = hit.call->name;
  }
  const std::string_view excerpt = hit.excerpt;
  row.before = Flowing(excerpt.substr(0, hit.found_at));
  row.found = Flowing(excerpt.substr(hit.found_at, hit.found_bytes));
  row.after = Flowing(excerpt.substr(hit.found_at + hit.found_bytes));
  row.cut_before = hit.cut_before;
  row.cut_after = hit.cut_after;
  return row;
}

Json HitJson(const SearchRow& row) {
  Json json;
  json["moment"] = row.moment;
  json["number"] = row.number.value;
  json["open"] = row.open;
  json["what"] = row.call ? "call" : "message";
  json["id"] = row.id;
  json["from"] = row.from;
  json["to"] = OrNull(row.to);
  json["kind"] = OrNull(row.kind);
  json["name"] = OrNull(row.name);
  json["before"] = row.before;
  json["found"] = row.found;
  json["after"] = row.after;
  json["cut_before"] = row.cut_before;
  json["cut_after"] = row.cut_after;
  return json;
}

}  // namespace

SearchView ViewSearch(const store::Recording& recording, const store::Line& line,
                      const store::SearchAnswer& answer) {
  SearchView view;
  view.branch = recording.BranchName(line.id());
  view.more = answer.more;
  view.unread = answer.unread;
  for (const store::SearchHit& hit : answer.hits) view.rows.push_back(RowOf(recording, line, hit));
  return view;
}

std::string ToJson(const SearchView& view) {
  Json json;
  json["branch"] = view.branch;
  json["hits"] = Json::array();
  for (const SearchRow& row : view.rows) json["hits"].push_back(HitJson(row));
  json["more"] = view.more;
  json["unread"] = view.unread;
  return Dump(json, true);
}

std::string WhoText(const SearchRow& row) {
  std::string text = row.call ? row.from + " <- " + row.kind + " " + row.name
                              : row.from + " -> " + row.to;
  if (row.open) text += " (open)";
  return text;
}

std::string FoundText(const SearchRow& row, size_t columns_before) {
  const std::string_view before = LastColumns(row.before, columns_before);
  const bool cut = row.cut_before || before.size() < row.before.size();
  return (cut ? "…" : "") + std::string(before) + row.found + row.after +
         (row.cut_after ? "…" : "");
}

}  // namespace backstep::replay
