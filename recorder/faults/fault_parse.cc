#include <algorithm>
#include <set>

#include "backstep/base/nearest.h"
#include "backstep/recorder/faults/fault_match.h"
#include "backstep/recorder/faults/fault_plan.h"
#include "backstep/recorder/faults/fault_table.h"
#include "backstep/recorder/faults/spec_text.h"

namespace backstep::recorder {
namespace {

constexpr size_t kFaultsMax = 10000;
constexpr size_t kIdMax = 256;
constexpr uint64_t kNativeVersion = 1;

std::vector<std::string> SelectorKeys() {
  std::vector<std::string> keys;
  for (const SelectorInfo& selector : Selectors()) keys.emplace_back(selector.key);
  return keys;
}

std::vector<std::string> ActionNames() {
  std::vector<std::string> names;
  for (const ActionInfo& action : Actions()) names.emplace_back(action.name);
  return names;
}

std::vector<std::string> HookNames() {
  std::vector<std::string> names;
  for (FaultHookKind hook : AllFaultHooks()) names.emplace_back(FaultHookName(hook));
  return names;
}

std::vector<std::string> ParamNames(const ActionInfo& action) {
  std::vector<std::string> names;
  for (const ParamInfo& param : action.params) {
    names.emplace_back(param.name);
    if (param.other_name != nullptr) names.emplace_back(param.other_name);
  }
  return names;
}

std::string Join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

HookSet BitsOf(const std::vector<FaultHookKind>& hooks) {
  HookSet bits = 0;
  for (FaultHookKind hook : hooks) bits |= HookBit(hook);
  return bits;
}

std::string HookText(HookSet bits) {
  std::string out;
  for (FaultHookKind hook : AllFaultHooks()) {
    if (bits & HookBit(hook)) out += (out.empty() ? "" : ", ") + std::string(FaultHookName(hook));
  }
  return out;
}

// Reads one file. One thread, one use.
class PlanReader {
 public:
  PlanReader(const std::string& origin, std::vector<std::string>* warnings)
      : origin_(origin), warnings_(warnings) {}

  Result<std::vector<FaultSpec>> Read(const SpecNode& root) {
    if (root.IsNull()) {
      Warn(1, "the file is empty: no faults");
      return std::vector<FaultSpec>{};
    }
    if (root.IsList()) return ReadFaults(root);
    if (!root.IsMap()) return Error(root.line, "expected 'faults' and a list");
    BACKSTEP_RETURN_IF_ERROR(ReadVersion(root));
    BACKSTEP_RETURN_IF_ERROR(CheckKeys(root, {"faults", "backstep", "description"}, "key"));
    const SpecNode* faults = root.Find("faults");
    if (faults == nullptr) return Error(root.line, "there is no 'faults' with a list of them");
    if (!faults->IsList()) {
      return Error(faults->line, std::string("'faults' must be a list, not ") + faults->KindName());
    }
    return ReadFaults(*faults);
  }

 private:
  Status Error(int line, const std::string& what) const { return SpecError(origin_, line, what); }

  void Warn(int line, const std::string& what) {
    if (warnings_ != nullptr) warnings_->push_back(SpecError(origin_, line, what).message());
  }

  // What llmmas-otel takes and cannot be honoured: an error only in a file of our own.
  Status Complain(int line, const std::string& what, const std::string& instead) {
    if (native_) return Error(line, what);
    Warn(line, what + "; " + instead);
    return {};
  }

  Status ReadVersion(const SpecNode& root) {
    const SpecNode* version = root.Find("backstep");
    if (version == nullptr) return {};
    if (version->AsCount() != kNativeVersion) {
      return Error(version->line, "'backstep' must be 1: this version reads no other form");
    }
    native_ = true;
    return {};
  }

  // A slip of the keyboard is refused everywhere; another tool's further keys only in our files.
  Status CheckKeys(const SpecNode& map, const std::vector<std::string>& known, const char* what) {
    for (const SpecEntry& entry : map.entries) {
      if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
      const std::string unknown = std::string("unknown ") + what + " '" + entry.key + "'";
      if (IsTypo(entry.key, known)) {
        return Error(entry.line, unknown + NearestHint(entry.key, known));
      }
      BACKSTEP_RETURN_IF_ERROR(
          Complain(entry.line, unknown + "; known: " + Join(known), "it is ignored"));
    }
    return {};
  }

