// Changes how a log lies on the disk and nothing of what is in it: closes one whose writer is gone,
// compresses a closed one anew.
//
// The log is written beside itself (logs/<n>.rewriting), read back and compared, sealed, and then
// takes the old one's place in one exchange of the two directories. Whatever ends the work before
// that leaves the log as it was; after that it is done. What stays behind when the process is
// killed is read by nobody and goes with the next rewrite of that log. Readers of the old files go
// on with them. It needs as much room on the disk as the log takes.
#pragma once

#include <cstdint>
#include <functional>

#include "backstep/base/status.h"
#include "backstep/store/recording.h"

namespace backstep::store {

struct Rewritten {
  uint64_t bytes_before = 0, bytes_after = 0;  // of all files of the log
  bool replaced = false;                       // false: the old files stayed, they are no larger
};

// `progress(done, total)` in bytes of keys and values; may be empty; returning false cancels
// (Cancelled), and the log is as it was.
using RewriteProgress = std::function<bool(uint64_t, uint64_t)>;

// Closes a log whose writer is gone. Without an end record it gets one that says so: the outcome
// that its steps had set, if any, and the end of its last step.
// Unavailable: it is being written. InvalidArgument: it is sealed already. Incomplete: it holds
// nothing. Io: cannot be written; path and reason. Corruption: it cannot be read whole.
Result<Rewritten> SealLog(const Recording& recording, LogId log, const RewriteProgress& progress);

// Compresses a sealed log tightly, into few files; one that is as small already stays.
// InvalidArgument: it is not sealed. Unavailable: another process rewrites it. Io, Corruption: as
// above.
Result<Rewritten> CompactLog(const Recording& recording, LogId log,
                             const RewriteProgress& progress);

}  // namespace backstep::store
