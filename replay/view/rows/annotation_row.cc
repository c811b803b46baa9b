#include "backstep/replay/view/rows/annotation_row.h"

#include <algorithm>

#include "backstep/replay/view/json.h"
#include "backstep/replay/view/text.h"

namespace backstep::replay {
namespace {

constexpr char kCategory[] = "annotation";
constexpr size_t kAnnotationsMax = 100000;

std::string TextIn(const Json& data, const char* key) {
  const auto found = data.find(key);
  return found != data.end() && found->is_string() ? found->get<std::string>() : std::string();
}

AnnotationRow RowOf(store::Line& line, const EventRecord& event) {
  AnnotationRow row;
  row.of = event.step;
  if (event.step) row.step = FormatStep(line, event.step->first, event.step->second);
  row.author = event.name;
  const Json data = Json::parse(event.data, nullptr, false);
  if (!data.is_object()) {
    row.reason = event.data;
    return row;
  }
  row.kind = TextIn(data, "kind");
  row.agent = TextIn(data, "agent");
  row.reason = TextIn(data, "reason");
  const auto decisive = data.find("decisive");
  row.decisive = decisive != data.end() && decisive->is_boolean() && decisive->get<bool>();
  const auto details = data.find("details");
  if (details != data.end()) row.details = Dump(*details, false);
  return row;
}

}  // namespace

std::string MetadataOf(const LogHeader& header, const std::string& key) {
  for (const auto& [name, value] : header.metadata) {
    if (name == key) return value;
  }
  return {};
}

std::string FormatAnnotation(const AnnotationRow& row) {
  std::string text = row.author + ": " + (row.kind.empty() ? "note" : row.kind);
  if (row.decisive) text += " that decided the run";
  if (!row.agent.empty()) text += ", of " + row.agent;
  if (!row.reason.empty()) text += ": " + row.reason;
  return OneLine(text);
}

std::string StatesNote(const LogHeader& header) {
  const std::string states = MetadataOf(header, "import.states");
  if (states == "reconstructed") return "states are reconstructed: the conversation so far";
  if (states == "view_only") return "view only: the source holds no states";
  return {};
}

Result<std::vector<AnnotationRow>> ReadAnnotations(store::Line& line) {
  std::vector<AnnotationRow> rows;
  if (MetadataOf(line.header(), "import.annotations").empty()) return rows;
  BACKSTEP_RETURN_IF_ERROR(line.ScanEvents([&](const EventRecord& event) {
    if (event.category == kCategory) rows.push_back(RowOf(line, event));
    return rows.size() < kAnnotationsMax;
  }));
  return rows;
}

bool IsMistake(const AnnotationRow& row) { return row.kind == "mistake" || row.kind == "failure"; }

Result<std::vector<StepNumber>> StepsWithMistakes(store::Line& line) {
  std::vector<StepNumber> steps;
  BACKSTEP_ASSIGN_OR_RETURN(const auto rows, ReadAnnotations(line));
  for (const AnnotationRow& row : rows) {
    if (!row.of || !IsMistake(row)) continue;
    BACKSTEP_ASSIGN_OR_RETURN(const auto number, line.StepOf(row.of->first, row.of->second));
    if (number) steps.push_back(*number);
  }
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
}

Json AnnotationJson(const AnnotationRow& row) {
  Json json;
  json["step"] = OrNull(row.step);
  json["author"] = row.author;
  json["kind"] = OrNull(row.kind);
  json["agent"] = OrNull(row.agent);
  json["reason"] = OrNull(row.reason);
  json["decisive"] = row.decisive;
  json["details"] = row.details.empty() ? Json(nullptr) : Embedded(row.details);
  return json;
}

}  // namespace backstep::replay
