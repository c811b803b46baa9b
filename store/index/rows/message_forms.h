// Channel, kind and media type of messages, told once. Private header of store/index.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "backstep/base/status.h"
#include "backstep/store/index/sqlite.h"

namespace backstep::store {

// Numbers of the rows of `message_forms`. One thread; must not outlive its database.
class MessageForms {
 public:
  Status Prepare(Database& db);
  // Adds the row where there is none.
  Result<int64_t> NumberOf(std::string_view channel, std::string_view kind,
                           std::string_view media_type);
  // To be called when rows may have gone: the transaction that made them did.
  void Forget() { known_.clear(); }

 private:
  Result<int64_t> Find(std::string_view channel, std::string_view kind,
                       std::string_view media_type);

  Statement find_, insert_;
  std::unordered_map<std::string, int64_t> known_;
  std::string key_;
};

}  // namespace backstep::store
