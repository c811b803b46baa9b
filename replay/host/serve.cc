#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "backstep/replay/experiment_file.h"
#include "backstep/replay/host/host_server.h"
#include "backstep/replay/host/position_page.h"
#include "backstep/replay/launch.h"

namespace backstep::replay {
namespace {

// Exit codes of a replay host, seen in LaunchResult.
constexpr int kServed = 0;
constexpr int kNoDebugger = 2;

Result<int> Connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Status::InvalidArgument("not the path of a socket: '" + path + "'");
  }
  memcpy(address.sun_path, path.c_str(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return Status::Io(std::string("socket: ") + strerror(errno));
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const std::string reason = strerror(errno);
    close(fd);
    return Status::Unavailable("no debugger listens on " + path + ": " + reason);
  }
  return fd;
}

// What the program starts itself (a compiler, another program of ours) is no replay host.
void ForgetEnvironment() {
  for (const char* name : {"BACKSTEP_REPLAY_SOCKET", "BACKSTEP_RECORDING", "BACKSTEP_FAULTS",
                           "BACKSTEP_SEED", "BACKSTEP_DISABLED", "BACKSTEP_POSITION"}) {
    unsetenv(name);
  }
}

void FlushOutput() {
  std::cout.flush();
  fflush(stdout);
  fflush(stderr);
}

// `page`: where the run stands is told there; nullptr: nobody wants to know.
Result<ReplayResult> RunOrdered(Program& program, const host::RunOrder& order,
                                host::HostServer* server, host::PositionWriter* page) {
  BACKSTEP_ASSIGN_OR_RETURN(const Experiment experiment,
                            ExperimentFromJson(order.experiment_json));
  BACKSTEP_ASSIGN_OR_RETURN(auto recording, store::Recording::Open(order.recording_path));
  ReexecuteOptions options;
  options.digest = false;  // who wants it can read it off the log
  options.progress = [server](const Progress& progress) { server->ReportProgress(progress); };
  options.cancel = server->cancel();
  if (page != nullptr) {
    options.position = [page](const Position& position) { page->Write(position); };
    options.live_call = [page](bool begins) { page->CountLiveCall(begins); };
  }
  options.output = [server] {
    FlushOutput();
    return server->AskOutput();
  };
  return Reexecute(program, *recording, experiment, options);
}

}  // namespace

int ServeReplay(Program& program, const std::string& socket_path) {
  // Before the debugger is met: it then takes socket and page away. One of another version has
  // none.
  const auto page = host::PositionWriter::Open(host::PositionPagePath(socket_path));
  Result<int> socket_fd = Connect(socket_path);
  if (!socket_fd.ok()) {
    fprintf(stderr, "backstep: %s\n", socket_fd.status().message().c_str());
    return kNoDebugger;
  }
  ForgetEnvironment();
  host::HostServer server(*socket_fd, program.Name());
  const std::optional<host::RunOrder> order = server.AwaitOrder();
  if (!order) return kNoDebugger;
  server.Answer(RunOrdered(program, *order, &server, page.ok() ? page->get() : nullptr));
  FlushOutput();
  server.AwaitDebugger();
  return kServed;
}

}  // namespace backstep::replay
