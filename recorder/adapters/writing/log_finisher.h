// Seals logs and indexes them while the next one is being written.
#pragma once

#include <future>
#include <memory>

#include "backstep/schemas/records.h"
#include "backstep/store/index/index.h"
#include "backstep/store/line.h"
#include "backstep/store/log_writer.h"
#include "backstep/store/recording.h"

namespace backstep::adapters {

// False: it could not be, and the index is of no use.
bool IndexLine(store::Line& line, store::IndexWriter* index);

// One thread calls; the work is done on another, one log at a time.
class LogFinisher {
 public:
  // `recording` outlives it. Not `indexes`: seals alone.
  LogFinisher(const store::Recording* recording, bool indexes);
  ~LogFinisher();  // waits
  LogFinisher(const LogFinisher&) = delete;
  LogFinisher& operator=(const LogFinisher&) = delete;

  // Begins with it, once it is done with the one before; what became of that is returned.
  Status Finish(std::unique_ptr<store::LogWriter> log, LogEnd end);
  // Until every log is sealed; the first failure.
  Status Wait();
  // The first failure that is known, without waiting.
  const Status& status() const { return failed_; }

 private:
  void Index(LogId log);

  const store::Recording* const recording_;
  const bool indexes_;
  std::unique_ptr<store::IndexWriter> index_;  // while `running_` is there it is that thread's
  std::future<Status> running_;
  Status failed_;
};

}  // namespace backstep::adapters
