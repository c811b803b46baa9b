// The checks of one log that look at records rather than bytes. Private to verify.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "backstep/store/log/line_reader.h"
#include "backstep/store/log/log_reader.h"
#include "backstep/store/verify.h"

namespace backstep::store {

// Gathers findings, up to the bound of a report.
class Findings {
 public:
  explicit Findings(VerifyReport* report) : report_(report) {}
  void Tell(LogId log, std::string where, std::string what);
  bool full() const;
  VerifyReport& report() { return *report_; }

 private:
  VerifyReport* report_;
};

// What the checks of a log share. `advance` (never empty) gets a share 0..1 of the work done since
// it was called last; false cancels.
struct LogCheck {
  LineReader& line;
  const LogReader& log;
  Findings& findings;
  const std::function<bool(double)>& advance;

  void Tell(std::string where, std::string what) const {
    findings.Tell(line.id(), std::move(where), std::move(what));
  }
  // Reads a body and counts it; a dropped one is no finding.
  Status CheckBody(const BodyRef& ref, const std::string& where) const;
  // Turns a failure into a finding; only Cancelled stays one.
  Status Told(const Status& status, const std::string& where) const;
};

// Every key of the log is one of keys.h, its value decodes and is that of the key, and the bodies
// of agents, messages and effects are as they were recorded.
Status CheckKeys(const LogCheck& check);
// Every step by agent: its keys, its state, its effects and messages, the end record.
Status CheckSteps(const LogCheck& check);
// Every cut snapshot is the fold of the steps since the one before it.
Status CheckCuts(const LogCheck& check);

}  // namespace backstep::store
