// software_team [--llm offline | --llm cassette FILE | --llm openai] [--workspace DIR] [TASK …]
#include <cstdio>
#include <string>

#include "backstep/samples/software_team/team.h"

namespace {

using backstep::Result;
using backstep::Status;

constexpr char kUsage[] =
    "usage: software_team [--llm offline | --llm cassette FILE | --llm openai] [--workspace DIR]\n"
    "                     [TASK ...]\n"
    "TASK is plain sentences about a program that reads numbers, one a line. Sentences like\n"
    "'Example: 120, 30 prints 2' are kept for the reviewer. Without TASK: a bill to add up.\n";

// What a customer might write. Nobody on the team sees the examples before the reviewer does.
constexpr char kDefaultTask[] =
    "The program reads the amounts of a bill in cents, one a line. "
    "Blank lines are ignored. "
    "Lines that start with # are comments. "
    "Negative amounts are refunds and are ignored. "
    "Amounts above 100000 are typing errors and are ignored. "
    "Add the amounts up. "
    "Print the total in euros. "
    "It is rounded to the nearest whole euro. "
    "Print 0 when there are no amounts. "
    "Start the output with \"Total: \". "
    "Example: 100, 300 prints Total: 4. "
    "Example: 100, -50, 220 prints Total: 3. "
    "Example: # lunch, 500, , 120 prints Total: 6. "
    "Example: nothing prints Total: 0. "
    "Example: 120, 130 prints Total: 3. "
    "Example: 100001, 700 prints Total: 7. ";

struct Options {
  std::string llm = "offline", cassette, workspace, task;
};

Result<Options> ParseOptions(int argc, char** argv) {
  Options options;
  int i = 1;
  const auto value = [&](const std::string& of) -> Result<std::string> {
    if (i + 1 >= argc) return Status::InvalidArgument(of + " needs a value");
    return std::string(argv[++i]);
  };
  for (; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--llm") {
      BACKSTEP_ASSIGN_OR_RETURN(options.llm, value(word));
      if (options.llm == "cassette") {
        BACKSTEP_ASSIGN_OR_RETURN(options.cassette, value("--llm cassette"));
      }
    } else if (word == "--workspace") {
      BACKSTEP_ASSIGN_OR_RETURN(options.workspace, value(word));
    } else if (word.rfind("--", 0) == 0) {
      return Status::InvalidArgument("unknown option " + word);
    } else {
      options.task += (options.task.empty() ? "" : " ") + word;
    }
  }
  if (options.task.empty()) options.task = kDefaultTask;
  return options;
}

Result<std::unique_ptr<team::Llm>> MakeLlm(const Options& options) {
  if (options.llm == "offline") return team::MakeOfflineLlm();
  if (options.llm == "cassette") return team::MakeCassetteLlm(options.cassette);
  if (options.llm == "openai") return team::MakeOpenAiLlm();
  return Status::InvalidArgument("--llm is offline, cassette FILE or openai, not " + options.llm);
}

}  // namespace

int main(int argc, char** argv) {
  Result<Options> options = ParseOptions(argc, argv);
  if (!options.ok()) {
    fprintf(stderr, "software_team: %s\n%s", options.status().message().c_str(), kUsage);
    return 2;
  }
  Result<std::unique_ptr<team::Llm>> llm = MakeLlm(*options);
  if (!llm.ok()) {
    fprintf(stderr, "software_team: %s\n", llm.status().message().c_str());
    return 2;
  }
  team::Workspace workspace(options->workspace);
  const team::Tools tools(&workspace);
  team::SoftwareTeam team(team::ReadTask(options->task), {llm->get(), &tools});
  return backstep::replay::RunProgram(team);
}
