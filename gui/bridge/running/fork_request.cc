#include "backstep/gui/bridge/running/fork_request.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <vector>

#include "backstep/replay/experiment_file.h"
#include "backstep/replay/view/fork/fault_form.h"
#include "backstep/replay/view/fork/fork_plan.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

constexpr char kFromForm[] = "the form";

// Later ones override earlier ones of the same kind.
std::vector<std::string> RulesOf(const ForkDraft& draft) {
  std::vector<std::string> rules;
  std::istringstream words(draft.on_miss);
  for (std::string word; words >> word;) rules.push_back(word);
  rules.insert(rules.end(), draft.answers.begin(), draft.answers.end());
  return rules;
}

Status AddChange(const ForkDraft& draft, Experiment* experiment) {
  if (draft.kind == ForkDraft::Kind::kFault) {
    experiment->faults_text =
        replay::FaultFileText(draft.fault_action, draft.fault_params, draft.fault_selector);
    experiment->faults_origin = kFromForm;
    return {};
  }
  if (draft.target.empty()) return Status::InvalidArgument("choose a message or an answer first");
  Edit edit;
  edit.kind = draft.kind == ForkDraft::Kind::kDrop       ? Edit::Kind::kDropMessage
              : draft.kind == ForkDraft::Kind::kResponse ? Edit::Kind::kReplaceResponse
                                                         : Edit::Kind::kReplaceMessage;
  edit.target = draft.target;
  if (edit.kind != Edit::Kind::kDropMessage) edit.text = draft.text;
  edit.origin = kFromForm;
  experiment->edits.push_back(std::move(edit));
  return {};
}

Status AddLimits(const ForkDraft& draft, Experiment* experiment) {
  for (const std::string& text : RulesOf(draft)) {
    BACKSTEP_ASSIGN_OR_RETURN(MissRule rule, replay::ParseMissRule(text));
    experiment->on_miss.push_back(std::move(rule));
  }
  if (draft.budget_usd.empty()) return {};
  char* end = nullptr;
  const double budget = std::strtod(draft.budget_usd.c_str(), &end);
  if (*end != '\0' || !std::isfinite(budget) || budget < 0) {
    return Status::InvalidArgument("the budget must be a number of dollars, 0 or more");
  }
  experiment->limits.cost_usd_max = budget;
  return {};
}

RunRequest Begin(const OpenFacts& facts) {
  RunRequest request;
  request.path = facts.path;
  request.command = facts.command;
  request.working_directory = facts.working_directory;
  return request;
}

std::string Quoted(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    line += (line.empty() ? "" : " ") + replay::ShellQuote(word);
  }
  return line;
}

std::string ChangeFlags(const ForkDraft& draft) {
  const std::string changed = replay::ShellQuote(draft.target + "=" + draft.text);
  switch (draft.kind) {
    case ForkDraft::Kind::kMessage: return " --edit-message " + changed;
    case ForkDraft::Kind::kResponse: return " --edit-response " + changed;
    case ForkDraft::Kind::kDrop: return " --drop-message " + replay::ShellQuote(draft.target);
    case ForkDraft::Kind::kFault:
      return " --faults <(echo " +
             replay::ShellQuote(replay::FaultFileText(draft.fault_action, draft.fault_params,
                                                      draft.fault_selector)) +
             ")";
  }
  return {};
}

}  // namespace

std::string WhyNotRunnable(const OpenFacts& facts) {
  if (facts.program.empty()) {
    return "This was recorded with scopes alone. To re-execute it, implement "
           "backstep::replay::Program and record again (docs/integrate.md).";
  }
  return {};
}

std::string WhyNotRunnable(const Model& model) {
  const OpenFacts* facts = model.open.value.get();
  return facts == nullptr ? std::string() : WhyNotRunnable(*facts);
}

std::string ParentOf(const ForkDraft& draft, const OpenFacts& facts) {
  return draft.parent.empty() ? facts.branch : draft.parent;
}

