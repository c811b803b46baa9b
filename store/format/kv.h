// The ordered key-value store a log is made of, as an interface: store/log/ implements it on
// RocksDB, store/state/ and the readers use it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "backstep/base/status.h"

namespace backstep::store {

// Walks keys in byte order. One thread. After a call that returns an error the cursor is invalid.
class KvCursor {
 public:
  virtual ~KvCursor() = default;
  virtual void Seek(std::string_view key) = 0;         // first key >= key
  virtual void SeekForPrev(std::string_view key) = 0;  // last key <= key
  virtual void Next() = 0;
  virtual void Prev() = 0;
  virtual bool Valid() const = 0;
  virtual std::string_view key() const = 0;    // valid until the cursor moves
  virtual std::string_view value() const = 0;  // valid until the cursor moves
  virtual Status status() const = 0;           // Corruption or Io behind an invalid cursor
};

// Thread-safe reads of one log.
class KvReader {
 public:
  virtual ~KvReader() = default;
  virtual Result<std::optional<std::string>> Get(std::string_view key) const = 0;
  virtual std::unique_ptr<KvCursor> NewCursor() const = 0;
  // For a caller that checks the bytes by a hash of its own: the store does not do so before.
  virtual std::unique_ptr<KvCursor> NewUncheckedCursor() const { return NewCursor(); }
  // For one walk through much of the log, which would only push from memory what others read.
  virtual std::unique_ptr<KvCursor> NewScanCursor() const { return NewCursor(); }
  // Whether this will never show anything else, and cursors may be kept for as long as it is there.
  virtual bool Fixed() const { return false; }
};

// Gathers writes that become visible together. One thread.
class KvBatch {
 public:
  virtual ~KvBatch() = default;
  virtual void Put(std::string_view key, std::string_view value) = 0;
  virtual void Delete(std::string_view key) = 0;
};

}  // namespace backstep::store
