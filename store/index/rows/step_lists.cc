#include "backstep/store/index/rows/step_lists.h"

#include <charconv>

namespace backstep::store {
namespace {

void AddNumberText(uint64_t number, std::string* text) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
  text->append(digits, end);
}

}  // namespace

std::string TookText(const std::vector<TakenMessage>& took) {
  std::string text;
  for (const TakenMessage& taken : took) {
    const MessageId& id = taken.id;
    const uint64_t rest[] = {id.ordinal, id.copy, taken.early ? uint64_t{1} : uint64_t{0}};
    size_t count = std::size(rest);
    while (count > 0 && rest[count - 1] == 0) --count;
    text += text.empty() ? "[[" : ",[";
    AddNumberText(id.sender.value, &text);
    text += ',';
    AddNumberText(id.clock.value, &text);
    for (size_t i = 0; i < count; ++i) {
      text += ',';
      AddNumberText(rest[i], &text);
    }
    text += ']';
  }
  if (!text.empty()) text += ']';
  return text;
}

std::string SentToText(const std::vector<SentMessage>& sent) {
  std::string text;
  for (const SentMessage& message : sent) {
    text += text.empty() ? '[' : ',';
    AddNumberText(message.to.value, &text);
  }
  return text + "]";
}

}  // namespace backstep::store
