#include "backstep/cli/support/child.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

extern char** environ;

namespace backstep::cli {
namespace {

// The handler's only way to the child.
volatile sig_atomic_t g_child = 0;

constexpr int kPassedOn[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};

void PassOn(int signal, siginfo_t* info, void*) {
  // What the terminal sends (SI_KERNEL) the child has had itself.
  if (g_child > 0 && info->si_code != SI_KERNEL) kill(static_cast<pid_t>(g_child), signal);
}

void SetHandlers(bool pass_on) {
  struct sigaction action {};
  sigemptyset(&action.sa_mask);
  if (pass_on) {
    action.sa_sigaction = PassOn;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
  } else {
    action.sa_handler = SIG_DFL;
  }
  for (const int signal : kPassedOn) sigaction(signal, &action, nullptr);
}

std::vector<std::string> Environment(const std::vector<std::pair<std::string, std::string>>& set,
                                     const std::vector<std::string>& unset) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('='));
    const bool replaced = std::any_of(set.begin(), set.end(),
                                      [&](const auto& pair) { return pair.first == name; });
    const bool removed = std::find(unset.begin(), unset.end(), name) != unset.end();
    if (!replaced && !removed) all.push_back(text);
  }
  for (const auto& [name, value] : set) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void Execute(char* const* arguments, char* const* environment, int report) {
  signal(SIGPIPE, SIG_DFL);
  signal(SIGXFSZ, SIG_DFL);
  for (const int number : kPassedOn) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execvpe(arguments[0], arguments, environment);
  const int error = errno;
  (void)!write(report, &error, sizeof error);
  _exit(127);
}

Status ExecFailure(const std::string& program, int error) {
  if (error == ENOENT) {
    return Status::NotFound("there is no program " + program +
                            (program.find('/') == std::string::npos ? " in PATH" : ""));
  }
  return Status::InvalidArgument("cannot run " + program + ": " + std::strerror(error));
}

ChildExit WaitFor(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ChildExit result;
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  else result.code = WEXITSTATUS(status);
  return result;
}

}  // namespace

std::string ChildExit::Text() const {
  if (signal == 0) return "exit code " + std::to_string(code);
  return "signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
}

Result<ChildExit> RunChild(const std::vector<std::string>& command,
                           const std::vector<std::pair<std::string, std::string>>& set,
                           const std::vector<std::string>& unset) {
  std::vector<std::string> words = command, variables = Environment(set, unset);
  const std::vector<char*> arguments = Pointers(words), environment = Pointers(variables);
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) {
    return Status::Io(std::string("pipe: ") + std::strerror(errno));
  }
  // Held back until the handlers know the child.
  sigset_t passed, before;
  sigemptyset(&passed);
  for (const int signal : kPassedOn) sigaddset(&passed, signal);
  sigprocmask(SIG_BLOCK, &passed, &before);
  const pid_t child = fork();
  if (child == 0) Execute(arguments.data(), environment.data(), report[1]);
  const int fork_error = errno;
  close(report[1]);
  if (child > 0) {
    g_child = child;
    SetHandlers(true);
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  if (child < 0) {
    close(report[0]);
    return Status::Io(std::string("cannot start a process: ") + std::strerror(fork_error));
  }
  int error = 0;
  ssize_t got = 0;
  while ((got = read(report[0], &error, sizeof error)) < 0 && errno == EINTR) {
  }
  close(report[0]);
  const ChildExit result = WaitFor(child);
  g_child = 0;
  SetHandlers(false);
  if (got == static_cast<ssize_t>(sizeof error)) return ExecFailure(command.front(), error);
  return result;
}

}  // namespace backstep::cli
