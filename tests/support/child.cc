#include "backstep/tests/support/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <string_view>
#include <system_error>

extern char** environ;

namespace backstep::testing {
namespace {

std::vector<std::string> EnvironmentWith(const ChildOptions& options) {
  std::vector<std::string> all;
  for (const auto& [name, value] : options.environment) all.push_back(name + "=" + value);
  const size_t own = all.size();
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const bool set = std::any_of(all.begin(), all.begin() + own, [&](const std::string& mine) {
      return text.starts_with(std::string_view(mine).substr(0, mine.find('=') + 1));
    });
    if (!set) all.emplace_back(text);
  }
  return all;
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

[[noreturn]] void Refused(const std::string& what, int error_number) {
  throw std::runtime_error(what + ": " + std::generic_category().message(error_number));
}

}  // namespace

std::vector<std::string> OwnCase(const std::string& test_case) {
  return {"/proc/self/exe", test_case};
}

Child::Child(const std::vector<std::string>& arguments, const ChildOptions& options) {
  int ends[2] = {-1, -1};
  if (options.errors_read && pipe2(ends, O_CLOEXEC) != 0) Refused("a pipe", errno);
  const std::vector<std::string> environment = EnvironmentWith(options);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  if (options.errors_read) posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  const int failed = posix_spawn(&pid_, arguments[0].c_str(), &actions, nullptr,
                                 Pointers(arguments).data(), Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (ends[1] >= 0) close(ends[1]);
  if (failed != 0 && ends[0] >= 0) close(ends[0]);
  if (failed != 0) Refused(arguments[0], failed);
  if (options.errors_read) errors_ = fdopen(ends[0], "r");
}

Child::~Child() {
  if (pid_ != 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (errors_ != nullptr) fclose(errors_);
}

int Child::Wait() {
  int ended = 0;
  if (waitpid(pid_, &ended, 0) != pid_) Refused("waiting for a child", errno);
  pid_ = 0;
  return ended;
}

bool Child::WasKilled() {
  const int ended = Wait();
  if (WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL) return true;
  if (WIFSIGNALED(ended)) {
    throw std::runtime_error("the child died of signal " + std::to_string(WTERMSIG(ended)));
  }
  if (WEXITSTATUS(ended) == 0) return false;
  throw std::runtime_error("the child ended with exit code " + std::to_string(WEXITSTATUS(ended)));
}

bool Child::Kill() {
  if (pid_ == 0) return false;  // it was waited for
  kill(pid_, SIGKILL);
  const int ended = Wait();
  return WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL;
}

}  // namespace backstep::testing
