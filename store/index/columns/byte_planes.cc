#include "backstep/store/index/columns/byte_planes.h"

#include <algorithm>
#include <bit>

#include <zstd.h>

namespace backstep::store {
namespace {

constexpr int kLevel = 3;
constexpr uint8_t kWidthsForm = sizeof(uint64_t) + 1;

size_t PlanesOf(const std::vector<uint64_t>& numbers) {
  uint64_t any = 0;
  for (const uint64_t number : numbers) any |= number;
  return static_cast<size_t>(std::bit_width(any) + 7) / 8;
}

}  // namespace

struct PlaneWriter::Context {
  ~Context() { ZSTD_freeCCtx(zstd); }
  ZSTD_CCtx* zstd = ZSTD_createCCtx();
  std::string plane, packed, bytes, bits;
};

PlaneWriter::PlaneWriter() : context_(std::make_unique<Context>()) {}
PlaneWriter::~PlaneWriter() = default;

void PlaneWriter::PutPlane(std::string* out) {
  const std::string& plane = context_->plane;
  std::string& packed = context_->packed;
  if (plane.find_first_not_of(plane[0]) == std::string::npos) {
    PutVarint(out, 0);
    out->push_back(plane[0]);
    return;
  }
  packed.resize(ZSTD_compressBound(plane.size()));
  const size_t size = ZSTD_compressCCtx(context_->zstd, packed.data(), packed.size(), plane.data(),
                                        plane.size(), kLevel);
  const bool smaller = ZSTD_isError(size) == 0 && size < plane.size();
  PutVarint(out, smaller ? size : plane.size());
  out->append(smaller ? packed.data() : plane.data(), smaller ? size : plane.size());
}

void PlaneWriter::PutPlanes(const std::vector<uint64_t>& numbers, size_t planes, std::string* out) {
  out->push_back(static_cast<char>(planes));
  context_->plane.resize(numbers.size());
  for (size_t p = 0; p < planes; ++p) {
    for (size_t i = 0; i < numbers.size(); ++i) {
      context_->plane[i] = static_cast<char>(numbers[i] >> (8 * p));
    }
    PutPlane(out);
  }
}

void PlaneWriter::PutBits(const std::vector<uint64_t>& numbers, std::string* out) {
  out->push_back(static_cast<char>(kWidthsForm));
  context_->plane.resize(numbers.size());
  for (size_t i = 0; i < numbers.size(); ++i) {
    const int width = std::bit_width(numbers[i] >> 1);
    context_->plane[i] = static_cast<char>(2 * width + static_cast<int>(numbers[i] & 1));
  }
  PutPlane(out);
  uint64_t waiting = 0;   // bits that fill no byte yet
  int count = 0;
  for (const uint64_t number : numbers) {
    uint64_t bits = number >> 1;
    int left = std::bit_width(bits) - 1;
    while (left > 0) {
      const int some = std::min(left, 32);
      waiting |= (bits & ((uint64_t{1} << some) - 1)) << count;
      count += some;
      for (; count >= 8; count -= 8, waiting >>= 8) out->push_back(static_cast<char>(waiting));
      bits >>= some;
      left -= some;
    }
  }
  if (count > 0) out->push_back(static_cast<char>(waiting));
}

void PlaneWriter::Put(const std::vector<uint64_t>& numbers, std::string* out) {
  const size_t planes = PlanesOf(numbers);
  PutVarint(out, numbers.size());
  std::string& bits = context_->bits;
  std::string& bytes = context_->bytes;
  bytes.clear();
  PutPlanes(numbers, planes, &bytes);
  bits.clear();
  // Not worth a try where the planes are next to nothing.
  if (bytes.size() * 8 > numbers.size()) PutBits(numbers, &bits);
  out->append(!bits.empty() && bits.size() < bytes.size() ? bits : bytes);
}

struct PlaneReader::Context {
  ~Context() { ZSTD_freeDCtx(zstd); }
  ZSTD_DCtx* zstd = ZSTD_createDCtx();
  std::string plane;
};

PlaneReader::PlaneReader() : context_(std::make_unique<Context>()) {}
PlaneReader::~PlaneReader() = default;

bool PlaneReader::TakePlane(ByteReader* in, size_t count) {
  std::string& plane = context_->plane;
  uint64_t size = 0;
  if (!in->Varint(&size)) return false;
  if (size == 0) {
    uint8_t byte = 0;
    if (!in->Byte(&byte)) return false;
    plane.assign(count, static_cast<char>(byte));
    return true;
  }
  std::string_view bytes;
  if (size > count || !in->Bytes(size, &bytes)) return false;
  plane.resize(count);
  if (size == count) {
    std::copy(bytes.begin(), bytes.end(), plane.begin());
    return true;
  }
  return ZSTD_decompressDCtx(context_->zstd, plane.data(), count, bytes.data(), bytes.size()) ==
         count;
}

bool PlaneReader::TakeBits(ByteReader* in, std::vector<uint64_t>* numbers) {
  if (!TakePlane(in, numbers->size())) return false;
  uint64_t total = 0;
  for (const char byte : context_->plane) {
    const uint8_t width = static_cast<uint8_t>(byte) >> 1;
    if (width > 63) return false;
    total += width > 1 ? width - 1 : 0;
  }
  std::string_view bytes;
  if (!in->Bytes((total + 7) / 8, &bytes)) return false;
  uint64_t waiting = 0;
  int count = 0;
  size_t at = 0;
  for (size_t i = 0; i < numbers->size(); ++i) {
    const int width = static_cast<uint8_t>(context_->plane[i]) >> 1;
    uint64_t number = width == 0 ? 0 : uint64_t{1} << (width - 1);
    for (int done = 0; done < width - 1;) {
      const int some = std::min(width - 1 - done, 32);
      for (; count < some; count += 8) {
        waiting |= uint64_t{static_cast<uint8_t>(bytes[at++])} << count;
      }
      number |= (waiting & ((uint64_t{1} << some) - 1)) << done;
      waiting >>= some;
      count -= some;
      done += some;
    }
    (*numbers)[i] = number << 1 | (static_cast<uint8_t>(context_->plane[i]) & 1);
  }
  return true;
}

bool PlaneReader::Take(ByteReader* in, size_t count_max, std::vector<uint64_t>* numbers) {
  uint64_t count = 0;
  uint8_t form = 0;
  if (!in->Varint(&count) || count > count_max || !in->Byte(&form)) return false;
  numbers->assign(count, 0);
  if (form == kWidthsForm) return TakeBits(in, numbers);
  if (form > kWidthsForm || (count == 0 && form > 0)) return false;
  for (unsigned p = 0; p < form; ++p) {
    if (!TakePlane(in, count)) return false;
    for (size_t i = 0; i < count; ++i) {
      (*numbers)[i] |= uint64_t{static_cast<uint8_t>(context_->plane[i])} << (8 * p);
    }
  }
  return true;
}

}  // namespace backstep::store
