#include <algorithm>
#include <map>

#include "backstep/cli/support/present.h"
#include "backstep/cli/support/recordings.h"
#include "backstep/cli/support/replay_output.h"
#include "backstep/cli/support/replay_program.h"
#include "backstep/cli/terminal/command.h"
#include "backstep/cli/terminal/interrupt.h"
#include "backstep/recorder/faults/fault_plan.h"
#include "backstep/replay/experiment_file.h"
#include "backstep/replay/launch.h"
#include "backstep/replay/reexecute.h"
#include "backstep/replay/view/fork/replay_report.h"
#include "backstep/replay/view/text.h"

namespace backstep::cli {
namespace {

using replay::OneLine;

// "ID=TEXT"; ids hold no '='.
Result<Edit> ParseEdit(const std::string& flag, Edit::Kind kind, const std::string& given) {
  const size_t equals = given.find('=');
  if (equals == std::string::npos || equals == 0) {
    return Status::InvalidArgument(flag + " " + given + ": it must be ID=TEXT");
  }
  Edit edit;
  edit.kind = kind;
  edit.target = given.substr(0, equals);
  edit.text = given.substr(equals + 1);
  edit.origin = flag;
  return edit;
}

Status CheckTargets(const std::vector<Edit>& edits) {
  std::map<std::string, std::string> origins;
  for (const Edit& edit : edits) {
    const auto [first, fresh] = origins.emplace(edit.target, edit.origin);
    if (fresh) continue;
    return Status::InvalidArgument(edit.origin + ": a second edit of " + edit.target +
                                   "; the first is of " + first->second);
  }
  return {};
}

class ReplayCommand : public Command {
 public:
  std::string Verb() const override { return "replay"; }
  std::string Summary() const override {
    return "Re-executes the real agents: unchanged, or with edits and faults as a new branch";
  }

  void Declare(Flags& flags) override {
    flags.Positional("REC", &path_, "The recording");
    flags.Text("--from", "MOMENT", &from_, "Fork here; default: the latest moment in time");
    flags.Text("--branch", "BRANCH", &branch_, "Fork from this branch; default: main");
    flags.Texts("--edit", "F", &edit_files_, "Edits, policies and limits of this file");
    flags.Texts("--edit-message", "ID=TEXT", &edit_messages_, "Replace a message's body");
    flags.Texts("--drop-message", "ID", &drop_messages_, "Drop a message");
    flags.Texts("--edit-response", "ID=TEXT", &edit_responses_, "Replace a call's answer");
    flags.Text("--faults", "F", &faults_, "Inject the faults of this file");
    flags.Texts("--on-miss", "KIND=POLICY", &on_miss_,
                "No recorded answer: llm=live, tool:NAME=fail, ...");
    flags.Number("--seed", "N", &seed_, "Seed of fault probabilities and new draws");
    flags.Text("--name", "B", &name_, "Name of the new branch");
    flags.Number("--max-steps", "N", &max_steps_, "End after N steps");
    flags.Decimal("--max-cost", "USD", &max_cost_, "End when live calls have cost so much");
    flags.Decimal("--max-wall", "SECONDS", &max_wall_, "End after so long");
    flags.Decimal("--max-silence", "SECONDS", &max_silence_,
                  "Kill it after so long without a step or live call; default: 60");
    flags.Choice("--schedule", {"served", "free", "both"}, &schedule_,
                 "Follow the recording, or ask the program");
    flags.Switch("--check-restore", &check_restore_, "Restore each agent before each of its steps");
    flags.Switch("--json", &json_, "Print JSON (docs/cli.md has the shape)");
    flags.Program(&command_, false);
    flags.Example("backstep replay team-1.backstep");
    flags.Example("backstep replay team-1.backstep --edit-message 'planner/2.0={\"task\":\"b\"}'");
    flags.Example("backstep replay team-1.backstep --from main:40 --faults late.yaml --seed 7");
  }

  int Run(Console& console) override {
    Opened opened = OpenParent(console);
    if (opened.code != kDone) return opened.code;
    Experiment experiment;
    if (const Status status = FillExperiment(console, &experiment); !status.ok()) {
      return console.Fail(status);
    }
    experiment.parent = opened.moment.log;
    if (const int code = ChooseFork(console, opened, &experiment); code != kDone) return code;
    const ReplayProgram program = ChooseProgram(console, opened.recording->path(),
                                                opened.line->session_header(), command_);
    if (program.code != kDone) return program.code;
    const bool baseline =
        !replay::ChangesAnything(experiment) && !GoesOn(experiment, *opened.line);
    return RunAll(console, *opened.recording, experiment, program, baseline);
  }

 private:
  Opened OpenParent(Console& console) const {
    if (from_.empty()) return OpenBranch(console, path_, branch_);
    if (branch_.empty()) return OpenMoment(console, path_, from_);
    if (from_.find(':') == std::string::npos) {
      return OpenMoment(console, path_, branch_ + ":" + from_);
    }
    Opened opened = OpenMoment(console, path_, from_);
    if (opened.code != kDone) return opened;
    const auto branch = ResolveBranch(*opened.recording, branch_);
    if (branch.ok() && *branch == opened.moment.log) return opened;
    opened.code = console.Fail(
        branch.ok() ? Status::InvalidArgument("--from " + from_ + " is no moment of --branch " +
                                              branch_ + ": one of them is enough")
                    : branch.status());
    return opened;
  }

