#include "backstep/base/nearest.h"
#include "backstep/base/time.h"
#include "backstep/cli/support/recordings.h"
#include "backstep/cli/terminal/command.h"
#include "backstep/cli/terminal/interrupt.h"
#include "backstep/cli/terminal/table.h"
#include "backstep/replay/view/rows/step_row.h"
#include "backstep/replay/view/text.h"

namespace backstep::cli {
namespace {

constexpr size_t kRowsPerPrint = 500;
constexpr DurationNs kFollowEvery = Milliseconds(50);

std::string TookText(const replay::StepRow& row) {
  std::string text;
  for (const replay::TakenRow& message : row.took) {
    text += (text.empty() ? "" : ", ") + message.from;
    if (!message.kind.empty()) text += " " + message.kind;
    if (message.early) text += " (early)";
  }
  return text.empty() ? "-" : text;
}

std::string SentText(const replay::StepRow& row) {
  std::vector<std::pair<std::string, uint64_t>> words;
  for (const replay::SentRow& message : row.sent) {
    std::string word = message.to;
    if (message.dropped) word += " (dropped)";
    if (message.delay.ns != 0) word += " (+" + replay::FormatDuration(message.delay) + ")";
    if (!words.empty() && words.back().first == word) ++words.back().second;
    else words.emplace_back(word, 1);
  }
  std::string text;
  for (const auto& [word, count] : words) {
    text += (text.empty() ? "" : ", ") + word + (count == 1 ? "" : " x" + std::to_string(count));
  }
  return text.empty() ? "-" : text;
}

std::string CallsText(const replay::StepRow& row) {
  std::string text;
  for (const auto& [kind, count] : row.calls) {
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + kind;
  }
  return text.empty() ? "-" : text;
}

Cell StatusCell(const replay::StepRow& row) {
  std::string text = row.status();
  if (row.error) text += ": " + row.error->kind + ": " + row.error->message;
  for (const std::string& fault : row.faults) text += ", fault " + fault;
  for (const replay::AnnotationRow& said : row.annotations) {
    text += ", " + (said.kind.empty() ? "note" : said.kind) + " (" + said.author + ")";
  }
  if (row.outcome) text += ", outcome " + replay::FormatOutcome(*row.outcome);
  const bool bad = row.error || row.failed_calls != 0;
  const bool marked = !row.faults.empty() || !row.annotations.empty();
  return Cell(text, bad ? Paint::kRed : marked ? Paint::kYellow : Paint::kPlain);
}

constexpr size_t kStatusWidth = 19;  // "ok, outcome failed…"

class LogCommand : public Command {
 public:
  std::string Verb() const override { return "log"; }
  std::string Summary() const override { return "The steps of a branch, one line each"; }

  void Declare(Flags& flags) override {
    flags.Positional("REC", &path_, "The recording");
    flags.Text("--branch", "BRANCH", &branch_, "The branch; default: main");
    flags.Texts("--agent", "NAME", &agents_, "Only steps of this agent; may be repeated");
    flags.Text("--segment", "NAME", &segment_, "Only steps inside this segment (name or path)");
    flags.Switch("--errors", &errors_, "Only failed steps, failed calls and labelled mistakes");
    flags.Text("--from", "MOMENT", &from_, "First step to show");
    flags.Text("--to", "MOMENT", &to_, "Last step to show");
    flags.Switch("--follow", &follow_, "Go on until the log is sealed, or Ctrl-C");
    flags.Switch("--json", &json_, "Print one JSON object a line (docs/cli.md has the shape)");
    flags.Example("backstep log team-1.backstep --agent coder --errors");
    flags.Example("backstep log team-1.backstep --from 50% --to last");
  }

  int Run(Console& console) override {
    Opened opened = OpenBranch(console, path_, branch_);
    if (opened.code != kDone) return opened.code;
    replay::StepFilter filter;
    if (const Status status = MakeFilter(opened, &filter); !status.ok()) {
      return console.Fail(status);
    }
    Table table({{"MOMENT", false, 24, 0}, {"STEP", false, 24, 10}, {"TOOK", false, 40, 13},
                 {"CALLS", false, 30, 12}, {"SENT TO", false, 30, 8}, {"STATE", true, 10, 0},
                 {"LASTED", true, 10, 0}, {"STATUS", false, 60, kStatusWidth}});
    replay::StepRowReader reader(*opened.recording, *opened.line);
    const Status status = follow_ ? Follow(console, opened, reader, filter, table)
                                  : Print(console, opened, reader, filter, table).status();
    if (!status.ok()) return console.Fail(status);
    if (!json_) Epilogue(console, opened);
    return kDone;
  }

