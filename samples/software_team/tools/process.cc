#include "backstep/samples/software_team/tools/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace team {
namespace {

using backstep::Result;
using backstep::Status;

constexpr size_t kOutputBytesMax = 64 << 10;

// 0 or errno; the child leads a process group of its own.
int Spawn(const std::vector<std::string>& command, const std::string& directory,
          const std::string& input, int output_fd, pid_t* pid) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
  const char* from = input.empty() ? "/dev/null" : input.c_str();
  posix_spawn_file_actions_addopen(&actions, 0, from, O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output_fd, 1);
  posix_spawn_file_actions_adddup2(&actions, output_fd, 2);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const int error = posix_spawnp(pid, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

// Reads until the other end closes; false: the limit passed first.
bool ReadAll(int fd, int limit_ms, std::string* output) {
  using std::chrono::steady_clock;
  const auto deadline = steady_clock::now() + std::chrono::milliseconds(limit_ms);
  char buffer[4096];
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - steady_clock::now()).count();
    pollfd waiting{fd, POLLIN, 0};
    if (left <= 0) return false;
    if (poll(&waiting, 1, static_cast<int>(left)) <= 0) continue;
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got == 0 || (got < 0 && errno != EINTR)) return true;
    if (got > 0) {
      output->append(buffer, std::min<size_t>(static_cast<size_t>(got),
                                              kOutputBytesMax - output->size()));
    }
  }
}

// A program may close its output before it ends; false: the limit passed first.
bool AwaitExit(pid_t pid, int limit_ms) {
  for (int waited_ms = 0; waited_ms < limit_ms; ++waited_ms) {
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0) return true;
    if (info.si_pid == pid) return true;
    poll(nullptr, 0, 1);
  }
  return false;
}

}  // namespace

Result<ProcessResult> RunProcess(const std::vector<std::string>& command,
                                 const std::string& directory, const std::string& input,
                                 int limit_ms) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Status::Io(std::string("pipe: ") + strerror(errno));
  pid_t pid = -1;
  const int error = Spawn(command, directory, input, ends[1], &pid);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return Status::NotFound(command[0] + ": " + strerror(error));
  }
  ProcessResult result;
  result.timed_out = !ReadAll(ends[0], limit_ms, &result.output) || !AwaitExit(pid, limit_ms);
  close(ends[0]);
  // What it left running in its group ends with it.
  kill(-pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  result.exit_code = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  return result;
}

}  // namespace team
