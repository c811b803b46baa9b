#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "backstep/cli/support/child.h"
#include "backstep/cli/support/present.h"
#include "backstep/cli/support/recordings.h"
#include "backstep/cli/support/trust_watch.h"
#include "backstep/cli/terminal/command.h"
#include "backstep/recorder/faults/fault_plan.h"
#include "backstep/replay/launch.h"
#include "backstep/replay/view/session/session_view.h"
#include "backstep/replay/view/text.h"

namespace backstep::cli {
namespace {

namespace fs = std::filesystem;
using replay::FormatCount;

std::string FreePath(const std::string& program) {
  std::string stem = fs::path(program).stem().string();
  if (stem.empty()) stem = "run";
  for (uint64_t n = 1;; ++n) {
    const std::string path = stem + "-" + std::to_string(n) + ".backstep";
    std::error_code ignored;
    if (!fs::exists(fs::symlink_status(path, ignored))) return path;
  }
}

class RunCommand : public Command {
 public:
  std::string Verb() const override { return "run"; }
  std::string Summary() const override {
    return "Runs a program that links the recorder, and records it";
  }

  void Declare(Flags& flags) override {
    flags.Text("-o,--output", "REC", &output_, "The recording; default: PROGRAM-N.backstep here");
    flags.Text("--faults", "F", &faults_, "Inject the faults of this file");
    flags.Number("--seed", "N", &seed_, "Seed of fault probabilities and of Step::Random");
    flags.Program(&command_, true);
    flags.Example("backstep run -o team.backstep -- ./software_team --llm offline");
  }

  int Run(Console& console) override {
    std::vector<std::pair<std::string, std::string>> variables;
    if (const int code = Prepare(console, &variables); code != kDone) return code;
    const std::set<LogId> before = LogsOf(output_);
    console.Flush();
    const auto position = replay::RunPosition::Create();
    if (position != nullptr) variables.emplace_back("BACKSTEP_POSITION", position->path());
    const auto ended = [&] {
      const TrustWatch watch(output_, before);
      return RunChild(command_, variables, {"BACKSTEP_REPLAY_SOCKET"});
    }();
    if (!ended.ok()) return console.Fail(ended.status());
    if (ended->signal != 0 || ended->code != 0) {
      KeepEnding(console, before, *ended, position ? position->Read() : Position());
    }
    const int reported = Report(console, before);
    if (ended->signal == 0 && ended->code == 0) return reported;
    console.Error(replay::OneLine(command_.front()) + " ended with " + ended->Text());
    return kProgramFailed;
  }

 private:
  // Checks what can be checked before the program runs.
  int Prepare(Console& console, std::vector<std::pair<std::string, std::string>>* variables) {
    if (output_.empty()) output_ = FreePath(command_.front());
    std::error_code error;
    const fs::path absolute = fs::absolute(output_, error);
    if (error) return console.Fail(Status::InvalidArgument(output_ + ": " + error.message()));
    if (fs::exists(absolute, error) && !fs::is_empty(absolute, error)) {
      const auto existing = store::Recording::Open(output_);
      if (!existing.ok()) return console.FailUnreadable(existing.status());
    }
    // Where none can be made the program would run for nothing.
    if (!fs::exists(fs::symlink_status(absolute, error))) {
      if (!fs::create_directory(absolute, error)) {
        return console.Fail(Status::InvalidArgument(
            "no recording can be made at " + replay::OneLine(output_) + ": " + error.message() +
            "\nname another place with -o REC"));
      }
      fs::remove(absolute, error);
    }
    variables->emplace_back("BACKSTEP_RECORDING", absolute.string());
    if (!faults_.empty()) {
      const auto text = ReadTextFile(faults_);
      if (!text.ok()) return console.Fail(text.status());
      std::vector<std::string> warnings;
      const auto plan = recorder::FaultPlan::Parse(*text, faults_, &warnings);
      if (!plan.ok()) return console.Fail(plan.status());
      for (const std::string& warning : warnings) console.Warning(warning);
      variables->emplace_back("BACKSTEP_FAULTS", fs::absolute(faults_, error).string());
    }
    if (seed_) variables->emplace_back("BACKSTEP_SEED", std::to_string(*seed_));
    return kDone;
  }

