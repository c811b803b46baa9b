#include "backstep/cli/support/replay_program.h"

#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "backstep/replay/launch.h"
#include "backstep/replay/view/text.h"

namespace backstep::cli {
namespace {

std::string Join(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    line += (line.empty() ? "" : " ") + replay::ShellQuote(word);
  }
  return replay::OneLine(line);
}

// Asks on the terminal; anything but "y" or "yes" is no.
bool Confirmed(Console& console, const std::vector<std::string>& command,
               const std::string& directory) {
  console.Note("this would run\n  " + Join(command) + "\n  in " + replay::OneLine(directory) +
               "\nRun it? [y/N]");
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

std::string LineToPaste(const Console& console, const std::vector<std::string>& command) {
  std::vector<std::string> words = console.command_line();
  if (!words.empty()) words[0] = "backstep";
  words.push_back("--");
  words.insert(words.end(), command.begin(), command.end());
  return Join(words);
}

ReplayProgram Refused(Console& console, const std::string& why) {
  console.Error(why);
  return {kWrongUse, {}, {}};
}

}  // namespace

ReplayProgram ChooseProgram(Console& console, const std::string& recording_path,
                            const LogHeader& header, const std::vector<std::string>& given) {
  if (header.program_name.empty()) {
    return Refused(console,
                   "this was recorded with scopes alone and cannot be re-executed: implement "
                   "backstep::replay::Program and hand it to RunProgram "
                   "(docs/integrate.md), then record again");
  }
  if (!given.empty()) return {kDone, given, {}};
  ReplayProgram program{kDone, replay::RecordedCommand(header), header.working_directory};
  if (program.command.empty()) {
    return Refused(console,
                   "the recording does not say how its program was started: add it after --");
  }
  const Status trusted = replay::CheckTrusted(recording_path, header);
  if (!trusted.ok()) {
    const bool changed = trusted.code() == StatusCode::kInvalidArgument;
    const std::string why = changed ? trusted.message()
                                    : "this recording was not made by `backstep run` for you here, "
                                      "so its program is not run unasked";
    if (!console.input_is_terminal() || !console.error_is_terminal()) {
      return Refused(console, why + "\nto run it:\n  " + LineToPaste(console, program.command));
    }
    console.Warning(why);
    if (!Confirmed(console, program.command, program.working_directory)) {
      return Refused(console, "not run");
    }
  }
  std::error_code ignored;
  if (!program.working_directory.empty() &&
      !std::filesystem::is_directory(program.working_directory, ignored)) {
    return Refused(console, "the directory that the program was recorded in is gone: " +
                                replay::OneLine(program.working_directory) +
                                "\nstart it from another one with:\n  " +
                                LineToPaste(console, program.command));
  }
  return program;
}

}  // namespace backstep::cli
