#include "backstep/cli/support/rewriting.h"
#include "backstep/cli/terminal/command.h"

namespace backstep::cli {
namespace {

class CompactCommand : public Command {
 public:
  std::string Verb() const override { return "compact"; }
  std::string Summary() const override {
    return "Compresses sealed logs tightly, into few files; changes nothing of what they hold";
  }

  void Declare(Flags& flags) override {
    flags.Positional("REC", &path_, "The recording");
    flags.Number("--log", "N", &log_, "Only this log (default: all that are sealed)");
    flags.Example("backstep compact team-1.backstep");
  }

  int Run(Console& console) override {
    return RewriteLogs(console, path_, log_,
                       {"compacting", "compacted", store::LogState::kSealed,
                        "no log is sealed: nothing to compact", &store::CompactLog});
  }

 private:
  std::string path_;
  std::optional<uint64_t> log_;
};

}  // namespace

std::unique_ptr<Command> MakeCompactCommand() { return std::make_unique<CompactCommand>(); }

}  // namespace backstep::cli
