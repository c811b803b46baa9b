#include "backstep/recorder/adapters/deerflow/stream_message.h"

#include <algorithm>
#include <set>

#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/usage.h"

namespace backstep::adapters {
namespace {

constexpr size_t kCallsOfMessageMax = 1'000;
constexpr size_t kExtraMax = 256;  // fields of a message that no one knows

const std::set<std::string> kStreamFields = {
    "thread_id", "agent",     "id",         "role",             "content",
    "reasoning_content", "finish_reason", "tool_calls", "tool_call_chunks", "tool_call_id"};

}  // namespace

// A call is announced by name and id; announcements without a name repeat what chunks bring.
void StreamedThread::Calls(const Json& calls, StreamedMessage* message) {
  if (!calls.is_array()) return;
  for (const Json& call : calls) {
    const std::string id = TextAt(call, "id");
    const std::string name = TextAt(call, "name");
    if (name.empty() || message->calls.size() >= kCallsOfMessageMax) continue;
    const Json* arguments = Find(call, "args");
    message->calls.push_back(
        {id, name, "", arguments == nullptr ? Json(nullptr) : *arguments});
  }
}

void StreamedThread::Chunks(const Json& chunks, StreamedMessage* message) {
  if (!chunks.is_array()) return;
  for (const Json& chunk : chunks) {
    const double index = NumberAt(chunk, "index").value_or(0);
    const std::string id = TextAt(chunk, "id");
    const auto slot = std::find_if(message->open.begin(), message->open.end(),
                                   [&](const auto& open) { return open.first == index; });
    size_t call = message->calls.size();
    if (!id.empty()) {  // the call of that id, announced just now or by this chunk
      for (size_t i = 0; i < message->calls.size(); ++i) {
        if (message->calls[i].id == id) call = i;
      }
      if (call == message->calls.size()) {
        if (call >= kCallsOfMessageMax) continue;
        message->calls.push_back({id, TextAt(chunk, "name"), "", nullptr});
      }
      if (slot != message->open.end()) {
        slot->second = call;
      } else if (message->open.size() < kCallsOfMessageMax) {
        message->open.emplace_back(index, call);
      }
    } else if (slot != message->open.end()) {
      call = slot->second;
    } else if (!message->calls.empty()) {
      call = message->calls.size() - 1;
    } else {
      continue;
    }
    message->calls[call].arguments += TextAt(chunk, "args");
  }
}

bool StreamedThread::Add(const std::string& event, const Json& data) {
  if (event == "tool_call_result") {
    const Json* content = Find(data, "content");
    results_.push_back({TextAt(data, "tool_call_id"),
                        content == nullptr ? "" : ContentText(*content), messages_.size()});
    return true;
  }
  const std::string id = TextAt(data, "id");
  if (id.empty()) return false;
  const auto [place, is_new] = by_id_.emplace(id, messages_.size());
  if (is_new) {
    messages_.emplace_back();
    messages_.back().id = id;
    messages_.back().event = event;
  }
  StreamedMessage& message = messages_[place->second];
  if (message.agent.empty()) message.agent = TextAt(data, "agent");
  if (message.role.empty()) message.role = TextAt(data, "role");
  if (const Json* content = Find(data, "content")) message.text += ContentText(*content);
  message.reasoning += TextAt(data, "reasoning_content");
  if (const std::string finish = TextAt(data, "finish_reason"); !finish.empty()) {
    message.finish_reason = finish;
  }
  message.usage += UsageOfMessage(data);  // each chunk has what it added
  if (const Json* metadata = Find(data, "response_metadata"); message.model.empty() && metadata) {
    message.model = TextAt(*metadata, "model_name");
  }
  if (const Json* calls = Find(data, "tool_calls")) Calls(*calls, &message);
  if (const Json* chunks = Find(data, "tool_call_chunks")) Chunks(*chunks, &message);
  for (const auto& [key, value] : data.items()) {
    if (message.extra.size() >= kExtraMax) break;
    if (!kStreamFields.contains(key)) message.extra[key] = value;
  }
  return true;
}

}  // namespace backstep::adapters
