// 128-bit content hashes (XXH3-128, https://xxhash.com) and a seeded, portable random stream.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace backstep {

// A content hash; not cryptographic. All zero means "not computed".
struct Hash128 {
  uint64_t high = 0;
  uint64_t low = 0;
  constexpr auto operator<=>(const Hash128&) const = default;
  constexpr bool IsZero() const { return high == 0 && low == 0; }
  // 32 lower-case hex digits, high word first.
  std::string ToHex() const;
};

// XXH3-128 of `bytes`, seed 0. Thread-safe.
Hash128 HashBytes(std::string_view bytes);

// HashBytes of a text that changes: what stays as it was in front is not read again. One thread.
class PrefixHash {
 public:
  PrefixHash();
  ~PrefixHash();
  PrefixHash(PrefixHash&&) noexcept;
  PrefixHash& operator=(PrefixHash&&) noexcept;

  // The hash of `bytes`, of which the first `same` are those of the call before.
  Hash128 Next(std::string_view bytes, size_t same);

 private:
  struct States;
  std::unique_ptr<States> states_;  // nullptr: nothing has been hashed
};

// Incremental form of HashBytes: the digest of the concatenation of what was added. One thread.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  void Add(std::string_view bytes);
  // Adds the length first, so that ("ab","c") and ("a","bc") differ.
  void AddField(std::string_view bytes);
  void AddNumber(uint64_t number);  // 8 bytes, little endian
  Hash128 Digest() const;

 private:
  void* state_;
};

// SplitMix64 (Steele, Lea, Flood 2014): the same numbers everywhere for one seed. One thread.
class RandomStream {
 public:
  explicit RandomStream(uint64_t seed) : state_(seed) {}
  uint64_t Next();
  double NextUnit();  // in [0, 1)

 private:
  uint64_t state_;
};

// Mixes numbers into one seed: a draw that depends on (seed, agent, clock, ordinal) and no more.
uint64_t MixSeed(uint64_t seed, uint64_t a, uint64_t b, uint64_t c);

}  // namespace backstep

template <>
struct std::hash<backstep::Hash128> {
  size_t operator()(const backstep::Hash128& h) const { return static_cast<size_t>(h.low); }
};
