#include "backstep/replay/experiment_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "backstep/base/nearest.h"
#include "backstep/recorder/faults/spec_text.h"

namespace backstep::replay {
namespace {

using recorder::SpecEntry;
using recorder::SpecError;
using recorder::SpecNode;

constexpr size_t kEditsMax = 10000;
constexpr uintmax_t kBodyFileMax = 64u << 20;
constexpr char kJsonType[] = "application/json";

bool AllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c >= '0' && c <= '9';
  });
}

// "agent/NUMBER<mark>NUMBER"; an agent's name may hold slashes of its own.
bool HasIdForm(const std::string& text, char mark, bool copies) {
  const size_t slash = text.rfind('/');
  if (slash == std::string::npos || slash == 0) return false;
  std::string_view rest(text);
  rest.remove_prefix(slash + 1);
  const size_t at = rest.find(mark);
  if (at == std::string_view::npos) return false;
  std::string_view ordinal = rest.substr(at + 1);
  if (const size_t plus = ordinal.find('+'); copies && plus != std::string_view::npos) {
    if (!AllDigits(ordinal.substr(plus + 1))) return false;
    ordinal = ordinal.substr(0, plus);
  }
  return AllDigits(rest.substr(0, at)) && AllDigits(ordinal);
}

Result<MissPolicy> PolicyOf(const std::string& name) {
  const std::vector<std::string> names = {"fail", "live", "substitute"};
  for (MissPolicy policy : {MissPolicy::kFail, MissPolicy::kLive, MissPolicy::kSubstitute}) {
    if (name == MissPolicyName(policy)) return policy;
  }
  return Status::InvalidArgument("unknown policy '" + name + "'" + NearestHint(name, names));
}

Status CheckMatch(const std::string& match) {
  const std::vector<std::string> kinds = {"llm", "tool", "env", "tool:NAME"};
  if (match == "llm" || match == "tool" || match == "env") return {};
  if (match.rfind("tool:", 0) == 0) {
    if (match.size() > 5) return {};
    return Status::InvalidArgument("'tool:' needs the tool's name");
  }
  if (match == "clock" || match == "random") {
    return Status::InvalidArgument("'" + match + "' never misses and takes no policy");
  }
  return Status::InvalidArgument("unknown kind of call '" + match + "'" +
                                 NearestHint(match, kinds));
}

// "live", "substitute", "substitute:the answer".
Result<MissRule> MakeRule(const std::string& match, const std::string& policy) {
  BACKSTEP_RETURN_IF_ERROR(CheckMatch(match));
  MissRule rule;
  rule.match = match;
  const size_t colon = policy.find(':');
  BACKSTEP_ASSIGN_OR_RETURN(rule.policy, PolicyOf(policy.substr(0, colon)));
  if (colon == std::string::npos) return rule;
  if (rule.policy != MissPolicy::kSubstitute) {
    return Status::InvalidArgument("only 'substitute' takes a text");
  }
  rule.text = policy.substr(colon + 1);
  return rule;
}

// Reads one edit file. One thread, one use.
class EditReader {
 public:
  EditReader(const std::string& origin, Experiment* into) : origin_(origin), into_(into) {}

  Status Read(const SpecNode& root) {
    if (!root.IsMap()) {
      return Error(root.line, std::string("expected a map with 'edits', not ") + root.KindName());
    }
    if (const SpecEntry* faults = EntryOf(root, "faults")) {
      return Error(faults->line, "'faults' stand in a file of their own (--faults)");
    }
    BACKSTEP_RETURN_IF_ERROR(
        CheckKeys(root, {"backstep", "edits", "on_miss", "limits", "seed", "description"}));
    if (const SpecNode* version = root.Find("backstep"); version && version->AsCount() != 1u) {
      return Error(version->line, "'backstep' must be 1: this version reads no other form");
    }
    BACKSTEP_RETURN_IF_ERROR(ReadEdits(root.Find("edits")));
    BACKSTEP_RETURN_IF_ERROR(ReadRules(root.Find("on_miss")));
    BACKSTEP_RETURN_IF_ERROR(ReadLimits(root.Find("limits")));
    const SpecNode* seed = root.Find("seed");
    if (seed == nullptr) return {};
    if (!seed->AsCount()) return Error(seed->line, "'seed' must be a whole number from 0");
    into_->seed = *seed->AsCount();
    return {};
  }

 private:
  Status Error(int line, const std::string& what) const { return SpecError(origin_, line, what); }

  static const SpecEntry* EntryOf(const SpecNode& map, std::string_view key) {
    for (const SpecEntry& entry : map.entries) {
      if (entry.key == key) return &entry;
    }
    return nullptr;
  }

  Status CheckKeys(const SpecNode& map, const std::vector<std::string>& known) const {
    for (const SpecEntry& entry : map.entries) {
      if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
      return Error(entry.line, "unknown key '" + entry.key + "'" + NearestHint(entry.key, known));
    }
    return {};
  }

