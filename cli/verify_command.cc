#include "backstep/cli/support/recordings.h"
#include "backstep/cli/terminal/command.h"
#include "backstep/cli/terminal/interrupt.h"
#include "backstep/replay/view/fork/check_view.h"
#include "backstep/replay/view/text.h"
#include "backstep/store/verify.h"

namespace backstep::cli {
namespace {

class VerifyCommand : public Command {
 public:
  std::string Verb() const override { return "verify"; }
  std::string Summary() const override {
    return "Checks checksums, hashes of every body, order, and the index against the logs";
  }

  void Declare(Flags& flags) override {
    flags.Positional("REC", &path_, "The recording");
    flags.Switch("--json", &json_, "Print JSON (docs/cli.md has the shape)");
    flags.Example("backstep verify team-1.backstep");
  }

  int Run(Console& console) override {
    Opened opened = OpenRecording(console, path_);
    if (opened.code != kDone) return opened.code;
    const InterruptFlag interrupted;
    ProgressLine progress(console, "verifying", "bytes");
    auto report = store::Verify(*opened.recording, [&](uint64_t done, uint64_t total) {
      progress.Update(done, total);
      return !interrupted.set();
    });
    progress.Clear();
    if (!report.ok()) return console.Fail(report.status());
    if (json_) console.Raw(replay::ToJson(*report) + "\n");
    else Print(console, *report);
    return report->findings.empty() ? kDone : kAnswerIsNo;
  }

 private:
  void Print(Console& console, const store::VerifyReport& report) const {
    const std::string looked = replay::FormatCount(report.files, "file") + ", " +
                               replay::FormatBytes(report.bytes) + ", " +
                               replay::FormatCount(report.steps, "step") + ", " +
                               std::to_string(report.bodies) + " bodies and states";
    if (report.findings.empty()) {
      console.Line("sound: " + looked, Paint::kGreen);
      return;
    }
    for (const store::Finding& finding : report.findings) {
      const std::string log =
          finding.log.value == 0 ? "" : "log " + std::to_string(finding.log.value) + ", ";
      console.Wrapped(replay::OneLine(log + finding.where + ": " + finding.what), 0, Paint::kRed);
    }
    console.Line("NOT sound: " + replay::FormatCount(report.findings.size(), "finding") + " in " +
                 looked, Paint::kBold);
  }

  std::string path_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeVerifyCommand() { return std::make_unique<VerifyCommand>(); }

}  // namespace backstep::cli
