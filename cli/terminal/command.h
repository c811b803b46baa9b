// A verb: what it takes and what it does.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backstep/cli/terminal/console.h"
#include "backstep/cli/terminal/flags.h"

namespace backstep::cli {

class Command {
 public:
  virtual ~Command() = default;
  virtual std::string Verb() const = 0;
  virtual std::string Summary() const = 0;   // one line
  virtual void Declare(Flags& flags) = 0;
  // After successful parsing. Returns an ExitCode.
  virtual int Run(Console& console) = 0;
};

std::unique_ptr<Command> MakeRunCommand();
std::unique_ptr<Command> MakeImportCommand();
std::unique_ptr<Command> MakeExportCommand();
std::unique_ptr<Command> MakeInfoCommand();
std::unique_ptr<Command> MakeListCommand();
std::unique_ptr<Command> MakeLogCommand();
std::unique_ptr<Command> MakeShowCommand();
std::unique_ptr<Command> MakeStateCommand();
std::unique_ptr<Command> MakeSearchCommand();
std::unique_ptr<Command> MakeDiffCommand();
std::unique_ptr<Command> MakeReplayCommand();
std::unique_ptr<Command> MakeBranchesCommand();
std::unique_ptr<Command> MakeDigestCommand();
std::unique_ptr<Command> MakeVerifyCommand();
std::unique_ptr<Command> MakeReindexCommand();
std::unique_ptr<Command> MakeSealCommand();
std::unique_ptr<Command> MakeCompactCommand();
std::unique_ptr<Command> MakeFaultsCommand();

}  // namespace backstep::cli
