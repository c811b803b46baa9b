#include "backstep/cli/support/recordings.h"
#include "backstep/cli/terminal/command.h"
#include "backstep/replay/view/fork/check_view.h"

namespace backstep::cli {
namespace {

class DigestCommand : public Command {
 public:
  std::string Verb() const override { return "digest"; }
  std::string Summary() const override {
    return "A hash over everything a branch did; the same experiment twice gives the same";
  }

  void Declare(Flags& flags) override {
    flags.Positional("REC", &path_, "The recording");
    flags.Positional("BRANCH", &branch_, "The branch; default: main", false);
    flags.Switch("--json", &json_, "Print JSON (docs/cli.md has the shape)");
    flags.Example("backstep digest team-1.backstep edit-1");
  }

  int Run(Console& console) override {
    Opened opened = OpenBranch(console, path_, branch_);
    if (opened.code != kDone) return opened.code;
    const auto digest = opened.line->Digest();
    if (!digest.ok()) return console.Fail(digest.status());
    if (json_) {
      const std::string name = opened.recording->BranchName(opened.line->id());
      console.Raw(replay::DigestToJson(name, *digest) + "\n");
    } else {
      console.Line(digest->ToHex());
    }
    return kDone;
  }

 private:
  std::string path_, branch_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeDigestCommand() { return std::make_unique<DigestCommand>(); }

}  // namespace backstep::cli
