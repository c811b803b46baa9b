#include "backstep/store/state/version_bytes.h"

#include <algorithm>
#include <cstring>

namespace backstep::store {
namespace {

constexpr uint64_t kSpareBytesMax = uint64_t{16} << 20;
constexpr uint64_t kRestBytesMax = uint64_t{1} << 20;
constexpr uint64_t kRoomLeftMax = uint64_t{256} << 10;  // of a spare buffer that is used again

// How many bytes in front are the same in both.
uint64_t Unchanged(std::string_view before, uint64_t size, const std::vector<Copied>& copied) {
  if (copied.empty() || copied.front().from != 0 || copied.front().to != 0) return 0;
  return std::min({copied.front().length, before.size(), size});
}

std::unique_ptr<Buffer> TakeBuffer(uint64_t size, BytesRoom* room) {
  if (room->spare != nullptr && room->spare->room() >= size &&
      room->spare->room() - size <= size / 2 + kRoomLeftMax) {
    room->spare->Resize(size);
    return std::move(room->spare);
  }
  return Buffer::Make(size);
}

}  // namespace

Status VersionBytes::Fill(const PieceTable& table, AgentId owner, std::string_view base,
                          const AtHand& at_hand, uint64_t same, LiteralReader* literals,
                          BytesRoom* room) {
  const uint64_t rest = table.size() - same;
  if (bytes_ != nullptr && table.size() <= bytes_->room() && rest <= same &&
      rest <= kRestBytesMax) {
    // What comes behind may be made of what it takes the place of.
    room->rest.resize(rest);
    BACKSTEP_RETURN_IF_ERROR(
        Materialize(table, owner, base, at_hand, literals, same, room->rest.data()));
    bytes_->Resize(table.size());
    std::memcpy(bytes_->data() + same, room->rest.data(), rest);
    return {};
  }
  std::unique_ptr<Buffer> made = TakeBuffer(table.size(), room);
  if (made == nullptr) {
    return Status::Io("not enough memory for a body of " + std::to_string(table.size()) +
                      " bytes");
  }
  BACKSTEP_RETURN_IF_ERROR(
      Materialize(table, owner, base, at_hand, literals, 0, made->data()));
  bytes_.swap(made);
  if (made != nullptr && made->room() <= kSpareBytesMax) room->spare = std::move(made);
  return {};
}

Status VersionBytes::Become(const PieceTable& table, AgentId owner, std::string_view base,
                            const PieceTable* before, const std::vector<Copied>& copied,
                            LiteralReader* literals, BytesRoom* room) {
  const uint64_t same = Unchanged(view(), table.size(), copied);
  const AtHand at_hand{before, view(), copied.empty() ? nullptr : &copied};
  const Status status = Fill(table, owner, base, at_hand, same, literals, room);
  if (!status.ok()) {
    bytes_ = nullptr;
    return status;
  }
  hash_ = hasher_.Next(view(), same);
  return {};
}

}  // namespace backstep::store
