#include <cmath>
#include <filesystem>

#include "backstep/cli/support/present.h"
#include "backstep/cli/support/recordings.h"
#include "backstep/cli/terminal/command.h"
#include "backstep/cli/terminal/table.h"
#include "backstep/replay/view/comparison/comparison_view.h"
#include "backstep/replay/view/text.h"

namespace backstep::cli {
namespace {

using replay::OneLine;

// One side of a diff as words: a recording and what of it.
struct SideText {
  std::string path;      // empty: that of the other side
  std::string moment;    // empty: main, whole
};

// The longest beginning of `text` that ends at a colon and is there on disk names the recording.
SideText SplitSide(const std::string& text) {
  std::error_code ignored;
  if (std::filesystem::exists(text, ignored)) return {text, {}};
  for (size_t at = text.rfind(':'); at != std::string::npos && at != 0;
       at = text.rfind(':', at - 1)) {
    const std::string path = text.substr(0, at);
    if (std::filesystem::exists(path, ignored)) return {path, text.substr(at + 1)};
  }
  return {{}, text};
}

// A whole branch is named without a step.
bool NamesWholeBranch(const store::Recording& recording, const std::string& text) {
  return text.empty() || ResolveBranch(recording, text).ok();
}

std::string Delta(double before, double after, const std::string& text) {
  if (before == after) return "";
  return (after > before ? "+" : "-") + text;
}

std::string CountDelta(uint64_t before, uint64_t after) {
  return Delta(static_cast<double>(before), static_cast<double>(after),
               std::to_string(before > after ? before - after : after - before));
}

void PrintSides(Console& console, const replay::ComparisonView& view) {
  const replay::SideSummary &a = view.lines.a, &b = view.lines.b;
  Table table(
      {{"", false, 16, 0}, {"A", false, 40, 8}, {"B", false, 40, 8}, {"B - A", true, 14, 0}});
  table.Add({"", view.a, view.b, ""});
  table.Add({"outcome", Cell(replay::FormatOutcome(a.outcome), OutcomePaint(a.outcome)),
             Cell(replay::FormatOutcome(b.outcome), OutcomePaint(b.outcome)), ""});
  const auto count = [&](const char* name, uint64_t before, uint64_t after) {
    if (before == 0 && after == 0) return;
    table.Add({name, std::to_string(before), std::to_string(after), CountDelta(before, after)});
  };
  count("steps", a.steps, b.steps);
  count("failed steps", a.failed_steps, b.failed_steps);
  count("messages", a.messages, b.messages);
  table.Add({"calls", replay::FormatCalls(a.calls), replay::FormatCalls(b.calls), ""});
  count("input tokens", a.usage.input_tokens, b.usage.input_tokens);
  count("output tokens", a.usage.output_tokens, b.usage.output_tokens);
  const double cost_delta = b.usage.cost_usd - a.usage.cost_usd;
  if (a.usage.cost_usd != 0 || b.usage.cost_usd != 0) {
    table.Add({"cost", replay::FormatCost(a.usage.cost_usd), replay::FormatCost(b.usage.cost_usd),
               Delta(0, cost_delta, replay::FormatCost(std::abs(cost_delta)))});
  }
  const DurationNs time_delta = b.virtual_time - a.virtual_time;
  table.Add({"virtual time", replay::FormatDuration(a.virtual_time),
             replay::FormatDuration(b.virtual_time),
             time_delta.ns == 0
                 ? ""
                 : (time_delta.ns > 0 ? "+" : "") + replay::FormatDuration(time_delta)});
  table.Print(console, 0);
  if (view.lines.steps_shared != 0) {
    console.Line("(messages, calls, tokens and cost: after the " +
                 replay::FormatCount(view.lines.steps_shared, "shared step") + ")", Paint::kDim);
  }
}

std::string JoinWords(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

void PrintSteps(Console& console, const replay::Comparison& lines, bool full) {
  console.Line("");
  console.Wrapped(replay::FormatCount(lines.steps_shared, "step") + " shared, " +
                  std::to_string(lines.steps_same) + " the same, " +
                  std::to_string(lines.differing_count) + " differing" +
                  (lines.agents_touched.empty()
                       ? ""
                       : "; agents touched: " + OneLine(JoinWords(lines.agents_touched))));
  if (lines.differing.empty()) return;
  const replay::StepDiff& first = lines.differing.front();
  console.Heading("First difference: " +
                  OneLine(first.agent + "/" + std::to_string(first.clock.value)) + " (" +
                  OneLine(JoinWords(first.kinds)) + ")");
  for (const std::string& line : first.lines) console.Wrapped(OneLine(line), 2);
  PrintValues(console, lines.first_values, 4);
  console.Heading("Differing steps");
  Table table({{"STEP", false, 30, 10}, {"A", true, 9, 0}, {"B", true, 9, 0},
               {"DIFFERS IN", false, 36, 12}, {"HOW", false, 200, 12}});
  constexpr size_t kMost = 30;
  size_t shown = 0;
  for (const replay::StepDiff& step : lines.differing) {
    if (!full && shown == kMost) break;
    ++shown;
    const auto number = [](StepNumber n) { return n.value == 0 ? "-" : std::to_string(n.value); };
    table.Add({step.agent + "/" + std::to_string(step.clock.value), number(step.a), number(step.b),
               JoinWords(step.kinds), step.lines.empty() ? "" : step.lines.front()});
  }
  table.Print(console);
  if (shown < lines.differing_count) {
    console.Line("  and " + std::to_string(lines.differing_count - shown) + " more" +
                 (full ? "" : " (--full shows them)"));
  }
}

void PrintStates(Console& console, const replay::ComparisonView& view) {
  if (!view.with_moments) return;
  console.Heading("Agents at these moments");
  if (view.states.empty()) console.Line("  no difference in states or mailboxes");
  for (const replay::AgentStateDiff& state : view.states) {
    console.Line("  " + OneLine(state.agent), Paint::kBold);
    PrintValues(console, state.values, 4);
    if (!state.only_a.empty()) {
      console.Wrapped("waiting in A only: " + OneLine(JoinWords(state.only_a)), 4);
    }
    if (!state.only_b.empty()) {
      console.Wrapped("waiting in B only: " + OneLine(JoinWords(state.only_b)), 4);
    }
  }
}

class DiffCommand : public Command {
 public:
  std::string Verb() const override { return "diff"; }
  std::string Summary() const override {
    return "Compares two branches or two moments, also of two recordings";
  }

  void Declare(Flags& flags) override {
    flags.Positional("A", &first_, "REC:BRANCH or REC:BRANCH:N; or REC, and then A and B");
    flags.Positional("B", &second_, "The same; without REC: of the first recording");
    flags.Positional("C", &third_, "B, where the recording came first", false);
    flags.Switch("--exit-code", &exit_code_, "Exit 1 when there is a difference");
    flags.Switch("--full", &full_, "Show every differing step");
    flags.Switch("--json", &json_, "Print JSON (docs/cli.md has the shape)");
    flags.Example("backstep diff team-1.backstep main edit-1");
    flags.Example("backstep diff team-1.backstep:main:10 team-2.backstep:main:10");
  }

  int Run(Console& console) override {
    SideText a = SplitSide(first_), b = SplitSide(second_);
    if (!third_.empty()) {
      a = {first_, second_};
      b = {first_, third_};
    }
    if (a.path.empty()) {
      console.Error("diff: '" + first_ + "' names no recording that is there\n"
                    "write REC:BRANCH or REC:BRANCH:N, or: backstep diff REC A B");
      return std::filesystem::path(first_).has_parent_path() || first_.ends_with(".backstep")
                 ? kUnreadable
                 : kWrongUse;
    }
    if (b.path.empty()) b.path = a.path;
    Opened left = OpenSide(console, a), right;
    if (left.code == kDone) right = OpenSide(console, b);
    if (left.code != kDone || right.code != kDone) return std::max(left.code, right.code);
    return Compare(console, a, left, b, right);
  }

 private:
  static Opened OpenSide(Console& console, const SideText& side) {
    Opened opened = OpenRecording(console, side.path);
    if (opened.code != kDone) return opened;
    const bool whole = NamesWholeBranch(*opened.recording, side.moment);
    return whole ? OpenBranch(console, side.path, side.moment)
                 : OpenMoment(console, side.path, side.moment);
  }

  static std::string Name(const SideText& side, const Opened& opened, bool two_recordings,
                          bool whole) {
    const std::string moment = opened.recording->FormatMoment(opened.moment);
    const std::string name = whole ? opened.recording->BranchName(opened.line->id()) : moment;
    return two_recordings ? side.path + ":" + name : name;
  }

  int Compare(Console& console, const SideText& a, Opened& left, const SideText& b,
              Opened& right) const {
    const bool whole_a = NamesWholeBranch(*left.recording, a.moment);
    const bool whole_b = NamesWholeBranch(*right.recording, b.moment);
    const bool two = a.path != b.path;
    replay::ComparisonOptions options;
    options.with_moments = !whole_a || !whole_b;
    if (options.with_moments) {
      options.a_until = left.moment.step;
      options.b_until = right.moment.step;
    }
    if (full_) options.most = SIZE_MAX;
    const auto view = replay::ViewComparison(*left.line, *right.line, Name(a, left, two, whole_a),
                                             Name(b, right, two, whole_b), options);
    if (!view.ok()) return console.Fail(view.status());
    if (json_) {
      console.Raw(replay::ToJson(*view) + "\n");
    } else {
      if (view->with_steps) {
        PrintSides(console, *view);
        PrintSteps(console, view->lines, full_);
      }
      PrintStates(console, *view);
      if (view->identical()) console.Line("no difference", Paint::kGreen);
    }
    return exit_code_ && !view->identical() ? kAnswerIsNo : kDone;
  }

  std::string first_, second_, third_;
  bool exit_code_ = false, full_ = false, json_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeDiffCommand() { return std::make_unique<DiffCommand>(); }

}  // namespace backstep::cli
