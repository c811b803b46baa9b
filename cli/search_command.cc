#include "backstep/cli/support/recordings.h"
#include "backstep/cli/terminal/command.h"
#include "backstep/cli/terminal/interrupt.h"
#include "backstep/cli/terminal/table.h"
#include "backstep/replay/view/search/search_view.h"
#include "backstep/replay/view/text.h"
#include "backstep/store/search.h"

namespace backstep::cli {
namespace {

constexpr size_t kHits = 20;
constexpr size_t kHitsMax = 100000;  // all of them are in memory at once
constexpr size_t kColumnsBefore = 20;

// A shell takes quotes off: an argument with spaces in it had some.
std::string QueryText(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    const bool phrase = word.find_first_of(" \t\n") != std::string::npos &&
                        word.find('"') == std::string::npos;
    text += (text.empty() ? "" : " ") + (phrase ? '"' + word + '"' : word);
  }
  return text;
}

class SearchCommand : public Command {
 public:
  std::string Verb() const override { return "search"; }
  std::string Summary() const override { return "Where words were said, oldest first"; }

  void Declare(Flags& flags) override {
    flags.Positional("REC", &path_, "The recording");
    flags.Words("WORDS", &words_, "What must be there, all of it: word, begin*, \"in a row\"");
    flags.Text("--branch", "BRANCH", &branch_, "The branch; default: main");
    flags.Text("--at", "MOMENT", &at_, "Only what had been said by then");
    flags.Text("--agent", "NAME", &agent_, "Only what it sent, was sent or was answered");
    flags.Number("--limit", "N", &limit_, "Hits to show; default: 20");
    flags.Switch("--json", &json_, "Print JSON (docs/cli.md has the shape)");
    flags.Example("backstep search team-1.backstep deadline");
    flags.Example("backstep search team-1.backstep \"disk full\" retr* --agent coder");
  }

  int Run(Console& console) override {
    const auto query = store::SearchQuery::Parse(QueryText(words_));
    if (!query.ok()) return console.Fail(query.status());
    Opened opened = at_.empty() || !branch_.empty() ? OpenBranch(console, path_, branch_)
                                                    : OpenMoment(console, path_, at_);
    if (opened.code != kDone) return opened.code;
    store::SearchOptions options;
    if (const Status status = Fill(opened, &options); !status.ok()) return console.Fail(status);
    const InterruptFlag interrupted;
    ProgressLine progress(console, "reading", "steps");
    store::TextSearch search(*opened.recording, *opened.line);
    const auto answer = search.Find(*query, options, [&](uint64_t done, uint64_t total) {
      progress.Update(done, total);
      return !interrupted.set();
    });
    progress.Clear();
    if (!answer.ok()) return console.Fail(answer.status());
    const replay::SearchView view =
        replay::ViewSearch(*opened.recording, *opened.line, *answer);
    if (json_) console.Raw(replay::ToJson(view) + "\n");
    else Print(console, opened, view);
    return view.rows.empty() ? kAnswerIsNo : kDone;
  }

 private:
  // "12" and "50%" are of the branch that is searched.
  Status Fill(const Opened& opened, store::SearchOptions* options) const {
    options->limit = kHits;
    if (limit_ && (*limit_ == 0 || *limit_ > kHitsMax)) {
      return Status::InvalidArgument("--limit takes 1 to " + std::to_string(kHitsMax));
    }
    if (limit_) options->limit = *limit_;
    if (!agent_.empty()) {
      BACKSTEP_ASSIGN_OR_RETURN(options->agent, ResolveAgent(*opened.line, agent_));
    }
    if (at_.empty()) return {};
    if (branch_.empty()) {
      options->last = opened.moment.step;
      return {};
    }
    const bool addressed = at_.find(':') != std::string::npos;
    BACKSTEP_ASSIGN_OR_RETURN(
        const store::Moment moment,
        opened.recording->ResolveMoment(addressed ? at_ : branch_ + ":" + at_));
    if (moment.log != opened.line->id()) {
      return Status::InvalidArgument("'" + at_ + "' lies on another branch than the one searched");
    }
    options->last = moment.step;
    return {};
  }

  void Print(Console& console, const Opened& opened, const replay::SearchView& view) const {
    Table table({{"MOMENT", false, 24, 0}, {"ID", false, 24, 10}, {"WHO", false, 40, 16},
                 {"TEXT", false, 1000, 24}});
    for (const replay::SearchRow& row : view.rows) {
      table.Add({Cell(row.moment), row.id, replay::WhoText(row),
                 replay::FoundText(row, kColumnsBefore)});
    }
    table.Print(console, 0);
    if (view.more) {
      console.Line("the first " + std::to_string(view.rows.size()) +
                   " are shown, there are more: --limit " +
                   std::to_string(std::min(kHitsMax, view.rows.size() * 10)));
    } else {
      console.Line(view.rows.empty() ? "nothing found"
                                     : replay::FormatCount(view.rows.size(), "hit"));
    }
    if (view.unread != 0) {
      console.Line("not searched: " + std::to_string(view.unread) +
                   " that were dropped while recording, or cannot be read", Paint::kYellow);
    }
    if (opened.line->state() == store::LogState::kLive) {
      console.Line("still being written", Paint::kDim);
    }
  }

  std::string path_, branch_, at_, agent_;
  std::vector<std::string> words_;
  std::optional<uint64_t> limit_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeSearchCommand() { return std::make_unique<SearchCommand>(); }

}  // namespace backstep::cli
