#include "backstep/cli/support/rewriting.h"
#include "backstep/cli/terminal/command.h"

namespace backstep::cli {
namespace {

class SealCommand : public Command {
 public:
  std::string Verb() const override { return "seal"; }
  std::string Summary() const override {
    return "Closes logs whose program died: compressed, with checksums of every file";
  }

  void Declare(Flags& flags) override {
    flags.Positional("REC", &path_, "The recording");
    flags.Number("--log", "N", &log_, "Only this log (default: all that were not closed)");
    flags.Example("backstep seal team-1.backstep");
  }

  int Run(Console& console) override {
    return RewriteLogs(console, path_, log_,
                       {"sealing", "sealed", store::LogState::kCrashed,
                        "no log waits to be sealed", &store::SealLog});
  }

 private:
  std::string path_;
  std::optional<uint64_t> log_;
};

}  // namespace

std::unique_ptr<Command> MakeSealCommand() { return std::make_unique<SealCommand>(); }

}  // namespace backstep::cli
