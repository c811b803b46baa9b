#include "backstep/recorder/adapters/conversations/labels.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>
#include <utility>

#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/core/source.h"

namespace backstep::adapters {
namespace {

namespace fs = std::filesystem;

constexpr char kAuthor[] = "agentrx";
constexpr char kLinksName[] = "LINKS.tsv";
constexpr size_t kLabelFilesMax = 100'000;

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

}  // namespace

std::vector<std::string> LabelFilesOf(const std::string& argument) {
  std::error_code ignored;
  if (!fs::is_directory(argument, ignored)) return {argument};
  std::vector<std::string> files;
  fs::recursive_directory_iterator walk(argument, ignored), end;
  for (; !ignored && walk != end && files.size() < kLabelFilesMax; walk.increment(ignored)) {
    if (walk->path().extension() == ".json") files.push_back(walk->path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

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
    sink.LabelUsed(path);
    return;
  }
  Result<std::unique_ptr<Source>> source = Source::Open(path);
  Result<Json> document = source.ok() ? ReadDocument(**source) : Result<Json>(source.status());
  if (!document.ok()) {
    sink.Skip({.file = path}, "this label file cannot be read: " + document.status().message());
    return;
  }
  if (document->is_object()) document = Json::array({std::move(*document)});
  for (Json& value : *document) {
    const Json* failures = Find(value, "failures");
    if (failures == nullptr || !failures->is_array()) continue;
    const Json* id = Find(value, "trajectory_id");
    judgements_.push_back({.file = path,
                           .id = TextAt(value, "trajectory_id"),
                           .link = {},
                           .numbered = id != nullptr && id->is_number(),
                           .value = std::move(value)});
  }
}

void LabelBook::Load(Sink& sink) {
  if (std::exchange(loaded_, true)) return;
  std::string folder;
  for (const std::string& argument : sink.label_files()) {
    for (const std::string& path : LabelFilesOf(argument)) {
      const std::string here = fs::path(path).parent_path().string();
      if (here != folder || links_.empty()) {
        LoadLinks((fs::path(here) / kLinksName).string());
        LoadLinks((fs::path(here) / ".." / kLinksName).string());
        folder = here;
      }
      LoadFile(path, sink);
    }
  }
  for (Judgement& judgement : judgements_) {
    const auto link = links_.find(judgement.id);
    if (link != links_.end()) judgement.link = link->second;
  }
}

bool LabelBook::Fits(const Judgement& judgement, const LabelledRun& run,
                     const SessionDraft& draft) {
  if (!judgement.link.empty() && EndsWithPath(run.path, judgement.link)) return true;
  const std::string stem = FileStem(run.path);
  const std::string label_stem = FileStem(judgement.file);
  if (!judgement.numbered && judgement.id == stem) return true;
  if (judgement.numbered && label_stem == stem) return true;
  if (std::find(run.ids.begin(), run.ids.end(), judgement.id) == run.ids.end()) return false;
  // A task's number alone is weak: a label file of the run's own name is the one that is meant.
  const fs::path folder = fs::path(judgement.file).parent_path();
  std::error_code ignored;
  if (judgement.numbered && fs::exists(folder / (stem + ".json"), ignored)) return false;
  if (judgement.numbered && NamesSibling(label_stem, stem)) return false;
  return BlamesAgentOf(judgement.value["failures"], draft);
}

bool IsLabelFile(const Head& head) {
  const auto names = [&](std::string_view key) {
    return head.bytes.find(key) != std::string_view::npos;
  };
  return names("\"trajectory_id\"") && names("\"failures\"");
}

void LabelBook::AnnotateAll(const Judgement& judgement, const LabelledRun& run, Sink& sink,
                            SessionDraft* draft) {
  const auto tell = [&](const std::string& what) { sink.Skip({.file = judgement.file}, what); };
  bool decisive = false;
  for (const Json& failure : judgement.value["failures"]) {
    if (!failure.is_object()) {
      tell("a failure that is no object");
      continue;
    }
    const std::optional<double> number = NumberAt(failure, "step_number");
    std::optional<StepIndex> step;
    if (number && *number >= 1 && *number <= static_cast<double>(run.steps.size())) {
      step = run.steps[static_cast<size_t>(*number) - 1];
    } else {
      tell("step_number " + TextAt(failure, "step_number") + " is no step of " + run.path +
           "; kept as a note on the whole run");
    }
    const Annotation annotation = AnnotationOf(failure, judgement.value);
    decisive = decisive || annotation.decisive;
    if (!annotation.agent.empty() && !IsAgentOf(*draft, annotation.agent)) {
      tell("failed_agent '" + annotation.agent + "' is no agent of " + run.path +
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

void LabelBook::Annotate(const LabelledRun& run, Sink& sink, SessionDraft* draft) {
  Load(sink);
  for (const Judgement& judgement : judgements_) {
    if (!Fits(judgement, run, *draft)) continue;
    sink.LabelUsed(judgement.file);
    AnnotateAll(judgement, run, sink, draft);
    KeepRest(draft, "agentrx.", judgement.value, {"failures"});
  }
}

}  // namespace backstep::adapters
