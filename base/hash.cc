#include "backstep/base/hash.h"

#include <algorithm>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "backstep/base/wide_hash.h"

namespace backstep {
namespace {

// Less is not worth a state of its own.
constexpr size_t kFrontMin = 1024;
// A state is 576 bytes: under 1 % of a text.
constexpr size_t kMarkStride = 64 << 10;

#if defined(BACKSTEP_WIDE_HASH)
// Of shorter texts the call costs more than wider registers save.
constexpr size_t kWideMin = 1024;

bool HasWide() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}
#endif

void Update(XXH3_state_t* state, std::string_view bytes) {
#if defined(BACKSTEP_WIDE_HASH)
  if (HasWide()) return UpdateWide(state, bytes.data(), bytes.size());
#endif
  XXH3_128bits_update(state, bytes.data(), bytes.size());
}

}  // namespace

std::string Hash128::ToHex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out(32, '0');
  for (int i = 0; i < 16; ++i) {
    out[15 - i] = kDigits[(high >> (4 * i)) & 15];
    out[31 - i] = kDigits[(low >> (4 * i)) & 15];
  }
  return out;
}

Hash128 HashBytes(std::string_view bytes) {
#if defined(BACKSTEP_WIDE_HASH)
  if (bytes.size() >= kWideMin && HasWide()) {
    Hash128 wide;
    HashWide(bytes.data(), bytes.size(), &wide.high, &wide.low);
    return wide;
  }
#endif
  const XXH128_hash_t h = XXH3_128bits(bytes.data(), bytes.size());
  return {h.high64, h.low64};
}

// Of a text's front, and the working copy that takes in the rest.
struct PrefixHash::States {
  XXH3_state_t front, whole;
  size_t taken = 0;  // bytes that `front` has taken in
  // What `front` was at each multiple of the stride, so that a text that gets shorter, as one does
  // whose steps are gone back, is not read from its start.
  std::vector<XXH3_state_t> marks;

  void GoBackTo(size_t size);
  void TakeTo(std::string_view bytes, size_t size);
};

void PrefixHash::States::GoBackTo(size_t size) {
  marks.resize(std::min(marks.size(), size / kMarkStride));
  taken = marks.size() * kMarkStride;
  if (marks.empty()) {
    XXH3_128bits_reset(&front);
  } else {
    front = marks.back();
  }
}

void PrefixHash::States::TakeTo(std::string_view bytes, size_t size) {
  for (size_t mark; (mark = (marks.size() + 1) * kMarkStride) <= size;) {
    Update(&front, bytes.substr(taken, mark - taken));
    marks.push_back(front);
    taken = mark;
  }
  Update(&front, bytes.substr(taken, size - taken));
  taken = size;
}

PrefixHash::PrefixHash() = default;
PrefixHash::~PrefixHash() = default;
PrefixHash::PrefixHash(PrefixHash&&) noexcept = default;
PrefixHash& PrefixHash::operator=(PrefixHash&&) noexcept = default;

Hash128 PrefixHash::Next(std::string_view bytes, size_t same) {
  const bool fresh = states_ == nullptr;
  if (fresh) states_ = std::make_unique<States>();
  States& s = *states_;
  if (fresh || s.taken > same) {
    s.GoBackTo(same);
    // What changes in front is likely to change there again: then one pass over all is quickest.
    if (same < kFrontMin) return HashBytes(bytes);
  }
  if (same >= s.taken + kFrontMin) s.TakeTo(bytes, same);
  if (s.taken == 0) return HashBytes(bytes);
  s.whole = s.front;
  Update(&s.whole, bytes.substr(s.taken));
  const XXH128_hash_t h = XXH3_128bits_digest(&s.whole);
  return {h.high64, h.low64};
}

Hasher::Hasher() : state_(XXH3_createState()) {
  XXH3_128bits_reset(static_cast<XXH3_state_t*>(state_));
}

Hasher::~Hasher() { XXH3_freeState(static_cast<XXH3_state_t*>(state_)); }

void Hasher::Add(std::string_view bytes) {
  XXH3_128bits_update(static_cast<XXH3_state_t*>(state_), bytes.data(), bytes.size());
}

void Hasher::AddField(std::string_view bytes) {
  AddNumber(bytes.size());
  Add(bytes);
}

void Hasher::AddNumber(uint64_t number) {
  char raw[8];
  for (int i = 0; i < 8; ++i) raw[i] = static_cast<char>(number >> (8 * i));
  Add({raw, sizeof raw});
}

Hash128 Hasher::Digest() const {
  const XXH128_hash_t h = XXH3_128bits_digest(static_cast<const XXH3_state_t*>(state_));
  return {h.high64, h.low64};
}

uint64_t RandomStream::Next() {
  state_ += 0x9e3779b97f4a7c15ULL;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

double RandomStream::NextUnit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

uint64_t MixSeed(uint64_t seed, uint64_t a, uint64_t b, uint64_t c) {
  uint64_t mixed = seed;
  for (uint64_t part : {a, b, c}) {
    RandomStream stream(mixed ^ (part * 0xff51afd7ed558ccdULL + 1));
    mixed = stream.Next();
  }
  return mixed;
}

}  // namespace backstep
