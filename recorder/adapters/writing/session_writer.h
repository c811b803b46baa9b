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
#include "backstep/recorder/adapters/writing/log_finisher.h"
#include "backstep/recorder/adapters/writing/play.h"
#include "backstep/recorder/redact.h"
#include "backstep/store/recording.h"

namespace backstep::adapters {

struct SessionWriterOptions {
  std::shared_ptr<const recorder::Redactor> redactor;
  const BodyFile* bodies = nullptr;  // not owned, outlives the writer
  Clock* clock = nullptr;            // not owned
  std::function<Status()> go_on{};   // asked now and then; not ok: the import is to end
  std::function<Result<LogId>()> next_number{};  // for the next log
  bool index = true;                             // index the logs that are sealed
};

struct WrittenSession {
  bool branch = false;
  uint64_t links_dropped = 0;
  std::vector<std::string> notes;  // what had to be given up or could not be done, in words
};

// One thread. The recording outlives it. Nothing of it is forced to the disk, and no log counts as
// written before Finish.
class SessionWriter {
 public:
  SessionWriter(store::Recording* recording, SessionWriterOptions options);

  // Orders and writes a run, and adds what came in to `summary`. InvalidArgument: the draft
  // contradicts itself. Io and what go_on says: the run is not there, nor does anything of it
  // count. Io can be of a run before, which is sealed meanwhile.
  Result<WrittenSession> Write(SessionDraft draft, ImportSummary* summary);
  // Begins a log that is written as it was; counts what comes in into `summary`. It is to be sealed
  // or destroyed before the next call of this or of Write.
  Result<std::unique_ptr<ExactLog>> OpenLog(LogHeader header, ImportSummary* summary);
  // Until every log is sealed and indexed. Io: one could not be.
  Status Finish() { return finisher_.Wait(); }
  // The first failure to seal that is known; after it nothing more can be written.
  const Status& status() const { return finisher_.status(); }

 private:
  struct Plan;
  void PlanBranch(const SessionDraft& draft, const Order& order, Plan* plan,
                  std::vector<std::string>* notes);
  LogHeader HeaderOf(const SessionDraft& draft, const StepTimes& times, const Plan& plan) const;
  Status WriteLog(const SessionDraft& draft, const Order& order, const StepTimes& times,
                  const Plan& plan, std::unique_ptr<store::LogWriter> log,
                  ImportSummary* summary, std::vector<std::string>* notes);
  Result<std::unique_ptr<store::LogWriter>> NewLog(LogHeader header);

  store::Recording* const recording_;
  const SessionWriterOptions options_;
  std::map<std::string, Prints> prints_;  // by the key of the session
  LogFinisher finisher_;
};

}  // namespace backstep::adapters
