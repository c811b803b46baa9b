#include "backstep/store/log/agent_cursors.h"

namespace backstep::store {
namespace {

// To make a cursor costs as much as a few seeks.
constexpr uint32_t kReadsBeforeCursor = 4;
// Each holds some blocks of the log.
constexpr size_t kCursorsMax = 128;
// Keys that a cursor passes over rather than seek.
constexpr int kPassedMax = 4;

}  // namespace

KvCursor& AgentCursors::Seek(AgentId agent, std::string_view key) {
  Place& place = places_[agent];
  if (place.cursor == nullptr && ++place.reads > kReadsBeforeCursor && cursors_ < kCursorsMax) {
    place.cursor = log_.NewCursor();
    ++cursors_;
  }
  if (place.cursor == nullptr) {
    if (shared_ == nullptr) shared_ = log_.NewCursor();
    shared_->Seek(key);
    return *shared_;
  }
  KvCursor& cursor = *place.cursor;
  if (cursor.Valid() && cursor.key() <= key) {
    for (int i = 0; i < kPassedMax && cursor.Valid() && cursor.key() < key; ++i) cursor.Next();
    if (cursor.Valid() && cursor.key() >= key) return cursor;
  }
  cursor.Seek(key);
  return cursor;
}

}  // namespace backstep::store