  Result<std::vector<FaultSpec>> ReadFaults(const SpecNode& list) {
    if (list.items.size() > kFaultsMax) return Error(list.line, "more than 10000 faults");
    if (list.items.empty()) Warn(list.line, "the list is empty: no faults");
    std::vector<FaultSpec> specs;
    std::set<std::string> ids;
    for (const SpecNode& node : list.items) {
      BACKSTEP_ASSIGN_OR_RETURN(FaultSpec spec, ReadFault(node));
      if (!ids.insert(spec.id).second) {
        return Error(spec.line, "a second fault with the id '" + spec.id + "'");
      }
      specs.push_back(std::move(spec));
    }
    return specs;
  }

  Result<FaultSpec> ReadFault(const SpecNode& node) {
    if (!node.IsMap()) {
      return Error(node.line, std::string("a fault must be a map with id, hook and action, not ") +
                                  node.KindName());
    }
    BACKSTEP_RETURN_IF_ERROR(CheckKeys(node,
                                       {"id", "hook", "hooks", "description", "selector", "action",
                                        "limits", "hidden"},
                                       "key"));
    FaultSpec spec;
    spec.line = node.line;
    BACKSTEP_RETURN_IF_ERROR(ReadId(node, &spec));
    BACKSTEP_RETURN_IF_ERROR(ReadWords(node, &spec));
    BACKSTEP_RETURN_IF_ERROR(ReadHooks(node, &spec));
    BACKSTEP_RETURN_IF_ERROR(ReadAction(node, &spec));
    BACKSTEP_RETURN_IF_ERROR(ReadSelector(node, &spec));
    BACKSTEP_RETURN_IF_ERROR(ReadLimits(node, &spec));
    return spec;
  }

  Status ReadId(const SpecNode& node, FaultSpec* spec) {
    const SpecNode* id = node.Find("id");
    if (id == nullptr || !id->IsScalar() || id->text.empty()) {
      return Error(id ? id->line : node.line, "a fault needs an 'id', a word of its own");
    }
    if (id->text.size() > kIdMax) return Error(id->line, "an id of more than 256 bytes");
    spec->id = id->text;
    return {};
  }

  Status ReadWords(const SpecNode& node, FaultSpec* spec) {
    if (const SpecNode* text = node.Find("description"); text != nullptr && !text->IsNull()) {
      if (!text->IsScalar()) return Error(text->line, "'description' must be text");
      spec->description = text->text;
    }
    if (const SpecNode* hidden = node.Find("hidden"); hidden != nullptr) {
      if (!hidden->AsBool()) return Error(hidden->line, "'hidden' must be true or false");
      spec->hidden = *hidden->AsBool();
    }
    return {};
  }

  Status ReadHooks(const SpecNode& node, FaultSpec* spec) {
    const SpecNode* one = node.Find("hook");
    const SpecNode* many = node.Find("hooks");
    if (one != nullptr && many != nullptr) {
      BACKSTEP_RETURN_IF_ERROR(
          Complain(one->line, "both 'hook' and 'hooks'", "'hooks' is taken"));
    }
    const SpecNode* hooks = many != nullptr ? many : one;
    if (hooks == nullptr || hooks->IsNull() || hooks->IsMap()) {
      return Error(hooks ? hooks->line : node.line,
                   "fault '" + spec->id + "' needs a 'hook': one of " + Join(HookNames()));
    }
    if (hooks->IsScalar()) return AddHook(*hooks, spec);
    for (const SpecNode& item : hooks->items) BACKSTEP_RETURN_IF_ERROR(AddHook(item, spec));
    if (spec->hooks.empty()) return Error(hooks->line, "'hooks' is empty");
    return {};
  }

