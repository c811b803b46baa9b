// A change of bytes: what a program can hand to Commit instead of its whole state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backstep/base/status.h"

namespace backstep {

// Splices against a base, in ascending order of `offset`, not overlapping. Offsets count bytes of
// the base. An append is a splice at the base's end. Value; copies.
struct StateEdit {
  struct Splice {
    uint64_t offset = 0;   // in the base
    uint64_t remove = 0;   // bytes of the base left out
    std::string insert;
  };
  std::vector<Splice> splices;

  static StateEdit Append(uint64_t base_size, std::string bytes) {
    return {{{base_size, 0, std::move(bytes)}}};
  }

  // The edited bytes. InvalidArgument: a splice lies outside `base`, overlaps or is out of order.
  Result<std::string> Apply(std::string_view base) const;
  // Bytes begin..end of what Apply makes of `base`, where the edit fits; less at its end. They take
  // the place of `out`.
  void Part(std::string_view base, uint64_t begin, uint64_t end, std::string* out) const;
  // The size of what Apply makes of `base_size` bytes; the same errors.
  Result<uint64_t> ResultSize(uint64_t base_size) const;
};

}  // namespace backstep
