// What `seal` and `compact` share: going through a recording's logs.
#pragma once

#include <optional>
#include <string>

#include "backstep/cli/terminal/console.h"
#include "backstep/store/rewrite.h"

namespace backstep::cli {

struct RewriteVerb {
  std::string doing, done;     // "sealing", "sealed"
  store::LogState of;          // without a log named: those that stand so
  std::string nothing;         // what is said where there is none
  Result<store::Rewritten> (*rewrite)(const store::Recording&, LogId,
                                      const store::RewriteProgress&);
};

// Rewrites one log, or all that stand as the verb wants; prints a line each, shows progress and
// stops at Ctrl-C, with the log at hand as it was. The index follows. Returns an ExitCode.
int RewriteLogs(Console& console, const std::string& path, std::optional<uint64_t> log,
                const RewriteVerb& verb);

}  // namespace backstep::cli
