#include "backstep/base/nearest.h"
#include "backstep/cli/support/recordings.h"
#include "backstep/cli/terminal/command.h"
#include "backstep/cli/terminal/table.h"
#include "backstep/recorder/faults/fault_plan.h"
#include "backstep/replay/view/fork/check_view.h"
#include "backstep/replay/view/text.h"

namespace backstep::cli {
namespace {

class FaultsCommand : public Command {
 public:
  std::string Verb() const override { return "faults"; }
  std::string Summary() const override {
    return "faults check F: checks a fault file and says what it does";
  }

  void Declare(Flags& flags) override {
    flags.Positional("ACTION", &action_, "check");
    flags.Positional("F", &path_, "The fault file (YAML or JSON; docs/faults.md)");
    flags.Switch("--json", &json_, "Print JSON (docs/cli.md has the shape)");
    flags.Example("backstep faults check late-reply.yaml");
  }

  int Run(Console& console) override {
    if (action_ != "check") {
      console.Error("faults: there is no action '" + action_ + "'" +
                    NearestHint(action_, {"check"}));
      return kWrongUse;
    }
    const auto text = ReadTextFile(path_);
    if (!text.ok()) return console.Fail(text.status());
    std::vector<std::string> warnings;
    const auto plan = recorder::FaultPlan::Parse(*text, path_, &warnings);
    if (!plan.ok()) return console.Fail(plan.status());
    if (json_) {
      console.Raw(replay::ToJson(*plan, warnings) + "\n");
      return kDone;
    }
    Table table({{"LINE", true, 8, 0}, {"FAULT", false, 30, 8}, {"WHAT", false, 200, 20}});
    for (const recorder::FaultSpec& fault : plan->faults()) {
      table.Add({std::to_string(fault.line), fault.id, replay::DescribeFault(fault)});
    }
    table.Print(console, 0);
    for (const std::string& warning : warnings) console.Warning(warning);
    console.Line("good: " + replay::FormatCount(plan->faults().size(), "fault"), Paint::kGreen);
    return kDone;
  }

 private:
  std::string action_, path_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeFaultsCommand() { return std::make_unique<FaultsCommand>(); }

}  // namespace backstep::cli
