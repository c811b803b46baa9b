#include "backstep/tests/scenario/stage.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace backstep::testing {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(120);

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string ProgramPath() {
  const std::string build = BACKSTEP_BINARY_DIR;
  return build + "/bin:" + build + "/samples:" + build + "/test_programs";
}

// The environment of a user who has none of ours, in a directory of the scenario.
void SetEnvironment(const std::string& directory) {
  for (const char* name : {"BACKSTEP_RECORDING", "BACKSTEP_DISABLED", "BACKSTEP_FAULTS",
                           "BACKSTEP_SEED", "BACKSTEP_REPLAY_SOCKET", "NO_COLOR"}) {
    unsetenv(name);
  }
  setenv("PATH", (ProgramPath() + ":/usr/bin:/bin").c_str(), 1);
  setenv("HOME", directory.c_str(), 1);
  setenv("XDG_STATE_HOME", (directory + "/.state").c_str(), 1);
  setenv("LC_ALL", "C.UTF-8", 1);
  setenv("TZ", "UTC", 1);
}

[[noreturn]] void ExecuteChild(const std::string& directory, const std::string& command,
                               const std::string& output_path) {
  setpgid(0, 0);
  const int output = open(output_path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0600);
  const int input = open("/dev/null", O_RDONLY);
  if (output < 0 || input < 0 || chdir(directory.c_str()) != 0) _exit(126);
  dup2(input, 0);
  dup2(output, 1);
  dup2(output, 2);
  SetEnvironment(directory);
  execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
  _exit(127);
}

}  // namespace

Stage::Stage() = default;

Stage::~Stage() {
  for (const auto& [name, pid] : started_) {
    kill(-pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
}

pid_t Stage::Start(const std::string& command, const std::string& output_path) {
  const pid_t pid = fork();
  if (pid == 0) ExecuteChild(directory_.path(), command, output_path);
  return pid;
}

Stage::Ended Stage::WaitFor(pid_t pid, const std::string& output_path) {
  const auto end = steady_clock::now() + kPatience;
  int status = 0;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    if (steady_clock::now() > end) kill(-pid, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  const int code = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  return {code, ReadAll(output_path)};
}

Stage::Ended Stage::Run(const std::string& command) {
  const std::string output = Path(".output-" + std::to_string(++commands_));
  return WaitFor(Start(command, output), output);
}

std::string Stage::CheckEnded(const ScriptLine& line, const Ended& ended) const {
  const std::string difference = Mismatch(line.lines, ended.output);
  if (!difference.empty()) return difference;
  if (ended.code == line.exit_code) return {};
  return "its exit code is " + std::to_string(ended.code) + ", expected " +
         std::to_string(line.exit_code) + "\n" + ended.output;
}

bool Stage::Await(const std::string& name) const {
  const auto end = steady_clock::now() + kPatience;
  while (!fs::exists(Path(name))) {
    if (steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

std::string Stage::Reopen(const std::string& name) {
  const Ended before = Run("backstep digest " + name);
  const std::string elsewhere = name + ".moved";
  fs::rename(Path(name), Path(elsewhere));
  fs::copy(Path(elsewhere), Path(name), fs::copy_options::recursive);
  for (const char* file : {"index.sqlite", "index.sqlite-wal", "index.sqlite-shm"}) {
    fs::remove(Path(name) + "/" + file);
  }
  fs::remove_all(Path(elsewhere));
  const Ended after = Run("backstep digest " + name);
  if (before.code != 0 || before.output != after.output || after.code != 0) {
    return "the digest was " + before.output + " and is " + after.output;
  }
  const Ended verified = Run("backstep verify " + name);
  return verified.code == 0 ? "" : "it is not sound any more: " + verified.output;
}

std::string Stage::PlayProcess(const ScriptLine& line) {
  std::istringstream words(line.text);
  std::string name, rest;
  words >> name;
  std::getline(words >> std::ws, rest);
  const std::string output = Path(".output-of-" + name);
  if (line.word == "start") {
    started_[name] = Start("exec " + rest, output);
    return {};
  }
  const auto found = started_.find(name);
  if (found == started_.end()) return "no program of that name was started";
  const pid_t pid = found->second;
  if (line.word == "signal") {
    kill(pid, rest == "TERM" ? SIGTERM : SIGINT);
    return {};
  }
  if (line.word == "kill") kill(pid, SIGKILL);
  const Ended ended = WaitFor(pid, output);
  started_.erase(found);
  return line.word == "kill" ? "" : CheckEnded(line, ended);
}

std::string Stage::Play(const ScriptLine& line, bool* skip) {
  if (line.word == "$") return CheckEnded(line, Run(line.text));
  if (line.word == "needs") {
    *skip = Run("command -v " + line.text).code != 0;
    return {};
  }
  if (line.word == "file") {
    std::ofstream file(Path(line.text));
    for (const std::string& text : line.lines) file << text << "\n";
    return file ? "" : "it cannot be written";
  }
  if (line.word == "await") return Await(line.text) ? "" : "it never came";
  if (line.word == "reopen") return Reopen(line.text);
  return PlayProcess(line);
}

}  // namespace backstep::testing
