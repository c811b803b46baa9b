// Makes known, while a program still runs, that its recording was made here for this user, so that
// it can be re-executed from the start.
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "backstep/schemas/records.h"

namespace backstep::cli {

// The logs of a recording; none where there is no such recording (yet).
std::set<LogId> LogsOf(const std::string& path);

// Looks for the first session that is new, until it is there or this is destroyed; what comes to
// nothing is left to whoever looks at the end. On a thread of its own, which takes no signals.
class TrustWatch {
 public:
  // `before`: the logs that were there.
  TrustWatch(std::string path, std::set<LogId> before);
  ~TrustWatch();
  TrustWatch(const TrustWatch&) = delete;
  TrustWatch& operator=(const TrustWatch&) = delete;

 private:
  void Watch();
  // True: there is nothing more to wait for.
  bool Look() const;

  const std::string path_;
  const std::set<LogId> before_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace backstep::cli