  Status ReadEdits(const SpecNode* list) {
    if (list == nullptr || list->IsNull()) return {};
    if (!list->IsList()) {
      return Error(list->line, std::string("'edits' must be a list, not ") + list->KindName());
    }
    if (list->items.size() > kEditsMax) return Error(list->line, "more than 10000 edits");
    std::map<std::string, int> lines;
    for (const SpecNode& item : list->items) {
      BACKSTEP_ASSIGN_OR_RETURN(Edit edit, ReadEdit(item));
      auto [earlier, fresh] = lines.emplace(edit.target, item.line);
      if (!fresh) {
        return Error(item.line, "a second edit of " + edit.target + "; the first is at line " +
                                    std::to_string(earlier->second));
      }
      into_->edits.push_back(std::move(edit));
    }
    return {};
  }

  Result<Edit> ReadEdit(const SpecNode& item) const {
    if (!item.IsMap()) {
      return Error(item.line, std::string("an edit must be a map with 'message', 'drop' or "
                                          "'response', not ") + item.KindName());
    }
    BACKSTEP_RETURN_IF_ERROR(
        CheckKeys(item, {"message", "drop", "response", "body", "body_file", "media_type"}));
    static const std::pair<const char*, Edit::Kind> kKinds[] = {
        {"message", Edit::Kind::kReplaceMessage},
        {"drop", Edit::Kind::kDropMessage},
        {"response", Edit::Kind::kReplaceResponse}};
    Edit edit;
    edit.origin = origin_ + ":" + std::to_string(item.line);
    int given = 0;
    for (const auto& [key, kind] : kKinds) {
      const SpecNode* target = item.Find(key);
      if (target == nullptr) continue;
      ++given;
      edit.kind = kind;
      BACKSTEP_RETURN_IF_ERROR(ReadTarget(key, *target, &edit));
    }
    if (given != 1) {
      return Error(item.line, "an edit needs one of 'message', 'drop' and 'response'");
    }
    BACKSTEP_RETURN_IF_ERROR(ReadBody(item, &edit));
    return edit;
  }

  Status ReadTarget(const std::string& key, const SpecNode& target, Edit* edit) const {
    const bool effect = edit->kind == Edit::Kind::kReplaceResponse;
    if (!target.IsScalar() || !HasIdForm(target.text, effect ? '#' : '.', !effect)) {
      return Error(target.line,
                   "'" + key + "' must be " +
                       (effect ? "a call like coder/7#1" : "a message like planner/12.0") +
                       (target.IsScalar() ? ", not '" + target.text + "'" : ""));
    }
    edit->target = target.text;
    return {};
  }

  Status ReadBody(const SpecNode& item, Edit* edit) const {
    const SpecNode* body = item.Find("body");
    const SpecNode* file = item.Find("body_file");
    const SpecNode* type = item.Find("media_type");
    if (edit->kind == Edit::Kind::kDropMessage) {
      const SpecNode* extra = body ? body : file ? file : type;
      return extra ? Error(extra->line, "a dropped message has no body") : Status();
    }
    if ((body == nullptr) == (file == nullptr)) {
      return Error(item.line, "the edit of " + edit->target + " needs a 'body' or a 'body_file'");
    }
    if (file != nullptr) {
      BACKSTEP_RETURN_IF_ERROR(ReadBodyFile(*file, edit));
    } else if (body->IsScalar()) {
      edit->text = body->text;
    } else {
      edit->text = body->ToJson();
      edit->media_type = kJsonType;
    }
    if (type == nullptr) return {};
    if (!type->IsScalar()) return Error(type->line, "'media_type' must be text");
    edit->media_type = type->text;
    return {};
  }

  Status ReadBodyFile(const SpecNode& node, Edit* edit) const {
    namespace fs = std::filesystem;
    if (!node.IsScalar() || node.text.empty()) {
      return Error(node.line, "'body_file' must be a path");
    }
    const fs::path relative(node.text);
    if (relative.is_absolute() ||
        std::find(relative.begin(), relative.end(), fs::path("..")) != relative.end()) {
      return Error(node.line, "'body_file' must lie beside this file or below it");
    }
    const fs::path path = fs::path(origin_).parent_path() / relative;
    std::error_code error;
    if (!fs::is_regular_file(path, error)) {
      return Error(node.line, "there is no file '" + path.string() + "'");
    }
    const uintmax_t size = fs::file_size(path, error);
    if (error || size > kBodyFileMax) {
      return Error(node.line, "'" + path.string() + "' is larger than 64 MiB");
    }
    std::ifstream in(path, std::ios::binary);
    edit->text.resize(size);
    if (!in.read(edit->text.data(), static_cast<std::streamsize>(size))) {
      return Error(node.line, "cannot read '" + path.string() + "'");
    }
    if (path.extension() == ".json") edit->media_type = kJsonType;
    return {};
  }

