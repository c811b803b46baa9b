// The key-value store of a log as an ordered map in memory, for tests of what is built on it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "backstep/store/format/kv.h"

namespace backstep::testing {

// One thread. Writes are visible at once.
class MemoryKv : public store::KvReader, public store::KvBatch {
 public:
  using Map = std::map<std::string, std::string, std::less<>>;

  void Put(std::string_view key, std::string_view value) override {
    map_.insert_or_assign(std::string(key), std::string(value));
  }
  void Delete(std::string_view key) override { map_.erase(std::string(key)); }

  Result<std::optional<std::string>> Get(std::string_view key) const override {
    const auto found = map_.find(key);
    if (found == map_.end()) return std::optional<std::string>();
    return std::optional<std::string>(found->second);
  }
  std::unique_ptr<store::KvCursor> NewCursor() const override {
    return std::make_unique<Cursor>(map_);
  }

  Map& map() { return map_; }

 private:
  class Cursor : public store::KvCursor {
   public:
    explicit Cursor(const Map& map) : map_(map), at_(map.end()) {}
    void Seek(std::string_view key) override { at_ = map_.lower_bound(key); }
    void SeekForPrev(std::string_view key) override {
      at_ = map_.upper_bound(key);
      Prev();
    }
    void Next() override {
      if (at_ != map_.end()) ++at_;
    }
    void Prev() override { at_ = at_ == map_.begin() ? map_.end() : std::prev(at_); }
    bool Valid() const override { return at_ != map_.end(); }
    std::string_view key() const override { return at_->first; }
    std::string_view value() const override { return at_->second; }
    Status status() const override { return {}; }

   private:
    const Map& map_;
    Map::const_iterator at_;
  };

  Map map_;
};

}  // namespace backstep::testing
