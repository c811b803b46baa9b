#include "backstep/replay/view/graph/agent_graph.h"

#include <algorithm>
#include <set>

namespace backstep::replay {
namespace {

constexpr uint64_t kStepsMax = UINT32_MAX - 1;
constexpr uint32_t kProgressEvery = 1000;
constexpr size_t kMessagesMax = 64;   // of the cursor's step that are looked up
constexpr size_t kExcerptBytes = 240;

uint64_t CountTo(const std::vector<uint32_t>& steps, uint32_t at) {
  return static_cast<uint64_t>(std::upper_bound(steps.begin(), steps.end(), at) - steps.begin());
}

uint32_t NewestTo(const std::vector<uint32_t>& steps, uint32_t at) {
  const auto after = std::upper_bound(steps.begin(), steps.end(), at);
  return after == steps.begin() ? 0 : *(after - 1);
}

bool Holds(const std::vector<uint32_t>& steps, uint32_t step) {
  return std::binary_search(steps.begin(), steps.end(), step);
}

// Nearly always an append: a message from outside that shows late comes out of order.
void Insert(std::vector<uint32_t>* steps, uint32_t step) {
  if (steps->empty() || steps->back() <= step) {
    steps->push_back(step);
  } else {
    steps->insert(std::upper_bound(steps->begin(), steps->end(), step), step);
  }
}

// Keeps the list free of spans that lie inside others. Ends come in ascending order.
void AddSpan(uint32_t begin, uint32_t end, std::vector<std::pair<uint32_t, uint32_t>>* spans) {
  while (!spans->empty() && spans->back().first >= begin) spans->pop_back();
  spans->emplace_back(begin, end);
}

// Whether a span begins before `at` and ends after it, or at it where `end_included`.
bool Covers(const std::vector<std::pair<uint32_t, uint32_t>>& spans, uint32_t at,
            bool end_included) {
  const uint32_t least = end_included ? at : at + 1;
  const auto span = std::lower_bound(
      spans.begin(), spans.end(), least,
      [](const auto& one, uint32_t wanted) { return one.second < wanted; });
  return span != spans.end() && span->first < at;
}

uint32_t Narrow(StepNumber step) {
  return static_cast<uint32_t>(std::min<uint64_t>(step.value, kStepsMax));
}

template <typename T>
size_t BytesOf(const std::vector<T>& list) {
  return list.capacity() * sizeof(T);
}

}  // namespace

const char* AgentConditionName(AgentCondition condition) {
  switch (condition) {
    case AgentCondition::kIdle: return "idle";
    case AgentCondition::kRunning: return "running";
    case AgentCondition::kWaiting: return "waiting";
    case AgentCondition::kFailed: return "failed";
    case AgentCondition::kHit: return "hit";
  }
  return "idle";
}

Status AgentGraphBuilder::Begin() {
  if (line_.last().value > kStepsMax) {
    return Status::InvalidArgument("the agent graph takes at most " + std::to_string(kStepsMax) +
                                   " steps");
  }
  BACKSTEP_RETURN_IF_ERROR(ReadOutside());
  ArriveUpTo(read_);
  return {};
}

void AgentGraphBuilder::Add(const store::StepOutline& step) {
  AddStep(step);
  // Merged with the steps, so that every list grows at its end.
  ArriveUpTo(read_);
}

Status AgentGraphBuilder::End() {
  BACKSTEP_ASSIGN_OR_RETURN(open_, line_.OpenSteps());
  return {};
}

Status AgentGraphBuilder::Update(const std::function<bool(uint64_t, uint64_t)>& progress) {
  BACKSTEP_RETURN_IF_ERROR(Begin());
  const uint64_t last = line_.last().value;
  bool cancelled = false;
  store::StepOutline outline;
  const Status status = line_.ScanSteps(
      StepNumber{uint64_t{read_} + 1}, line_.last(), [&](const StepRecord& step) {
        store::MakeOutline(step, {}, std::nullopt, &outline);
        Add(outline);
        cancelled = read_ % kProgressEvery == 0 && progress && !progress(read_, last);
        return !cancelled;
      });
  BACKSTEP_RETURN_IF_ERROR(status);
  if (cancelled) return Status::Cancelled("reading the agent graph");
  return End();
}

Status AgentGraphBuilder::ReadOutside() {
  BACKSTEP_RETURN_IF_ERROR(line_.ScanMessages([&](const MessageRecord& message) {
    if (message.id.sender != kOutside) return false;
    if (any_outside_ && message.id <= outside_read_) return true;
    any_outside_ = true;
    outside_read_ = message.id;
    arrivals_.push_back({message.id, message.to, message.dropped, Narrow(message.sent_after)});
    return true;
  }));
  std::stable_sort(arrivals_.begin(), arrivals_.end(),
                   [](const Arrival& a, const Arrival& b) { return a.since < b.since; });
  return {};
}

void AgentGraphBuilder::ArriveUpTo(uint32_t moment) {
  for (; !arrivals_.empty() && arrivals_.front().since <= moment; arrivals_.pop_front()) {
    const Arrival& arrival = arrivals_.front();
    AddSent(arrival.id, arrival.to, arrival.dropped, arrival.since);
  }
}

void AgentGraphBuilder::AddStep(const store::StepOutline& step) {
  read_ = Narrow(step.number);
  Agent& agent = agents_[step.agent];
  agent.steps.push_back(read_);
  if ((step.flags & store::kOutlineFailed) != 0) agent.failed.push_back(read_);
  if ((step.flags & store::kOutlineHit) != 0) agent.hit.push_back(read_);
  AddSpans(step);
  for (const auto& taken : step.took) AddTaken(taken.id, step.agent);
  for (const auto& sent : step.sent) AddSent(sent.id, sent.to, sent.dropped, read_);
}

AgentGraphBuilder::Edge& AgentGraphBuilder::EdgeOf(AgentId from, AgentId to) {
  Edge*& edge = edge_of_[uint64_t{from.value} << 32 | to.value];
  if (edge == nullptr) edge = &edges_[{from, to}];
  return *edge;
}

void AgentGraphBuilder::AddSent(const MessageId& id, AgentId to, bool dropped, uint32_t at) {
  if (early_.erase(id) != 0) return;  // it was counted where it was taken
  Edge& edge = EdgeOf(id.sender, to);
  Insert(&edge.sent, at);
  if (dropped) {
    Insert(&edge.dropped, at);
    return;
  }
  Insert(&agents_[to].arrived, at);
  pending_.emplace(id, to);
}

void AgentGraphBuilder::AddTaken(const MessageId& id, AgentId taker) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) {
    // Its sender is still open: it never lay in a mailbox.
    if (early_.insert(id).second) Insert(&EdgeOf(id.sender, taker).sent, read_);
    return;
  }
  Insert(&agents_[found->second].left, read_);
  pending_.erase(found);
}