  Result<std::vector<Edit>> FlagEdits() const {
    std::vector<Edit> edits;
    for (const std::string& given : edit_messages_) {
      BACKSTEP_ASSIGN_OR_RETURN(
          Edit edit, ParseEdit("--edit-message", Edit::Kind::kReplaceMessage, given));
      edits.push_back(std::move(edit));
    }
    for (const std::string& target : drop_messages_) {
      edits.push_back({Edit::Kind::kDropMessage, target, {}, {}, "--drop-message"});
    }
    for (const std::string& given : edit_responses_) {
      BACKSTEP_ASSIGN_OR_RETURN(
          Edit edit, ParseEdit("--edit-response", Edit::Kind::kReplaceResponse, given));
      edits.push_back(std::move(edit));
    }
    BACKSTEP_RETURN_IF_ERROR(CheckTargets(edits));
    return edits;
  }

  Status AddEdits(Experiment* experiment) const {
    for (const std::string& path : edit_files_) {
      BACKSTEP_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
      BACKSTEP_RETURN_IF_ERROR(replay::ParseEditFile(text, path, experiment));
    }
    BACKSTEP_RETURN_IF_ERROR(CheckTargets(experiment->edits));
    BACKSTEP_ASSIGN_OR_RETURN(std::vector<Edit> flags, FlagEdits());
    for (Edit& flag : flags) {
      std::erase_if(experiment->edits, [&](const Edit& old) { return old.target == flag.target; });
      experiment->edits.push_back(std::move(flag));
    }
    return {};
  }

  Status AddFaults(Console& console, Experiment* experiment) const {
    if (faults_.empty()) return {};
    BACKSTEP_ASSIGN_OR_RETURN(experiment->faults_text, ReadTextFile(faults_));
    experiment->faults_origin = faults_;
    std::vector<std::string> warnings;
    BACKSTEP_ASSIGN_OR_RETURN(const auto plan, recorder::FaultPlan::Parse(
                                                   experiment->faults_text, faults_, &warnings));
    for (const std::string& warning : warnings) console.Warning(warning);
    if (plan.empty()) return Status::InvalidArgument(faults_ + " holds no fault");
    return {};
  }

  // Flags stand over what a file says.
  Status FillExperiment(Console& console, Experiment* experiment) const {
    BACKSTEP_RETURN_IF_ERROR(AddEdits(experiment));
    BACKSTEP_RETURN_IF_ERROR(AddFaults(console, experiment));
    for (const std::string& given : on_miss_) {
      BACKSTEP_ASSIGN_OR_RETURN(MissRule rule, replay::ParseMissRule(given));
      std::erase_if(experiment->on_miss, [&](const auto& old) { return old.match == rule.match; });
      experiment->on_miss.push_back(std::move(rule));
    }
    if (!name_.empty()) experiment->name = name_;
    if (seed_) experiment->seed = *seed_;
    if (max_steps_) experiment->limits.steps_max = *max_steps_;
    if (max_cost_) {
      if (!(*max_cost_ >= 0)) return Status::InvalidArgument("--max-cost must be 0 or more");
      experiment->limits.cost_usd_max = *max_cost_;
    }
    if (max_wall_) {
      if (!(*max_wall_ > 0 && *max_wall_ < 1e9)) {
        return Status::InvalidArgument("--max-wall must be more than 0 and less than 1e9");
      }
      experiment->limits.wall_max = {static_cast<int64_t>(*max_wall_ * 1e9)};
    }
    if (max_silence_ && !(*max_silence_ > 0 && *max_silence_ < 1e9)) {
      return Status::InvalidArgument("--max-silence must be more than 0 and less than 1e9");
    }
    experiment->check_restore = check_restore_;
    return {};
  }

  int ChooseFork(Console& console, const Opened& opened, Experiment* experiment) const {
    experiment->from = from_.empty() ? StepNumber(0) : opened.moment.step;
    const bool changes = replay::ChangesAnything(*experiment);
    if (changes && from_.empty()) {
      const auto fork = replay::LatestFork(*opened.recording, *experiment);
      if (!fork.ok()) return FailFork(console, fork.status(), *experiment);
      experiment->from = *fork;
      const std::string moment = opened.recording->FormatMoment({experiment->parent, *fork});
      console.Note("forks at " + moment + ", the latest moment before anything it changes began" +
                   Following(*opened.line, *fork));
    }
    const Status checked = replay::CheckExperiment(*opened.recording, *experiment);
    return checked.ok() ? kDone : console.Fail(checked);
  }

  // Faults that match nothing recorded may still match what a program does differently.
  static int FailFork(Console& console, const Status& status, const Experiment& experiment) {
    const bool faults_alone = experiment.edits.empty() && !experiment.faults_text.empty();
    if (!faults_alone || status.code() != StatusCode::kInvalidArgument) return console.Fail(status);
    return console.Fail(Status::InvalidArgument(
        status.message() + "\nto run it all the same, say from where, as in --from first"));
  }

