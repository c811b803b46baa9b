// Writes runs into a recording, each as a log that is sealed and indexed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backstep/base/time.h"
#include "backstep/recorder/adapters/core/body_file.h"
#include "backstep/recorder/adapters/core/exact_log.h"
#include "backstep/recorder/adapters/import.h"
#include "backstep/recorder/adapters/writing/play.h"
#include "backstep/recorder/redact.h"
#include "backstep/store/index/index.h"
#include "backstep/store/recording.h"

namespace backstep::adapters {

struct SessionWriterOptions {
  std::shared_ptr<const recorder::Redactor> redactor;
  const BodyFile* bodies = nullptr;  // not owned, outlives the writer
  Clock* clock = nullptr;            // not owned
  std::function<Status()> go_on{};   // asked now and then; not ok: the import is to end
};

struct WrittenSession {
  LogId log;
  bool branch = false;
  uint64_t links_dropped = 0;
  std::vector<std::string> notes;  // what had to be given up or could not be done, in words
};

// One thread. The recording outlives it.
class SessionWriter {
 public:
  SessionWriter(store::Recording* recording, SessionWriterOptions options);

  // Orders and writes a run, and adds what came in to `summary`. InvalidArgument: the draft
  // contradicts itself. Io and what go_on says: what was written of the run has been removed.
  Result<WrittenSession> Write(SessionDraft draft, ImportSummary* summary);
  // Begins a log that is written as it was; counts what comes in into `summary`. One at a time;
  // before the next call of this.
  Result<std::unique_ptr<ExactLog>> OpenLog(LogHeader header, ImportSummary* summary);
  // Every log written so far.
  const std::vector<LogId>& logs() const { return logs_; }

 private:
  struct Plan;
  void PlanBranch(const SessionDraft& draft, const Order& order, Plan* plan,
                  std::vector<std::string>* notes);
  LogHeader HeaderOf(const SessionDraft& draft, const StepTimes& times, const Plan& plan) const;
  Status WriteLog(const SessionDraft& draft, const Order& order, const StepTimes& times,
                  const Plan& plan, store::LogWriter* log, ImportSummary* summary);
  void Index(LogId log);

  store::Recording* const recording_;
  const SessionWriterOptions options_;
  std::unique_ptr<store::IndexWriter> index_;
  std::map<std::string, Prints> prints_;  // by the key of the session
  std::vector<LogId> logs_;
};

}  // namespace backstep::adapters
