#include "backstep/replay/view/session/sizes_view.h"

#include <map>

#include "backstep/replay/view/json.h"

namespace backstep::replay {
namespace {

constexpr char kNobodyName[] = "(no agent)";

void AddKind(const store::KindBytes& bytes, store::KindBytes* sum) {
  sum->stored += bytes.stored;
  sum->content += bytes.content;
}

void AddBytes(size_t kind, const store::KindBytes& bytes, SizesRow* row, SizesRow* agent,
              SizesView* view) {
  AddKind(bytes, &row->kinds[kind]);
  AddKind(bytes, &agent->kinds[kind]);
  AddKind(bytes, &view->kinds[kind]);
  agent->disk_bytes += bytes.stored;
}

Json KindsJson(const KindSizes& kinds) {
  Json json;
  for (size_t i = 0; i < kinds.size(); ++i) {
    json[store::SizeKindName(static_cast<store::SizeKind>(i))] = {
        {"disk_bytes", kinds[i].stored}, {"content_bytes", kinds[i].content}};
  }
  return json;
}

Json RowJson(const SizesRow& row) {
  Json json;
  if (row.log.value != 0) json["log"] = row.log.value;
  json["name"] = row.name;
  json["disk_bytes"] = row.disk_bytes;
  json["kinds"] = KindsJson(row.kinds);
  if (row.log.value != 0) {
    json["other_bytes"] = row.other_bytes;
    json["error"] = OrNull(row.error);
  }
  return json;
}

}  // namespace

Result<SizesView> ViewSizes(const store::Recording& recording,
                            const std::function<bool(uint64_t, uint64_t)>& progress) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto sizes, store::MeasureSizes(recording, progress));
  SizesView view{recording.path(), sizes.disk, sizes.index, sizes.other, {}, {}, {}};
  std::map<std::string, SizesRow> agents;
  SizesRow nobody;
  constexpr auto kRecords = static_cast<size_t>(store::SizeKind::kRecords);
  for (const store::LogSizes& log : sizes.logs) {
    SizesRow row{log.log, recording.BranchName(log.log), log.disk, {}, log.other,
                 log.error.message()};
    for (const store::AgentSizes& agent : log.agents) {
      for (size_t i = 0; i < store::kSizeKinds; ++i) {
        AddBytes(i, agent.kinds[i], &row, &agents[agent.name], &view);
      }
    }
    AddBytes(kRecords, log.unowned, &row, &nobody, &view);
    // Of a log that cannot be read nothing is shared out.
    if (!log.error.ok()) row.other_bytes = log.disk;
    view.logs.push_back(std::move(row));
  }
  for (auto& [name, row] : agents) {
    row.name = name;
    view.agents.push_back(std::move(row));
  }
  nobody.name = kNobodyName;
  view.agents.push_back(std::move(nobody));
  return view;
}

std::string ToJson(const SizesView& view) {
  Json json;
  json["path"] = view.path;
  json["disk_bytes"] = view.disk_bytes;
  json["index_bytes"] = view.index_bytes;
  json["other_bytes"] = view.other_bytes;
  json["kinds"] = KindsJson(view.kinds);
  json["logs"] = Json::array();
  for (const SizesRow& row : view.logs) json["logs"].push_back(RowJson(row));
  json["agents"] = Json::array();
  for (const SizesRow& row : view.agents) json["agents"].push_back(RowJson(row));
  return Dump(json, true);
}

}  // namespace backstep::replay