 private:
  Status MakeFilter(const Opened& opened, replay::StepFilter* filter) const {
    for (const std::string& name : agents_) {
      BACKSTEP_ASSIGN_OR_RETURN(const AgentId agent, ResolveAgent(*opened.line, name));
      filter->agents.push_back(agent);
    }
    filter->errors = errors_;
    filter->segment = segment_;
    if (!segment_.empty() && !follow_) BACKSTEP_RETURN_IF_ERROR(CheckSegment(*opened.line));
    if (!from_.empty()) {
      BACKSTEP_ASSIGN_OR_RETURN(filter->from, Bound(opened, from_));
    }
    if (!to_.empty()) {
      BACKSTEP_ASSIGN_OR_RETURN(filter->to, Bound(opened, to_));
    }
    if (filter->from > filter->to) return Status::InvalidArgument("--from lies after --to");
    return {};
  }

  Status CheckSegment(store::Line& line) const {
    std::vector<std::string> names;
    BACKSTEP_ASSIGN_OR_RETURN(const auto segments, line.Segments());
    for (const SegmentRecord& segment : segments) {
      if (segment.name == segment_) return {};
      names.push_back(segment.name);
    }
    if (segment_.find('/') != std::string::npos) return {};
    return Status::NotFound("there is no segment '" + segment_ + "'" +
                            NearestHint(segment_, names));
  }

  // "12" and "50%" are of the branch that is shown.
  Result<StepNumber> Bound(const Opened& opened, const std::string& text) const {
    const bool addressed = text.find(':') != std::string::npos;
    const std::string branch = branch_.empty() ? "main" : branch_;
    BACKSTEP_ASSIGN_OR_RETURN(
        const store::Moment moment,
        opened.recording->ResolveMoment(addressed ? text : branch + ":" + text));
    if (moment.log != opened.line->id()) {
      return Status::InvalidArgument("'" + text + "' lies on another branch than the one shown");
    }
    return moment.step;
  }

  void AddRow(const replay::StepRow& row, Table& table) const {
    table.Add({Cell(row.moment, row.inherited ? Paint::kDim : Paint::kPlain), row.step,
               TookText(row), CallsText(row), SentText(row),
               replay::FormatByteDelta(row.state_delta_bytes), replay::FormatDuration(row.duration),
               StatusCell(row)});
  }

  // Prints what passes; returns the number of rows.
  Result<uint64_t> Print(Console& console, Opened& opened, replay::StepRowReader& reader,
                         const replay::StepFilter& filter, Table& table) {
    uint64_t rows = 0;
    BACKSTEP_RETURN_IF_ERROR(
        replay::ScanRows(reader, *opened.line, filter, [&](const replay::StepRow& row) {
          ++rows;
          if (json_) console.Raw(replay::ToJson(row) + "\n");
          else AddRow(row, table);
          if (rows % kRowsPerPrint == 0) table.Print(console, 0);
          return !console.closed();
        }));
    table.Print(console, 0);
    shown_ += rows;
    return rows;
  }

  Status Follow(Console& console, Opened& opened, replay::StepRowReader& reader,
                replay::StepFilter filter, Table& table) {
    const InterruptFlag interrupted;
    while (!interrupted.set()) {
      // The state is read first: what is sealed by then is complete in the next look.
      const bool ended = opened.line->state() != store::LogState::kLive;
      BACKSTEP_ASSIGN_OR_RETURN(const bool more, opened.line->Refresh());
      BACKSTEP_ASSIGN_OR_RETURN(const uint64_t rows, Print(console, opened, reader, filter, table));
      if (opened.line->last() >= filter.from) filter.from = opened.line->last().Next();
      const bool done = filter.from > filter.to;
      if (!console.Flush() || done || (ended && !more && rows == 0)) return {};
      if (!more) SystemClock().SleepFor(kFollowEvery);
    }
    return {};
  }

  void Epilogue(Console& console, const Opened& opened) const {
    const std::string states = replay::StatesNote(opened.line->header());
    if (!states.empty()) console.Line(states, Paint::kDim);
    if (shown_ == 0) {
      console.Line(opened.line->last().value == 0 ? "no steps yet" : "no step matches");
    }
    if (opened.line->state() == store::LogState::kCrashed) {
      console.Line("the recorder ended without closing: nothing came after this", Paint::kYellow);
    } else if (opened.line->state() == store::LogState::kLive && !follow_) {
      console.Line("still being written (--follow goes on)", Paint::kDim);
    }
  }

  std::string path_, branch_, segment_, from_, to_;
  std::vector<std::string> agents_;
  bool errors_ = false, follow_ = false, json_ = false;
  uint64_t shown_ = 0;
};

}  // namespace

std::unique_ptr<Command> MakeLogCommand() { return std::make_unique<LogCommand>(); }

}  // namespace backstep::cli
