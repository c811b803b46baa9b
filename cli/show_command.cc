#include "backstep/cli/support/present.h"
#include "backstep/cli/support/recordings.h"
#include "backstep/cli/terminal/command.h"
#include "backstep/cli/terminal/table.h"
#include "backstep/replay/view/moment/checkpoint_view.h"
#include "backstep/replay/view/text.h"

namespace backstep::cli {
namespace {

using replay::FormatBytes;
using replay::FormatDuration;
using replay::OneLine;

std::string MessageLabel(const replay::MessageRow& message, bool sent) {
  std::string text = message.id + (sent ? " to " + message.to : " from " + message.from);
  if (!message.kind.empty()) text += " (" + message.kind + ")";
  if (message.early) text += " early";
  if (message.edited) text += " edited";
  if (message.dropped) text += " dropped";
  if (message.delay.ns != 0) text += " delayed " + FormatDuration(message.delay);
  return OneLine(text);
}

std::string CallLabel(const replay::CallRow& call) {
  std::string text = call.id + " " + EffectKindName(call.kind);
  if (!call.name.empty()) text += " " + call.name;
  if (call.status != CallStatus::kRecorded) text += std::string(", ") + CallStatusName(call.status);
  if (call.moved) text += " (moved)";
  if (call.substituted) text += " (substituted)";
  text += ", " + FormatDuration(call.duration);
  if (call.injected_delay.ns != 0) {
    text += " (" + FormatDuration(call.injected_delay) + " injected)";
  }
  const std::string usage = UsageText(call.usage);
  if (!usage.empty()) text += ", " + usage;
  return OneLine(text);
}

void PrintCall(Console& console, const replay::CallRow& call, bool full) {
  console.Line("  call    " + CallLabel(call));
  if (call.request.present) PrintBody(console, "request ", call.request, full, 10);
  if (call.response.present) PrintBody(console, "response", call.response, full, 10);
  if (call.error) {
    console.Wrapped("error    " + OneLine(replay::FormatCallError(*call.error)), 10, Paint::kRed);
  }
}

void PrintFault(Console& console, const replay::FaultRow& fault) {
  std::string text = "  fault   " + fault.spec_id + " (" + fault.type + ")";
  if (!fault.target.empty()) text += " on " + fault.target;
  console.Line(OneLine(text + ": " + fault.decision), Paint::kYellow);
  if (fault.before.empty() && fault.after.empty()) return;
  PrintValues(console, {{"before/after", fault.before, fault.after}}, 10);
}

void PrintStep(Console& console, const replay::StepDetail& detail, bool full) {
  const replay::StepRow& row = detail.row;
  std::string title = "Step " + row.step;
  if (!row.name.empty()) title += " \"" + row.name + "\"";
  if (!row.segment.empty()) title += " in " + row.segment;
  if (!row.caller.empty()) title += ", called by " + row.caller;
  title += ": " + row.status() + ", " + FormatDuration(row.duration) + " (own " +
           FormatDuration(detail.own) + ")";
  console.Heading(OneLine(title));
  for (const auto& message : detail.took) {
    PrintBody(console, "took    " + MessageLabel(message, false) + ":", message.body, full, 2);
  }
  for (const auto& call : detail.calls) PrintCall(console, call, full);
  for (const auto& message : detail.sent) {
    PrintBody(console, "sent    " + MessageLabel(message, true) + ":", message.body, full, 2);
  }
  for (const auto& fault : detail.faults) PrintFault(console, fault);
  if (row.error) {
    console.Wrapped("error   " + OneLine(row.error->kind + ": " + row.error->message), 2,
                    Paint::kRed);
  }
  for (const replay::AnnotationRow& said : row.annotations) {
    console.Wrapped("said    " + replay::FormatAnnotation(said), 2, Paint::kYellow);
  }
  if (row.outcome) console.Line("  outcome " + replay::FormatOutcome(*row.outcome));
  if (row.state_changed) {
    console.Line("  state   " + FormatBytes(row.state_bytes) + " (" +
                 replay::FormatByteDelta(row.state_delta_bytes) + ")");
    PrintValues(console, detail.state_changes, 10);
  } else {
    console.Line("  state   unchanged");
  }
}

void PrintAgents(Console& console, const replay::CheckpointView& view) {
  Table table({{"AGENT", false, 32, 8}, {"STEPS", true, 9, 0}, {"LAST", true, 9, 0},
               {"TIME", true, 12, 0}, {"WAITING", true, 8, 0}, {"STATE", true, 10, 0},
               {"HASH", false, 12, 0}, {"BEGINS", false, 60, 8}});
  for (const replay::AgentStateRow& agent : view.agents) {
    std::string text = replay::OneLine(agent.state.text);
    if (!agent.state.whole) text += "…";
    table.Add({agent.name, std::to_string(agent.clock.value),
               agent.last_step.value == 0 ? "-" : std::to_string(agent.last_step.value),
               FormatDuration(agent.virtual_time - TimeNs{}),
               agent.busy ? Cell(std::to_string(agent.waiting) + " busy", Paint::kYellow)
                          : Cell(std::to_string(agent.waiting)),
               agent.state.dropped ? "dropped" : FormatBytes(agent.state.size_bytes),
               agent.state.hash.substr(0, 12), text});
  }
  if (table.empty()) return;
  console.Heading("Agents");
  table.Print(console);
}

void PrintMailboxes(Console& console, const replay::CheckpointView& view, bool full) {
  console.Heading("Waiting messages, in the order of delivery");
  if (view.mailboxes.empty()) console.Line("  none");
  for (const replay::MessageRow& message : view.mailboxes) {
    std::string label = message.to + " <- " + message.id;
    if (!message.kind.empty()) label += " (" + message.kind + ")";
    if (message.delay.ns != 0) {
      label += " arrives at " + FormatDuration(message.arrival_virtual - TimeNs{});
    }
    PrintBody(console, OneLine(label) + ":", message.body, full, 2);
  }
}

void PrintOpen(Console& console, const replay::CheckpointView& view, bool full) {
  if (view.open.empty()) return;
  console.Heading("Open steps");
  for (const replay::OpenStepRow& open : view.open) {
    std::string text = open.step + " began after step " + std::to_string(open.began_after.value);
    if (!open.caller.empty()) text += ", called by " + open.caller;
    text += open.commits_as ? ", ends as step " + std::to_string(open.commits_as->value)
                            : ", never ended";
    console.Line("  " + OneLine(text));
    std::string took;
    for (const std::string& id : open.took) took += " " + id;
    if (!took.empty()) console.Line("  took   " + OneLine(took));
    for (const replay::CallRow& call : open.finished) PrintCall(console, call, full);
  }
}

class ShowCommand : public Command {
 public:
  std::string Verb() const override { return "show"; }
  std::string Summary() const override {
    return "A checkpoint: the step, every agent's state, every mailbox, open steps";
  }

