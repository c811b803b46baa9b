// Content-defined anchors: places in a text chosen by the bytes before them alone, so that two
// copies of the same text have the same anchors wherever they lie. Immutable / one thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace backstep::store {

namespace anchors {

inline constexpr size_t kWindow = 32;  // bytes an anchor's hash depends on
inline constexpr int kSelectBits = 6;  // one place in 2^6 is an anchor

constexpr std::array<uint32_t, 256> MakeGear() {
  std::array<uint32_t, 256> gear{};
  uint64_t state = 0;
  for (uint32_t& entry : gear) {
    state += 0x9e3779b97f4a7c15ULL;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    entry = static_cast<uint32_t>(z ^ (z >> 31));
  }
  return gear;
}
inline constexpr std::array<uint32_t, 256> kGear = MakeGear();

}  // namespace anchors

// An anchor: the hash of the kWindow bytes that end before `end`.
struct Anchor {
  uint64_t end = 0;
  uint32_t hash = 0;
};

// Walks the anchors of a text from the front.
class AnchorScan {
 public:
  explicit AnchorScan(std::string_view text) : text_(text) {}

  // Goes on behind `offset`: the next anchor's window begins there or later.
  void Skip(size_t offset) {
    next_ = offset;
    hash_ = 0;
    whole_from_ = offset + anchors::kWindow;
  }

  // The next anchor; false at the text's end.
  bool Next(Anchor* out) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(text_.data());
    while (next_ < text_.size()) {
      hash_ = (hash_ << 1) + anchors::kGear[bytes[next_++]];
      if (hash_ >> (32 - anchors::kSelectBits) == 0 && next_ >= whole_from_) {
        *out = {next_, hash_};
        return true;
      }
    }
    return false;
  }

 private:
  std::string_view text_;
  size_t next_ = 0;
  size_t whole_from_ = anchors::kWindow;
  uint32_t hash_ = 0;
};

// The same for a text that is not at hand as a whole, byte by byte.
class AnchorRoll {
 public:
  // Takes in the next byte; whether an anchor, of the hash, ends behind it.
  bool Push(char byte) {
    hash_ = (hash_ << 1) + anchors::kGear[static_cast<uint8_t>(byte)];
    if (missing_ > 0) --missing_;
    return hash_ >> (32 - anchors::kSelectBits) == 0 && missing_ == 0;
  }
  uint32_t hash() const { return hash_; }

 private:
  size_t missing_ = anchors::kWindow;
  uint32_t hash_ = 0;
};

// Where an anchor was seen last. A newer one takes the place of an older one; nothing it returns
// is certain, callers compare the bytes.
class AnchorTable {
 public:
  // Room for the anchors of about `bytes` of text. Keeps what it holds when it grows.
  void Reserve(uint64_t bytes);
  void Clear() { slots_.clear(); }
  bool empty() const { return slots_.empty(); }

  void Put(uint32_t hash, uint64_t position) {
    if (!slots_.empty()) slots_[Slot(hash)] = {position + 1, hash};
  }
  // false: none known.
  bool Find(uint32_t hash, uint64_t* position) const {
    if (slots_.empty()) return false;
    const Entry& entry = slots_[Slot(hash)];
    if (entry.position_plus_one == 0 || entry.hash != hash) return false;
    *position = entry.position_plus_one - 1;
    return true;
  }
  size_t RetainedBytes() const { return slots_.capacity() * sizeof(Entry); }

 private:
  struct Entry {
    uint64_t position_plus_one = 0;
    uint32_t hash = 0;
  };
  size_t Slot(uint32_t hash) const { return (hash * 0x9e3779b1u) >> shift_; }

  std::vector<Entry> slots_;  // a power of two of them
  int shift_ = 32;
};

}  // namespace backstep::store