  Status AddHook(const SpecNode& node, FaultSpec* spec) {
    if (!node.IsScalar()) return Error(node.line, "a hook must be a word");
    const auto hook = ParseFaultHook(node.text);
    if (!hook) {
      return Error(node.line, "unknown hook '" + node.text + "'" +
                                  NearestHint(node.text, HookNames()));
    }
    if (std::find(spec->hooks.begin(), spec->hooks.end(), *hook) == spec->hooks.end()) {
      spec->hooks.push_back(*hook);
    }
    return {};
  }

  Status ReadAction(const SpecNode& node, FaultSpec* spec) {
    const SpecNode* action = node.Find("action");
    if (action == nullptr || !action->IsMap()) {
      return Error(action ? action->line : node.line,
                   "fault '" + spec->id + "' needs an 'action' with a 'type'");
    }
    BACKSTEP_RETURN_IF_ERROR(CheckKeys(*action, {"type", "params"}, "key"));
    const SpecNode* type = action->Find("type");
    if (type == nullptr || !type->IsScalar()) {
      return Error(type ? type->line : action->line, "an action needs a 'type'");
    }
    const ActionInfo* info = FindAction(type->text);
    if (info == nullptr) {
      return Error(type->line, "unknown action '" + type->text + "'" +
                                   NearestHint(type->text, ActionNames()));
    }
    spec->action = info->name;
    const SpecNode* params = action->Find("params");
    if (params != nullptr && !params->IsNull() && !params->IsMap()) {
      return Error(params->line, "'params' must be a map");
    }
    BACKSTEP_RETURN_IF_ERROR(CheckServes(*info, *type, spec));
    if (!info->available()) return {};
    return ReadParams(*info, params, *type, spec);
  }

  // Leaves in `spec->hooks` what the action can serve: none, if it can do nothing here.
  Status CheckServes(const ActionInfo& info, const SpecNode& type, FaultSpec* spec) {
    const HookSet asked = BitsOf(spec->hooks);
    const std::string action = std::string("action '") + info.name + "'";
    if (!info.available()) {
      const std::string what =
          action +
          " is not available in this version; available on this hook: " + AvailableActions(asked);
      spec->hooks.clear();
      if (!info.upstream) return Error(type.line, what);
      return Complain(type.line, what, "fault '" + spec->id + "' is never injected");
    }
    const HookSet wrong = asked & static_cast<HookSet>(~info.hooks);
    if (wrong == 0) return {};
    auto cannot = [&](FaultHookKind hook) { return (info.hooks & HookBit(hook)) == 0; };
    spec->hooks.erase(std::remove_if(spec->hooks.begin(), spec->hooks.end(), cannot),
                      spec->hooks.end());
    return Complain(type.line,
                    action + " cannot serve " + HookText(wrong) + "; it serves " +
                        HookText(info.hooks),
                    spec->hooks.empty() ? "fault '" + spec->id + "' is never injected"
                                        : "it is injected where it can be");
  }

  Status ReadParams(const ActionInfo& info, const SpecNode* params, const SpecNode& type,
                    FaultSpec* spec) {
    if (params != nullptr && params->IsMap()) {
      BACKSTEP_RETURN_IF_ERROR(CheckKeys(*params, ParamNames(info), "parameter"));
    }
    for (const ParamInfo& param : info.params) {
      const SpecNode* value = params ? params->Find(param.name) : nullptr;
      if (value == nullptr && params != nullptr && param.other_name != nullptr) {
        value = params->Find(param.other_name);
      }
      if (value == nullptr) {
        if (param.required) {
          return Error(params && params->IsMap() ? params->line : type.line,
                       std::string("action '") + info.name + "' needs the parameter '" +
                           param.name + "' (" + ParamTypeName(param.type) + ")");
        }
        if (param.default_value != nullptr) spec->params[param.name] = param.default_value;
        continue;
      }
      BACKSTEP_RETURN_IF_ERROR(ReadParam(param, *value, spec));
    }
    return {};
  }

