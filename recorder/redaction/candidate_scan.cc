#include "backstep/recorder/redaction/candidate_scan.h"

#include <array>
#include <cstdint>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define BACKSTEP_SCAN_SSSE3 1
#endif

namespace backstep::recorder {
namespace {

struct Anchor {
  char text[4];
  int bucket;     // 0..7; anchors of one bucket share a bit, so similar ones belong together
  bool any_case;
};

// What each anchor is a part of stands in secret_rules.cc.
constexpr Anchor kAnchors[] = {
    {"sk-", 0, false}, {"sk_", 0, false}, {"AKI", 1, false}, {"ASI", 1, false},
    {"ghp", 2, false}, {"gho", 2, false}, {"ghs", 2, false}, {"ghu", 2, false},
    {"ghr", 2, false}, {"b_p", 2, false}, {"xox", 3, false}, {"AIz", 3, false},
    {"hf_", 3, false}, {"eyJ", 3, false}, {"rer", 4, true},  {"BEG", 4, false},
    {"i_k", 5, true},  {"i-k", 5, true},  {"pik", 5, true},  {"riz", 6, true},
    {"ssw", 6, true},  {"ecr", 7, true},  {"s_t", 7, true},  {"s-t", 7, true},
    {"h_t", 7, true},  {"h-t", 7, true},
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

// The nibbles of one bucket's anchors mix; this tells whether one of them really stands there.
bool IsAnchor(const char* at) {
  for (const Anchor& anchor : kAnchors) {
    bool equal = true;
    for (int place = 0; place < 3; ++place) {
      const char c = anchor.text[place];
      const char folded = anchor.any_case && c >= 'a' && c <= 'z' ? static_cast<char>(at[place] | 0x20)
                                                                  : at[place];
      equal = equal && folded == c;
    }
    if (equal) return true;
  }
  return false;
}

size_t ScanBytes(std::string_view bytes, size_t from) {
  for (size_t i = from; i + 3 <= bytes.size(); ++i) {
    if (BucketsAt(bytes.data() + i) != 0 && IsAnchor(bytes.data() + i)) return i;
  }
  return std::string_view::npos;
}

#ifdef BACKSTEP_SCAN_SSSE3
__attribute__((target("ssse3"))) __m128i Buckets(const char* at, int place) {
  const __m128i nibble = _mm_set1_epi8(15);
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + place));
  const __m128i low = _mm_shuffle_epi8(
      _mm_load_si128(reinterpret_cast<const __m128i*>(kTables.low[place].data())),
      _mm_and_si128(bytes, nibble));
  const __m128i high = _mm_shuffle_epi8(
      _mm_load_si128(reinterpret_cast<const __m128i*>(kTables.high[place].data())),
      _mm_and_si128(_mm_srli_epi16(bytes, 4), nibble));
  return _mm_and_si128(low, high);
}

// Sixteen positions at a time; reads up to two bytes behind each, so it stops 18 before the end.
__attribute__((target("ssse3"))) size_t ScanBlocks(std::string_view bytes, size_t from) {
  const __m128i zero = _mm_setzero_si128();
  size_t i = from;
  for (; i + 18 <= bytes.size(); i += 16) {
    const char* at = bytes.data() + i;
    const __m128i hits = _mm_and_si128(_mm_and_si128(Buckets(at, 0), Buckets(at, 1)),
                                       Buckets(at, 2));
    auto places = static_cast<unsigned>(~_mm_movemask_epi8(_mm_cmpeq_epi8(hits, zero)) & 0xffff);
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
#ifdef BACKSTEP_SCAN_SSSE3
  if (__builtin_cpu_supports("ssse3")) return ScanBlocks(bytes, from);
#endif
  return ScanBytes(bytes, from);
}

}  // namespace backstep::recorder
