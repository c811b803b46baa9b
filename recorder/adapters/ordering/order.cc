#include "backstep/recorder/adapters/ordering/order.h"

#include <algorithm>
#include <queue>
#include <unordered_map>

#include "backstep/recorder/adapters/ordering/happening_keys.h"
#include "backstep/recorder/adapters/ordering/nesting.h"

namespace backstep::adapters {
namespace {

constexpr size_t kDroppedTold = 20;

// Lists of numbers by owner, in one piece each.
class Lists {
 public:
  explicit Lists(size_t owners) : first_(owners + 1) {}
  void Count(uint32_t owner) { ++first_[owner + 1]; }
  void Counted() {
    for (size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
    items_.resize(first_.back());
    next_.assign(first_.begin(), first_.end() - 1);
  }
  void Add(uint32_t owner, uint32_t item) { items_[next_[owner]++] = item; }
  template <typename Visit>
  void For(uint32_t owner, Visit visit) const {
    for (uint32_t i = first_[owner]; i < first_[owner + 1]; ++i) visit(items_[i]);
  }

 private:
  std::vector<uint32_t> first_, next_, items_;
};

// Lays out what happens as nodes of a graph, and takes them off it in order.
class Orderer {
 public:
  explicit Orderer(SessionDraft* draft)
      : draft_(*draft), steps_(static_cast<uint32_t>(draft->steps.size())),
        messages_(static_cast<uint32_t>(draft->messages.size())),
        nesting_(&draft->steps, &order_.links_dropped), keys_(*draft), inside_(steps_),
        sent_by_(steps_), taken_by_(steps_), after_(steps_), open_(draft->agents.size()) {
    if (order_.links_dropped > 0) Tell("parents of steps that go in a circle");
  }
  Order Run();

 private:
  using Kind = Happening::Kind;
  struct Later {
    const Orderer* orderer;
    bool operator()(uint32_t a, uint32_t b) const { return orderer->Key(b) < orderer->Key(a); }
  };
  using Heap = std::priority_queue<uint32_t, std::vector<uint32_t>, Later>;

  // Nodes: begins, commits, sends, takes, effects, notes, one kind after the other.
  uint32_t Begin(uint32_t step) const { return step; }
  uint32_t Commit(uint32_t step) const { return steps_ + step; }
  uint32_t Send(uint32_t message) const { return 2 * steps_ + message; }
  uint32_t Take(uint32_t message) const { return 2 * steps_ + messages_ + message; }
  uint32_t Effect(uint32_t i) const { return 2 * steps_ + 2 * messages_ + i; }
  uint32_t Note(uint32_t i) const {
    return Effect(static_cast<uint32_t>(draft_.effects.size())) + i;
  }
  Happening At(uint32_t node) const;
  const HappeningKey& Key(uint32_t node) const;
  Heap NewHeap() const { return Heap(Later{this}); }

  // Building.
  void MendMessages();
  void CountCauses();
  void ListParts();
  bool TakenAfterCommit(const MessageDraft& message) const;
  uint32_t TakerNode(uint32_t message) const {
    const MessageDraft& m = draft_.messages[message];
    return m.taken_in_mid_step ? Take(message) : Begin(m.taken_by->value);
  }

  // Going on.
  void Caused(uint32_t node);
  void Softened(uint32_t node);
  void Candidate(uint32_t node);
  void Happen(uint32_t node);
  void HappenBegin(uint32_t step);
  void HappenSend(uint32_t message);
  void HappenCommit(uint32_t step);
  bool SlotFree(uint32_t step) const;
  uint32_t SlotOf(uint32_t step) const;
  void OfferSlot(uint32_t slot);
  bool IsBlocked(uint32_t node) const { return node < steps_ && !SlotFree(node); }

  // Stuck: each true when something can go on.
  bool RelaxOne();
  bool RelieveOpen();
  bool RelieveUnbegun();
  void DropLink(uint32_t message);
  void Tell(const std::string& what);

