#include "backstep/samples/software_team/agents/chat.h"

#include <nlohmann/json.hpp>

namespace team {
namespace {

using backstep::Result;
using backstep::StateEdit;
using backstep::Status;
using Json = nlohmann::json;

constexpr char kEmpty[] = "[]";
constexpr char kEnd[] = "\n]";

bool IsTurn(const Json& turn) {
  return turn.is_object() && turn.contains("role") && turn["role"].is_string() &&
         turn.contains("content") && turn["content"].is_string();
}

}  // namespace

Result<Chat> Chat::Parse(const backstep::Body& state) {
  const Json json = Json::parse(state.bytes, nullptr, /*allow_exceptions=*/false);
  const bool ends_well = state.bytes == kEmpty || state.bytes.ends_with(kEnd);
  if (!json.is_array() || !ends_well) return Status::InvalidArgument("not a conversation");
  Chat chat;
  for (const Json& turn : json) {
    if (!IsTurn(turn)) return Status::InvalidArgument("not a turn of a conversation");
    chat.turns_.push_back({turn["role"].get<std::string>(), turn["content"].get<std::string>()});
  }
  chat.committed_bytes_ = state.bytes.size();
  chat.committed_any_ = !chat.turns_.empty();
  return chat;
}

void Chat::Add(const std::string& role, const std::string& text) {
  const bool first = !committed_any_ && added_.empty();
  const Json turn = {{"role", role}, {"content", text}};
  added_ += (first ? "\n" : ",\n") + turn.dump(-1, ' ', false, Json::error_handler_t::replace);
  turns_.push_back({role, text});
}

StateEdit Chat::Added() const {
  if (added_.empty()) return {};
  // In front of the end: "]" of an empty conversation, "\n]" of any other.
  if (!committed_any_) return {{{committed_bytes_ - 1, 0, added_ + "\n"}}};
  return {{{committed_bytes_ - (sizeof kEnd - 1), 0, added_}}};
}

void Chat::Committed() {
  committed_bytes_ += added_.size() + (committed_any_ || added_.empty() ? 0 : 1);
  committed_any_ = committed_any_ || !added_.empty();
  added_.clear();
}

}  // namespace team
