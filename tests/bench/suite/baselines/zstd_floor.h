// What compression alone makes of bytes.
#pragma once

#include <cstdint>
#include <string>

struct ZSTD_CCtx_s;

namespace backstep::bench {

// One zstd-3 stream of all that was new: no store of single steps can be much smaller.
class Floor {
 public:
  Floor();
  ~Floor();
  Floor(Floor&& other) noexcept;
  Floor& operator=(Floor&&) = delete;
  void Add(const std::string& bytes);
  // Ends the stream; its size.
  uint64_t Finish();
  uint64_t size() const { return size_; }    // so far
  uint64_t bytes() const { return bytes_; }  // that were added

 private:
  void Run(const std::string& bytes, bool end);
  ZSTD_CCtx_s* context_;
  std::string out_;
  uint64_t bytes_ = 0, size_ = 0;
};

// The size of one zstd-3 frame of the bytes.
uint64_t Compressed(const std::string& bytes);
// How long that frame takes to be decompressed, into memory that was written before.
double DecompressingNs(const std::string& bytes);

}  // namespace backstep::bench
