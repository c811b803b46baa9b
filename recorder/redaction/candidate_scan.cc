#include "backstep/recorder/redaction/candidate_scan.h"

#include <array>
#include <cstdint>
#include <iterator>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define BACKSTEP_SCAN_WIDE 1
#endif

namespace backstep::recorder {
namespace {

struct Anchor {
  char text[4];
  int bucket;     // 0..7; anchors of one bucket share a bit, so similar ones belong together
  bool any_case;
};

// What each anchor is a part of stands in secret_rules.cc. The buckets are those of many tried at
// random that prose, code and logs pass least often: one place in about 1,800.
constexpr Anchor kAnchors[] = {
    {"h_t", 0, true},  {"h-t", 0, true},  {"sk-", 1, false}, {"s_t", 1, true},  {"s-t", 1, true},
    {"ASI", 2, false}, {"b_p", 2, false}, {"BEG", 2, false}, {"ssw", 3, true},  {"ecr", 3, true},
    {"AKI", 4, false}, {"AIz", 4, false}, {"rer", 4, true},  {"riz", 4, true},  {"eyJ", 5, false},
    {"i_k", 5, true},  {"i-k", 5, true},  {"pik", 5, true},  {"sk_", 6, false}, {"xox", 6, false},
    {"ghp", 7, false}, {"gho", 7, false}, {"ghs", 7, false}, {"ghu", 7, false}, {"ghr", 7, false},
    {"hf_", 7, false},
};

// Bit b of nibble_low[p][n]: an anchor of bucket b has, at place p, a byte whose low nibble is n.
struct Tables {
  alignas(16) std::array<std::array<uint8_t, 16>, 3> low{};
  alignas(16) std::array<std::array<uint8_t, 16>, 3> high{};
};

constexpr void AddByte(Tables& tables, int place, char c, uint8_t bit) {
  const auto byte = static_cast<uint8_t>(c);
  tables.low[place][byte & 15] |= bit;
  tables.high[place][byte >> 4] |= bit;
}

constexpr Tables MakeTables() {
  Tables tables;
  for (const Anchor& anchor : kAnchors) {
    const auto bit = static_cast<uint8_t>(1u << anchor.bucket);
    for (int place = 0; place < 3; ++place) {
      const char c = anchor.text[place];
      AddByte(tables, place, c, bit);
      if (anchor.any_case && c >= 'a' && c <= 'z') {
        AddByte(tables, place, static_cast<char>(c - 'a' + 'A'), bit);
      }
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

uint8_t BucketsAt(const char* at) {
  uint8_t buckets = 0xff;
  for (int place = 0; place < 3; ++place) {
    const auto byte = static_cast<uint8_t>(at[place]);
    buckets &= kTables.low[place][byte & 15] & kTables.high[place][byte >> 4];
  }
  return buckets;
}

constexpr uint32_t KeyOf(const char* at) {
  return static_cast<uint8_t>(at[0]) | uint32_t{static_cast<uint8_t>(at[1])} << 8 |
         uint32_t{static_cast<uint8_t>(at[2])} << 16;
}

// Anchors as numbers: one stands where the text's bytes with the bits of `fold` are `key`.
struct Keys {
  std::array<uint32_t, std::size(kAnchors)> key{}, fold{};
};

constexpr Keys MakeKeys() {
  Keys keys;
  for (size_t i = 0; i < std::size(kAnchors); ++i) {
    keys.key[i] = KeyOf(kAnchors[i].text);
    for (int place = 0; place < 3; ++place) {
      const char c = kAnchors[i].text[place];
      if (kAnchors[i].any_case && c >= 'a' && c <= 'z') keys.fold[i] |= 0x20u << (8 * place);
    }
  }
  return keys;
}

constexpr Keys kKeys = MakeKeys();

// The nibbles of one bucket's anchors mix; this tells whether one of them really stands there.
bool IsAnchor(const char* at) {
  const uint32_t key = KeyOf(at);
  uint32_t equal = 0;
  for (size_t i = 0; i < std::size(kAnchors); ++i) {
    equal |= (key | kKeys.fold[i]) == kKeys.key[i] ? 1u : 0u;
  }
  return equal != 0;
}

size_t ScanBytes(std::string_view bytes, size_t from) {
  for (size_t i = from; i + 3 <= bytes.size(); ++i) {
    if (BucketsAt(bytes.data() + i) != 0 && IsAnchor(bytes.data() + i)) return i;
  }
  return std::string_view::npos;
}

#ifdef BACKSTEP_SCAN_WIDE
// The table of one place, twice: a vector's halves are looked up on their own.
__attribute__((target("avx2"))) inline __m256i Both(const std::array<uint8_t, 16>& table) {
  return _mm256_broadcastsi128_si256(
      _mm_load_si128(reinterpret_cast<const __m128i*>(table.data())));
}

__attribute__((target("avx2"))) inline __m256i Buckets(const char* at, __m256i low, __m256i high) {
  const __m256i nibble = _mm256_set1_epi8(15);
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  return _mm256_and_si256(
      _mm256_shuffle_epi8(low, _mm256_and_si256(bytes, nibble)),
      _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble)));
}

// 32 positions at a time; reads up to two bytes behind each, so it stops 34 before the end.
__attribute__((target("avx2"))) size_t ScanBlocks(std::string_view bytes, size_t from) {
  const __m256i low[] = {Both(kTables.low[0]), Both(kTables.low[1]), Both(kTables.low[2])};
  const __m256i high[] = {Both(kTables.high[0]), Both(kTables.high[1]), Both(kTables.high[2])};
  size_t i = from;
  for (; i + 34 <= bytes.size(); i += 32) {
    const char* at = bytes.data() + i;
    const __m256i hits =
        _mm256_and_si256(_mm256_and_si256(Buckets(at, low[0], high[0]),
                                          Buckets(at + 1, low[1], high[1])),
                         Buckets(at + 2, low[2], high[2]));
    auto places = ~static_cast<unsigned>(
        _mm256_movemask_epi8(_mm256_cmpeq_epi8(hits, _mm256_setzero_si256())));
    for (; places != 0; places &= places - 1) {
      const auto place = static_cast<size_t>(__builtin_ctz(places));
      if (IsAnchor(at + place)) return i + place;
    }
  }
  return ScanBytes(bytes, i);
}
#endif

}  // namespace

size_t FindCandidate(std::string_view bytes, size_t from) {
#ifdef BACKSTEP_SCAN_WIDE
  if (__builtin_cpu_supports("avx2")) return ScanBlocks(bytes, from);
#endif
  return ScanBytes(bytes, from);
}

}  // namespace backstep::recorder