  SessionDraft& draft_;
  const uint32_t steps_, messages_;
  Order order_;
  Nesting nesting_;
  const HappeningKeys keys_;
  Lists inside_;    // sends, takes, effects and notes of a step, as nodes
  Lists sent_by_;   // messages, by step
  Lists taken_by_;  // messages that activate it, by step
  Lists after_;     // `order` of the draft: steps, by the step before them
  std::vector<uint32_t> hard_, soft_;  // causes that have not happened, by node
  std::vector<bool> done_;
  std::vector<std::vector<uint32_t>> open_;  // steps of an agent, the innermost last
  std::vector<uint32_t> begun_;              // steps in order of beginning; committed ones go
  Heap ready_ = NewHeap(), softened_ = NewHeap(), outermost_ = NewHeap();
  // Steps that wait for their agent, by what must be the innermost open step of that.
  std::unordered_map<uint32_t, Heap> waiting_, waiting_soft_;
};

Happening Orderer::At(uint32_t node) const {
  if (node < steps_) return {Kind::kBegin, node};
  node -= steps_;
  if (node < steps_) return {Kind::kCommit, node};
  node -= steps_;
  if (node < messages_) return {Kind::kSend, node};
  node -= messages_;
  if (node < messages_) return {Kind::kTake, node};
  node -= messages_;
  const auto effects = static_cast<uint32_t>(draft_.effects.size());
  return node < effects ? Happening{Kind::kEffect, node} : Happening{Kind::kNote, node - effects};
}

const HappeningKey& Orderer::Key(uint32_t node) const {
  const Happening at = At(node);
  switch (at.kind) {
    case Kind::kBegin: return keys_.begins[at.index];
    case Kind::kCommit: return keys_.commits[at.index];
    case Kind::kSend: return keys_.sends[at.index];
    case Kind::kTake: return keys_.takes[at.index];
    case Kind::kEffect: return keys_.effects[at.index];
    case Kind::kNote: break;
  }
  return keys_.notes[at.index];
}

void Orderer::Tell(const std::string& what) {
  if (order_.dropped.size() < kDroppedTold) order_.dropped.push_back(what);
}

// An answer to a step that is still open is taken in its midst; nobody is activated by itself.
void Orderer::MendMessages() {
  for (uint32_t i = 0; i < messages_; ++i) {
    MessageDraft& message = draft_.messages[i];
    if (!message.taken_by) message.taken_in_mid_step = false;
    if (!message.from || !message.taken_by || message.taken_in_mid_step) continue;
    message.taken_in_mid_step = nesting_.Within(message.from->value, message.taken_by->value);
  }
}

// Of messages into a step that lies in the sender's own, the sender cannot have ended.
bool Orderer::TakenAfterCommit(const MessageDraft& message) const {
  return message.from && message.taken_by &&
         !nesting_.Within(message.taken_by->value, message.from->value);
}

void Orderer::ListParts() {
  for (const bool count : {true, false}) {
    const auto add = [count](Lists& lists, uint32_t owner, uint32_t item) {
      count ? lists.Count(owner) : lists.Add(owner, item);
    };
    for (uint32_t i = 0; i < messages_; ++i) {
      const MessageDraft& message = draft_.messages[i];
      if (message.from) add(inside_, message.from->value, Send(i));
      if (message.from) add(sent_by_, message.from->value, i);
      if (message.taken_in_mid_step) add(inside_, message.taken_by->value, Take(i));
      if (message.taken_by && !message.taken_in_mid_step) {
        add(taken_by_, message.taken_by->value, i);
      }
    }
    for (uint32_t i = 0; i < draft_.effects.size(); ++i) {
      add(inside_, draft_.effects[i].step.value, Effect(i));
    }
    for (uint32_t i = 0; i < draft_.notes.size(); ++i) {
      const NoteDraft& note = draft_.notes[i];
      if (note.step && note.category != "annotation") add(inside_, note.step->value, Note(i));
    }
    for (const auto& [first, then] : draft_.order) {
      if (!nesting_.Within(then.value, first.value)) add(after_, first.value, then.value);
    }
    if (!count) return;
    for (Lists* lists : {&inside_, &sent_by_, &taken_by_, &after_}) lists->Counted();
  }
}

void Orderer::CountCauses() {
  const size_t nodes = Note(static_cast<uint32_t>(draft_.notes.size()));
  hard_.assign(nodes, 0);
  soft_.assign(nodes, 0);
  done_.assign(nodes, false);
  for (uint32_t step = 0; step < steps_; ++step) {
    ++hard_[Commit(step)];  // it begins before it
    if (const uint32_t parent = nesting_.parent(step); parent != kNone) {
      ++hard_[Begin(step)];
      ++hard_[Commit(parent)];
    }
    inside_.For(step, [&](uint32_t node) {
      ++hard_[node];
      ++hard_[Commit(step)];
    });
    after_.For(step, [&](uint32_t then) { ++soft_[Begin(then)]; });
  }
  for (uint32_t i = 0; i < messages_; ++i) {
    const MessageDraft& message = draft_.messages[i];
    if (!message.taken_by) continue;
    ++hard_[TakerNode(i)];
    if (TakenAfterCommit(message)) ++soft_[TakerNode(i)];
  }
}

// One of its causes has happened.
void Orderer::Caused(uint32_t node) {
  if (--hard_[node] == 0) Candidate(node);
}

void Orderer::Softened(uint32_t node) {
  if (soft_[node] > 0 && --soft_[node] == 0 && hard_[node] == 0 && !done_[node]) ready_.push(node);
}

void Orderer::Candidate(uint32_t node) {
  if (done_[node]) return;
  (soft_[node] > 0 ? softened_ : ready_).push(node);
}

uint32_t Orderer::SlotOf(uint32_t step) const {
  const uint32_t around = nesting_.same_agent(step);
  return around != kNone ? around : steps_ + draft_.steps[step].agent.value;
}

bool Orderer::SlotFree(uint32_t step) const {
  const std::vector<uint32_t>& open = open_[draft_.steps[step].agent.value];
  return nesting_.same_agent(step) == (open.empty() ? kNone : open.back());
}

// Whoever waited longest for it may have it.
void Orderer::OfferSlot(uint32_t slot) {
  const auto offer = [&](std::unordered_map<uint32_t, Heap>& waiting, Heap& to, bool soft) {
    const auto found = waiting.find(slot);
    if (found == waiting.end()) return;
    Heap& heap = found->second;
    while (!heap.empty()) {
      const uint32_t node = heap.top();
      heap.pop();
      if (done_[node] || (soft_[node] > 0) != soft) continue;
      if (SlotOf(node) != slot) {  // it was detached while it waited
        (soft ? softened_ : ready_).push(node);
        continue;
      }
      to.push(node);
      break;
    }
    if (heap.empty()) waiting.erase(found);
  };
  offer(waiting_, ready_, false);
  offer(waiting_soft_, softened_, true);
}

void Orderer::HappenBegin(uint32_t step) {
  open_[draft_.steps[step].agent.value].push_back(step);
  begun_.push_back(step);
  inside_.For(step, [&](uint32_t node) { Caused(node); });
  nesting_.ForChildren(step, [&](uint32_t child) { Caused(Begin(child)); });
  Caused(Commit(step));
}

void Orderer::HappenSend(uint32_t index) {
  const MessageDraft& message = draft_.messages[index];
  if (message.taken_by) Caused(TakerNode(index));
  if (message.from) Caused(Commit(message.from->value));
}

void Orderer::HappenCommit(uint32_t step) {
  const uint32_t agent = draft_.steps[step].agent.value;
  std::vector<uint32_t>& open = open_[agent];  // it is the innermost, if nothing was detached
  open.erase(std::find(open.rbegin(), open.rend(), step).base() - 1);
  if (const uint32_t parent = nesting_.parent(step); parent != kNone) Caused(Commit(parent));
  sent_by_.For(step, [&](uint32_t i) {
    if (TakenAfterCommit(draft_.messages[i])) Softened(TakerNode(i));
  });
  after_.For(step, [&](uint32_t then) { Softened(Begin(then)); });
  OfferSlot(open.empty() ? steps_ + agent : open.back());
}

void Orderer::Happen(uint32_t node) {
  done_[node] = true;
  const Happening at = At(node);
  order_.happenings.push_back(at);
  switch (at.kind) {
    case Kind::kBegin: return HappenBegin(at.index);
    case Kind::kCommit: return HappenCommit(at.index);
    case Kind::kSend: return HappenSend(at.index);
    case Kind::kTake: return Caused(Commit(draft_.messages[at.index].taken_by->value));
    case Kind::kEffect: return Caused(Commit(draft_.effects[at.index].step.value));
    case Kind::kNote:
      if (draft_.notes[at.index].step) Caused(Commit(draft_.notes[at.index].step->value));
  }
}

// Lets the earliest go on that waits for what need not be.
bool Orderer::RelaxOne() {
  while (!softened_.empty()) {
    const uint32_t node = softened_.top();
    softened_.pop();
    if (done_[node] || soft_[node] == 0) continue;
    if (IsBlocked(node)) {
      waiting_soft_.try_emplace(SlotOf(node), NewHeap()).first->second.push(node);
      continue;
    }
    soft_[node] = 0;
    ready_.push(node);
    return true;
  }
  return false;
}

void Orderer::DropLink(uint32_t index) {
  MessageDraft& message = draft_.messages[index];
  const uint32_t taker = message.taken_by->value;
  Tell("a message that step " + std::to_string(taker) + " took, to " +
       draft_.agents[message.to.value].name);
  ++order_.links_dropped;
  if (TakenAfterCommit(message)) Softened(TakerNode(index));
  if (message.taken_in_mid_step) {
    done_[Take(index)] = true;
    Caused(Commit(taker));
  } else {
    Caused(Begin(taker));
  }
  message.taken_by.reset();
  message.taken_in_mid_step = false;
}

// The step that began last has no open step in it: it ends without what it still waits for.
bool Orderer::RelieveOpen() {
  while (!begun_.empty() && done_[Commit(begun_.back())]) begun_.pop_back();
  if (begun_.empty()) return false;
  const uint32_t step = begun_.back();
  std::vector<uint32_t> takes, children;
  inside_.For(step, [&](uint32_t node) {
    if (!done_[node] && At(node).kind == Kind::kTake) takes.push_back(At(node).index);
  });
  nesting_.ForChildren(step, [&](uint32_t child) {
    if (!done_[Begin(child)]) children.push_back(child);
  });
  for (const uint32_t message : takes) DropLink(message);
  for (const uint32_t child : children) {
    Tell("the parent of step " + std::to_string(child));
    for (const auto& [out, parent] : nesting_.Detach(child)) {
      ++order_.links_dropped;
      outermost_.push(out);
      Caused(Commit(parent));
      if (parent != step) Caused(Begin(out));  // that of `step` has happened
      // It may have waited for its agent to come back to a step that it is no more in.
      if (hard_[Begin(out)] == 0) Candidate(Begin(out));
    }
  }
  return !takes.empty() || !children.empty();
}

// Nothing is open: the earliest step that lies in no other begins without the messages it waits
// for.
bool Orderer::RelieveUnbegun() {
  while (!outermost_.empty() && done_[Begin(outermost_.top())]) outermost_.pop();
  if (outermost_.empty()) return false;
  std::vector<uint32_t> waits_for;
  taken_by_.For(outermost_.top(), [&](uint32_t i) {
    if (!done_[Send(i)]) waits_for.push_back(i);
  });
  for (const uint32_t message : waits_for) DropLink(message);
  return !waits_for.empty();
}

Order Orderer::Run() {
  MendMessages();
  ListParts();
  CountCauses();
  for (uint32_t step = 0; step < steps_; ++step) {
    if (nesting_.parent(step) == kNone) outermost_.push(step);
  }
  std::vector<uint32_t> last;  // notes that have no place of their own
  for (uint32_t node = 0; node < hard_.size(); ++node) {
    const Happening at = At(node);
    if (at.kind == Kind::kTake && !draft_.messages[at.index].taken_in_mid_step) continue;
    const NoteDraft* note = at.kind == Kind::kNote ? &draft_.notes[at.index] : nullptr;
    if (note != nullptr &&
        (note->category == "annotation" || (!note->step && note->began.ns == 0))) {
      last.push_back(node);
    } else if (hard_[node] == 0) {
      Candidate(node);
    }
  }
  do {
    while (!ready_.empty()) {
      const uint32_t node = ready_.top();
      ready_.pop();
      if (done_[node]) continue;
      if (IsBlocked(node)) {
        waiting_.try_emplace(SlotOf(node), NewHeap()).first->second.push(node);
      } else {
        Happen(node);
      }
    }
  } while (RelaxOne() || RelieveOpen() || RelieveUnbegun());
  for (const uint32_t node : last) order_.happenings.push_back(At(node));
  return std::move(order_);
}

}  // namespace

Order OrderOf(SessionDraft* draft) { return Orderer(draft).Run(); }

}  // namespace backstep::adapters
