#include "backstep/replay/engine/experiment/edits.h"

#include <charconv>

namespace backstep::replay {
namespace {

constexpr size_t kExcerptBytesMax = 4096;

std::string Excerpt(const std::string& text) { return text.substr(0, kExcerptBytesMax); }

template <typename T>
bool ParseNumber(std::string_view text, T* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

const char* RecordType(Edit::Kind kind) {
  switch (kind) {
    case Edit::Kind::kReplaceMessage: return "edit.message";
    case Edit::Kind::kDropMessage: return "edit.drop";
    case Edit::Kind::kReplaceResponse: return "edit.response";
  }
  return "edit";
}

}  // namespace

Result<EffectId> ParseEffectId(const store::Line& line, const std::string& text) {
  const size_t hash = text.rfind('#');
  const size_t slash = hash == std::string::npos ? hash : text.rfind('/', hash);
  EffectId id;
  if (slash == std::string::npos || slash == 0 ||
      !ParseNumber(std::string_view(text).substr(slash + 1, hash - slash - 1), &id.clock.value) ||
      !ParseNumber(std::string_view(text).substr(hash + 1), &id.ordinal)) {
    return Status::InvalidArgument("'" + text +
                                   "' names no call; one is written agent/clock#ordinal, as in "
                                   "planner/12#0");
  }
  // A message id of the same step asks the line for the agent, and names the nearest one.
  BACKSTEP_ASSIGN_OR_RETURN(
      const MessageId message,
      line.ParseMessageId(text.substr(0, hash) + "." + std::to_string(id.ordinal)));
  id.agent = message.sender;
  return id;
}

Status Edits::Add(const store::Line& line, const std::vector<Edit>& edits, bool own) {
  for (const Edit& edit : edits) {
    KnownEdit known;
    known.edit = edit;
    known.own = own;
    const std::string where = edit.origin.empty() ? "edit" : edit.origin;
    if (edit.kind == Edit::Kind::kReplaceResponse) {
      auto id = ParseEffectId(line, edit.target);
      if (!id.ok()) return id.status().WithContext(where);
      known.effect = *id;
      effects_.insert_or_assign(*id, known);
    } else {
      auto id = line.ParseMessageId(edit.target);
      if (!id.ok()) return id.status().WithContext(where);
      known.message = *id;
      messages_.insert_or_assign(*id, known);
    }
  }
  return {};
}

KnownEdit* Edits::OfMessage(const MessageId& id) {
  const auto found = messages_.find(id);
  return found == messages_.end() ? nullptr : &found->second;
}

KnownEdit* Edits::OfEffect(const EffectId& id) {
  const auto found = effects_.find(id);
  return found == effects_.end() ? nullptr : &found->second;
}

std::vector<KnownEdit*> Edits::OfMessages() {
  std::vector<KnownEdit*> all;
  for (auto& [id, known] : messages_) all.push_back(&known);
  return all;
}

std::vector<std::string> Edits::Unreached() const {
  std::vector<std::string> lines;
  const auto add = [&](const KnownEdit& known, const char* why) {
    if (!known.own || known.reached) return;
    const std::string where = known.edit.origin.empty() ? "" : " (" + known.edit.origin + ")";
    lines.push_back("edit of " + known.edit.target + where + ": " + why);
  };
  for (const auto& [id, known] : messages_) add(known, "the message was never sent");
  for (const auto& [id, known] : effects_) add(known, "the call was never made");
  return lines;
}

FaultRecord EditRecord(const KnownEdit& edit, const std::string& hook, const std::string& before,
                       const std::string& after) {
  FaultRecord record;
  record.spec_id = "edit";
  record.type = RecordType(edit.edit.kind);
  record.hook = hook;
  record.decision = edit.edit.kind == Edit::Kind::kDropMessage ? "dropped" : "replaced";
  if (!edit.edit.origin.empty()) record.decision += " by " + edit.edit.origin;
  record.before = Excerpt(before);
  record.after = Excerpt(after);
  if (edit.edit.kind == Edit::Kind::kReplaceResponse) {
    record.effect_ordinal = edit.effect.ordinal;
  } else {
    record.message = edit.message;
  }
  return record;
}

Body EditedBody(const KnownEdit& edit, const Body& original) {
  return {edit.edit.text,
          edit.edit.media_type.empty() ? original.media_type : edit.edit.media_type};
}

}  // namespace backstep::replay
