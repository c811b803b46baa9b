#include "backstep/replay/engine/schedule/mailbox.h"

namespace backstep::replay {

void Mailbox::Add(Mail mail) {
  const MessageId id = mail.message.id;
  Place place{next_sequence_, std::nullopt};
  if (mail.message.delay.ns > 0) place.delayed = DelayedKey{mail.arrival_virtual, next_sequence_};
  if (!places_.emplace(id, place).second) return;
  ++next_sequence_;
  if (place.delayed) {
    delayed_.emplace(*place.delayed, std::move(mail));
  } else {
    plain_.emplace(place.sequence, std::move(mail));
  }
}

Mail* Mailbox::Find(const MessageId& id) {
  const auto place = places_.find(id);
  if (place == places_.end()) return nullptr;
  if (place->second.delayed) return &delayed_.at(*place->second.delayed);
  return &plain_.at(place->second.sequence);
}

const Mail* Mailbox::Find(const MessageId& id) const {
  return const_cast<Mailbox*>(this)->Find(id);
}

bool Mailbox::Remove(const MessageId& id) {
  const auto place = places_.find(id);
  if (place == places_.end()) return false;
  if (place->second.delayed) {
    delayed_.erase(*place->second.delayed);
  } else {
    plain_.erase(place->second.sequence);
  }
  places_.erase(place);
  return true;
}

bool Mailbox::HasUndelayed(const std::function<bool(const Mail&)>& wanted) const {
  for (const auto& [sequence, mail] : plain_) {
    if (wanted(mail)) return true;
  }
  return false;
}

void Mailbox::Visit(const std::function<bool(const Mail&)>& visit) const {
  auto plain = plain_.begin();
  auto delayed = delayed_.begin();
  while (plain != plain_.end() || delayed != delayed_.end()) {
    const bool take_delayed =
        delayed != delayed_.end() &&
        (plain == plain_.end() ||
         delayed->second.arrival_virtual <= plain->second.arrival_virtual);
    if (!visit(take_delayed ? delayed->second : plain->second)) return;
    if (take_delayed) {
      ++delayed;
    } else {
      ++plain;
    }
  }
}

}  // namespace backstep::replay
