#include "backstep/recorder/adapters/assembly/wiring.h"

#include <algorithm>

namespace backstep::adapters {
namespace {

// The names a message may be known by, the surest first. Ids alone are not unique: some programs
// give every message the same.
std::vector<std::string> KeysOf(const Wiring::Named& name) {
  const std::string ends = name.source + '\n' + name.target + '\n';
  std::vector<std::string> keys;
  if (!name.id.empty() && !name.hash.empty()) {
    keys.push_back("a" + ends + name.id + '\n' + name.hash);
  }
  if (!name.hash.empty()) keys.push_back("b" + ends + name.hash);
  if (!name.id.empty()) keys.push_back("c" + ends + name.id);
  return keys;
}

}  // namespace

MessageDraft Wiring::Message(const Named& name, const KeptBody& body, TimeNs at) const {
  MessageDraft message;
  if (!name.target.empty()) message.to = draft_->Agent(name.target);
  message.channel = name.channel;
  message.kind = name.kind;
  message.program_id = name.id;
  message.edge_id = name.edge;
  if (!name.hash.empty()) message.attributes.emplace_back("sha256", name.hash);
  message.body = body;
  message.sent = at;
  return message;
}

// The step of the node before this one in the same graph. Nodes of one number run side by side.
std::optional<StepIndex> Wiring::Before(const Node& node, StepIndex step) {
  if (!node.graph || node.parent < 0) return std::nullopt;
  const auto [found, first] =
      last_sibling_.try_emplace(node.parent, Sibling{step, node.number, {}});
  if (first) return std::nullopt;
  Sibling& last = found->second;
  const bool beside = node.number != 0 && node.number == last.number;
  const std::optional<StepIndex> before = beside ? last.before : last.step;
  last = {step, node.number, before};
  return before;
}

void Wiring::ReplyFrom(StepIndex inner, const std::optional<KeptBody>& output,
                       std::optional<MessageIndex> request) {
  const StepDraft& step = draft_->steps[inner.value];
  if (!step.parent) return;
  MessageDraft reply;
  reply.from = inner;
  reply.to = draft_->steps[step.parent->value].agent;
  reply.taken_by = step.parent;
  reply.taken_in_mid_step = true;
  reply.kind = "reply";
  reply.reply_to = request;
  reply.sent = step.ended;
  if (output) reply.body = *output;
  draft_->Add(std::move(reply));
}

void Wiring::Activated(StepIndex index, const Node& node, const std::optional<KeptBody>& input,
                       const std::optional<KeptBody>& output) {
  const StepDraft step = draft_->steps[index.value];
  const std::string& agent = draft_->agents[step.agent.value].name;
  MessageDraft message;
  message.to = step.agent;
  message.taken_by = index;
  message.sent = step.began;
  message.from = Before(node, index);
  if (!message.from && !node.from_agent.empty() && node.from_agent != agent) {
    message.from = LastOf(node.from_agent, step.began, index);
  }
  const bool from_sibling = message.from.has_value();
  if (from_sibling) {
    const AgentIndex sender = draft_->steps[message.from->value].agent;
    message.edge_id = draft_->agents[sender.value].name + "->" + agent;
  } else {
    message.from = step.parent;
    message.kind = step.parent ? "request" : "input";
  }
  std::optional<MessageIndex> request;
  if (message.from || input) {
    if (input) message.body = *input;
    request = draft_->Add(std::move(message));
  }
  if (!step.parent) return;
  if (!node.graph) {
    ReplyFrom(index, output, request);
  } else {
    const auto [graph, first] = inner_graphs_.try_emplace(step.parent->value);
    graph->second.last = index;
    graph->second.output = output;
    if (first) graph->second.request = request;
  }
}

void Wiring::Sent(std::optional<StepIndex> step, const Named& name, KeptBody body, TimeNs at,
                  bool dropped) {
  MessageDraft message = Message(name, body, at);
  message.from = step;
  message.dropped = dropped;
  const MessageIndex index = draft_->Add(std::move(message));
  if (dropped) return;
  for (const std::string& key : KeysOf(name)) open_[key].push_back(index);
}

void Wiring::Took(StepIndex step, const Named& name, KeptBody body, TimeNs at, bool mid_step) {
  taken_.push_back({step, name, body, at, mid_step});
}

void Wiring::Processed(StepIndex step, const Named& name, KeptBody body,
                       std::vector<StepIndex> causes) {
  processed_.push_back({step, name, body, draft_->steps[step.value].began, false});
  causes_.push_back(std::move(causes));
}

void Wiring::HandedOff(std::optional<StepIndex> step, const Named& name, KeptBody body, TimeNs at) {
  if (name.target.empty()) return;
  MessageDraft message = Message(name, body, at);
  message.kind = "handoff";
  message.from = step;
  handoffs_.push_back({draft_->Add(std::move(message)), name.target, at});
}

const std::vector<std::pair<int64_t, StepIndex>>& Wiring::StepsOf(const std::string& agent) {
  if (!sorted_) {
    by_agent_.clear();
    for (size_t i = 0; i < draft_->steps.size(); ++i) {
      const StepDraft& step = draft_->steps[i];
      by_agent_[draft_->agents[step.agent.value].name].emplace_back(
          step.began.ns, StepIndex(static_cast<uint32_t>(i)));
    }
    for (auto& [name, steps] : by_agent_) std::sort(steps.begin(), steps.end());
    sorted_ = true;
  }
  return by_agent_[agent];
}

// The agent's newest step that had begun by then.
std::optional<StepIndex> Wiring::LastOf(const std::string& agent, TimeNs at, StepIndex but) {
  if (!sorted_) {  // while the spans still come: the newest one there is
    for (size_t i = draft_->steps.size(); i-- > 0 && i + 1000 > draft_->steps.size();) {
      const StepIndex index(static_cast<uint32_t>(i));
      if (index != but && draft_->agents[draft_->steps[i].agent.value].name == agent) return index;
    }
    return std::nullopt;
  }
  const auto& steps = StepsOf(agent);
  auto after = std::upper_bound(steps.begin(), steps.end(), at.ns,
                                [](int64_t ns, const auto& step) { return ns < step.first; });
  while (after != steps.begin()) {
    --after;
    if (after->second != but) return after->second;
  }
  return std::nullopt;
}

std::optional<StepIndex> Wiring::NextOf(const std::string& agent, TimeNs at) {
  const auto& steps = StepsOf(agent);
  const auto next = std::lower_bound(steps.begin(), steps.end(), at.ns,
                                     [](const auto& step, int64_t ns) { return step.first < ns; });
  if (next == steps.end()) return std::nullopt;
  return next->second;
}

// Gives what was taken to the oldest message of that name which nobody has taken yet.
void Wiring::Join(const Taken& taken) {
  for (const std::string& key : KeysOf(taken.name)) {
    const auto open = open_.find(key);
    if (open == open_.end()) continue;
    for (size_t& next = next_open_[key]; next < open->second.size(); ++next) {
      MessageDraft& message = draft_->messages[open->second[next].value];
      if (message.taken_by) continue;
      message.taken_by = taken.step;
      message.taken_in_mid_step = taken.mid_step;
      const AgentIndex taker = draft_->steps[taken.step.value].agent;
      if (message.to != taker) {  // the step's agent goes by another name than the message's
        message.attributes.emplace_back("target", taken.name.target);
        message.to = taker;
      }
      if (message.body.size == 0) message.body = taken.body;
      return;
    }
  }
  MessageDraft message = Message(taken.name, taken.body, taken.at);
  message.to = draft_->steps[taken.step.value].agent;
  if (!taken.name.source.empty()) message.from = LastOf(taken.name.source, taken.at, taken.step);
  message.taken_by = taken.step;
  message.taken_in_mid_step = taken.mid_step;
  if (!message.from && !taken.name.source.empty()) {
    message.attributes.emplace_back("source", taken.name.source);
  }
  draft_->Add(std::move(message));
}

void Wiring::Finish() {
  StepsOf({});
  for (const auto& [parent, graph] : inner_graphs_) {
    ReplyFrom(graph.last, graph.output, graph.request);
  }
  std::stable_sort(taken_.begin(), taken_.end(),
                   [](const Taken& a, const Taken& b) { return a.at < b.at; });
  for (const Taken& taken : taken_) Join(taken);
  for (size_t i = 0; i < processed_.size(); ++i) {
    const Taken& taken = processed_[i];
    MessageDraft message = Message(taken.name, taken.body, taken.at);
    message.to = draft_->steps[taken.step.value].agent;
    message.taken_by = taken.step;
    for (StepIndex cause : causes_[i]) {
      const std::string& agent = draft_->agents[draft_->steps[cause.value].agent.value].name;
      if (agent == taken.name.source) message.from = cause;
    }
    if (!message.from && !taken.name.source.empty()) {
      message.from = LastOf(taken.name.source, taken.at, taken.step);
    }
    if (!message.from && !causes_[i].empty()) message.from = causes_[i].back();
    draft_->Add(std::move(message));
  }
  for (const Handoff& handoff : handoffs_) {
    draft_->messages[handoff.message.value].taken_by = NextOf(handoff.target, handoff.at);
  }
}

}  // namespace backstep::adapters
