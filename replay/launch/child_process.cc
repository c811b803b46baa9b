#include "backstep/replay/launch/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace backstep::replay::host {
namespace {

constexpr int kIdleMs = 10;

std::vector<std::string> Environment(const SpawnOptions& options) {
  std::vector<std::string> removed = options.unset;
  for (const auto& [name, value] : options.set) removed.push_back(name);
  std::vector<std::string> result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('='));
    if (std::find(removed.begin(), removed.end(), name) == removed.end()) result.push_back(text);
  }
  for (const auto& [name, value] : options.set) result.push_back(name + "=" + value);
  return result;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// The attributes and file actions of posix_spawn, destroyed with it.
class SpawnPlan {
 public:
  SpawnPlan(const std::string& working_directory, int output_fd) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output_fd, 1);
    posix_spawn_file_actions_adddup2(&actions_, output_fd, 2);
    posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
    if (!working_directory.empty()) {
      posix_spawn_file_actions_addchdir_np(&actions_, working_directory.c_str());
    }
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                               POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnPlan() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  // 0 or errno.
  int Run(std::vector<std::string> command, std::vector<std::string> environment, pid_t* pid) {
    std::vector<char*> argv = Pointers(command);
    std::vector<char*> envp = Pointers(environment);
    return posix_spawnp(pid, argv[0], &actions_, &attributes_, argv.data(), envp.data());
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

Status SpawnError(const std::string& program, int error) {
  if (error == ENOENT) return Status::NotFound("there is no program '" + program + "'");
  if (error == EAGAIN || error == ENOMEM) {
    return Status::Io("cannot start '" + program + "': " + strerror(error));
  }
  return Status::InvalidArgument("'" + program + "' cannot be executed: " + strerror(error));
}

DurationNs Now() {
  return SystemClock().Monotonic();
}

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::Spawn(const SpawnOptions& options) {
  if (options.command.empty() || options.command[0].empty()) {
    return Status::InvalidArgument("no program was named");
  }
  struct stat info;
  if (!options.working_directory.empty() &&
      (stat(options.working_directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode))) {
    return Status::NotFound("there is no directory '" + options.working_directory + "'");
  }
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Status::Io(std::string("pipe: ") + strerror(errno));
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  pid_t pid = -1;
  SpawnPlan plan(options.working_directory, ends[1]);
  const int error = plan.Run(options.command, Environment(options), &pid);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return SpawnError(options.command[0], error);
  }
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, ends[0]));
}

ChildProcess::ChildProcess(pid_t pid, int output_fd)
    : pid_(pid),
      output_fd_(output_fd),
      exit_fd_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {}

ChildProcess::~ChildProcess() {
  if (!exit_code_) {
    kill(-pid_, SIGKILL);
    Reap();
  }
  if (output_fd_ >= 0) close(output_fd_);
  if (exit_fd_ >= 0) close(exit_fd_);
}

int ChildProcess::TakeOutputFd() {
  return std::exchange(output_fd_, -1);
}

bool ChildProcess::Ended() const {
  if (exit_code_) return true;
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
    return errno == ECHILD;  // the host ignores SIGCHLD: the kernel has reaped it
  }
  return info.si_pid == pid_;
}

bool ChildProcess::AwaitEnd(DurationNs limit, const std::function<void()>& idle) const {
  const DurationNs deadline = Now() + limit;
  while (!Ended()) {
    if (Now() >= deadline) return false;
    idle();
    pollfd waiting{exit_fd_, POLLIN, 0};
    poll(&waiting, 1, kIdleMs);
  }
  return true;
}

void ChildProcess::Terminate(DurationNs grace, const std::function<void()>& idle) {
  if (exit_code_) return;
  kill(-pid_, SIGTERM);
  AwaitEnd(grace, idle);
  kill(-pid_, SIGKILL);
}

int ChildProcess::Reap() {
  if (exit_code_) return *exit_code_;
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  // While it is a zombie its number cannot be another group's.
  if (info.si_pid == pid_) kill(-pid_, SIGKILL);
  int status = 0;
  pid_t reaped = -1;
  while ((reaped = waitpid(pid_, &status, 0)) < 0 && errno == EINTR) {
  }
  if (reaped != pid_) {
    exit_code_ = 0;
  } else {
    exit_code_ = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  }
  return *exit_code_;
}

std::string DescribeExit(int exit_code) {
  if (exit_code >= 0) return "exited with code " + std::to_string(exit_code);
  const char* name = sigabbrev_np(-exit_code);
  return "was killed by " +
         (name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(-exit_code));
}

}  // namespace backstep::replay::host
