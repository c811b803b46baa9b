// The newest version of a byte string, kept to encode the next one against.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backstep/store/state/diff/diff.h"

namespace backstep::store {

// Changes cost what changes where they lie near either end: what is dropped in front leaves room
// there, so that a window that slides moves nothing. One thread.
class NewestBytes {
 public:
  std::string_view view() const { return std::string_view(bytes_).substr(begin_); }
  size_t size() const { return bytes_.size() - begin_; }
  size_t RetainedBytes() const { return bytes_.capacity(); }

  void Assign(std::string bytes);
  // Puts `insert` in the place of `remove` bytes at `offset`, which lie within. `insert` is none of
  // its own bytes.
  void Splice(uint64_t offset, uint64_t remove, std::string_view insert);
  // Makes it equal `bytes`, which `hunks` made of it. `bytes` are none of its own.
  void Patch(std::string_view bytes, const std::vector<Hunk>& hunks);

 private:
  void DropFront(size_t count);

  std::string bytes_;
  size_t begin_ = 0;  // bytes before it are room
};

}  // namespace backstep::store
