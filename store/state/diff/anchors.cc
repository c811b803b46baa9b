#include "backstep/store/state/diff/anchors.h"

namespace backstep::store {

namespace {
constexpr int kMinSlotBits = 6;
constexpr int kMaxSlotBits = 22;
}  // namespace

void AnchorTable::Reserve(uint64_t bytes) {
  // Twice the expected anchors: a direct-mapped table loses few of them at that load.
  const uint64_t wanted = 2 * (bytes >> anchors::kSelectBits);
  int bits = kMinSlotBits;
  while (bits < kMaxSlotBits && (uint64_t{1} << bits) < wanted) ++bits;
  if (slots_.size() >= size_t{1} << bits) return;
  std::vector<Entry> old(size_t{1} << bits);
  old.swap(slots_);
  shift_ = 32 - bits;
  for (const Entry& entry : old) {
    if (entry.position_plus_one != 0) slots_[Slot(entry.hash)] = entry;
  }
}

}  // namespace backstep::store
