// The contract between the import and the formats it reads. One importer a folder; each is made
// anew for an import, given every file of its format, then asked to finish.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/recorder/adapters/core/draft.h"

namespace backstep::adapters {

class ExactLog;
class Source;

// One line of `backstep import --list-formats`.
struct FormatInfo {
  std::string name;    // what --format takes: "otlp", "who_when", …
  std::string title;   // "OpenTelemetry traces (OTLP JSON and protobuf)"
  std::string brings;  // what of a run it holds
  std::string lacks;   // what it cannot tell
};

// The beginning of an unpacked file, for detection.
struct Head {
  std::string_view bytes;      // at most 64 KiB
  bool whole = false;          // the file ends here
  std::string_view file_name;  // without folder and without .gz / .zst; a hint only
};

// Where something was read.
struct Place {
  std::string file;
  uint64_t line = 0;    // from 1; 0: not a text of lines
  uint64_t offset = 0;  // bytes, of the unpacked file; used where `line` is 0
};

// "traces.jsonl:12", "trace.pb at byte 512", or the file alone.
std::string FormatPlace(const Place& place);

// What an importer hands its finds to. One thread.
class Sink {
 public:
  virtual ~Sink() = default;
  // Puts a body aside. Never fails: the first failure of the disk sticks and ends the import.
  virtual KeptBody Keep(std::string_view bytes, Media media) = 0;
  // Reads one back.
  virtual Result<std::string> Read(const KeptBody& body) = 0;
  // Orders and writes a run; it is in the recording when this returns. One in which nothing happens
  // (no agent, step, message, call or event) is none: it is left out and told. InvalidArgument: the
  // draft contradicts itself (a bug of the importer); Io, Cancelled: the import is to end.
  virtual Status Session(SessionDraft draft) = 0;
  // Begins a log that is written as it was. Errors as of Session. Unavailable: this sink takes runs
  // only.
  virtual Result<std::unique_ptr<ExactLog>> OpenLog(LogHeader header);
  // What was read of the file at hand becomes part of a run that is handed over later. A file of
  // which neither this is said nor a run or log comes is refused: there is no run in it.
  virtual void Holds() {}
  // A record of the source that was not understood and left out, or what had to be changed in one:
  // a line a record at most. Kept up to a bound, counted always.
  virtual void Skip(const Place& place, const std::string& reason) = 0;
  // Files of labels, for the formats that know them.
  virtual const std::vector<std::string>& label_files() const = 0;
  // The label of that number (from 0) in a label file has landed on a run, or was told to fit none:
  // those of which neither is said are told at the end.
  virtual void LabelUsed(const std::string& file, size_t number) { (void)file, (void)number; }
  virtual void LabelTold(const std::string& file, size_t number) { (void)file, (void)number; }
};

// Corruption: a file of that format without a run in it.
Status NoRunIn(const std::string& path, const std::string& format);

class Importer {
 public:
  virtual ~Importer() = default;
  virtual const FormatInfo& info() const = 0;
  // How sure the content alone makes it: 0 not at all, 100 certain. The name of the file is worth
  // nothing by itself.
  virtual int Detect(const Head& head) const = 0;
  // Reads one file. What it does not understand it hands to Skip and goes on where it can; a status
  // ends the import: Corruption (file, place and reason) where nothing more can be read.
  virtual Status Read(Source& source, Sink& sink) = 0;
  // After the last file: hands over what had to wait for the others.
  virtual Status Finish(Sink& sink) {
    (void)sink;
    return {};
  }
};

// Every format, in the order of `--list-formats`.
std::vector<std::unique_ptr<Importer>> AllImporters();

}  // namespace backstep::adapters
