#include "backstep/cli/support/present.h"
#include "backstep/cli/support/recordings.h"
#include "backstep/cli/support/sizes_output.h"
#include "backstep/cli/terminal/command.h"
#include "backstep/cli/terminal/interrupt.h"
#include "backstep/cli/terminal/table.h"
#include "backstep/replay/view/session/session_view.h"
#include "backstep/replay/view/text.h"

namespace backstep::cli {
namespace {

using replay::FormatCount;
using replay::OneLine;

std::string StepsText(const replay::SessionView& view) {
  std::string text = std::to_string(view.steps);
  if (view.failed_steps != 0) text += ", " + std::to_string(view.failed_steps) + " failed";
  text += "; " + FormatCount(view.messages, "message");
  if (!view.open_steps.empty()) text += "; " + FormatCount(view.open_steps.size(), "open step");
  return text;
}

std::string CallsText(const replay::SessionView& view) {
  std::string text;
  for (const auto& [kind, count] : view.calls) {
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + kind;
  }
  if (text.empty()) text = "none";
  if (view.failed_calls != 0) text += "; " + std::to_string(view.failed_calls) + " failed";
  if (view.faults != 0) text += "; " + FormatCount(view.faults, "fault") + " injected";
  return text;
}

std::string TimeText(const replay::SessionView& view) {
  std::string text = replay::FormatWallTime(view.row.began_wall);
  if (view.row.ended_wall) {
    text += ", lasted " + replay::FormatDuration(*view.row.ended_wall - view.row.began_wall);
  }
  return text + "; " + replay::FormatDuration(view.virtual_time) + " of virtual time";
}

std::string CommandText(const LogHeader& header) {
  std::string text;
  for (const std::string& word : header.command) {
    text += (text.empty() ? "" : " ") + replay::ShellQuote(word);
  }
  return OneLine(text);
}

void PrintAgents(Console& console, const replay::SessionView& view) {
  Table table({{"AGENT", false, 32, 8}, {"ROLE", false, 24, 6}, {"MODEL", false, 24, 6},
               {"STEPS", true, 10, 0}, {"FAILED", true, 8, 0}, {"SENT", true, 10, 0},
               {"STATE", true, 10, 0}});
  for (const replay::AgentSummary& agent : view.agents) {
    table.Add({agent.name, agent.role, agent.model, std::to_string(agent.steps),
               agent.failed_steps == 0 ? "" : std::to_string(agent.failed_steps),
               std::to_string(agent.sent), replay::FormatBytes(agent.state_bytes)});
  }
  if (table.empty()) return;
  console.Heading("Agents");
  table.Print(console);
}

void PrintSegments(Console& console, const replay::SessionView& view) {
  constexpr size_t kMost = 40;
  Table table({{"SEGMENT", false, 60, 10}, {"STEPS", false, 24, 0}, {"LASTED", true, 12, 0}});
  for (const replay::SegmentSummary& segment : view.segments) {
    if (&segment - view.segments.data() >= static_cast<std::ptrdiff_t>(kMost)) break;
    const uint64_t first = segment.began_after.value + 1;
    const std::string last = segment.ended ? std::to_string(segment.ended_after.value) : "open";
    const bool none = segment.ended && segment.ended_after < StepNumber(first);
    table.Add({segment.path, none ? "none" : std::to_string(first) + ".." + last,
               segment.ended ? replay::FormatDuration(segment.wall) : "-"});
  }
  if (table.empty()) return;
  console.Heading("Segments");
  table.Print(console);
  if (view.segments.size() > kMost) {
    console.Line("  and " + std::to_string(view.segments.size() - kMost) +
                 " more (--json has all)");
  }
}

void PrintAnnotations(Console& console, const replay::SessionView& view) {
  constexpr size_t kMost = 20;
  if (view.annotations.empty()) return;
  console.Heading("Annotations");
  for (size_t i = 0; i < view.annotations.size() && i < kMost; ++i) {
    const replay::AnnotationRow& said = view.annotations[i];
    const std::string of = said.step.empty() ? "the run" : said.step;
    console.Wrapped(OneLine(of) + "  " + replay::FormatAnnotation(said), 2);
  }
  if (view.annotations.size() > kMost) {
    console.Line("  and " + std::to_string(view.annotations.size() - kMost) +
                 " more (--json has all)");
  }
}

void PrintSession(Console& console, const replay::SessionView& view, const std::string& paste) {
  const std::string program =
      view.row.program.empty() ? "" : ", program " + OneLine(view.row.program);
  PrintField(console, "session",
             OneLine(view.row.name) + " (#" + std::to_string(view.row.id.value) + program + ")",
             Paint::kBold);
  PrintField(console, "outcome", replay::FormatOutcome(view.row.outcome),
             OutcomePaint(view.row.outcome));
  PrintField(console, "state", store::LogStateName(view.row.state));
  PrintField(console, "steps", StepsText(view));
  PrintField(console, "calls", CallsText(view));
  PrintField(console, "usage", UsageText(view.usage));
  PrintField(console, "time", TimeText(view));
  PrintField(console, "command", CommandText(view.header));
  if (!view.header.faults_origin.empty()) {
    PrintField(console, "faults", OneLine(view.header.faults_origin));
  }
  std::string tags;
  for (const std::string& tag : view.header.tags) tags += (tags.empty() ? "" : ", ") + OneLine(tag);
  PrintField(console, "tags", tags);
  if (!view.row.program.empty()) {
    PrintField(console, "faithful", FaithfulText(view.baselines, paste));
  }
  for (const std::string& note : view.notes) PrintField(console, "note", note, Paint::kYellow);
  for (const std::string& open : view.open_steps) PrintField(console, "open", OneLine(open));
  PrintAgents(console, view);
  PrintSegments(console, view);
  PrintAnnotations(console, view);
  if (!view.branches.empty()) {
    console.Heading("Branches");
    PrintBranches(console, view.branches);
  }
}

class InfoCommand : public Command {
 public:
  std::string Verb() const override { return "info"; }
  std::string Summary() const override {
    return "What a recording holds: sessions, agents, counts, branches, what is missing";
  }