  Status ReadRules(const SpecNode* rules) {
    if (rules == nullptr || rules->IsNull()) return {};
    if (rules->IsMap()) {
      for (const SpecEntry& entry : rules->entries) {
        BACKSTEP_RETURN_IF_ERROR(ReadRule(entry.key, entry.value, entry.line));
      }
      return {};
    }
    if (!rules->IsList()) return Error(rules->line, "'on_miss' must be a map or a list");
    for (const SpecNode& item : rules->items) BACKSTEP_RETURN_IF_ERROR(ReadRuleItem(item));
    return {};
  }

  // "llm=live", {llm: live}, or {match: llm, policy: substitute, text: ...}.
  Status ReadRuleItem(const SpecNode& item) {
    if (item.IsScalar()) return AddRule(ParseMissRule(item.text), item.line);
    const SpecNode* match = item.Find("match");
    if (match == nullptr && item.IsMap() && item.entries.size() == 1) {
      return ReadRule(item.entries[0].key, item.entries[0].value, item.line);
    }
    if (match == nullptr) return Error(item.line, "a rule must be like llm=live or tool:NAME=live");
    BACKSTEP_RETURN_IF_ERROR(CheckKeys(item, {"match", "policy", "text"}));
    const SpecNode* policy = item.Find("policy");
    if (!match->IsScalar() || policy == nullptr || !policy->IsScalar()) {
      return Error(item.line, "a rule needs 'match' and 'policy'");
    }
    Result<MissRule> rule = MakeRule(match->text, policy->text);
    if (const SpecNode* text = item.Find("text"); text != nullptr && rule.ok()) {
      if (rule->policy != MissPolicy::kSubstitute) {
        return Error(text->line, "only 'substitute' takes a text");
      }
      rule->text = text->IsScalar() ? text->text : text->ToJson();
    }
    return AddRule(std::move(rule), item.line);
  }

  // The value: a policy, or {substitute: the answer}.
  Status ReadRule(const std::string& match, const SpecNode& value, int line) {
    if (value.IsScalar()) return AddRule(MakeRule(match, value.text), line);
    if (!value.IsMap() || value.entries.size() != 1) {
      return Error(line, "the policy for '" + match + "' must be fail, live or substitute");
    }
    BACKSTEP_RETURN_IF_ERROR(CheckKeys(value, {"substitute"}));
    Result<MissRule> rule = MakeRule(match, "substitute");
    const SpecNode& text = value.entries[0].value;
    if (rule.ok()) rule->text = text.IsScalar() ? text.text : text.ToJson();
    return AddRule(std::move(rule), line);
  }

  Status AddRule(Result<MissRule> rule, int line) {
    if (!rule.ok()) return Error(line, rule.status().message());
    into_->on_miss.push_back(std::move(rule).value());
    return {};
  }

  Status ReadLimits(const SpecNode* limits) {
    if (limits == nullptr || limits->IsNull()) return {};
    if (!limits->IsMap()) return Error(limits->line, "'limits' must be a map");
    BACKSTEP_RETURN_IF_ERROR(CheckKeys(*limits, {"steps", "live_calls", "cost_usd", "wall_s"}));
    BACKSTEP_RETURN_IF_ERROR(ReadCount(limits->Find("steps"), "steps", &into_->limits.steps_max));
    BACKSTEP_RETURN_IF_ERROR(
        ReadCount(limits->Find("live_calls"), "live_calls", &into_->limits.live_calls_max));
    if (const SpecNode* cost = limits->Find("cost_usd")) {
      const auto number = cost->AsNumber();
      if (!number || *number < 0) return Error(cost->line, "'cost_usd' must be a number from 0");
      into_->limits.cost_usd_max = *number;
    }
    const SpecNode* wall = limits->Find("wall_s");
    if (wall == nullptr) return {};
    const auto seconds = wall->AsNumber();
    if (!seconds || *seconds < 0.001 || *seconds > 1e8) {
      return Error(wall->line, "'wall_s' must be a number of seconds from 0.001 to 100000000");
    }
    into_->limits.wall_max = DurationNs{static_cast<int64_t>(*seconds * 1e9)};
    return {};
  }

  Status ReadCount(const SpecNode* node, const char* name, uint64_t* count) const {
    if (node == nullptr) return {};
    // 0 stands for "not limited" inside; a person who writes it means the opposite.
    if (!node->AsCount() || *node->AsCount() == 0) {
      return Error(node->line, std::string("'") + name + "' must be a whole number from 1");
    }
    *count = *node->AsCount();
    return {};
  }

  const std::string& origin_;
  Experiment* into_;
};

}  // namespace

Status ParseEditFile(const std::string& text, const std::string& origin, Experiment* experiment) {
  BACKSTEP_ASSIGN_OR_RETURN(const SpecNode root, recorder::ParseSpecText(text, origin));
  Experiment changed = *experiment;
  BACKSTEP_RETURN_IF_ERROR(EditReader(origin, &changed).Read(root));
  *experiment = std::move(changed);
  return {};
}

Result<MissRule> ParseMissRule(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos) {
    return Status::InvalidArgument("'" + text + "' is not KIND=POLICY, like llm=live");
  }
  return MakeRule(text.substr(0, equals), text.substr(equals + 1));
}

}  // namespace backstep::replay
