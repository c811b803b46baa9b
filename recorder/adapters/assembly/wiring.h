// Who told whom: messages between the steps of a session whose spans are read one after another.
// One session, one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "backstep/recorder/adapters/core/draft.h"

namespace backstep::adapters {

class Wiring {
 public:
  explicit Wiring(SessionDraft* draft) : draft_(draft) {}

  struct Node {           // where a step stands in its graph; see Activated
    int32_t parent = -1;  // the span that holds the siblings; -1: none
    uint64_t number = 0;  // the graph's own count; 0: not told
    bool graph = false;   // it is a node of a graph
    std::string from_agent;  // whom the graph names as the one before; may be empty
  };
  // A step has begun: gives it the message it works on, from the step around it, the node before it
  // or from outside; with neither sender nor input, none.
  void Activated(StepIndex step, const Node& node, const std::optional<KeptBody>& input,
                 const std::optional<KeptBody>& output);

  struct Named {  // what a span says of a message
    std::string source, target, id, hash, edge, channel, kind;
  };
  void Sent(std::optional<StepIndex> step, const Named& name, KeptBody body, TimeNs at,
            bool dropped);
  // Taken inside a step of its own; `mid_step`: after that had done something else.
  void Took(StepIndex step, const Named& name, KeptBody body, TimeNs at, bool mid_step);
  // The step is what its taker does with it. `causes`: steps that its links lead to.
  void Processed(StepIndex step, const Named& name, KeptBody body, std::vector<StepIndex> causes);
  void HandedOff(std::optional<StepIndex> step, const Named& name, KeptBody body, TimeNs at);

  // After the last span: joins what was sent with what was taken.
  void Finish();

 private:
  struct Taken {
    StepIndex step;
    Named name;
    KeptBody body;
    TimeNs at;
    bool mid_step = false;
  };
  struct Handoff {
    MessageIndex message;
    std::string target;
    TimeNs at;
  };
  struct Sibling {
    StepIndex step;
    uint64_t number = 0;
    std::optional<StepIndex> before;
  };
  MessageDraft Message(const Named& name, const KeptBody& body, TimeNs at) const;
  std::optional<StepIndex> Before(const Node& node, StepIndex step);
  std::optional<StepIndex> LastOf(const std::string& agent, TimeNs at, StepIndex but);
  std::optional<StepIndex> NextOf(const std::string& agent, TimeNs at);
  void Join(const Taken& taken);
  void ReplyFrom(StepIndex inner, const std::optional<KeptBody>& output,
                 std::optional<MessageIndex> request);
  const std::vector<std::pair<int64_t, StepIndex>>& StepsOf(const std::string& agent);

  SessionDraft* draft_;
  std::unordered_map<std::string, std::vector<MessageIndex>> open_;  // sent, by what names them
  std::unordered_map<std::string, size_t> next_open_;
  std::vector<Taken> taken_;
  std::vector<Taken> processed_;
  std::vector<std::vector<StepIndex>> causes_;
  std::vector<Handoff> handoffs_;
  std::map<int32_t, Sibling> last_sibling_;
  struct Graph {  // the nodes of a graph inside a step: the last one answers
    StepIndex last;
    std::optional<KeptBody> output;
    std::optional<MessageIndex> request;
  };
  std::map<uint32_t, Graph> inner_graphs_;  // by the step around them
  std::unordered_map<std::string, std::vector<std::pair<int64_t, StepIndex>>> by_agent_;
  bool sorted_ = false;
};

}  // namespace backstep::adapters
