#include "backstep/cli/support/replay_output.h"

#include "backstep/cli/support/present.h"
#include "backstep/cli/terminal/table.h"
#include "backstep/replay/view/comparison/comparison_view.h"
#include "backstep/replay/view/text.h"

namespace backstep::cli {
namespace {

using replay::OneLine;

constexpr size_t kListedMax = 10;

// At most kListedMax lines; `total` may be more than there are.
void PrintList(Console& console, const std::string& title, const std::vector<std::string>& lines,
               uint64_t total, Paint paint) {
  if (total == 0) return;
  console.Line(title, paint);
  size_t shown = 0;
  for (const std::string& line : lines) {
    if (shown++ == kListedMax) break;
    console.Wrapped(OneLine(line), 2);
  }
  if (total > std::min(lines.size(), kListedMax)) {
    const uint64_t more = total - std::min(lines.size(), kListedMax);
    console.Line("  and " + std::to_string(more) + " more (--json has them)");
  }
}

void PrintMiss(Console& console, const replay::Miss& miss) {
  const std::string call = EffectKindName(miss.kind) + (miss.name.empty() ? "" : " " + miss.name);
  console.Wrapped(OneLine("no recorded answer: " + miss.agent + "/" +
                          std::to_string(miss.clock.value) + " calls " + call),
                  0, Paint::kYellow);
  if (!miss.request_excerpt.empty()) console.Line("  request  " + OneLine(miss.request_excerpt));
  if (!miss.hint.empty()) console.Wrapped("to go on: " + OneLine(miss.hint), 2);
}

std::string FirstDifference(const replay::Comparison& comparison) {
  const replay::StepDiff& first = comparison.differing.front();
  std::string where = first.agent + "/" + std::to_string(first.clock.value);
  if (first.b.value != 0) where = "step " + std::to_string(first.b.value) + " " + where;
  if (first.b.value == 0) {
    return OneLine(where + " (step " + std::to_string(first.a.value) + ") no longer happens");
  }
  if (first.a.value == 0) return OneLine(where + " is new");
  for (size_t i = 0; i < first.kinds.size(); ++i) where += (i == 0 ? ": " : ", ") + first.kinds[i];
  return OneLine(where);
}

}  // namespace

void PrintReplay(Console& console, const replay::ReplayReport& report) {
  const replay::ReplayResult& result = report.result;
  const Paint paint = report.good() ? Paint::kGreen : Paint::kRed;
  std::string head = report.continues  ? "going on from " + OneLine(report.fork)
                     : report.baseline ? "baseline, " + report.schedule + " schedule"
                                       : "experiment";
  if (!result.branch_name.empty()) head += ": branch " + OneLine(result.branch_name);
  if (result.last > result.fork) {
    head += ", steps " + std::to_string(result.fork.value + 1) + ".." +
            std::to_string(result.last.value);
  }
  console.Line(head, Paint::kBold);
  console.Line(replay::FormatSummary(result.summary));
  console.Wrapped(replay::ExplainReplay(report), 0, paint);
  std::vector<std::string> divergences;
  for (const replay::Divergence& divergence : result.divergences) {
    divergences.push_back(divergence.ToString());
  }
  PrintList(console, "divergences", divergences, result.summary.divergences, Paint::kRed);
  if (result.miss) PrintMiss(console, *result.miss);
  PrintList(console, "never took effect", result.unreached, result.unreached.size(),
            Paint::kYellow);
  PrintList(console, "ran live", result.live_calls,
            std::max<uint64_t>(result.summary.live, result.live_calls.size()), Paint::kPlain);
  for (const std::string& warning : report.warnings) console.Warning(OneLine(warning));
}

void PrintChange(Console& console, const replay::ReplayReport& report) {
  PrintField(console, "experiment", OneLine(report.experiment));
  PrintField(console, "outcome", replay::FormatOutcome(report.before) + " -> " +
                                     replay::FormatOutcome(report.after),
             OutcomePaint(report.after));
  if (!report.comparison) return;
  const replay::Comparison& comparison = *report.comparison;
  if (comparison.differing_count == 0) {
    PrintField(console, "changed", "nothing");
    return;
  }
  std::string agents;
  for (const std::string& agent : comparison.agents_touched) {
    agents += (agents.empty() ? " of " : ", ") + OneLine(agent);
  }
  PrintField(console, "changed", replay::FormatCount(comparison.differing_count, "step") + agents);
  if (!comparison.differing.empty()) {
    PrintField(console, "first", FirstDifference(comparison));
    for (size_t i = 0; i < comparison.first_values.size() && i < 3; ++i) {
      PrintValues(console, {comparison.first_values[i]}, 13);
    }
  }
  PrintField(console, "calls", replay::FormatCalls(comparison.b.calls));
}

void PrintReplayNext(Console& console, const replay::ReplayReport& report,
                     const std::string& paste) {
  const std::string branch = replay::ShellQuote(report.result.branch_name);
  if (report.result.branch_name.empty()) return;
  console.Heading("Next");
  if (report.result.miss) {
    const replay::Miss& miss = *report.result.miss;
    const std::string what = miss.kind == EffectKind::kTool
                                 ? replay::ShellQuote("tool:" + miss.name + "=live")
                                 : std::string(EffectKindName(miss.kind)) + "=live";
    console.Command("backstep replay " + paste + " --branch " + branch + " --from last --on-miss " +
                OneLine(what));
  }
  console.Command("backstep diff " + paste + " " + replay::ShellQuote(report.parent) + " " +
                  branch);
  const bool differs = report.comparison && !report.comparison->differing.empty() &&
                       report.comparison->differing.front().b.value != 0;
  const std::string moment =
      branch + ":" + (differs ? std::to_string(report.comparison->differing.front().b.value)
                              : std::to_string(report.result.last.value));
  console.Command("backstep show " + paste + " " + moment);
  console.Command("backstep log " + paste + " --branch " + branch + " --from " +
               std::to_string(report.result.fork.value + 1));
}

void PrintChildOutput(Console& console, const replay::LaunchResult& launched) {
  std::string text = replay::SafeLines(launched.output);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (text.empty()) return;
  std::vector<std::string> lines = WrapText(text, console.columns() - 2);
  const size_t first = lines.size() > kListedMax ? lines.size() - kListedMax : 0;
  console.Line("the program printed" + std::string(first == 0 ? "" : ", last lines"));
  for (size_t i = first; i < lines.size(); ++i) console.Line("  " + lines[i], Paint::kDim);
}

}  // namespace backstep::cli
