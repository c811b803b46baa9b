#include "backstep/replay/view/comparison/comparison_view.h"

#include "backstep/replay/view/json.h"

namespace backstep::replay {
namespace {

Json SideJson(const SideSummary& side) {
  Json json;
  json["moment"] = side.moment;
  json["outcome"] = OutcomeJson(side.outcome);
  json["steps"] = side.steps;
  json["failed_steps"] = side.failed_steps;
  json["messages"] = side.messages;
  json["calls"] = CallsJson(side.calls);
  json["usage"] = UsageJson(side.usage);
  json["virtual_time_ns"] = side.virtual_time.ns;
  return json;
}

Json StepJson(const StepDiff& step) {
  Json json;
  json["step"] = step.agent + "/" + std::to_string(step.clock.value);
  json["agent"] = step.agent;
  json["clock"] = step.clock.value;
  json["a"] = step.a.value == 0 ? Json(nullptr) : Json(step.a.value);
  json["b"] = step.b.value == 0 ? Json(nullptr) : Json(step.b.value);
  json["kinds"] = step.kinds;
  json["lines"] = step.lines;
  return json;
}

Json StatesJson(const std::vector<AgentStateDiff>& states) {
  Json json = Json::array();
  for (const AgentStateDiff& state : states) {
    Json item;
    item["agent"] = state.agent;
    item["values"] = ValuesJson(state.values);
    item["waiting_only_a"] = state.only_a;
    item["waiting_only_b"] = state.only_b;
    json.push_back(std::move(item));
  }
  return json;
}

}  // namespace

Json CallsJson(const CallCounts& calls) {
  Json json;
  json["recorded"] = calls.recorded;
  json["exact"] = calls.exact;
  json["edited"] = calls.edited;
  json["fault"] = calls.fault;
  json["live"] = calls.live;
  json["miss"] = calls.miss;
  return json;
}

Json ComparisonJson(const Comparison& comparison) {
  Json json;
  json["identical"] = comparison.identical();
  json["a"] = SideJson(comparison.a);
  json["b"] = SideJson(comparison.b);
  json["steps_shared"] = comparison.steps_shared;
  json["steps_same"] = comparison.steps_same;
  json["differing_count"] = comparison.differing_count;
  json["differing"] = Json::array();
  for (const StepDiff& step : comparison.differing) json["differing"].push_back(StepJson(step));
  json["agents_touched"] = comparison.agents_touched;
  json["first_values"] = ValuesJson(comparison.first_values);
  return json;
}

std::string ToJson(const ComparisonView& view) {
  Json json = ComparisonJson(view.lines);
  json["identical"] = view.identical();
  json["with_steps"] = view.with_steps;
  json["a"]["name"] = view.a;
  json["b"]["name"] = view.b;
  json["states"] = view.with_moments ? StatesJson(view.states) : Json(nullptr);
  return Dump(json, true);
}

std::string FormatCalls(const CallCounts& calls) {
  const std::pair<const char*, uint64_t> all[] = {
      {"recorded", calls.recorded}, {"exact", calls.exact}, {"edited", calls.edited},
      {"fault", calls.fault},       {"live", calls.live},   {"miss", calls.miss}};
  std::string out;
  for (const auto& [name, count] : all) {
    if (count != 0) {
      out += (out.empty() ? "" : ", ") + (std::string(name) + " " + std::to_string(count));
    }
  }
  return out.empty() ? "none" : out;
}

Result<ComparisonView> ViewComparison(store::Line& a, store::Line& b, std::string a_name,
                                      std::string b_name, const ComparisonOptions& options) {
  ComparisonView view;
  view.a = std::move(a_name);
  view.b = std::move(b_name);
  view.with_moments = options.with_moments;
  // Compare takes 0 for "to the end"; of two moments it is the start.
  view.with_steps = !options.with_moments ||
                    (options.a_until.value != 0 && options.b_until.value != 0);
  if (view.with_steps) {
    BACKSTEP_ASSIGN_OR_RETURN(view.lines,
                              Compare(a, b, {options.a_until, options.b_until, options.most,
                                          options.progress}));
  }
  if (!options.with_moments) return view;
  BACKSTEP_ASSIGN_OR_RETURN(auto states, CompareMoments(a, options.a_until, b, options.b_until,
                                                        options.progress));
  for (AgentStateDiff& state : states) {
    if (state.values.empty() && state.only_a.empty() && state.only_b.empty()) continue;
    view.states.push_back(std::move(state));
  }
  return view;
}

}  // namespace backstep::replay
