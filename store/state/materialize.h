// Turns a version's piece table into its bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/store/state/literals/literal_reader.h"
#include "backstep/store/state/operations.h"
#include "backstep/store/state/piece_table.h"

namespace backstep::store {

// Bytes that are not cleared before they are filled, with some room behind them.
class Buffer {
 public:
  // nullptr: not enough memory.
  static std::unique_ptr<Buffer> Make(uint64_t size);
  char* data() { return bytes_.get(); }
  std::string_view view() const { return {bytes_.get(), size_}; }
  uint64_t room() const { return room_; }
  // What is kept of the bytes stays as it is. `size`: at most the room.
  void Resize(uint64_t size) { size_ = size; }

 private:
  Buffer(std::unique_ptr<char[]> bytes, uint64_t size, uint64_t room)
      : bytes_(std::move(bytes)), size_(size), room_(room) {}
  std::unique_ptr<char[]> bytes_;
  uint64_t size_, room_;
};

// Another version whose bytes are at hand: what it shares is copied and not read.
struct AtHand {
  const PieceTable* table = nullptr;  // nullptr: nothing is
  std::string_view bytes;
  // What of them goes where, in order of `to`, where that is known: nothing is looked for then.
  const std::vector<Copied>* copied = nullptr;
};

// The bytes of `table` from `begin` on, to `out`, which has room for them; its kBase pieces are of
// `base`. Corruption: the literals are not there, or what is said of the bytes at hand cannot be.
Status Materialize(const PieceTable& table, AgentId owner, std::string_view base,
                   const AtHand& at_hand, LiteralReader* literals, uint64_t begin, char* out);

}  // namespace backstep::store