  Status ReadParam(const ParamInfo& param, const SpecNode& value, FaultSpec* spec) {
    const std::string name = std::string("parameter '") + param.name + "'";
    if (param.type == ParamType::kValue) {
      const bool structured = value.IsList() || value.IsMap();
      spec->params[param.name] = value.IsScalar() ? value.text : value.ToJson();
      if (structured && param.name == std::string("body")) {
        spec->params.emplace("media_type", "application/json");
      }
      return {};
    }
    if (!value.IsScalar()) {
      return Error(value.line, name + " must be " + (param.type == ParamType::kCount
                                                         ? "a whole number"
                                                         : "text"));
    }
    if (param.type == ParamType::kCount) {
      const auto count = value.AsCount();
      if (!count || *count > param.at_most) {
        return Error(value.line, name + " must be a whole number from 0 to " +
                                     std::to_string(param.at_most) + ", not '" + value.text + "'");
      }
    }
    spec->params[param.name] = param.type == ParamType::kCount ? std::to_string(*value.AsCount())
                                                               : value.text;
    return {};
  }

  Status ReadSelector(const SpecNode& node, FaultSpec* spec) {
    const SpecNode* selector = node.Find("selector");
    if (selector == nullptr || selector->IsNull()) return {};
    if (!selector->IsMap()) return Error(selector->line, "'selector' must be a map");
    BACKSTEP_RETURN_IF_ERROR(CheckKeys(*selector, SelectorKeys(), "selector"));
    for (const SpecEntry& entry : selector->entries) {
      const SelectorInfo* info = FindSelector(entry.key);
      if (info == nullptr || entry.value.IsNull()) continue;
      BACKSTEP_RETURN_IF_ERROR(AddSelector(*info, entry, spec));
    }
    return {};
  }

  Status AddSelector(const SelectorInfo& info, const SpecEntry& entry, FaultSpec* spec) {
    const std::string name = "selector '" + entry.key + "'";
    if (!entry.value.IsScalar()) {
      return Error(entry.line, name + " must be one value, not " + entry.value.KindName());
    }
    if (info.number && !IsRange(entry.value.text)) {
      return Error(entry.value.line,
                   name + " must be a number or a range like 3..7, 5.. or ..9, not '" +
                       entry.value.text + "'");
    }
    spec->selectors.push_back({entry.key, entry.value.text});
    const HookSet asked = BitsOf(spec->hooks);
    if (asked == 0 || (asked & info.hooks) != 0) return {};
    return Complain(entry.line,
                    name + " says nothing on " + HookText(asked) + "; it selects on " +
                        HookText(info.hooks),
                    "fault '" + spec->id + "' is never injected");
  }

  Status ReadLimits(const SpecNode& node, FaultSpec* spec) {
    const SpecNode* limits = node.Find("limits");
    if (limits == nullptr || limits->IsNull()) return {};
    if (!limits->IsMap()) return Error(limits->line, "'limits' must be a map");
    BACKSTEP_RETURN_IF_ERROR(CheckKeys(*limits, {"probability", "max_times"}, "limit"));
    if (const SpecNode* probability = limits->Find("probability")) {
      const auto number = probability->AsNumber();
      if (!number || *number < 0 || *number > 1) {
        return Error(probability->line, "'probability' must be a number from 0 to 1");
      }
      spec->probability = *number;
    }
    const SpecNode* times = limits->Find("max_times");
    if (times == nullptr || times->IsNull()) return {};
    if (!times->AsCount() || *times->AsCount() == 0) {
      return Error(times->line, "'max_times' must be a whole number from 1");
    }
    spec->times_max = times->AsCount();
    return {};
  }

  const std::string& origin_;
  std::vector<std::string>* warnings_;
  bool native_ = false;
};

}  // namespace

Result<FaultPlan> FaultPlan::Parse(const std::string& text, const std::string& origin,
                                   std::vector<std::string>* warnings) {
  BACKSTEP_ASSIGN_OR_RETURN(const SpecNode root, ParseSpecText(text, origin));
  FaultPlan plan;
  BACKSTEP_ASSIGN_OR_RETURN(plan.faults_, PlanReader(origin, warnings).Read(root));
  plan.text_ = text;
  plan.origin_ = origin;
  return plan;
}

}  // namespace backstep::recorder
