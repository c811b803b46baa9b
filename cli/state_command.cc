#include "backstep/cli/support/recordings.h"
#include "backstep/cli/terminal/command.h"
#include "backstep/cli/terminal/table.h"
#include "backstep/replay/view/moment/checkpoint_view.h"
#include "backstep/replay/view/text.h"

namespace backstep::cli {
namespace {

class StateCommand : public Command {
 public:
  std::string Verb() const override { return "state"; }
  std::string Summary() const override {
    return "The agents' states at a moment; with --agent the exact bytes of one";
  }

  void Declare(Flags& flags) override {
    flags.Positional("REC", &path_, "The recording");
    flags.Positional("MOMENT", &moment_, "The moment: main:812, 812, edit-1:90, first, last, 50%");
    flags.Text("--agent", "NAME", &agent_, "Print this agent's state, byte for byte");
    flags.Switch("--json", &json_, "Print JSON (docs/cli.md has the shape)");
    flags.Example("backstep state team-1.backstep main:12 --agent coder > coder.json");
  }

  int Run(Console& console) override {
    Opened opened = OpenMoment(console, path_, moment_);
    if (opened.code != kDone) return opened.code;
    if (!agent_.empty() && !json_) return PrintBytes(console, opened);
    replay::CheckpointOptions options;
    options.detail = false;
    auto view =
        replay::ViewCheckpoint(*opened.recording, *opened.line, opened.moment.step, options);
    if (!view.ok()) return console.Fail(view.status());
    if (!agent_.empty()) {
      const auto agent = ResolveAgent(*opened.line, agent_);
      if (!agent.ok()) return console.Fail(agent.status());
      std::erase_if(view->agents, [&](const auto& row) { return row.name != agent_; });
    }
    if (json_) console.Raw(replay::StatesToJson(*view) + "\n");
    else PrintTable(console, *view);
    return kDone;
  }

 private:
  int PrintBytes(Console& console, const Opened& opened) const {
    const auto agent = ResolveAgent(*opened.line, agent_);
    if (!agent.ok()) return console.Fail(agent.status());
    const auto state = opened.line->State(*agent, opened.moment.step);
    if (!state.ok()) return console.Fail(state.status());
    console.Raw(state->bytes);
    return kDone;
  }

  static void PrintTable(Console& console, const replay::CheckpointView& view) {
    console.Line(view.moment, Paint::kBold);
    for (const std::string& note : view.notes) console.Wrapped(note, 0, Paint::kYellow);
    Table table({{"AGENT", false, 32, 8}, {"STEPS", true, 9, 0}, {"SIZE", true, 10, 0},
                 {"TYPE", false, 24, 6}, {"HASH", false, 32, 0}, {"BEGINS", false, 60, 8}});
    for (const replay::AgentStateRow& agent : view.agents) {
      std::string text = agent.state.binary ? "(binary)" : replay::OneLine(agent.state.text);
      if (agent.state.dropped) text = "(dropped)";
      table.Add({agent.name, std::to_string(agent.clock.value),
                 replay::FormatBytes(agent.state.size_bytes), agent.state.media_type,
                 agent.state.hash, text});
    }
    if (table.empty()) console.Line("no agents");
    table.Print(console, 0);
  }

  std::string path_, moment_, agent_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeStateCommand() { return std::make_unique<StateCommand>(); }

}  // namespace backstep::cli
