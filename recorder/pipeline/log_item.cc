#include "backstep/recorder/pipeline/log_item.h"

namespace backstep::recorder {
namespace {

// A larger buffer goes back to the system: it would be kept for a body that may not come again.
constexpr size_t kRoomKept = 256u << 10;
// Room that nothing is in waits with an item for the disk, and is counted as what is.
constexpr size_t kRoomUnused = 4u << 10;

// An assignment of an empty string would keep the room.
void Free(std::string* bytes) { std::string().swap(*bytes); }

void Empty(std::string* bytes) {
  if (bytes->capacity() > kRoomKept) {
    Free(bytes);
  } else {
    bytes->clear();
  }
}

}  // namespace

void Hold(std::string_view bytes, std::string* room) {
  const bool fits = room->capacity() >= bytes.size() &&
                    room->capacity() <= 2 * bytes.size() + kRoomUnused;
  if (!fits) {
    Free(room);
    room->reserve(bytes.size());  // an assignment would take up to twice as much
  }
  room->assign(bytes);
}

size_t EditRoom(const StateEdit& edit) {
  size_t bytes = edit.splices.capacity() * sizeof(StateEdit::Splice);
  for (const StateEdit::Splice& splice : edit.splices) bytes += splice.insert.capacity();
  return bytes;
}

size_t CommitItem::Bytes() const {
  size_t bytes = sizeof *this + record.sent.size() * sizeof(SentMessage) + Room();
  if (const auto* whole = std::get_if<Body>(&state)) bytes += whole->bytes.capacity();
  if (const auto* edit = std::get_if<StateEdit>(&state)) bytes += EditRoom(*edit);
  return bytes;
}

void EffectItem::DropUnusedRoom() {
  for (Body* body : {&request, &response}) {
    if (body->bytes.empty()) Hold({}, &body->bytes);
  }
}

void CommitItem::DropUnusedRoom() {
  Hold({}, &spare_bytes);
  if (EditRoom(spare_edit) > kRoomUnused) spare_edit = {};
}

void BeginItem::Clear() { record = {}; }

void MessageItem::Clear() {
  record = {};
  Empty(&body.bytes);
  body.media_type.clear();
}

void EffectItem::Clear() {
  record = {};
  for (Body* body : {&request, &response}) {
    Empty(&body->bytes);
    body->media_type.clear();
  }
  volatile_fields.clear();
}

void CommitItem::Clear() {
  record = {};
  if (auto* whole = std::get_if<Body>(&state)) spare_bytes = std::move(whole->bytes);
  if (auto* edit = std::get_if<StateEdit>(&state)) spare_edit = std::move(*edit);
  state = std::monostate();
  Empty(&spare_bytes);
  if (EditRoom(spare_edit) > kRoomKept) spare_edit = {};
}

BodyRef DroppedRef(size_t size, const std::string& media_type) {
  BodyRef ref;
  ref.where = BodyRef::Where::kDropped;
  ref.size = size;
  ref.media_type = media_type;
  return ref;
}

}  // namespace backstep::recorder
