#include <algorithm>

#include <nlohmann/json.hpp>

#include "backstep/store/index/rows/row_writer.h"

namespace backstep::store {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kEditsMax = 10000;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string PairsToJson(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Json object = Json::object();
  for (const auto& [key, value] : pairs) object[key] = value;
  return Dump(object);
}

// A text, or what stands for one that is not UTF-8: `{"hex": "..."}`. What nests deeper is not
// ours, and is not written: that goes down it by recursion.
std::string TextMember(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return std::string();
  if (found->is_string()) return found->get<std::string>().substr(0, kIndexTextBytesMax);
  const bool flat = std::none_of(found->begin(), found->end(),
                                 [](const Json& member) { return member.is_structured(); });
  return flat ? Dump(*found) : std::string();
}

std::string OptionalName(const std::string& text) { return text.substr(0, kIndexTextBytesMax); }

void AddOutcome(Statement& row, const LogEnd& end) {
  row.AddText(OutcomeName(end.outcome.kind));
  end.outcome.score ? row.AddReal(*end.outcome.score) : row.AddNull();
  row.AddTextOrNull(OptionalName(end.outcome.reason));
}

}  // namespace

Status RowWriter::PutOverview(Line& line, bool with_end) {
  BACKSTEP_RETURN_IF_ERROR(line.header().origin ? PutBranch(line, with_end)
                                                : PutSession(line, with_end));
  BACKSTEP_RETURN_IF_ERROR(PutAgents(line));
  return PutSegments(line);
}

Status RowWriter::PutSession(Line& line, bool with_end) {
  const LogHeader& h = line.header();
  const std::optional<LogEnd> end = with_end ? line.end() : std::nullopt;
  session_.AddNumber(line.id().value).AddText(h.name).AddText(Dump(h.tags));
  session_.AddText(PairsToJson(h.metadata)).AddTextOrNull(h.group_id).AddTextOrNull(h.user_id);
  session_.AddTextOrNull(h.program_name).AddTextOrNull(h.executable).AddText(Dump(h.command));
  session_.AddTextOrNull(h.working_directory).AddTextOrNull(h.host);
  session_.AddTextOrNull(h.writer_version).AddNumber(h.process_id);
  session_.AddText(std::to_string(h.seed)).AddTextOrNull(h.faults_text);
  session_.AddSigned(h.began_wall.ns);
  end ? session_.AddSigned(end->ended_wall.ns) : session_.AddNull();
  session_.AddBool(end.has_value()).AddNumber(line.last().value);
  AddOutcome(session_, end.value_or(LogEnd{}));
  session_.AddNumber(end ? end->dropped_bodies : 0);
  return session_.AddTextOrNull(end ? end->first_failure : std::string()).Run();
}

Status RowWriter::PutBranch(Line& line, bool with_end) {
  const LogHeader& h = line.header();
  const BranchOrigin& origin = *h.origin;
  const std::optional<LogEnd> end = with_end ? line.end() : std::nullopt;
  const LogEnd e = end.value_or(LogEnd{});
  branch_.AddNumber(line.id().value).AddNumber(line.session_header().id.value).AddText(h.name);
  branch_.AddNumber(origin.parent.value).AddNumber(origin.fork.value);
  branch_.AddTextOrNull(origin.schedule).AddTextOrNull(origin.experiment);
  branch_.AddText(std::to_string(h.seed)).AddSigned(h.began_wall.ns);
  end ? branch_.AddSigned(end->ended_wall.ns) : branch_.AddNull();
  branch_.AddBool(end.has_value()).AddNumber(line.last().value);
  AddOutcome(branch_, e);
  branch_.AddTextOrNull(e.result).AddTextOrNull(e.result_detail).AddNumber(e.summary.reused);
  branch_.AddNumber(e.summary.exact).AddNumber(e.summary.edited).AddNumber(e.summary.fault);
  branch_.AddNumber(e.summary.live).AddNumber(e.summary.miss).AddNumber(e.summary.divergences);
  BACKSTEP_RETURN_IF_ERROR(branch_.AddNumber(e.summary.changes).Run());
  return PutEdits(line, origin.experiment);
}

// An experiment that is not of our shape gives no rows: its text stands in `branches` all the same.
Status RowWriter::PutEdits(Line& line, const std::string& experiment) {
  const Json json = Json::parse(experiment, nullptr, false);
  const auto edits = json.is_object() ? json.find("edits") : json.end();
  if (!json.is_object() || edits == json.end() || !edits->is_array()) return Status();
  for (size_t i = 0; i < edits->size() && i < kEditsMax; ++i) {
    const Json& edit = (*edits)[i];
    if (!edit.is_object()) continue;
    edit_.AddNumber(line.id().value).AddNumber(i).AddText(TextMember(edit, "kind"));
    edit_.AddText(TextMember(edit, "target")).AddTextOrNull(TextMember(edit, "text"));
    edit_.AddTextOrNull(TextMember(edit, "media_type"));
    BACKSTEP_RETURN_IF_ERROR(edit_.AddTextOrNull(TextMember(edit, "origin")).Run());
  }
  return Status();
}

Status RowWriter::PutAgents(Line& line) {
  for (const AgentRecord& a : line.agents()) {
    agent_.AddNumber(line.id().value).AddNumber(a.id.value).AddText(a.name).AddTextOrNull(a.role);
    agent_.AddTextOrNull(a.implementation).AddTextOrNull(a.model).AddTextOrNull(a.attributes);
    BACKSTEP_RETURN_IF_ERROR(agent_.AddNumber(a.registered_after.value).Run());
  }
  return Status();
}

Status RowWriter::PutSegments(Line& line) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto segments, line.Segments());
  for (const SegmentRecord& s : segments) {
    segment_.AddNumber(line.id().value).AddNumber(s.id.value);
    s.parent.value == 0 ? segment_.AddNull() : segment_.AddNumber(s.parent.value);
    segment_.AddText(s.name).AddNumber(s.order).AddSigned(s.began_wall.ns);
    s.ended_wall ? segment_.AddSigned(s.ended_wall->ns) : segment_.AddNull();
    segment_.AddNumber(s.began_after.value);
    s.ended_wall ? segment_.AddNumber(s.ended_after.value) : segment_.AddNull();
    BACKSTEP_RETURN_IF_ERROR(segment_.Run());
  }
  return Status();
}

}  // namespace backstep::store
