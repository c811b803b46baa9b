#include <filesystem>

#include "backstep/base/paths.h"
#include "backstep/cli/support/present.h"
#include "backstep/cli/support/recordings.h"
#include "backstep/cli/terminal/command.h"
#include "backstep/cli/terminal/table.h"
#include "backstep/replay/view/session/folder_view.h"
#include "backstep/replay/view/text.h"

namespace backstep::cli {
namespace {

namespace fs = std::filesystem;

// A session that went wrong: it failed, or its recorder did not get to its end.
bool WentWrong(const replay::SessionRow& session) {
  return session.outcome.kind == Outcome::Kind::kFailed ||
         session.state == store::LogState::kCrashed;
}

std::string StateText(const replay::SessionRow& session) {
  return session.state == store::LogState::kSealed ? "" : store::LogStateName(session.state);
}

class ListCommand : public Command {
 public:
  std::string Verb() const override { return "list"; }
  std::string Summary() const override {
    return "The recordings in a directory, one line a session";
  }

  void Declare(Flags& flags) override {
    flags.Positional("DIR", &directory_, "The directory; default: here", false);
    flags.Switch("--failed", &failed_, "Only what failed, crashed or cannot be read");
    flags.Switch("--json", &json_, "Print JSON (docs/cli.md has the shape)");
    flags.Example("backstep list runs/ --failed");
  }

  int Run(Console& console) override {
    auto rows = replay::ListRecordings(directory_);
    if (!rows.ok()) return console.FailUnreadable(rows.status());
    if (failed_) KeepFailed(&*rows);
    if (json_) console.Raw(replay::ToJson(*rows) + "\n");
    else Print(console, *rows);
    return kDone;
  }

 private:
  static void KeepFailed(std::vector<replay::RecordingRow>* rows) {
    for (replay::RecordingRow& row : *rows) {
      std::erase_if(row.sessions, [](const auto& session) { return !WentWrong(session); });
    }
    std::erase_if(*rows, [](const auto& row) {
      return row.sessions.empty() && row.damaged.empty() && row.error.empty();
    });
  }

  void Print(Console& console, const std::vector<replay::RecordingRow>& rows) {
    Table table({{"RECORDING", false, 40, 14}, {"SESSION", false, 24, 8}, {"STATE", false, 8, 0},
                 {"STEPS", true, 10, 0}, {"BRANCHES", true, 8, 0}, {"BEGAN", false, 19, 0},
                 {"OUTCOME", false, 60, 10}});
    for (const replay::RecordingRow& row : rows) {
      const std::string name = fs::path(WithoutSlashes(row.path)).filename().string();
      for (const replay::SessionRow& session : row.sessions) {
        table.Add({name, session.name, StateText(session), std::to_string(session.last.value),
                   std::to_string(session.branches), replay::FormatWallTime(session.began_wall),
                   Cell(replay::FormatOutcome(session.outcome), OutcomePaint(session.outcome))});
      }
      if (!row.error.empty()) {
        table.Add({name, "", Cell("bad", Paint::kRed), "", "", "", Cell(row.error, Paint::kRed)});
      }
      for (const auto& [log, why] : row.damaged) {
        table.Add({name, "log " + std::to_string(log.value), Cell("bad", Paint::kRed), "", "", "",
                   Cell(why, Paint::kRed)});
      }
    }
    if (table.empty()) {
      console.Line(failed_ ? "no failed sessions in " + directory_
                           : "no recordings in " + directory_);
    }
    table.Print(console, 0);
  }

  std::string directory_ = ".";
  bool failed_ = false, json_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeListCommand() { return std::make_unique<ListCommand>(); }

}  // namespace backstep::cli
