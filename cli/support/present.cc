#include "backstep/cli/support/present.h"

#include "backstep/cli/terminal/table.h"
#include "backstep/replay/reexecute.h"
#include "backstep/replay/view/text.h"

namespace backstep::cli {
namespace {

constexpr size_t kKeyColumns = 11;

std::string Side(const std::string& text) {
  return text.empty() ? "(absent)" : replay::OneLine(text);
}

}  // namespace

void PrintField(Console& console, const std::string& key, const std::string& value, Paint paint) {
  if (value.empty()) return;
  std::string label = key;
  label.resize(std::max(kKeyColumns, label.size() + 1), ' ');
  const auto lines = WrapText(value, console.columns() - kKeyColumns);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string margin = i == 0 ? console.Painted(label, Paint::kDim)
                                      : std::string(kKeyColumns, ' ');
    console.Raw(margin + console.Painted(lines[i], paint) + "\n");
  }
}

std::string BodyLine(const replay::BodyView& body, size_t columns) {
  if (!body.present) return "(none)";
  const std::string size = replay::FormatBytes(body.size_bytes);
  if (body.dropped) return "(dropped, " + size + ")";
  if (body.binary) return "(binary, " + size + ")";
  const std::string text = replay::OneLine(body.text);
  if (body.whole && replay::DisplayWidth(text) <= columns) return text;
  const std::string mark = " (" + size + ")";
  if (columns <= mark.size() + 4) return mark.substr(1);
  std::string cut = replay::Elide(text, columns - mark.size());
  // What was read may fit and still not be all.
  if (!body.whole && cut == text) cut += "…";
  return cut + mark;
}

void PrintBody(Console& console, const std::string& label, const replay::BodyView& body, bool full,
               size_t indent) {
  const std::string margin(indent, ' ');
  const size_t used = indent + replay::DisplayWidth(label) + 1;
  const bool fits = BodyLine(body, console.columns() - used).size() == body.text.size();
  if (!full || body.text.empty() || fits) {
    console.Line(margin + label + " " + BodyLine(body, console.columns() - used - 1));
    return;
  }
  console.Line(margin + label + " " + replay::FormatBytes(body.size_bytes));
  console.Wrapped(replay::SafeLines(body.text), indent + 4);
}

void PrintValues(Console& console, const std::vector<replay::ValueDiff>& values, size_t indent) {
  const std::string margin(indent, ' ');
  for (const replay::ValueDiff& value : values) {
    const std::string path = value.path.empty() ? "(whole)" : replay::OneLine(value.path);
    const std::string before = Side(value.before), after = Side(value.after);
    const std::string line = margin + path + "  " + before + " -> " + after;
    if (replay::DisplayWidth(line) <= console.columns()) {
      console.Line(line);
      continue;
    }
    console.Line(margin + path);
    console.Line(margin + "  - " + before, Paint::kRed);
    console.Line(margin + "  + " + after, Paint::kGreen);
  }
}

Paint OutcomePaint(const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::kOk: return Paint::kGreen;
    case Outcome::Kind::kFailed: return Paint::kRed;
    case Outcome::Kind::kUnknown: return Paint::kPlain;
  }
  return Paint::kPlain;
}

std::string UsageText(const Usage& usage) {
  if (usage == Usage{}) return {};
  std::string text = std::to_string(usage.input_tokens) + " in, " +
                     std::to_string(usage.output_tokens) + " out";
  if (usage.cached_tokens != 0) text += ", " + std::to_string(usage.cached_tokens) + " cached";
  if (usage.reasoning_tokens != 0) {
    text += ", " + std::to_string(usage.reasoning_tokens) + " reasoning";
  }
  text += " tokens";
  if (usage.cost_usd != 0) text += "; " + replay::FormatCost(usage.cost_usd);
  return text;
}

void PrintBranches(Console& console, const std::vector<replay::BranchRow>& rows) {
  Table table({{"BRANCH", false, 36, 12}, {"LOG", true, 8, 0}, {"FORKS AT", false, 30, 8},
               {"STEPS", true, 9, 0}, {"RESULT", false, 12, 6}, {"OUTCOME", false, 28, 6},
               {"EXPERIMENT", false, 60, 10}});
  for (const replay::BranchRow& row : rows) {
    const std::string name =
        std::string(2 * static_cast<size_t>(std::min(row.depth, 8)), ' ') + row.name;
    if (!row.error.empty()) {
      table.Add({name, "#" + std::to_string(row.id.value), "", "", Cell("unreadable", Paint::kRed),
                 "", row.error});
      continue;
    }
    std::string experiment = row.experiment;
    if (!row.schedule.empty() && row.schedule != "served") experiment += " (" + row.schedule + ")";
    if (row.summary.divergences != 0) {
      experiment = replay::FormatCount(row.summary.divergences, "divergence") + "; " + experiment;
    }
    table.Add({name, "#" + std::to_string(row.id.value), row.fork, std::to_string(row.last.value),
               row.result, Cell(replay::FormatOutcome(row.outcome), OutcomePaint(row.outcome)),
               experiment});
  }
  table.Print(console, 0);
}

std::string FaithfulText(const std::vector<replay::BaselineState>& states,
                         const std::string& paste) {
  std::string text;
  for (const replay::BaselineState& state : states) {
    const bool tried = state.served || state.free;
    if (!state.recorded_build && !tried) continue;
    const std::string build =
        state.recorded_build ? "this build"
                             : "build " + state.executable_hash.substr(0, 8);
    const auto word = [](const std::optional<bool>& passed) {
      return !passed ? "not tried" : *passed ? "passed" : "FAILED";
    };
    if (!text.empty()) text += "\n";
    if (state.faithful()) {
      text += "yes: " + build + " reproduced it, with the recorded schedule and with its own";
    } else if (!tried) {
      text += "not proved yet: backstep replay " + paste;
    } else {
      text += build + ": served " + word(state.served) + ", free " + word(state.free);
    }
  }
  return text;
}

}  // namespace backstep::cli
