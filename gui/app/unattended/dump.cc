#include "backstep/gui/app/unattended/dump.h"

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "backstep/replay/reexecute.h"
#include "backstep/replay/view/comparison/step_pair.h"
#include "backstep/replay/view/conversation/conversation.h"
#include "backstep/replay/view/fork/fork_plan.h"
#include "backstep/replay/view/graph/agent_graph.h"
#include "backstep/replay/view/moment/state_view.h"
#include "backstep/replay/view/timeline/timeline.h"

namespace backstep::gui {
namespace {

using Json = nlohmann::ordered_json;

Json Parsed(const std::string& text) { return Json::parse(text, nullptr, false); }

template <typename T>
Json Shown(const Loaded<T>& loaded) {
  if (!loaded.error.empty()) return {{"error", loaded.error}};
  if (loaded.value == nullptr) return nullptr;
  return Parsed(replay::ToJson(*loaded.value));
}

Json ForkJson(const ForkDraft& draft) {
  static constexpr const char* kKinds[] = {"message", "drop", "response", "fault"};
  if (!draft.open) return nullptr;
  return {{"kind", kKinds[static_cast<size_t>(draft.kind)]},
          {"from", draft.from.value},
          {"latest", draft.latest},
          {"target", draft.target},
          {"text", draft.text},
          {"fault", draft.fault_action},
          {"program", draft.other_program ? Json(draft.program) : Json(nullptr)},
          {"confirmed", draft.confirmed}};
}

Json RunJson(const RunState& run) {
  Json json;
  json["running"] = run.running;
  json["error"] = run.error.empty() ? Json(nullptr) : Json(run.error);
  if (run.report == nullptr) return json;
  json["branch"] = run.report->result.branch_name;
  json["result"] = run.report->result.result;
  json["summary"] = replay::FormatSummary(run.report->result.summary);
  return json;
}

void AddOpen(const OpenFacts& facts, Json* json) {
  (*json)["recording"] = facts.path;
  (*json)["session"] = facts.session;
  (*json)["branch"] = facts.branch;
  (*json)["state"] = store::LogStateName(facts.state);
  (*json)["outcome"] = OutcomeName(facts.outcome.kind);
  (*json)["faithful"] = facts.faithful;
  (*json)["note"] = facts.note;
  (*json)["last"] = facts.last.value;
  (*json)["branches"] = Parsed(replay::ToJson(facts.branches))["branches"];
}

}  // namespace

std::string ViewToJson(const Model& model, const ViewState& view,
                       const std::vector<NamedRect>& named) {
  Json json;
  json["recording"] = nullptr;
  if (model.open.value != nullptr) AddOpen(*model.open.value, &json);
  if (!model.open.error.empty()) json["error"] = model.open.error;
  json["cursor"] = view.cursor.value;
  json["agent"] = view.agent;
  json["checkpoint"] = Shown(model.checkpoint);
  json["agent_state"] = Shown(model.state);
  json["graph"] = Shown(model.graph);
  json["conversation"] = Shown(model.conversation);
  json["comparison"] = Shown(model.comparison);
  json["pair"] = Shown(model.pair);
  json["plan"] = Shown(model.plan);
  json["timeline"] = nullptr;
  if (const replay::Timeline* timeline = model.timeline.value.get()) {
    json["timeline"] = {{"steps", timeline->last.value},
                        {"lanes", timeline->lanes.size()},
                        {"messages", timeline->message_count},
                        {"bytes", timeline->bytes()}};
  }
  json["fork"] = ForkJson(view.fork);
  json["run"] = RunJson(model.run);
  json["listing"] = Shown(model.listing);
  std::set<std::string> names;
  for (const NamedRect& rect : named) names.insert(rect.name);
  json["named"] = names;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Status DumpView(const Model& model, const ViewState& view, const std::vector<NamedRect>& named,
                const std::string& path) {
  const std::string text = ViewToJson(model, view, named);
  if (path == "-") {
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
    return {};
  }
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) return Status::Io(path + ": cannot be written");
  return {};
}

}  // namespace backstep::gui
