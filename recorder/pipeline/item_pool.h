// Queue items that go round between the program's threads and the drain.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <tuple>
#include <vector>

#include "backstep/recorder/pipeline/log_item.h"

namespace backstep::recorder {

// Thread-safe. Memory that one thread takes and another frees costs both of them locks and page
// faults over and over; an item that comes back costs neither, and its body a copy and no more.
// Holds at most 1,024 items of a kind and 4 MiB of room for bodies.
class ItemPool {
 public:
  // An empty item.
  template <typename Item>
  std::unique_ptr<Item> Take() {
    {
      std::lock_guard lock(mutex_);
      auto& free = std::get<std::vector<std::unique_ptr<Item>>>(free_);
      if (!free.empty()) {
        std::unique_ptr<Item> item = std::move(free.back());
        free.pop_back();
        kept_bytes_ -= item->Room();
        return item;
      }
    }
    return std::make_unique<Item>();
  }

  // Takes items that are written; keeps those worth keeping and frees the others.
  void GiveBack(std::span<std::unique_ptr<LogItem>> items);

 private:
  template <typename Item>
  void Keep(std::unique_ptr<LogItem>* item);

  std::mutex mutex_;
  std::tuple<std::vector<std::unique_ptr<BeginItem>>, std::vector<std::unique_ptr<MessageItem>>,
             std::vector<std::unique_ptr<EffectItem>>, std::vector<std::unique_ptr<CommitItem>>>
      free_;
  size_t kept_bytes_ = 0;
};

}  // namespace backstep::recorder
