// Lists of numbers as bytes, in the smaller of two forms: as planes, which is good for what
// repeats, or as widths and bits, which is good for what is spread. Private to store/index.
//
//   list   varint count, one byte form
//   form   0 to 8: so many planes: the numbers' lowest bytes together, then the next ones, ...
//          9: a plane of widths: of each number its lowest bit, which is the sign of a ZigZag, and
//          twice the place of its highest bit above that, from 1 on, 0: none; then what lies
//          between these two bits, of all numbers, low bits first, to the end of a byte
//   plane  varint size; 0: all its bytes are the one that follows; count: stored as it is; else a
//          zstd frame of that size
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backstep/store/state/varint.h"

namespace backstep::store {

// One thread.
class PlaneWriter {
 public:
  PlaneWriter();
  ~PlaneWriter();
  void Put(const std::vector<uint64_t>& numbers, std::string* out);

 private:
  struct Context;
  void PutPlane(std::string* out);
  void PutPlanes(const std::vector<uint64_t>& numbers, size_t planes, std::string* out);
  void PutBits(const std::vector<uint64_t>& numbers, std::string* out);
  std::unique_ptr<Context> context_;
};

// One thread. What it reads is not trusted.
class PlaneReader {
 public:
  PlaneReader();
  ~PlaneReader();
  // False: the bytes are no such list, or one of more than `count_max` numbers.
  bool Take(ByteReader* in, size_t count_max, std::vector<uint64_t>* numbers);

 private:
  struct Context;
  bool TakePlane(ByteReader* in, size_t count);
  bool TakeBits(ByteReader* in, std::vector<uint64_t>* numbers);
  std::unique_ptr<Context> context_;
};

}  // namespace backstep::store