  static std::string Following(store::Line& line, StepNumber fork) {
    if (fork >= line.last()) return {};
    const auto step = line.Step(fork.Next());
    if (!step.ok()) return {};
    return " (next: step " + std::to_string(step->number.value) + " " +
           OneLine(replay::FormatStep(line, step->agent, step->clock)) + ")";
  }

  // A line that is taken on from its end is no baseline: there is nothing to reproduce.
  static bool GoesOn(const Experiment& experiment, const store::Line& parent) {
    return !replay::ChangesAnything(experiment) && experiment.from.value != 0 &&
           experiment.from == parent.last();
  }

  std::vector<bool> Schedules(bool baseline) const {
    if (schedule_ == "served") return {false};
    if (schedule_ == "free") return {true};
    const bool both = schedule_ == "both" || baseline;
    return both ? std::vector<bool>{false, true} : std::vector<bool>{false};
  }

  Result<replay::LaunchResult> Launch(Console& console, const store::Recording& recording,
                                      const Experiment& experiment,
                                      const ReplayProgram& program) const {
    const InterruptFlag interrupted;
    ProgressLine line(console, "replaying", "steps");
    replay::LaunchOptions options;
    options.command = program.command;
    options.working_directory = program.working_directory;
    options.cancel = interrupted.flag();
    if (max_silence_) options.silence_max = {static_cast<int64_t>(*max_silence_ * 1e9)};
    options.progress = [&](const replay::Progress& progress) {
      line.Update(progress.steps_done, progress.steps_expected);
    };
    auto launched = replay::Launch(recording.path(), experiment, options);
    line.Clear();
    return launched;
  }

  // Both runs of a baseline go by one number; other branches are named by the engine.
  std::string BaseName(const store::Recording& recording, bool baseline) const {
    if (!name_.empty() || !baseline) return name_;
    const auto logs = recording.Logs();
    for (uint64_t n = 1;; ++n) {
      const std::string name = "baseline-" + std::to_string(n);
      const bool taken = logs.ok() && std::any_of(logs->begin(), logs->end(), [&](const auto& log) {
        return log.header.name == name + "-served" || log.header.name == name + "-free";
      });
      if (!taken) return name;
    }
  }

  int RunAll(Console& console, const store::Recording& recording, Experiment experiment,
             const ReplayProgram& program, bool baseline) const {
    std::vector<replay::ReplayReport> reports;
    int code = kDone;
    const std::vector<bool> schedules = Schedules(baseline);
    const std::string name = BaseName(recording, baseline);
    const bool suffix = schedules.size() > 1 || name != name_;
    for (const bool free : schedules) {
      experiment.free_schedule = free;
      if (!name.empty()) experiment.name = name + (suffix ? free ? "-free" : "-served" : "");
      const auto launched = Launch(console, recording, experiment, program);
      if (!launched.ok()) {
        code = console.Fail(launched.status());
        break;
      }
      auto report = replay::MakeReplayReport(recording, experiment, launched->replay);
      if (!report.ok()) {
        code = console.Fail(report.status());
        break;
      }
      if (!json_) Print(console, *report, *launched, reports.empty());
      if (json_) AddDigest(recording, &report->result);
      code = std::max(code, CodeOf(*report));
      const bool stop = report->result.result == "cancelled" || report->result.result == "crashed";
      reports.push_back(std::move(*report));
      if (stop) break;
    }
    if (json_) console.Raw(replay::ToJson(reports) + "\n");
    else if (!reports.empty()) PrintReplayNext(console, reports.back(), PastePath(path_));
    return code;
  }

  // A branch that cannot be read has none; what is wrong with it is told elsewhere.
  static void AddDigest(const store::Recording& recording, replay::ReplayResult* result) {
    if (result->result == "crashed") return;
    const auto line = recording.OpenLine(result->branch);
    if (!line.ok()) return;
    const auto digest = (*line)->Digest();
    if (digest.ok()) result->digest = *digest;
  }

  static int CodeOf(const replay::ReplayReport& report) {
    if (report.result.result == "crashed") return kProgramFailed;
    return report.good() ? kDone : kAnswerIsNo;
  }

  static void Print(Console& console, const replay::ReplayReport& report,
                    const replay::LaunchResult& launched, bool first) {
    if (!first) console.Line("");
    PrintReplay(console, report);
    if (!report.baseline) PrintChange(console, report);
    if (report.result.result == "crashed") PrintChildOutput(console, launched);
    console.Flush();
  }

  std::string path_, from_, branch_, faults_, name_, schedule_;
  std::vector<std::string> edit_files_, edit_messages_, drop_messages_, edit_responses_, on_miss_;
  std::optional<uint64_t> seed_, max_steps_;
  std::optional<double> max_cost_, max_wall_, max_silence_;
  bool check_restore_ = false, json_ = false;
  std::vector<std::string> command_;
};

}  // namespace

std::unique_ptr<Command> MakeReplayCommand() { return std::make_unique<ReplayCommand>(); }

}  // namespace backstep::cli
