#include "backstep/recorder/pipeline/item_pool.h"

namespace backstep::recorder {
namespace {

constexpr size_t kItemsMax = 1024;
constexpr size_t kRoomMax = 4u << 20;

}  // namespace

// With the mutex held.
template <typename Item>
void ItemPool::Keep(std::unique_ptr<LogItem>* item) {
  auto& free = std::get<std::vector<std::unique_ptr<Item>>>(free_);
  auto* known = static_cast<Item*>(item->get());
  if (free.size() >= kItemsMax || kept_bytes_ + known->Room() > kRoomMax) return;
  static_cast<void>(item->release());
  std::unique_ptr<Item> owned(known);
  kept_bytes_ += owned->Room();
  free.push_back(std::move(owned));
}

void ItemPool::GiveBack(std::span<std::unique_ptr<LogItem>> items) {
  for (const auto& item : items) item->Clear();
  {
    std::lock_guard lock(mutex_);
    for (std::unique_ptr<LogItem>& item : items) {
      switch (item->kind()) {
        case LogItem::Kind::kBegin: Keep<BeginItem>(&item); break;
        case LogItem::Kind::kMessage: Keep<MessageItem>(&item); break;
        case LogItem::Kind::kEffect: Keep<EffectItem>(&item); break;
        case LogItem::Kind::kCommit: Keep<CommitItem>(&item); break;
        case LogItem::Kind::kOther: break;
      }
    }
  }
  for (std::unique_ptr<LogItem>& item : items) item.reset();
}

}  // namespace backstep::recorder
