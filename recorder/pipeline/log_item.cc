#include "backstep/recorder/pipeline/log_item.h"

namespace backstep::recorder {
namespace {

// A larger buffer goes back to the system: it would be kept for a body that may not come again.
constexpr size_t kRoomKept = 256u << 10;

void Empty(std::string* bytes) {
  if (bytes->capacity() > kRoomKept) {
    *bytes = std::string();
  } else {
    bytes->clear();
  }
}

}  // namespace

size_t EditRoom(const StateEdit& edit) {
  size_t bytes = edit.splices.capacity() * sizeof(StateEdit::Splice);
  for (const StateEdit::Splice& splice : edit.splices) bytes += splice.insert.capacity();
  return bytes;
}

size_t CommitItem::Bytes() const {
  size_t bytes = sizeof *this + record.sent.size() * sizeof(SentMessage);
  if (const auto* whole = std::get_if<Body>(&state)) bytes += whole->bytes.size();
  if (const auto* edit = std::get_if<StateEdit>(&state)) {
    for (const auto& splice : edit->splices) bytes += sizeof splice + splice.insert.size();
  }
  return bytes;
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
