#include "backstep/store/index/rows/message_forms.h"

namespace backstep::store {
namespace {

// Programs that make up a channel a message must not fill the memory.
constexpr size_t kKnownMax = 4096;

}  // namespace

Status MessageForms::Prepare(Database& db) {
  BACKSTEP_ASSIGN_OR_RETURN(
      find_, db.Prepare("SELECT form FROM message_forms WHERE channel = ? AND kind = ? AND "
                        "media_type = ?"));
  BACKSTEP_ASSIGN_OR_RETURN(
      insert_, db.Prepare("INSERT INTO message_forms (channel, kind, media_type) VALUES (?,?,?)"));
  return Status();
}

Result<int64_t> MessageForms::NumberOf(std::string_view channel, std::string_view kind,
                                       std::string_view media_type) {
  key_ = std::to_string(channel.size()) + " " + std::to_string(kind.size()) + " ";
  key_.append(channel).append(kind).append(media_type);
  const auto known = known_.find(key_);
  if (known != known_.end()) return known->second;
  if (known_.size() >= kKnownMax) known_.clear();
  BACKSTEP_ASSIGN_OR_RETURN(const int64_t number, Find(channel, kind, media_type));
  known_.emplace(key_, number);
  return number;
}

Result<int64_t> MessageForms::Find(std::string_view channel, std::string_view kind,
                                   std::string_view media_type) {
  for (const bool again : {false, true}) {
    BACKSTEP_ASSIGN_OR_RETURN(
        const bool found, find_.AddText(channel).AddText(kind).AddText(media_type).Next());
    if (found) {
      const int64_t number = find_.Integer(0);
      BACKSTEP_RETURN_IF_ERROR(find_.Run());
      return number;
    }
    if (again) break;
    BACKSTEP_RETURN_IF_ERROR(insert_.AddText(channel).AddText(kind).AddText(media_type).Run());
  }
  return Status::Internal("index: a row of message_forms is gone");
}

}  // namespace backstep::store
