// The SQLite index `index.sqlite` of a recording: derived from the logs, rebuilt at any time.
// Its schema is public: docs/index.md. The log is the truth.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/store/recording.h"

namespace backstep::store {

class Line;

// Brings the index up to the logs. Holds the recording's index lock for its life: one writer at a
// time. One thread.
class IndexWriter {
 public:
  // Unavailable: another process holds the lock (nothing is wrong; it indexes for you).
  // A schema of another version, or a damaged file, is dropped and rebuilt: see rebuilt().
  static Result<std::unique_ptr<IndexWriter>> Open(const std::string& recording_path);
  ~IndexWriter();

  // Indexes what lies after this log's watermark. One transaction a call, watermark included;
  // at most `steps_max` steps, so that a caller can interleave. Returns the steps indexed.
  Result<uint64_t> CatchUp(Line& line, uint64_t steps_max = 65536);
  // Drops rows of logs that are gone.
  Status Prune(const Recording& recording);
  // Drops every derived row; annotations stay.
  Status Clear();
  // Why an index that was there had to be dropped, by Open or since; empty: it was not. Its
  // annotations are kept as far as they could be read. Every log is to be indexed again.
  const std::string& rebuilt() const;

 private:
  struct Impl;
  explicit IndexWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Drops and rebuilds the whole index. Returns the steps indexed.
Result<uint64_t> Reindex(const Recording& recording,
                         const std::function<bool(uint64_t, uint64_t)>& progress);

// Rows per table and watermarks against the logs; one line per difference, empty when they agree.
// An index that lies behind its log is not a difference, nor is a recording without an index.
// Creates and changes no file in the recording. `progress(done, total)` in steps, between parts of
// the work; may be empty; returning false cancels (Cancelled).
Result<std::vector<std::string>> CompareIndex(
    const Recording& recording, const std::function<bool(uint64_t, uint64_t)>& progress = {});

}  // namespace backstep::store
