// Which step lies in which: the parents of a draft without circles, and questions about them.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "backstep/recorder/adapters/core/draft.h"

namespace backstep::adapters {

inline constexpr uint32_t kNone = UINT32_MAX;

// Places of steps in the draft. One thread.
class Nesting {
 public:
  // Takes the parent off one step of every circle of parents; `circles` counts them.
  Nesting(std::vector<StepDraft>* steps, uint64_t* circles);

  uint32_t parent(uint32_t step) const { return parent_[step]; }  // kNone: outermost
  // The innermost step around it of the same agent; kNone: none.
  uint32_t same_agent(uint32_t step) const { return same_agent_[step]; }
  // Whether `inner` lay in `outer`, or is it, before any Detach.
  bool Within(uint32_t inner, uint32_t outer) const {
    return entered_[outer] <= entered_[inner] && left_[inner] <= left_[outer];
  }
  // The steps that lie in it at first hand; those detached since are left out.
  template <typename Visit>
  void ForChildren(uint32_t step, Visit visit) const {
    for (uint32_t i = first_child_[step]; i < first_child_[step + 1]; ++i) {
      if (parent_[children_[i]] == step) visit(children_[i]);
    }
  }
  // Takes `step`, with all that lies in it, out of its parent. Returns the steps that have no
  // parent any more, each with the one it had: this one only, unless so much was detached before
  // that what lies in it is taken apart as well.
  std::vector<std::pair<uint32_t, uint32_t>> Detach(uint32_t step);

 private:
  void CutCircles(uint64_t* circles);
  void ListChildren();
  // Numbers the steps in `root` as a walk enters and leaves them, and finds same_agent.
  // Returns how many turns that took.
  uint64_t Walk(uint32_t root, bool number);

  std::vector<StepDraft>& steps_;
  std::vector<uint32_t> parent_, same_agent_, first_child_, children_, entered_, left_;
  uint32_t clock_ = 0;     // of entering and leaving
  uint64_t walked_ = 0;  // steps, by Detach
};

}  // namespace backstep::adapters
