#include "backstep/cli/support/present.h"
#include "backstep/cli/support/recordings.h"
#include "backstep/cli/terminal/command.h"
#include "backstep/replay/view/rows/branch_row.h"
#include "backstep/replay/view/session/session_view.h"
#include "backstep/replay/view/text.h"

namespace backstep::cli {
namespace {

class BranchesCommand : public Command {
 public:
  std::string Verb() const override { return "branches"; }
  std::string Summary() const override {
    return "The branches of a recording as a tree; deletes one";
  }

  void Declare(Flags& flags) override {
    flags.Positional("REC", &path_, "The recording");
    flags.Text("--delete", "BRANCH", &delete_, "Delete this branch");
    flags.Switch("--with-children", &with_children_,
                 "With --delete: and the branches made from it");
    flags.Switch("--json", &json_, "Print JSON (docs/cli.md has the shape)");
    flags.Example("backstep branches team-1.backstep");
    flags.Example("backstep branches team-1.backstep --delete edit-1");
  }

  int Run(Console& console) override {
    Opened opened = OpenRecording(console, path_);
    if (opened.code != kDone) return opened.code;
    if (!delete_.empty()) return Delete(console, *opened.recording);
    if (with_children_) {
      console.Error("--with-children only goes with --delete BRANCH");
      return kWrongUse;
    }
    const replay::RecordingRow listing = replay::ViewRecording(*opened.recording);
    if (!listing.error.empty()) return console.FailUnreadable(Status::Corruption(listing.error));
    std::vector<replay::BranchRow> all;
    for (const replay::SessionRow& session : listing.sessions) {
      auto rows = replay::ViewBranches(*opened.recording, session.id);
      if (!rows.ok()) return console.FailUnreadable(rows.status());
      const bool several = !json_ && listing.sessions.size() > 1;
      if (several) {
        console.Heading("session " + replay::OneLine(session.name) + " (#" +
                        std::to_string(session.id.value) + ")");
        PrintBranches(console, *rows);
      }
      for (replay::BranchRow& row : *rows) {
        // A log that cannot be read belongs to no session that one could tell.
        if (row.error.empty() || &session == &listing.sessions.front()) {
          all.push_back(std::move(row));
        }
      }
    }
    if (json_) console.Raw(replay::ToJson(all) + "\n");
    else if (listing.sessions.size() == 1) PrintBranches(console, all);
    else if (listing.sessions.empty() && listing.damaged.empty()) {
      console.Line("no session in it: nothing was recorded");
    }
    if (!listing.sessions.empty()) return kDone;
    for (const auto& [log, why] : listing.damaged) {
      console.Error("log " + std::to_string(log.value) + " cannot be read: " + why);
    }
    return listing.damaged.empty() ? kDone : kUnreadable;
  }

 private:
  int Delete(Console& console, store::Recording& recording) const {
    const auto log = ResolveBranch(recording, delete_);
    if (!log.ok()) return console.Fail(log.status());
    const Status status = recording.DeleteBranch(*log, with_children_);
    if (!status.ok()) return console.Fail(status);
    console.Line("deleted " + replay::OneLine(delete_));
    return kDone;
  }

  std::string path_, delete_;
  bool with_children_ = false, json_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeBranchesCommand() { return std::make_unique<BranchesCommand>(); }

}  // namespace backstep::cli