  // What a log cannot say any more whose program has died.
  void KeepEnding(Console& console, const std::set<LogId>& before, const ChildExit& ended,
                  const Position& told) const {
    const auto recording = store::Recording::Open(output_);
    if (!recording.ok()) return;
    const auto sessions = (*recording)->Sessions();
    if (!sessions.ok()) return;
    std::vector<store::LogInfo> crashed;
    for (const store::LogInfo& info : *sessions) {
      if (before.contains(info.id) || info.state != store::LogState::kCrashed) continue;
      crashed.push_back(info);
    }
    for (const store::LogInfo& info : crashed) {
      // Of several it is not known whose it is.
      const Position position = crashed.size() == 1 ? told : Position();
      const std::string where = FormatActivation(position);
      const uint64_t steps = std::max(position.committed, info.last).value;
      CutOff cut_off{"crashed", {}, {}, position};
      cut_off.detail = "the program ended with " + ended.Text() + (where.empty() ? "" : " in ") +
                       where + ", after " + FormatCount(steps, "step");
      if (info.last.value < steps) {
        cut_off.detail += "; the log holds " + std::to_string(info.last.value) + " of them";
      }
      const Status kept = (*recording)->KeepCutOff(info.id, cut_off);
      if (!kept.ok()) console.Warning("how it ended is not kept: " + kept.message());
    }
  }

  int Report(Console& console, const std::set<LogId>& before) const {
    const auto recording = store::Recording::Open(output_);
    std::vector<store::LogInfo> made;
    if (recording.ok()) {
      const auto sessions = (*recording)->Sessions();
      if (!sessions.ok()) return console.FailUnreadable(sessions.status());
      for (const store::LogInfo& info : *sessions) {
        if (!before.contains(info.id)) made.push_back(info);
      }
    } else if (recording.status().code() != StatusCode::kNotFound) {
      return console.FailUnreadable(recording.status());
    }
    if (made.empty()) {
      const char* disabled = std::getenv("BACKSTEP_DISABLED");
      const bool off = disabled != nullptr && std::string(disabled) == "1";
      console.Error(
          off ? "nothing was recorded: BACKSTEP_DISABLED=1 is set"
              : "nothing was recorded: " + replay::OneLine(command_.front()) +
                    " links no recorder?\n(or it opens its session with a path of its own)");
      return kAnswerIsNo;
    }
    for (const store::LogInfo& info : made) {
      if (const int code = ReportSession(console, **recording, info); code != kDone) return code;
    }
    PrintNext(console, made.back());
    return kDone;
  }

  int ReportSession(Console& console, const store::Recording& recording,
                    const store::LogInfo& info) const {
    if (!info.error.ok()) return console.FailUnreadable(info.error);
    if (const Status status = replay::RememberTrusted(recording.path(), info.header);
        !status.ok()) {
      console.Warning("replay will ask before it runs the program: " + status.message());
    }
    const auto view = replay::ViewSession(recording, info.id);
    if (!view.ok()) return console.Fail(view.status());
    PrintField(console, "recorded", output_, Paint::kBold);
    PrintField(console, "outcome", replay::FormatOutcome(view->row.outcome),
               OutcomePaint(view->row.outcome));
    std::string steps = std::to_string(view->steps);
    if (view->failed_steps != 0) steps += ", " + std::to_string(view->failed_steps) + " failed";
    if (view->faults != 0) steps += "; " + FormatCount(view->faults, "fault") + " injected";
    PrintField(console, "steps", steps);
    for (const std::string& note : view->notes) PrintField(console, "note", note, Paint::kYellow);
    return kDone;
  }

  void PrintNext(Console& console, const store::LogInfo& info) const {
    const std::string paste = PastePath(output_);
    console.Heading("Next");
    const bool failed = info.end && info.end->outcome.kind == Outcome::Kind::kFailed;
    console.Command("backstep log " + paste + (failed ? " --errors" : ""));
    console.Command("backstep show " + paste + " last");
    if (!info.header.program_name.empty()) console.Command("backstep replay " + paste);
  }

  std::string output_, faults_;
  std::optional<uint64_t> seed_;
  std::vector<std::string> command_;
};

}  // namespace

std::unique_ptr<Command> MakeRunCommand() { return std::make_unique<RunCommand>(); }

}  // namespace backstep::cli
