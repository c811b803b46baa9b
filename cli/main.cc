// backstep: records, inspects, re-executes and compares runs of multi-agent systems.
#include <csignal>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "backstep/base/nearest.h"
#include "backstep/cli/terminal/command.h"

namespace backstep::cli {
namespace {

using Commands = std::vector<std::unique_ptr<Command>>;

Commands MakeCommands() {
  Commands commands;
  commands.push_back(MakeRunCommand());
  commands.push_back(MakeImportCommand());
  commands.push_back(MakeExportCommand());
  commands.push_back(MakeInfoCommand());
  commands.push_back(MakeListCommand());
  commands.push_back(MakeLogCommand());
  commands.push_back(MakeShowCommand());
  commands.push_back(MakeStateCommand());
  commands.push_back(MakeSearchCommand());
  commands.push_back(MakeDiffCommand());
  commands.push_back(MakeReplayCommand());
  commands.push_back(MakeBranchesCommand());
  commands.push_back(MakeDigestCommand());
  commands.push_back(MakeVerifyCommand());
  commands.push_back(MakeReindexCommand());
  commands.push_back(MakeSealCommand());
  commands.push_back(MakeCompactCommand());
  commands.push_back(MakeFaultsCommand());
  return commands;
}

void PrintOverview(Console& console, const Commands& commands) {
  console.Line("backstep: time travel for multi-agent systems");
  console.Heading("Usage: backstep VERB ... (backstep VERB --help says more, with an example)");
  for (const auto& command : commands) {
    std::string verb = command->Verb();
    verb.resize(10, ' ');
    console.Line("  " + verb + command->Summary());
  }
  console.Heading("Words");
  console.Line("  REC      a recording: a directory NAME.backstep");
  console.Line("  MOMENT   just after a step: main:812, edit-1:90, 812, first, last, 50%");
  console.Line("  ID       of a message: planner/12.0; of a call: planner/12#1");
  console.Heading("Exit codes");
  console.Line("  0 done   1 the answer is no   2 wrong use   3 the recording cannot be read   "
               "4 the program failed");
}

int RunVerb(Console& console, Command& command, std::vector<std::string> arguments) {
  Flags flags(command.Verb(), command.Summary());
  command.Declare(flags);
  const Flags::Outcome outcome = flags.Parse(std::move(arguments));
  if (outcome.help) {
    console.Raw(flags.Help());
    return kDone;
  }
  if (!outcome.error.empty()) {
    console.Error(command.Verb() + ": " + outcome.error + "\nsee: backstep " + command.Verb() +
                  " --help");
    return kWrongUse;
  }
  return command.Run(console);
}

int Dispatch(Console& console, std::vector<std::string> arguments) {
  const Commands commands = MakeCommands();
  std::string verb = arguments.empty() ? "--help" : arguments.front();
  if (verb == "help" && arguments.size() > 1) {
    verb = arguments[1];
    arguments = {verb, "--help"};
  }
  if (verb == "--help" || verb == "-h" || verb == "help") {
    PrintOverview(console, commands);
    return arguments.empty() ? kWrongUse : kDone;
  }
  if (verb == "--version") {
    console.Line("backstep " BACKSTEP_VERSION);
    return kDone;
  }
  std::vector<std::string> verbs;
  for (const auto& command : commands) {
    verbs.push_back(command->Verb());
    if (command->Verb() != verb) continue;
    arguments.erase(arguments.begin());
    return RunVerb(console, *command, std::move(arguments));
  }
  console.Error("there is no verb '" + verb + "'" + NearestHint(verb, verbs) +
                "\nsee: backstep --help");
  return kWrongUse;
}

}  // namespace
}  // namespace backstep::cli

int main(int argc, char** argv) {
  // A reader that goes away (backstep log | head) is an end of output and no crash.
  signal(SIGPIPE, SIG_IGN);
  // A file that may not grow is a failed write like one to a full disk.
  signal(SIGXFSZ, SIG_IGN);
  backstep::cli::Console console;
  console.SetCommandLine({argv, argv + argc});
  try {
    return console.Finish(
        backstep::cli::Dispatch(console, std::vector<std::string>(argv + 1, argv + argc)));
  } catch (const std::exception& error) {
    console.Error(std::string("internal error: ") + error.what());
    return console.Finish(backstep::cli::kUnreadable);
  }
}
