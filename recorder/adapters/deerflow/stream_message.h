// The messages of a LangGraph run, put together from the events they arrived in.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/schemas/call.h"

namespace backstep::adapters {

struct StreamedCall {
  std::string id, name, arguments;  // as the chunks brought them
  Json whole;                       // as a "tool_calls" event had them; null: none did
};

struct StreamedMessage {
  std::string id, agent, role, text, reasoning, finish_reason, event;
  std::vector<StreamedCall> calls;
  std::vector<std::pair<double, size_t>> open;  // the call that each chunk index fills
  Json extra = Json::object();                  // fields without another home
  std::string model;                            // where its chunks say so
  Usage usage{};
};

struct StreamedResult {
  std::string call_id, text;
  size_t after = 0;  // messages begun before it
};

// One thread's events in turn.
class StreamedThread {
 public:
  // False: the event says nothing that is known.
  bool Add(const std::string& event, const Json& data);
  const std::vector<StreamedMessage>& messages() const { return messages_; }
  const std::vector<StreamedResult>& results() const { return results_; }

 private:
  void Calls(const Json& calls, StreamedMessage* message);
  void Chunks(const Json& chunks, StreamedMessage* message);

  std::vector<StreamedMessage> messages_;
  std::unordered_map<std::string, size_t> by_id_;
  std::vector<StreamedResult> results_;
};

}  // namespace backstep::adapters
