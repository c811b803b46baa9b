// What was said, with the texts that a segment does not have yet, read while those before are
// indexed. Private header of store/search.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/base/status.h"
#include "backstep/schemas/records.h"
#include "backstep/store/line.h"
#include "backstep/store/search/sayings.h"
#include "backstep/store/search/segment.h"

namespace backstep::store {

struct TextBatch {
  struct Said {
    enum class Kind { kKnown, kText, kNoWords, kUnread };
    Kind kind = Kind::kKnown;
    Hash128 document;
    uint64_t number = 0, place = 0;
    BodyRef ref;        // of kKnown: said before
    std::string bytes;  // of kText
    bool escapes = false;
  };
  std::vector<Said> said;
  uint64_t last = 0;  // all up to this number is in it, or was in one before
};

// Adds what was said, in order; the builder knows the documents of the batches before.
void AddBatch(const TextBatch& batch, SegmentBuilder* builder);

// Reads batches of what was said under the numbers from..last. One thread, the line's; the line is
// not owned.
class TextBatches {
 public:
  TextBatches(Line* line, Stream stream, uint64_t from, uint64_t last);

  // The next ones. What the log cannot give ends the batch, and is the error.
  Status Next(TextBatch* batch);
  // `batch`, the newest, is the first of a segment: it gets the texts too that batches before had.
  Status BeginSegment(TextBatch* batch);

 private:
  Status Read(const BodyRef& ref, TextBatch::Said* said);

  Line& line_;
  const uint64_t last_;
  uint64_t newest_;
  SayingScan scan_;
  std::unordered_set<Hash128> known_;  // of the segment
  uint64_t bytes_ = 0;                 // of the batch
};

}  // namespace backstep::store
