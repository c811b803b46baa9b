// One file of the text index: `text/<log>.steps` or `text/<log>.outside`. Private header of
// store/search.
//
//   0   magic    8 bytes, "bkstext1": the layout, and what counts as a word
//   8   log      uint32, little endian as all numbers here
//   12  stream   uint32, 0 steps, 1 outside
//   16  header   16 bytes, the XXH3-128 of the log's header: tells it from another of its number
//   32  check    uint64, low bits of the XXH3-128 of the 32 bytes before
//   40  segments, one behind the other (segment.h), each covering the numbers behind those before
//
// Its writer locks the file (fcntl F_OFD_SETLK) and only ever adds segments, the header of each
// last; what lies behind the last whole one was never finished. Readers take no lock: what they
// read is covered by checks. A file that is damaged is begun anew.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/store/line.h"
#include "backstep/store/search.h"
#include "backstep/store/search/sayings.h"
#include "backstep/store/search/segment.h"

namespace backstep::store {

inline constexpr char kTextIndexName[] = "text";

// One thread, the line's; the line is not owned.
class TextFile {
 public:
  TextFile(const std::string& recording, Line* line, Stream stream);
  ~TextFile();
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;

  // Looks what is there now. What cannot be used is as if it were not there.
  void Load();

  // Everything said under numbers up to this one is covered; StreamStart: nothing is.
  uint64_t covered() const;
  std::vector<SegmentReader>& segments() { return segments_; }
  uint64_t text_bytes() const;

  // Covers the numbers up to `last`, as far as the log can be read. `extended` is called with the
  // newest number now and then; false cancels (Cancelled): what was read until then stays covered.
  // Unavailable: another process is at it. Io: it cannot be written, with path and reason; what is
  // there stays good.
  Status Extend(uint64_t last, const std::function<bool(uint64_t)>& extended);
  // It was found damaged: is not read again, and begun anew by the next Extend.
  void Distrust();

 private:
  class Bytes;
  std::string Header() const;
  // Reads the segments of what is open.
  void LoadSegments();
  Status OpenToWrite();
  Status PrepareToWrite();
  Status Append(const std::string& segment);
  Status AddNumbers(uint64_t last, const std::function<bool(uint64_t)>& extended);

  const std::string recording_, path_;
  Line& line_;
  const Stream stream_;
  std::unique_ptr<Bytes> bytes_;
  std::vector<SegmentReader> segments_;
  bool distrusted_ = false;
};

// The bytes of what was said, where they hold words: nullopt where not. Incomplete, Corruption:
// they were dropped, or cannot be read.
Result<std::optional<Body>> ReadWords(Line& line, const BodyRef& ref);

// Removes what is there of a log that is gone. Best effort.
void RemoveTextOf(const std::string& recording, LogId log);

}  // namespace backstep::store
