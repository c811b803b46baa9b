// One exchange with a model, told alike by every kind of cassette, and the run it is a step of.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backstep/recorder/adapters/conversations/odd_parts.h"
#include "backstep/recorder/adapters/core/importer.h"
#include "backstep/recorder/adapters/core/json_text.h"

namespace backstep::adapters {

struct AskedTool {
  std::string id, name, arguments;
};

struct ToolAnswer {
  std::string id, text;
  bool failed = false;
};

struct Exchange {
  std::string model, provider{}, parameters{};
  std::string request;                    // whole, JSON as sent
  std::optional<std::string> response{};  // whole; none: it failed or is not there
  std::optional<CallError> error{};
  Usage usage{};
  std::string finish_reason{};
  std::string name{};                     // the agent's, where the request tells it
  std::string instructions{};             // the system prompt
  std::string id{}, previous_id{};        // of the answer, and of the one the request goes on from
  std::string prompt{};                   // the last message, when it came from outside
  std::string prompt_source{};            // who sent that; may be empty
  Json conversation = Json::array();      // what was sent, and the answer
  std::vector<AskedTool> asked{};         // tools the answer asks for
  std::vector<ToolAnswer> answered{};     // answers of tools that the request holds
  std::string raw{};                      // the answer as it was streamed
  uint64_t index = 0;
  TimeNs time{};
  OddParts odd{};                         // of it, to be told
  bool model_call = true;                 // else a request to something that is no model
};

// Puts exchanges into a draft: each a step of its agent with one effect, and one more for every
// tool its answer asks for, answered where a later request holds the answer. One thread.
class Cassette {
 public:
  Cassette(SessionDraft* draft, Sink* sink) : draft_(draft), sink_(sink) {}
  // The agent: by name, or one for every system prompt ("assistant", "assistant 2", ...).
  StepIndex Add(const Exchange& exchange);

 private:
  std::string AgentName(const Exchange& exchange);
  void Tools(const Exchange& exchange, StepIndex step);

  SessionDraft* draft_;
  Sink* sink_;
  std::map<std::string, std::string> by_instructions_;
  std::map<std::string, std::string> by_answer_;  // agents by the ids of their answers
  std::map<std::string, size_t> open_calls_;  // effects by the id of the tool call
};

}  // namespace backstep::adapters