void AgentGraphBuilder::AddSpans(const store::StepOutline& step) {
  const uint32_t begin = Narrow(step.begin_after);
  // A step that nothing was committed beside was open at no moment.
  if (begin + 1 < read_) AddSpan(begin, read_, &agents_[step.agent].open);
  if (step.caller) AddSpan(begin, read_, &agents_[*step.caller].called);
}

AgentCondition AgentGraphBuilder::ConditionOf(AgentId id, const Agent& agent, uint32_t at) const {
  bool open = Covers(agent.open, at, false);
  bool called = Covers(agent.called, at, true);
  for (const store::OpenStep& step : open_) {
    const bool here = step.begin.begin_after.value < at || at == read_;
    open |= here && step.begin.agent == id;
    called |= here && step.begin.caller && step.begin.caller->first == id;
  }
  if (open) return called ? AgentCondition::kWaiting : AgentCondition::kRunning;
  const uint32_t newest = NewestTo(agent.steps, at);
  if (newest == 0) return AgentCondition::kIdle;
  if (Holds(agent.failed, newest)) return AgentCondition::kFailed;
  if (Holds(agent.hit, newest)) return AgentCondition::kHit;
  return newest == at ? AgentCondition::kRunning : AgentCondition::kIdle;
}

GraphNode AgentGraphBuilder::NodeOf(const AgentRecord& record, uint32_t at) const {
  GraphNode node;
  node.id = record.id;
  node.name = record.name;
  node.role = record.role;
  node.model = record.model;
  node.outside = record.id == kOutside;
  static const Agent kNothing;
  const auto found = agents_.find(record.id);
  const Agent& agent = found == agents_.end() ? kNothing : found->second;
  node.steps = CountTo(agent.steps, at);
  node.failed_steps = CountTo(agent.failed, at);
  node.newest = StepNumber{NewestTo(agent.steps, at)};
  node.condition = ConditionOf(record.id, agent, at);
  node.present = record.registered_after.value <= at || node.steps != 0 ||
                 node.condition != AgentCondition::kIdle;
  const uint64_t arrived = CountTo(agent.arrived, at), left = CountTo(agent.left, at);
  if (!node.outside && arrived > left) node.mailbox = arrived - left;
  return node;
}

