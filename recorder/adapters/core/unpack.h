// Unpacks gzip and zstd, as a stream and at once. Nothing of zlib or zstd is seen outside.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "backstep/base/status.h"

namespace backstep::adapters {

enum class Packing : uint8_t {
  kNone,
  kGzip,     // one member or several
  kZstd,     // one frame or several
  kDeflate,  // bare, as in a zip file
};

// By the first bytes: never kDeflate.
Packing PackingOf(std::string_view bytes);

// A stream of bytes. One thread.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Takes up to `size` bytes into `out`; 0: the end. Io, Corruption: without a name of the file.
  virtual Result<size_t> Read(char* out, size_t size) = 0;
};

// What `packed` holds. A failure comes once what is before it has been read. Corruption: broken or
// cut off.
std::unique_ptr<ByteStream> MakeUnpacker(Packing packing, std::unique_ptr<ByteStream> packed);

// The whole of it. InvalidArgument: more than `size_max` bytes. Corruption: broken or cut off.
Result<std::string> Unpacked(Packing packing, std::string_view packed, size_t size_max);

// Bytes in memory as a stream; they outlive it.
std::unique_ptr<ByteStream> StreamOf(std::string_view bytes);

}  // namespace backstep::adapters
