#include "backstep/tests/bench/suite/baselines/zstd_floor.h"

#include <zstd.h>

#include <utility>

#include "backstep/tests/bench/measure.h"

namespace backstep::bench {
namespace {

constexpr int kLevel = 3;

}  // namespace

Floor::Floor() : context_(ZSTD_createCCtx()), out_(ZSTD_CStreamOutSize(), '\0') {
  ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, kLevel);
}

Floor::Floor(Floor&& other) noexcept
    : context_(std::exchange(other.context_, nullptr)), out_(std::move(other.out_)),
      bytes_(other.bytes_), size_(other.size_) {}

Floor::~Floor() { ZSTD_freeCCtx(context_); }

void Floor::Add(const std::string& bytes) {
  bytes_ += bytes.size();
  Run(bytes, false);
}

uint64_t Floor::Finish() {
  Run("", true);
  return size_;
}

void Floor::Run(const std::string& bytes, bool end) {
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  size_t left = 1;
  while (in.pos < in.size || (end && left != 0)) {
    ZSTD_outBuffer out{out_.data(), out_.size(), 0};
    left = ZSTD_compressStream2(context_, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(left)) Fail(ZSTD_getErrorName(left));
    size_ += out.pos;
  }
}

namespace {

std::string Frame(const std::string& bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), kLevel);
  if (ZSTD_isError(size)) Fail(ZSTD_getErrorName(size));
  out.resize(size);
  return out;
}

}  // namespace

uint64_t Compressed(const std::string& bytes) { return Frame(bytes).size(); }

double DecompressingNs(const std::string& bytes) {
  const std::string frame = Frame(bytes);
  std::string out(bytes.size(), '\0');
  const double begin = WallNs();
  const size_t size = ZSTD_decompress(out.data(), out.size(), frame.data(), frame.size());
  const double taken = WallNs() - begin;
  if (size != bytes.size() || out != bytes) Fail("zstd gives other bytes back");
  return taken;
}

}  // namespace backstep::bench