size_t AgentGraphBuilder::IndexOf(AgentId id) const {
  const auto& all = line_.agents();
  const auto found = std::lower_bound(
      all.begin(), all.end(), id,
      [](const AgentRecord& agent, AgentId wanted) { return agent.id < wanted; });
  return found != all.end() && found->id == id ? static_cast<size_t>(found - all.begin())
                                               : all.size();
}

Status AgentGraphBuilder::FillMessages(const StepRecord& step, AgentGraph* graph) const {
  std::vector<GraphMessage>& messages = graph->messages;
  graph->messages_total = step.took.size() + step.sent.size();
  const auto add = [&](const MessageId& id, AgentId to, GraphMessage row) -> Status {
    row.id = line_.FormatMessageId(id);
    row.from = IndexOf(id.sender);
    row.to = IndexOf(to);
    if (row.from == graph->nodes.size() || row.to == graph->nodes.size()) return {};
    const auto message = line_.FindMessage(id);
    if (message.ok()) {
      row.kind = message->kind;
      row.edited = message->edited;
      BACKSTEP_ASSIGN_OR_RETURN(row.body, ViewBody(line_, message->body, kExcerptBytes));
    } else if (message.status().code() != StatusCode::kNotFound) {
      return message.status();
    }  // else lost with its writer's crash: the id stands
    messages.push_back(std::move(row));
    return {};
  };
  for (const TakenMessage& taken : step.took) {
    if (messages.size() == kMessagesMax) return {};
    GraphMessage row;
    row.taken = true;
    row.early = taken.early;
    BACKSTEP_RETURN_IF_ERROR(add(taken.id, step.agent, std::move(row)));
  }
  for (const SentMessage& sent : step.sent) {
    if (messages.size() == kMessagesMax) return {};
    GraphMessage row;
    row.dropped = sent.dropped;
    BACKSTEP_RETURN_IF_ERROR(add(sent.id, sent.to, std::move(row)));
  }
  return {};
}

Result<AgentGraph> AgentGraphBuilder::At(StepNumber step,
                                         const std::vector<std::string>& touched) const {
  if (step.value > read_) {
    return Status::NotFound("step " + std::to_string(step.value) + " is not read; the last is " +
                            std::to_string(read_));
  }
  const uint32_t at = Narrow(step);
  const std::set<std::string> marked(touched.begin(), touched.end());
  AgentGraph graph;
  graph.step = step;
  for (const AgentRecord& record : line_.agents()) {
    graph.nodes.push_back(NodeOf(record, at));
    graph.nodes.back().touched = marked.contains(record.name);
  }
  for (const auto& [ends, edge] : edges_) {
    GraphEdge row{IndexOf(ends.first), IndexOf(ends.second), CountTo(edge.sent, at),
                  CountTo(edge.dropped, at), StepNumber{NewestTo(edge.sent, at)},
                  StepNumber{edge.sent.front()}};
    if (row.from < graph.nodes.size() && row.to < graph.nodes.size()) graph.edges.push_back(row);
  }
  if (at != 0) {
    BACKSTEP_ASSIGN_OR_RETURN(const StepRecord record, line_.Step(step));
    BACKSTEP_RETURN_IF_ERROR(FillMessages(record, &graph));
  }
  return graph;
}

size_t AgentGraphBuilder::MemoryBytes() const {
  size_t bytes = pending_.size() * (sizeof(MessageId) + sizeof(AgentId) + 20) +
                 early_.size() * (sizeof(MessageId) + 16);
  for (const auto& [id, agent] : agents_) {
    bytes += sizeof(Agent) + BytesOf(agent.steps) + BytesOf(agent.failed) + BytesOf(agent.hit) +
             BytesOf(agent.arrived) + BytesOf(agent.left) + BytesOf(agent.open) +
             BytesOf(agent.called);
  }
  for (const auto& [ends, edge] : edges_) {
    bytes += sizeof(Edge) + BytesOf(edge.sent) + BytesOf(edge.dropped);
  }
  return bytes;
}

}  // namespace backstep::replay
