// Where bodies wait while an import reads: a temporary file that no one else can open and that is
// gone with the process, however that ends.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "backstep/base/status.h"
#include "backstep/recorder/adapters/core/draft.h"

namespace backstep::adapters {

// One thread.
class BodyFile {
 public:
  // In `folder`, which exists. Io: with path and reason.
  static Result<std::unique_ptr<BodyFile>> Create(const std::string& folder);
  ~BodyFile();
  BodyFile(const BodyFile&) = delete;
  BodyFile& operator=(const BodyFile&) = delete;

  // Never fails by itself: the first failure of the disk sticks in status(), and what is kept after
  // it is not there.
  KeptBody Keep(std::string_view bytes, Media media);
  // InvalidArgument: no body of this file. Io: the disk.
  Result<std::string> Read(const KeptBody& body) const;
  const Status& status() const { return status_; }
  uint64_t size() const { return written_ + waiting_.size(); }  // bytes

 private:
  BodyFile(int fd, std::string folder);
  void WriteOut();

  const int fd_;
  const std::string folder_;
  std::string waiting_;   // not written yet
  uint64_t written_ = 0;
  Status status_;
};

}  // namespace backstep::adapters
