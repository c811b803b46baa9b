// What a recording's bytes on the disk are for.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/schemas/records.h"
#include "backstep/store/recording.h"

namespace backstep::store {

// What is kept of a run.
enum class SizeKind {
  kStates,    // versions of states: their own bytes, operations, piece tables
  kRequests,  // of calls, in the same encoding
  kAnswers,   // of calls
  kMessages,  // bodies of messages
  kRecords,   // steps, calls, messages and the rest around the bytes, and the keys that find them
};
inline constexpr size_t kSizeKinds = 5;
const char* SizeKindName(SizeKind kind);  // "states", ...

struct KindBytes {
  uint64_t stored = 0;   // on the disk, compressed
  uint64_t content = 0;  // of keys and values, as written
};

struct AgentSizes {
  AgentId agent;
  std::string name;
  KindBytes kinds[kSizeKinds];
};

struct LogSizes {
  LogId log;
  uint64_t disk = 0;     // all files of the log: what is stored by agent, by kind, and `other`
  uint64_t other = 0;    // beside the data: manifest of the database, seal, locks, what was seen
  uint64_t logged = 0;   // of what is stored: in write-ahead logs still, not compressed
  std::vector<AgentSizes> agents;       // by id, of those that have anything in this log
  KindBytes unowned;     // records of no agent: header, segments, events, checkpoints, steps' order
  Status error;          // cannot be read: `disk` alone means something
};

struct RecordingSizes {
  uint64_t disk = 0;       // all of it: the logs, the index, and `other`
  uint64_t index = 0;      // index.sqlite, what SQLite keeps beside it, and the text index
  uint64_t other = 0;      // manifest, locks, and what a killed rewrite or somebody else left here
  std::vector<LogSizes> logs;  // by id
};

// Reads every key. How the compressed bytes are shared out is exact to a block of 64 KiB; the sums
// are exact. A body that several refer to counts once, for the first of: message, answer, request,
// state. `progress(done, total)` in bytes; may be empty; returning false cancels (Cancelled).
// A recording that is being written is measured as far as it is now.
Result<RecordingSizes> MeasureSizes(const Recording& recording,
                                    const std::function<bool(uint64_t, uint64_t)>& progress);

}  // namespace backstep::store
