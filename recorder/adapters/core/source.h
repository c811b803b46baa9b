// One file of an import as a stream of unpacked bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "backstep/base/status.h"

namespace backstep::adapters {

// What is looked at to tell a format.
inline constexpr size_t kPeekBytes = 512u << 10;

struct SourceLimits {
  uint64_t unpacked_max = 64ull << 30;  // bytes
  // A packed file may grow by this much; beyond it, and beyond 64 MiB, it is taken for a bomb.
  uint64_t growth_max = 1100;
  size_t line_max = 256u << 20;         // bytes of one line, and of ReadAll
};

// Reads a plain, gzip (several members too) or zstd file, by its content and not by its name.
// One thread. Errors name file, offset in the unpacked bytes and reason.
class Source {
 public:
  // NotFound, Io: with path and reason. InvalidArgument: a directory.
  static Result<std::unique_ptr<Source>> Open(const std::string& path,
                                              const SourceLimits& limits = {});
  // Bytes that are in memory, packed or not, as a file of that name.
  static std::unique_ptr<Source> OfBytes(const std::string& name, std::string bytes,
                                         const SourceLimits& limits = {});
  virtual ~Source() = default;

  virtual const std::string& path() const = 0;
  // Path without .gz / .zst and without folders.
  virtual std::string name() const = 0;
  // The next bytes, at most kPeekBytes of them, without taking them; fewer: there are no more.
  virtual Result<std::string_view> Peek() = 0;
  // Takes `size` bytes into `out`, fewer only before the end or a failure; 0: the end.
  virtual Result<size_t> Read(char* out, size_t size) = 0;
  // The next line without its end ("\n" or "\r\n"); false: the end. Valid until the next call.
  virtual Result<bool> ReadLine(std::string_view* line) = 0;
  // All that is left. InvalidArgument: more than line_max.
  virtual Result<std::string> ReadAll() = 0;
  virtual uint64_t offset() const = 0;       // bytes taken, unpacked
  virtual uint64_t line() const = 0;         // lines taken by ReadLine
  virtual uint64_t packed_offset() const = 0;  // bytes of the file on disk used, for progress
  virtual uint64_t packed_size() const = 0;
};

}  // namespace backstep::adapters
