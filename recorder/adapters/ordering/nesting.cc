#include "backstep/recorder/adapters/ordering/nesting.h"

#include <unordered_map>

namespace backstep::adapters {
namespace {

constexpr uint64_t kWalksMax = 16, kWalksFree = 100000;

}  // namespace

Nesting::Nesting(std::vector<StepDraft>* steps, uint64_t* circles)
    : steps_(*steps), parent_(steps_.size(), kNone), same_agent_(steps_.size(), kNone),
      entered_(steps_.size()), left_(steps_.size()) {
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i].parent) parent_[i] = steps_[i].parent->value;
  }
  CutCircles(circles);
  ListChildren();
  for (uint32_t i = 0; i < parent_.size(); ++i) {
    if (parent_[i] == kNone) Walk(i, true);
  }
}

void Nesting::CutCircles(uint64_t* circles) {
  std::vector<uint32_t> seen(parent_.size(), kNone);  // in the walk from which step
  for (uint32_t start = 0; start < parent_.size(); ++start) {
    uint32_t at = start;
    while (at != kNone && seen[at] == kNone) {
      seen[at] = start;
      if (parent_[at] != kNone && seen[parent_[at]] == start) {
        parent_[at] = kNone;
        steps_[at].parent.reset();
        ++*circles;
      }
      at = parent_[at];
    }
  }
}

void Nesting::ListChildren() {
  first_child_.assign(parent_.size() + 1, 0);
  for (const uint32_t parent : parent_) {
    if (parent != kNone) ++first_child_[parent + 1];
  }
  for (size_t i = 1; i < first_child_.size(); ++i) first_child_[i] += first_child_[i - 1];
  children_.resize(first_child_.back());
  std::vector<uint32_t> next(first_child_.begin(), first_child_.end() - 1);
  for (uint32_t i = 0; i < parent_.size(); ++i) {
    if (parent_[i] != kNone) children_[next[parent_[i]]++] = i;
  }
}

uint64_t Nesting::Walk(uint32_t root, bool number) {
  std::vector<std::pair<uint32_t, uint32_t>> path;  // step, its next child
  std::unordered_map<uint32_t, std::vector<uint32_t>> open;  // by agent
  const auto enter = [&](uint32_t step) {
    std::vector<uint32_t>& of_agent = open[steps_[step].agent.value];
    same_agent_[step] = of_agent.empty() ? kNone : of_agent.back();
    of_agent.push_back(step);
    if (number) entered_[step] = clock_++;
    path.emplace_back(step, first_child_[step]);
  };
  uint64_t turns = 0;
  enter(root);
  while (!path.empty()) {
    ++turns;
    const uint32_t step = path.back().first;
    uint32_t& next = path.back().second;
    while (next < first_child_[step + 1] && parent_[children_[next]] != step) ++next;
    if (next < first_child_[step + 1]) {
      enter(children_[next++]);
      continue;
    }
    if (number) left_[step] = clock_++;
    open[steps_[step].agent.value].pop_back();
    path.pop_back();
  }
  return turns;
}

std::vector<std::pair<uint32_t, uint32_t>> Nesting::Detach(uint32_t step) {
  // Walking the same steps again and again would cost their number squared.
  const bool apart = walked_ > kWalksMax * parent_.size() + kWalksFree;
  std::vector<std::pair<uint32_t, uint32_t>> detached{{step, parent_[step]}};
  for (size_t i = 0; i < detached.size(); ++i) {
    const uint32_t out = detached[i].first;
    if (apart) ForChildren(out, [&](uint32_t child) { detached.emplace_back(child, out); });
    parent_[out] = kNone;
    same_agent_[out] = kNone;
    steps_[out].parent.reset();
  }
  if (!apart) walked_ += Walk(step, false);
  return detached;
}

}  // namespace backstep::adapters
