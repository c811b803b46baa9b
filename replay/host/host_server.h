// The program's end: serves one debugger over a connected socket, on a thread of its own, and
// hands the one experiment it is asked to run to the main thread. Private.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "backstep/base/status.h"
#include "backstep/replay/host/event_fd.h"
#include "backstep/replay/reexecute.h"

namespace backstep::replay::host {

struct RunOrder {
  std::string recording_path;
  std::string experiment_json;
};

// Thread-safe. The main thread calls AwaitOrder, ReportProgress, AskOutput, Answer, AwaitDebugger.
class HostServer {
 public:
  // Takes over the connected socket.
  HostServer(int socket_fd, std::string program_name);
  // Closes the connection.
  ~HostServer();
  HostServer(const HostServer&) = delete;
  HostServer& operator=(const HostServer&) = delete;

  // The experiment to run; nullopt: the debugger went away without one.
  std::optional<RunOrder> AwaitOrder();
  // Set when the debugger cancels or goes away. Lives as long as the server.
  const std::atomic<bool>* cancel() const { return &cancel_; }
  void ReportProgress(const Progress& progress);
  // What this process has printed, as the debugger has it; empty: it does not answer.
  std::string AskOutput();
  void Answer(Result<ReplayResult> answer);
  // Waits until the debugger has taken the answer and closed the connection.
  void AwaitDebugger();

 private:
  class Session;
  class HostCapability;
  void Disconnected();

  const std::string program_name_;
  EventFd wake_;
  int shutdown_fd_;   // a duplicate of the socket: closes it under the thread
  std::atomic<bool> cancel_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  // All below under mutex_.
  bool connected_ = true;
  bool working_ = false;                 // an order is with the main thread
  std::optional<RunOrder> order_;
  std::optional<Progress> progress_;     // newest, not yet sent
  bool output_wanted_ = false;
  std::optional<std::string> output_;
  std::optional<Result<ReplayResult>> answer_;
  std::thread thread_;
};

}  // namespace backstep::replay::host
