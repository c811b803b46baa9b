#include "backstep/recorder/adapters/conversations/labels.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>
#include <utility>

#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/label_files.h"
#include "backstep/recorder/adapters/core/source.h"

namespace backstep::adapters {
namespace {

namespace fs = std::filesystem;

constexpr char kAuthor[] = "agentrx";
constexpr size_t kRunsTold = 5;  // of those that a label could mean

// Whether `path` ends with the whole components of `end`, packed or not.
bool EndsWithPath(std::string_view path, std::string_view end) {
  for (const std::string_view packed : {"", ".gz", ".zst"}) {
    if (!path.ends_with(packed)) continue;
    const std::string_view plain = path.substr(0, path.size() - packed.size());
    if (!plain.ends_with(end)) continue;
    if (plain.size() == end.size() || plain[plain.size() - end.size() - 1] == '/') return true;
  }
  return false;
}

std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool BlamesAgentOf(const Json& failures, const SessionDraft& draft) {
  std::set<std::string> agents;
  for (const AgentDraft& agent : draft.agents) agents.insert(LowerCase(agent.name));
  return std::any_of(failures.begin(), failures.end(), [&](const Json& failure) {
    return agents.contains(LowerCase(TextAt(failure, "failed_agent")));
  });
}

Annotation AnnotationOf(const Json& failure, const Json& judgement) {
  Annotation annotation{.author = kAuthor,
                        .kind = "failure",
                        .agent = TextAt(failure, "failed_agent"),
                        .reason = TextAt(failure, "step_reason")};
  const Json* root = Find(judgement, "root_cause");
  const std::string id = TextAt(failure, "failure_id");
  annotation.decisive = root != nullptr && !id.empty() && TextAt(*root, "failure_id") == id;
  Json details = failure;
  details.erase("failed_agent");
  details.erase("step_reason");
  if (annotation.decisive) details["root_cause"] = *root;
  annotation.details = JsonText(details);
  return annotation;
}

// Whether an agent of the run is called so, whatever the case.
bool IsAgentOf(const SessionDraft& draft, const std::string& name) {
  const std::string wanted = LowerCase(name);
  return std::any_of(draft.agents.begin(), draft.agents.end(),
                     [&](const AgentDraft& agent) { return LowerCase(agent.name) == wanted; });
}

// A label file that is called like a run but for a part at the end means that other run.
bool NamesSibling(const std::string& label_stem, const std::string& stem) {
  const size_t most = std::min(label_stem.size(), stem.size());
  const auto apart = std::mismatch(label_stem.begin(), label_stem.begin() + most, stem.begin());
  const auto same = static_cast<size_t>(apart.first - label_stem.begin());
  return label_stem != stem && 2 * same > std::max(label_stem.size(), stem.size());
}

// "3" of "tau_retail_task12_trial3" for task 12, as judgements about runs of tau-bench are called;
// empty: it is not called so.
std::string TrialIn(const std::string& stem, const std::string& task) {
  const size_t at = stem.rfind("task" + task + "_trial");
  const size_t begin = at + 4 + task.size() + 6;
  if (task.empty() || at == std::string::npos || begin >= stem.size()) return {};
  const bool digits = stem.find_first_not_of("0123456789", begin) == std::string::npos;
  return digits ? stem.substr(begin) : std::string();
}

}  // namespace

void LabelBook::LoadLinks(const std::string& path) {
  Result<std::unique_ptr<Source>> source = Source::Open(path);
  if (!source.ok()) return;  // there need be none
  std::string_view line;
  for (;;) {
    const Result<bool> more = (*source)->ReadLine(&line);
    if (!more.ok() || !*more) return;
    const size_t tab = line.find('\t');
    if (tab == std::string_view::npos) continue;
    links_.emplace(line.substr(0, tab), line.substr(tab + 1, line.find('\t', tab + 1) - tab - 1));
  }
}

void LabelBook::LoadFile(const std::string& path, Sink& sink) {
  if (fs::path(path).filename() == kLinksName) {
    LoadLinks(path);
    sink.LabelUsed(path, 0);
    return;
  }
  Result<std::vector<Json>> judgements = ReadJudgements(path);
  if (!judgements.ok()) {
    sink.Skip({.file = path}, judgements.status().message());
    return;
  }
  size_t number = 0;
  for (Json& value : *judgements) {
    const Json* id = Find(value, "trajectory_id");
    Judgement judgement{.file = path,
                        .id = TextAt(value, "trajectory_id"),
                        .link = {},
                        .trial = TextAt(value, "trial"),
                        .number = number++,
                        .numbered = id != nullptr && id->is_number(),
                        .value = {}};
    if (judgement.trial.empty()) judgement.trial = TrialIn(FileStem(path), judgement.id);
    judgement.value = std::move(value);
    judgements_.push_back(std::move(judgement));
  }
}

void LabelBook::Load(Sink& sink) {
  if (std::exchange(loaded_, true)) return;
  std::string folder;
  for (const std::string& path : sink.label_files()) {
    const std::string here = fs::path(path).parent_path().string();
    if (here != folder || links_.empty()) {
      LoadLinks((fs::path(here) / kLinksName).string());
      LoadLinks((fs::path(here) / ".." / kLinksName).string());
      folder = here;
    }
    LoadFile(path, sink);
  }
  for (Judgement& judgement : judgements_) {
    const auto link = links_.find(judgement.id);
    if (link != links_.end()) judgement.link = link->second;
  }
}

LabelBook::Fit LabelBook::FitOfTask(const Judgement& judgement, const LabelledRun& run,
                                    const SessionDraft& draft) {
  if (std::find(run.ids.begin(), run.ids.end(), judgement.id) == run.ids.end()) return Fit::kNone;
  // A task's number alone is weak: a label file of the run's own name is the one that is meant.
  const std::string stem = FileStem(run.path);
  const fs::path namesake = fs::path(judgement.file).parent_path() / (stem + ".json");
  std::error_code ignored;
  const bool other_file =
      (fs::exists(namesake, ignored) && !fs::equivalent(namesake, run.path, ignored)) ||
      NamesSibling(FileStem(judgement.file), stem);
  if (run.alone && judgement.numbered && other_file) return Fit::kNone;
  if (!BlamesAgentOf(judgement.value["failures"], draft)) return Fit::kNone;
  return judgement.trial.empty() || run.trial.empty() ? Fit::kTask : Fit::kTrial;
}

LabelBook::Fit LabelBook::FitOf(const Judgement& judgement, const LabelledRun& run,
                                const SessionDraft& draft) {
  const std::string stem = FileStem(run.path);
  if (!judgement.id.empty() && judgement.id == draft.name) return Fit::kNamed;
  const bool same_name =
      judgement.numbered ? FileStem(judgement.file) == stem : judgement.id == stem;
  const bool linked = !judgement.link.empty() && EndsWithPath(run.path, judgement.link);
  if (run.alone && (linked || same_name)) return Fit::kNamed;
  const bool other_trial =
      !judgement.trial.empty() && !run.trial.empty() && judgement.trial != run.trial;
  return other_trial ? Fit::kNone : FitOfTask(judgement, run, draft);
}

void LabelBook::AnnotateAll(const Judgement& judgement, const LabelledRun& run, Sink& sink,
                            SessionDraft* draft) {
  const auto tell = [&](const std::string& what) { sink.Skip({.file = judgement.file}, what); };
  const std::string which = run.alone ? run.path : run.path + ": " + draft->name;
  bool decisive = false;
  for (const Json& failure : judgement.value["failures"]) {
    if (!failure.is_object()) {
      tell("a failure that is no object");
      continue;
    }
    const std::optional<uint64_t> number = IndexAt(failure, "step_number");
    std::optional<StepIndex> step;
    if (number && *number >= 1 && *number <= run.steps.size()) {
      step = run.steps[*number - 1];
    } else {
      tell("step_number " + TextAt(failure, "step_number") + " is no step of " + which +
           "; kept as a note on the whole run");
    }
    const Annotation annotation = AnnotationOf(failure, judgement.value);
    decisive = decisive || annotation.decisive;
    if (!annotation.agent.empty() && !IsAgentOf(*draft, annotation.agent)) {
      tell("failed_agent '" + annotation.agent + "' is no agent of " + which +
           "; kept as the author has it");
    }
    draft->Annotate(step, annotation);
  }
  const Json* root = Find(judgement.value, "root_cause");
  const std::string id = root == nullptr ? std::string() : TextAt(*root, "failure_id");
  if (!decisive && !id.empty()) {
    tell("root_cause names failure " + id + ", which is not among the failures; kept as metadata");
  }
}

void LabelBook::Land(const Judgement& judgement, const LabelledRun& run, Sink& sink,
                     SessionDraft* draft) {
  sink.LabelUsed(judgement.file, judgement.number);
  AnnotateAll(judgement, run, sink, draft);
  KeepRest(draft, "agentrx.", judgement.value, {"failures"});
}

Status LabelBook::Session(LabelledRun run, SessionDraft draft, Sink& sink) {
  Load(sink);
  if (draft.steps.empty()) return sink.Session(std::move(draft));  // nothing a label could be of
  bool waits = !held_.empty();
  for (Judgement& judgement : judgements_) {
    const Fit fit = FitOf(judgement, run, draft);
    if (fit == Fit::kNone) continue;
    if (fit == Fit::kNamed && judgement.named) {
      sink.Skip({.file = judgement.file},
                "the labels of " + judgement.id + " name " + draft.name + " of " + run.path +
                    " too; they stay on the first run that they name");
      continue;
    }
    if (fit == Fit::kNamed) {
      judgement.named = true;
      Land(judgement, run, sink, &draft);
      continue;
    }
    judgement.candidates.emplace_back(held_.size(), fit);
    waits = true;
  }
  if (!waits) return sink.Session(std::move(draft));
  sink.Holds();
  held_.push_back({std::move(run), std::move(draft)});
  return {};
}

void LabelBook::Resolve(const Judgement& judgement, Sink& sink) {
  std::vector<size_t> of_trial, of_task;
  for (const auto& [run, fit] : judgement.candidates) {
    (fit == Fit::kTrial ? of_trial : of_task).push_back(run);
  }
  const std::vector<size_t>& meant = of_trial.empty() ? of_task : of_trial;
  if (judgement.named || meant.empty()) return;
  if (meant.size() == 1) {
    Held& held = held_[meant.front()];
    return Land(judgement, held.run, sink, &held.draft);
  }
  std::string runs;
  for (size_t i = 0; i < meant.size() && i < kRunsTold; ++i) {
    runs += (i == 0 ? "" : ", ") + held_[meant[i]].draft.name;
  }
  if (meant.size() > kRunsTold) runs += ", …";
  sink.LabelTold(judgement.file, judgement.number);
  sink.Skip({.file = judgement.file},
            "the labels of " + judgement.id + " fit " + std::to_string(meant.size()) + " runs (" +
                runs +
                ") and are put on none: name the \"trial\" in them, or one of these as "
                "\"trajectory_id\"");
}

Status LabelBook::Finish(Sink& sink) {
  for (const Judgement& judgement : judgements_) Resolve(judgement, sink);
  for (Held& held : held_) BACKSTEP_RETURN_IF_ERROR(sink.Session(std::move(held.draft)));
  held_.clear();
  return {};
}

}  // namespace backstep::adapters
