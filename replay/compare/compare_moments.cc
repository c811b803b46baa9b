#include <algorithm>
#include <map>
#include <set>

#include "backstep/replay/compare.h"
#include "backstep/replay/compare/step_compare.h"

namespace backstep::replay {
namespace {

constexpr size_t kValuesMax = 50;
constexpr size_t kWaitingMax = 100;

// One agent at one moment.
struct AgentSide {
  std::optional<store::AgentAt> agent;
  std::vector<MessageId> waiting;  // in delivery order
};

using Sides = std::map<std::string, AgentSide>;

Result<Sides> SidesAt(store::Line& line, StepNumber at, std::vector<std::string>* order) {
  BACKSTEP_ASSIGN_OR_RETURN(const store::Cut cut, line.CutAt(at));
  Sides sides;
  const auto side_of = [&](AgentId id) -> AgentSide& {
    auto [found, fresh] = sides.try_emplace(line.AgentName(id));
    if (fresh) order->push_back(found->first);
    return found->second;
  };
  for (const store::AgentAt& agent : cut.agents) side_of(agent.id).agent = agent;
  for (const store::Waiting& waiting : cut.mailboxes) {
    side_of(waiting.to).waiting.push_back(waiting.id);
  }
  return sides;
}

class MomentComparer {
 public:
  MomentComparer(store::Line& a, StepNumber at_a, store::Line& b, StepNumber at_b,
                 const CompareProgress& progress)
      : a_(a), b_(b), at_a_(at_a), at_b_(at_b), progress_(progress) {}

  Result<std::vector<AgentStateDiff>> Run() {
    std::vector<std::string> order;
    BACKSTEP_ASSIGN_OR_RETURN(const Sides sides_a, SidesAt(a_, at_a_, &order));
    BACKSTEP_ASSIGN_OR_RETURN(const Sides sides_b, SidesAt(b_, at_b_, &order));
    for (const auto& [name, side] : sides_a) total_ += 1 + side.waiting.size();
    std::vector<AgentStateDiff> out;
    std::set<std::string> done;
    for (const std::string& name : order) {
      if (!done.insert(name).second) continue;
      BACKSTEP_RETURN_IF_ERROR(GoOn());
      AgentStateDiff diff;
      diff.agent = name;
      BACKSTEP_RETURN_IF_ERROR(CompareAgent(SideOf(sides_a, name), SideOf(sides_b, name), &diff));
      if (diff.values.empty() && diff.only_a.empty() && diff.only_b.empty()) continue;
      out.push_back(std::move(diff));
    }
    return out;
  }

 private:
  Status GoOn() {
    ++done_;
    total_ = std::max(total_, done_);  // agents that only b has
    if (!progress_ || progress_(done_ - 1, total_)) return {};
    return Status::Cancelled("the comparison was given up");
  }

  static AgentSide SideOf(const Sides& sides, const std::string& name) {
    auto found = sides.find(name);
    return found == sides.end() ? AgentSide{} : found->second;
  }

  Status CompareAgent(const AgentSide& in_a, const AgentSide& in_b, AgentStateDiff* diff) {
    BACKSTEP_RETURN_IF_ERROR(CompareStates(in_a, in_b, diff));
    return CompareMailboxes(in_a.waiting, in_b.waiting, diff);
  }

  Status CompareStates(const AgentSide& in_a, const AgentSide& in_b, AgentStateDiff* diff) {
    if (in_a.agent.has_value() != in_b.agent.has_value()) {
      diff->values.push_back({"", in_a.agent ? "(an agent)" : "", in_b.agent ? "(an agent)" : ""});
      return {};
    }
    if (!in_a.agent || in_a.agent->state.hash == in_b.agent->state.hash) return {};
    BACKSTEP_ASSIGN_OR_RETURN(
        diff->values, DiffReferences(a_, in_a.agent->state, b_, in_b.agent->state, kValuesMax));
    return {};
  }

  Status CompareMailboxes(const std::vector<MessageId>& in_a, const std::vector<MessageId>& in_b,
                          AgentStateDiff* diff) {
    std::map<std::string, MessageId> names_b;
    for (const MessageId& id : in_b) names_b.emplace(b_.FormatMessageId(id), id);
    size_t left_out_a = 0, left_out_b = 0;
    for (const MessageId& id : in_a) {
      BACKSTEP_RETURN_IF_ERROR(GoOn());
      const std::string name = a_.FormatMessageId(id);
      auto other = names_b.find(name);
      if (other == names_b.end()) {
        Add(name, &diff->only_a, &left_out_a);
        continue;
      }
      BACKSTEP_RETURN_IF_ERROR(CompareWaiting(name, id, other->second, diff));
      names_b.erase(other);
    }
    for (const MessageId& id : in_b) {
      const std::string name = b_.FormatMessageId(id);
      if (names_b.count(name)) Add(name, &diff->only_b, &left_out_b);
    }
    if (left_out_a > 0) diff->only_a.push_back("… and " + std::to_string(left_out_a) + " more");
    if (left_out_b > 0) diff->only_b.push_back("… and " + std::to_string(left_out_b) + " more");
    return {};
  }

  static void Add(const std::string& name, std::vector<std::string>* names, size_t* left_out) {
    if (names->size() < kWaitingMax) names->push_back(name);
    else ++*left_out;
  }

  // The same message waits on both sides; an edit may have given it another body.
  Status CompareWaiting(const std::string& name, const MessageId& id_a, const MessageId& id_b,
                        AgentStateDiff* diff) {
    BACKSTEP_ASSIGN_OR_RETURN(const MessageRecord in_a, a_.FindMessage(id_a));
    BACKSTEP_ASSIGN_OR_RETURN(const MessageRecord in_b, b_.FindMessage(id_b));
    if (in_a.body.hash == in_b.body.hash || diff->values.size() >= 2 * kValuesMax) return {};
    BACKSTEP_ASSIGN_OR_RETURN(auto values, DiffReferences(a_, in_a.body, b_, in_b.body, 1));
    for (ValueDiff& value : values) {
      value.path = "message " + name + (value.path.empty() ? "" : " " + value.path);
      diff->values.push_back(std::move(value));
    }
    return {};
  }

  store::Line& a_;
  store::Line& b_;
  const StepNumber at_a_, at_b_;
  const CompareProgress& progress_;  // the caller's
  uint64_t done_ = 0, total_ = 0;    // agents, and messages that wait in a
};

}  // namespace

Result<std::vector<AgentStateDiff>> CompareMoments(store::Line& a, StepNumber at_a,
                                                   store::Line& b, StepNumber at_b,
                                                   const CompareProgress& progress) {
  return MomentComparer(a, at_a, b, at_b, progress).Run();
}

}  // namespace backstep::replay