  void Declare(Flags& flags) override {
    flags.Positional("REC", &path_, "The recording");
    flags.Positional("MOMENT", &moment_, "The moment: main:812, 812, edit-1:90, first, last, 50%");
    flags.Switch("--full", &full_, "Print bodies whole");
    flags.Switch("--json", &json_, "Print JSON (docs/cli.md has the shape)");
    flags.Example("backstep show team-1.backstep main:12");
  }

  int Run(Console& console) override {
    Opened opened = OpenMoment(console, path_, moment_);
    if (opened.code != kDone) return opened.code;
    replay::CheckpointOptions options;
    if (full_) {
      options.text_bytes_max = SIZE_MAX;
      options.changes_max = 10000;
    }
    auto view =
        replay::ViewCheckpoint(*opened.recording, *opened.line, opened.moment.step, options);
    if (!view.ok()) return console.Fail(view.status());
    if (json_) {
      console.Raw(replay::ToJson(*view) + "\n");
      return kDone;
    }
    std::string title = view->moment + " of " + std::to_string(view->last.value) + ", " +
                        FormatDuration(view->virtual_time - TimeNs{}) + " of virtual time";
    if (view->outcome) title += ", outcome " + replay::FormatOutcome(*view->outcome);
    console.Line(OneLine(title), Paint::kBold);
    for (const std::string& note : view->notes) console.Wrapped(note, 0, Paint::kYellow);
    if (view->detail) PrintStep(console, *view->detail, full_);
    PrintAgents(console, *view);
    PrintMailboxes(console, *view, full_);
    PrintOpen(console, *view, full_);
    return kDone;
  }

 private:
  std::string path_, moment_;
  bool full_ = false, json_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeShowCommand() { return std::make_unique<ShowCommand>(); }

}  // namespace backstep::cli
