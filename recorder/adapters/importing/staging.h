// Where an import is written until it is whole.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backstep/base/ids.h"
#include "backstep/base/status.h"
#include "backstep/store/recording.h"

namespace backstep::adapters {

// A recording of its own beside the one that is to be made or added to (RECORDING.importing-PID),
// and on the same file system. What a killed import leaves there is removed by the next import of
// that name. One thread.
class Staging {
 public:
  // `append`: to the recording, or empty directory, that is there. Errors are those of
  // Recording::Create and Open; InvalidArgument: it is a file system of its own. Unavailable: an
  // import of this process has it.
  static Result<std::unique_ptr<Staging>> Begin(const std::string& recording, bool append);
  // Removes what was not published.
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  store::Recording* recording() { return staged_.get(); }
  // Adding to a recording that is there, in which the logs are to be indexed.
  bool appends() const { return target_ != nullptr; }
  // The number for the next log; free in both recordings.
  Result<LogId> NextNumber();

  // Forces everything to the disk, then gives it its name; from then on it is there, whole. Nothing
  // may be written into it any more. InvalidArgument, Unavailable: another took the name or a
  // number meanwhile. Io: path and reason.
  Status Publish();

 private:
  Staging(std::string path, int lock, std::string recording);
  Status PublishNew();
  Status PublishInto();

  const std::string path_;
  const int lock_;  // held on the directory
  const std::string recording_;
  std::unique_ptr<store::Recording> staged_;
  std::unique_ptr<store::Recording> target_;  // to which is added
  std::vector<LogId> numbers_;
};

}  // namespace backstep::adapters
