#include "backstep/cli/terminal/command.h"
#include "backstep/cli/terminal/interrupt.h"
#include "backstep/cli/support/recordings.h"
#include "backstep/replay/view/text.h"
#include "backstep/store/index/index.h"
#include "backstep/store/search.h"

namespace backstep::cli {
namespace {

class ReindexCommand : public Command {
 public:
  std::string Verb() const override { return "reindex"; }
  std::string Summary() const override { return "Drops the SQLite index and makes it again"; }

  void Declare(Flags& flags) override {
    flags.Positional("REC", &path_, "The recording");
    flags.Example("backstep reindex team-1.backstep");
  }

  int Run(Console& console) override {
    Opened opened = OpenRecording(console, path_);
    if (opened.code != kDone) return opened.code;
    if (const Status dropped = store::DropTextIndex(*opened.recording); !dropped.ok()) {
      return console.Fail(dropped);
    }
    const InterruptFlag interrupted;
    ProgressLine progress(console, "indexing", "steps");
    const auto steps = store::Reindex(*opened.recording, [&](uint64_t done, uint64_t total) {
      progress.Update(done, total);
      return !interrupted.set();
    });
    progress.Clear();
    if (!steps.ok()) return console.Fail(steps.status());
    console.Line("indexed " + replay::FormatCount(*steps, "step"));
    return kDone;
  }

 private:
  std::string path_;
};

}  // namespace

std::unique_ptr<Command> MakeReindexCommand() { return std::make_unique<ReindexCommand>(); }

}  // namespace backstep::cli
