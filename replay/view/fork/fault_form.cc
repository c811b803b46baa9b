#include "backstep/replay/view/fork/fault_form.h"

#include <algorithm>

#include "backstep/recorder/faults/fault_table.h"
#include "backstep/replay/view/json.h"

namespace backstep::replay {
namespace {

recorder::HookSet FirstHook(const recorder::ActionInfo& action, std::string* name) {
  for (const recorder::FaultHookKind hook : recorder::AllFaultHooks()) {
    if ((action.hooks & recorder::HookBit(hook)) == 0) continue;
    *name = recorder::FaultHookName(hook);
    return recorder::HookBit(hook);
  }
  return 0;
}

FaultChoice MakeChoice(const recorder::ActionInfo& action) {
  FaultChoice choice;
  choice.action = action.name;
  choice.meaning = action.meaning;
  const recorder::HookSet hook = FirstHook(action, &choice.hook);
  for (const recorder::ParamInfo& param : action.params) {
    choice.params.push_back({param.name, param.meaning,
                             param.default_value == nullptr ? "" : param.default_value,
                             param.type == recorder::ParamType::kCount, param.required});
  }
  for (const recorder::SelectorInfo& selector : recorder::Selectors()) {
    if ((selector.hooks & hook) == 0) continue;
    choice.selectors.push_back({selector.key, selector.meaning, "", selector.number, false});
  }
  return choice;
}

bool IsNumber(const std::string& text) {
  return !text.empty() && text.size() < 19 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

const std::vector<FaultChoice>& FaultChoices() {
  static const std::vector<FaultChoice> all = [] {
    std::vector<FaultChoice> choices;
    for (const recorder::ActionInfo& action : recorder::Actions()) {
      if (action.available()) choices.push_back(MakeChoice(action));
    }
    return choices;
  }();
  return all;
}

const FaultChoice* FindFaultChoice(const std::string& action) {
  for (const FaultChoice& choice : FaultChoices()) {
    if (choice.action == action) return &choice;
  }
  return nullptr;
}

std::string FaultFileText(const std::string& action,
                          const std::map<std::string, std::string>& params,
                          const std::map<std::string, std::string>& selector) {
  const FaultChoice* choice = FindFaultChoice(action);
  Json fault;
  fault["id"] = action;
  fault["hook"] = choice == nullptr ? "" : choice->hook;
  for (const auto& [key, value] : selector) {
    if (!value.empty()) fault["selector"][key] = value;
  }
  Json act;
  act["type"] = action;
  for (const auto& [key, value] : params) {
    if (value.empty()) continue;
    const bool number =
        choice != nullptr && IsNumber(value) &&
        std::any_of(choice->params.begin(), choice->params.end(),
                    [&](const FaultField& field) { return field.name == key && field.number; });
    if (number) act["params"][key] = std::stoull(value);
    else act["params"][key] = value;
  }
  fault["action"] = std::move(act);
  Json file;
  file["backstep"] = 1;
  file["faults"] = Json::array({std::move(fault)});
  return Dump(file, true) + "\n";
}

}  // namespace backstep::replay
