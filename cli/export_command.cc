#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "backstep/cli/support/recordings.h"
#include "backstep/cli/terminal/command.h"
#include "backstep/recorder/adapters/export/export.h"

namespace backstep::cli {
namespace {

// A file that is gone when it was not written whole.
class OutFile {
 public:
  explicit OutFile(std::string path) : path_(std::move(path)) {}
  ~OutFile() {
    if (file_ == nullptr) return;
    std::fclose(file_);
    std::remove(path_.c_str());
  }
  Status Open() {
    file_ = std::fopen(path_.c_str(), "wbx");
    if (file_ != nullptr) return {};
    return errno == EEXIST ? Status::InvalidArgument(path_ + ": exists already") : Failed();
  }
  Status Write(std::string_view bytes) {
    const bool whole = std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size();
    return whole ? Status() : Failed();
  }
  Status Close() {
    if (std::fclose(std::exchange(file_, nullptr)) == 0) return {};
    const Status status = Failed();  // before errno is another's
    std::remove(path_.c_str());
    return status;
  }

 private:
  Status Failed() const {
    return Status::Io(path_ + ": cannot be written: " + std::strerror(errno));
  }
  const std::string path_;
  std::FILE* file_ = nullptr;
};

class ExportCommand : public Command {
 public:
  std::string Verb() const override { return "export"; }
  std::string Summary() const override { return "A branch as a file that other tools read"; }

  void Declare(Flags& flags) override {
    flags.Positional("REC", &path_, "The recording");
    flags.Choice("--format", {"jsonl", "otlp-json", "otlp-proto", "perfetto"}, &format_,
                 "What to write; default: jsonl, which comes in again as it was");
    flags.Text("-o,--output", "FILE", &output_, "Where to; default: stdout");
    flags.Text("--session", "NAME", &session_, "The session; default: the newest");
    flags.Text("--branch", "BRANCH", &branch_, "The branch; default: main");
    flags.Text("--from", "MOMENT", &from_, "First step");
    flags.Text("--to", "MOMENT", &to_, "Last step");
    flags.Example("backstep export team.backstep --format perfetto -o team.json");
  }

  int Run(Console& console) override {
    std::string branch = branch_;
    if (!session_.empty()) branch = session_ + ":" + (branch.empty() ? "main" : branch);
    Opened opened = OpenBranch(console, path_, branch);
    if (opened.code != kDone) return opened.code;
    adapters::ExportOptions options;
    if (const Status status = Fill(opened, branch, &options); !status.ok()) {
      return console.Fail(status);
    }
    if (!output_.empty()) return ToFile(console, *opened.line, options);
    const Status done = ToConsole(console, *opened.line, options);
    return done.ok() || console.closed() ? kDone : console.Fail(done);
  }

 private:
  Status Fill(const Opened& opened, const std::string& branch, adapters::ExportOptions* options) {
    using adapters::ExportFormat;
    if (format_ == "otlp-json") options->format = ExportFormat::kOtlpJson;
    if (format_ == "otlp-proto") options->format = ExportFormat::kOtlpProto;
    if (format_ == "perfetto") options->format = ExportFormat::kPerfetto;
    if (!from_.empty()) {
      BACKSTEP_ASSIGN_OR_RETURN(options->from, Bound(opened, branch, from_));
    }
    if (!to_.empty()) {
      BACKSTEP_ASSIGN_OR_RETURN(options->to, Bound(opened, branch, to_));
    }
    if (options->from > options->to) return Status::InvalidArgument("--from lies after --to");
    return {};
  }

  // "12" and "50%" are of the branch that is exported.
  static Result<StepNumber> Bound(const Opened& opened, const std::string& branch,
                                  const std::string& text) {
    const bool addressed = text.find(':') != std::string::npos;
    const std::string line = branch.empty() ? "main" : branch;
    BACKSTEP_ASSIGN_OR_RETURN(
        const store::Moment moment,
        opened.recording->ResolveMoment(addressed ? text : line + ":" + text));
    if (moment.log != opened.line->id()) {
      return Status::InvalidArgument("'" + text + "' lies on another branch than the one exported");
    }
    return moment.step;
  }

  static Status ToConsole(Console& console, store::Line& line,
                          const adapters::ExportOptions& options) {
    return adapters::Export(line, options, [&](std::string_view bytes) {
      console.Raw(bytes);
      return console.closed() ? Status::Cancelled("stdout is closed") : Status();
    });
  }

  // What cannot be written is told as it is of stdout: the recording is not at fault.
  int ToFile(Console& console, store::Line& line, const adapters::ExportOptions& options) const {
    OutFile file(output_);
    Status written = file.Open();
    if (written.ok()) {
      const Status done = adapters::Export(line, options, [&](std::string_view bytes) {
        written = file.Write(bytes);
        return written;
      });
      if (written.ok() && !done.ok()) return console.Fail(done);
    }
    if (written.ok()) written = file.Close();
    if (written.ok()) return kDone;
    console.Error(written.message());
    return kWrongUse;
  }

  std::string path_, format_ = "jsonl", output_, session_, branch_, from_, to_;
};

}  // namespace

std::unique_ptr<Command> MakeExportCommand() { return std::make_unique<ExportCommand>(); }

}  // namespace backstep::cli
