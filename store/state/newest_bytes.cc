#include "backstep/store/state/newest_bytes.h"

#include <algorithm>
#include <cstring>

namespace backstep::store {
namespace {

constexpr size_t kRoomKept = size_t{64} << 10;  // in front, or as much as there are bytes

// How far the longest copy lies from where it lay: negative, nearer to the front.
int64_t ShiftOfLongestCopy(const std::vector<Hunk>& hunks) {
  uint64_t at = 0, longest = 0;
  int64_t shift = 0;
  for (const Hunk& hunk : hunks) {
    if (hunk.kind == Hunk::Kind::kCopy && hunk.length > longest) {
      longest = hunk.length;
      shift = static_cast<int64_t>(at) - static_cast<int64_t>(hunk.offset);
    }
    at += hunk.length;
  }
  return shift;
}

}  // namespace

void NewestBytes::Assign(std::string bytes) {
  bytes_ = std::move(bytes);
  begin_ = 0;
}

void NewestBytes::DropFront(size_t count) {
  begin_ += count;
  if (begin_ <= std::max(kRoomKept, size())) return;
  bytes_.erase(0, begin_);
  begin_ = 0;
}

void NewestBytes::Splice(uint64_t offset, uint64_t remove, std::string_view insert) {
  const size_t before = offset;
  const size_t after = size() - offset - remove;
  if (insert.size() <= remove && before < after) {
    const size_t less = remove - insert.size();
    char* const front = bytes_.data() + begin_;
    std::memmove(front + less, front, before);
    if (!insert.empty()) std::memcpy(front + less + before, insert.data(), insert.size());
    DropFront(less);
    return;
  }
  if (before < after && insert.size() - remove <= begin_) {
    const size_t more = insert.size() - remove;
    char* const front = bytes_.data() + begin_;
    std::memmove(front - more, front, before);
    std::memcpy(front - more + before, insert.data(), insert.size());
    begin_ -= more;
    return;
  }
  bytes_.replace(begin_ + offset, remove, insert);
}

void NewestBytes::Patch(std::string_view bytes, const std::vector<Hunk>& hunks) {
  const int64_t shift = ShiftOfLongestCopy(hunks);
  int64_t moved = 0;  // by which the old bytes lie elsewhere now
  if (shift < 0) {
    begin_ += static_cast<size_t>(-shift);
    moved = shift;
  } else if (static_cast<size_t>(shift) <= begin_) {
    begin_ -= static_cast<size_t>(shift);
    moved = shift;
  }
  bytes_.resize(begin_ + bytes.size());
  char* const to = bytes_.data() + begin_;
  uint64_t at = 0;
  for (const Hunk& hunk : hunks) {
    const bool in_place = hunk.kind == Hunk::Kind::kCopy &&
                          static_cast<int64_t>(hunk.offset) + moved == static_cast<int64_t>(at);
    if (!in_place) std::memcpy(to + at, bytes.data() + at, hunk.length);
    at += hunk.length;
  }
  DropFront(0);
}

}  // namespace backstep::store
