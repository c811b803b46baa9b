#include <filesystem>

#include "backstep/cli/support/import_output.h"
#include "backstep/cli/terminal/command.h"
#include "backstep/cli/terminal/interrupt.h"
#include "backstep/recorder/adapters/import.h"
#include "backstep/replay/view/text.h"

namespace backstep::cli {
namespace {

// The first file's name without what packs it and its last ending, in the working directory.
std::string DefaultRecording(const std::string& file) {
  std::filesystem::path name = std::filesystem::path(file).filename();
  if (name.extension() == ".gz" || name.extension() == ".zst") name = name.stem();
  if (!name.stem().empty()) name = name.stem();
  return (name.empty() ? "imported" : name.string()) + ".backstep";
}

class ImportCommand : public Command {
 public:
  std::string Verb() const override { return "import"; }
  std::string Summary() const override { return "Opens runs that other tools wrote"; }

  void Declare(Flags& flags) override {
    flags.Words("FILE", &options_.files, "What to import; may be packed (.gz, .zst)", false);
    flags.Text("-o,--output", "REC", &options_.recording,
               "The recording to make; default: FILE's name with .backstep");
    flags.Text("--format", "F", &options_.format,
               "What the files are, if their content does not tell");
    flags.Switch("--list-formats", &list_, "What can be imported, and what of a run each holds");
    flags.Texts("--labels", "FILE", &options_.labels,
                "A file or folder of labels for what is imported; may be repeated");
    flags.Switch("--append", &options_.append, "Add sessions to a recording that is there");
    flags.Switch("--keep-partial", &options_.keep_partial,
                 "Go on after a file that fails, and keep what came in");
    flags.Switch("--json", &json_, "Print JSON (docs/cli.md has the shape)");
    flags.Example("backstep import traces.jsonl.gz -o team.backstep");
    flags.Example("backstep import --list-formats");
  }

  int Run(Console& console) override {
    if (list_) return List(console);
    if (options_.recording.empty() && !options_.files.empty()) {
      options_.recording = DefaultRecording(options_.files.front());
    }
    if (const Status use = adapters::CheckImport(options_); !use.ok()) return console.Fail(use);
    const InterruptFlag interrupted;
    ProgressLine progress(console, "importing", "bytes");
    options_.progress = [&](uint64_t done, uint64_t total) {
      progress.Update(done, total);
      return !interrupted.set();
    };
    const auto summary = adapters::Import(options_);
    progress.Clear();
    if (!summary.ok()) {
      console.ErrorLine(summary.status().message());
      return summary.status().code() == StatusCode::kCancelled ? kAnswerIsNo : kUnreadable;
    }
    if (json_) {
      console.Raw(ImportJson(*summary, options_.recording));
    } else {
      PrintImport(console, *summary, options_.recording, replay::ShellQuote(options_.recording));
    }
    if (!summary->failed.ok()) {
      console.ErrorLine(summary->failed.message());
      return kUnreadable;
    }
    if (summary->labels > 0 && summary->labels_landed == 0) {
      console.ErrorLine("none of the " + std::to_string(summary->labels) +
                        " labels landed on a run that came in; the runs are there without them");
      return kAnswerIsNo;
    }
    return kDone;
  }

 private:
  int List(Console& console) const {
    if (json_) console.Raw(FormatsJson());
    else PrintFormats(console);
    return kDone;
  }

  adapters::ImportOptions options_;
  bool list_ = false, json_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeImportCommand() { return std::make_unique<ImportCommand>(); }

}  // namespace backstep::cli