Result<std::vector<std::string>> SplitCommand(const std::string& line) {
  std::vector<std::string> words;
  char quote = 0;
  bool inside = false;   // a word has begun, be it empty
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool blank = quote == 0 && (c == ' ' || c == '\t' || c == '\n');
    if (blank) {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    if (c == quote) quote = 0;
    else if (quote == 0 && (c == '"' || c == '\'')) quote = c;
    else if (c == '\\' && quote != '\'' && i + 1 < line.size()) words.back() += line[++i];
    else words.back() += c;
  }
  if (quote != 0) {
    return Status::InvalidArgument(std::string("the command line has a ") + quote +
                                   " that is not closed");
  }
  return words;
}

std::string CommandLineOf(const OpenFacts& facts) { return Quoted(facts.command); }

void SetProgram(const std::string& path, ForkDraft* draft) {
  auto words = SplitCommand(draft->program);
  if (!words.ok() || words->empty()) words = std::vector<std::string>{path};
  words->front() = path;
  draft->other_program = true;
  draft->program = Quoted(*words);
  draft->confirmed = false;
}

std::string FolderOfProgram(const ForkDraft& draft, const std::string& otherwise) {
  const auto words = SplitCommand(draft.program);
  if (!words.ok() || words->empty() || !words->front().starts_with("/")) return otherwise;
  return words->front().substr(0, std::max<size_t>(words->front().rfind('/'), 1));
}

void BeginOtherProgram(const OpenFacts& facts, ForkDraft* draft) {
  draft->other_program = true;
  draft->program = CommandLineOf(facts);
  draft->directory = facts.working_directory;
  draft->confirmed = false;
}

bool RunsOther(const ForkDraft& draft, const OpenFacts& facts) {
  return draft.other_program || facts.command.empty();
}

bool WantsConfirmation(const ForkDraft& draft, const OpenFacts& facts) {
  return !facts.distrust.empty() || RunsOther(draft, facts);
}

// It runs the recorded program, whatever the form runs.
std::string WhyNoBaseline(const ForkDraft& draft, const OpenFacts& facts) {
  if (facts.command.empty()) {
    return "The recording does not say how its program was started, so there is none to be run "
           "unchanged. Name a program in the form and fork with it.";
  }
  const bool confirmed = draft.confirmed && !draft.other_program;
  return facts.distrust.empty() || confirmed ? "" : "Confirm the command line first.";
}

ForkDraft DraftHere(ForkDraft::Kind kind, StepNumber cursor, const std::string& agent) {
  ForkDraft draft;
  draft.kind = kind;
  if (kind != ForkDraft::Kind::kFault) return draft;
  if (!agent.empty()) draft.fault_selector["agent_id"] = agent;
  draft.from = cursor;
  draft.latest = false;
  return draft;
}

std::string WhyNotNow(const ForkDraft& draft, const Model& model) {
  const OpenFacts& facts = *model.open.value;
  const bool fault = draft.kind == ForkDraft::Kind::kFault;
  const bool same = !fault && draft.kind != ForkDraft::Kind::kDrop && draft.text == draft.original;
  const auto& plan = model.plan;
  const bool problem = !plan.error.empty() ||
                       (plan.value != nullptr && !plan.value->problem.empty());
  if (!WhyNotRunnable(facts).empty()) return "this recording cannot be re-executed";
  if (model.run.running) return "one is running";
  if (!fault && draft.target.empty()) return "choose what is to be changed first";
  if (same) return "the text is unchanged";
  if (problem && !plan.loading) return "the form says why not";
  if (RunsOther(draft, facts) && draft.program.empty()) return "name the program to run first";
  if (WantsConfirmation(draft, facts) && !draft.confirmed) return "confirm the command line first";
  return {};
}

void BeginAnew(ForkDraft* draft) {
  draft->goes_on.clear();
  draft->answers.clear();
  draft->answer_to.clear();
}

