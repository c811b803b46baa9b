// The debugger's end of one replay host: describes it, has it run one experiment. Private.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "backstep/base/status.h"
#include "backstep/replay/host/event_fd.h"
#include "backstep/replay/reexecute.h"

namespace backstep::replay::host {

struct HostRequest {
  std::string recording_path;          // absolute
  std::string experiment_json;
  std::string program_name;            // of the recording; the host must be the same program
  std::function<std::string()> output; // what the child printed so far; called on another thread
};

// How far it is. `answer` is set at the end, or `failure` in words.
struct HostState {
  bool described = false;
  uint64_t process_id = 0;
  uint64_t progress_count = 0;
  Progress progress;
  std::optional<Result<ReplayResult>> answer;
  std::string failure;
  bool ended = false;
};

// Thread-safe. Destroying it closes the connection.
class HostClient {
 public:
  // Takes over the connected socket.
  HostClient(int socket_fd, HostRequest request);
  ~HostClient();
  HostClient(const HostClient&) = delete;
  HostClient& operator=(const HostClient&) = delete;

  HostState state() const;
  int changed_fd() const { return changed_.fd(); }  // readable when state() has changed
  void ClearChanged() { changed_.Clear(); }
  // Asks the host to end its experiment at the next step.
  void Cancel();

 private:
  class Session;
  void Update(const std::function<void(HostState*)>& change);

  const HostRequest request_;
  EventFd changed_, wake_;
  int shutdown_fd_;   // a duplicate of the socket: closes it under the thread
  mutable std::mutex mutex_;
  HostState state_;
  bool cancel_ = false;
  std::thread thread_;
};

}  // namespace backstep::replay::host
