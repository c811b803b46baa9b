// Reads runs that other tools wrote into a recording. In a library of its own: no program that is
// recorded links it. docs/import.md has the formats and their mappings.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backstep/base/ids.h"
#include "backstep/base/status.h"
#include "backstep/schemas/call.h"
#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

struct ImportOptions {
  std::vector<std::string> files;
  std::string recording;      // its directory; must not exist yet unless `append`
  bool append = false;        // add sessions to the recording, if it is there
  std::string format{};       // empty: told by the content, file by file
  std::vector<std::string> labels{};
  bool keep_partial = false;  // go on with what there is when a file fails (ImportSummary::failed)
  std::vector<std::string> redact{};  // as SessionOptions::redact
  // Called now and then with bytes read and bytes there are; false: cancel.
  std::function<bool(uint64_t done, uint64_t total)> progress{};
};

struct SkippedRecord {
  Place place;
  std::string reason;
};

struct ImportSummary {
  struct File {
    std::string path, format;
    uint64_t bytes = 0;  // unpacked
  };
  std::vector<File> files;
  uint64_t sessions = 0, branches = 0, agents = 0, segments = 0, steps = 0, messages = 0,
           llm_calls = 0, tool_calls = 0, events = 0, annotations = 0, errors = 0;
  // Labels in the files of `labels` (each of them of one run), and those that landed on a run.
  uint64_t labels = 0, labels_landed = 0;
  Usage usage{};                        // of model calls, each counted once
  std::vector<SkippedRecord> skipped;   // the first 1,000
  uint64_t skipped_count = 0;
  uint64_t links_dropped = 0;  // messages or parents that would have made a circle of causes
  Status failed;  // keep_partial: the first failure; what is counted here came in all the same
};

// What is wrong with the options as such, before any file is read; Import begins with it.
// InvalidArgument: no file or no recording is named, a format nobody knows (names the nearest), a
// recording that exists and is not to be added to; what to type instead.
Status CheckImport(const ImportOptions& options);

// The recording is there when this returns, forced to the disk, or it is not there at all; one to
// which runs are added gets all of them then. Blocks; uses a thread of its own beside the caller's.
//
// NotFound, Io: a file, with path. InvalidArgument: what CheckImport says, a file of no known
// format, or a file of labels without any. Corruption: a file broken beyond reading on, or no run
// in any. Unavailable: too little memory, or another has the same recording in work. Cancelled: by
// `progress`. Internal: a library gave up.
Result<ImportSummary> Import(const ImportOptions& options);
// The same with other formats than all there are.
Result<ImportSummary> ImportWith(const ImportOptions& options,
                                 std::vector<std::unique_ptr<Importer>> importers);

}  // namespace backstep::adapters