Result<RunRequest> MakeRunRequest(const ForkDraft& draft, const OpenFacts& facts) {
  if (const std::string why = WhyNotRunnable(facts); !why.empty()) {
    return Status::InvalidArgument(why);
  }
  RunRequest request = Begin(facts);
  if (RunsOther(draft, facts)) {
    BACKSTEP_ASSIGN_OR_RETURN(request.command, SplitCommand(draft.program));
    if (request.command.empty()) return Status::InvalidArgument("type the program's command line");
    request.working_directory = draft.directory;
  }
  request.parent = ParentOf(draft, facts);
  Experiment experiment;
  experiment.name = draft.name;
  if (draft.goes_on.empty()) {
    experiment.from = draft.from;
    request.latest = draft.latest;
    BACKSTEP_RETURN_IF_ERROR(AddChange(draft, &experiment));
  } else {
    request.parent = draft.goes_on;  // the branch's own change stays in force
    request.from_end = true;
    if (!draft.answer_to.empty()) {
      experiment.edits.push_back(
          {Edit::Kind::kReplaceResponse, draft.answer_to, draft.answer, "", kFromForm});
    }
  }
  BACKSTEP_RETURN_IF_ERROR(AddLimits(draft, &experiment));
  request.experiments.push_back(std::move(experiment));
  return request;
}

RunRequest MakeBaselineRequest(const OpenFacts& facts) {
  RunRequest request = Begin(facts);
  request.parent = "first";
  request.experiments.resize(2);
  request.experiments[1].free_schedule = true;
  return request;
}

std::string ReplayCommandLine(const ForkDraft& draft, const OpenFacts& facts) {
  std::string line = "backstep replay " + replay::ShellQuote(facts.path);
  if (!draft.goes_on.empty()) {
    line += " --branch " + replay::ShellQuote(draft.goes_on) + " --from last";
    if (!draft.answer_to.empty()) {
      line += " --edit-response " + replay::ShellQuote(draft.answer_to + "=" + draft.answer);
    }
  } else {
    const std::string parent = ParentOf(draft, facts);
    if (parent != "main") line += " --branch " + replay::ShellQuote(parent);
    if (!draft.latest) line += " --from " + std::to_string(draft.from.value);
    line += ChangeFlags(draft);
  }
  for (const std::string& rule : RulesOf(draft)) line += " --on-miss " + replay::ShellQuote(rule);
  if (!draft.budget_usd.empty()) line += " --max-cost " + replay::ShellQuote(draft.budget_usd);
  if (!draft.name.empty()) line += " --name " + replay::ShellQuote(draft.name);
  if (!RunsOther(draft, facts)) return line;
  if (!draft.directory.empty()) line = "cd " + replay::ShellQuote(draft.directory) + " && " + line;
  line += " -- " + draft.program;
  return line;
}

std::string CallOf(const replay::Miss& miss) {
  return miss.agent + "/" + std::to_string(miss.clock.value) + "#" + std::to_string(miss.ordinal);
}

void AnswerOnce(const replay::ReplayReport& report, ForkDraft* draft) {
  draft->answer_to = CallOf(*report.result.miss);
  draft->goes_on = report.result.branch_name;
  draft->name.clear();
}

void AnswerMiss(const replay::ReplayReport& report, const std::string& policy, ForkDraft* draft) {
  const replay::Miss& miss = *report.result.miss;
  std::string match = EffectKindName(miss.kind);
  if (miss.kind == EffectKind::kTool) match += ":" + miss.name;
  std::erase_if(draft->answers, [&](const std::string& rule) {
    return rule.starts_with(match + "=");
  });
  draft->answers.push_back(match + "=" + policy);
  draft->answer_to.clear();
  draft->goes_on = report.result.branch_name;
  draft->name.clear();
}

}  // namespace backstep::gui