  void Declare(Flags& flags) override {
    flags.Positional("REC", &path_, "The recording");
    flags.Switch("--sizes", &sizes_, "What the bytes on the disk are for, by kind, log and agent");
    flags.Switch("--json", &json_, "Print JSON (docs/cli.md has the shape)");
    flags.Example("backstep info team-1.backstep");
  }

  int Run(Console& console) override {
    Opened opened = OpenRecording(console, path_);
    if (opened.code != kDone) return opened.code;
    if (sizes_) return Sizes(console, *opened.recording);
    const replay::RecordingRow listing = replay::ViewRecording(*opened.recording);
    if (!listing.error.empty()) return console.FailUnreadable(Status::Corruption(listing.error));
    replay::RecordingView view{listing.path, {}, listing.damaged};
    ProgressLine progress(console, "counting", "steps");
    for (const replay::SessionRow& session : listing.sessions) {
      auto one =
          replay::ViewSession(*opened.recording, session.id, [&](uint64_t done, uint64_t all) {
            progress.Update(done, all);
            return true;
          });
      if (one.ok()) view.sessions.push_back(std::move(*one));
      else view.damaged.emplace_back(session.id, one.status().message());
    }
    progress.Clear();
    if (json_) console.Raw(replay::ToJson(view) + "\n");
    else Print(console, view);
    const bool nothing_readable = view.sessions.empty() && !view.damaged.empty();
    return nothing_readable ? kUnreadable : kDone;
  }

 private:
  int Sizes(Console& console, const store::Recording& recording) {
    const InterruptFlag interrupted;
    ProgressLine progress(console, "measuring", "bytes");
    const auto view = replay::ViewSizes(recording, [&](uint64_t done, uint64_t all) {
      progress.Update(done, all);
      return !interrupted.set();
    });
    progress.Clear();
    if (!view.ok()) return console.Fail(view.status());
    if (json_) console.Raw(replay::ToJson(*view) + "\n");
    else PrintSizes(console, *view);
    return kDone;
  }

  void Print(Console& console, const replay::RecordingView& view) {
    console.Line(OneLine(path_), Paint::kBold);
    for (const replay::SessionView& session : view.sessions) {
      if (view.sessions.size() > 1) console.Line("");
      PrintSession(console, session, PastePath(path_));
    }
    if (view.sessions.empty() && view.damaged.empty()) {
      console.Line("no session in it: nothing was recorded");
    }
    for (const auto& [log, why] : view.damaged) {
      console.Error("log " + std::to_string(log.value) + " cannot be read: " + why);
    }
  }

  std::string path_;
  bool json_ = false, sizes_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeInfoCommand() { return std::make_unique<InfoCommand>(); }

}  // namespace backstep::cli
