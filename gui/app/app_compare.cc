// The linked cursor of a comparison, and what the form would run.
#include <algorithm>

#include "backstep/gui/app/app.h"
#include "backstep/gui/bridge/running/fork_request.h"
#include "backstep/replay/view/comparison/step_pair.h"
#include "backstep/replay/view/fork/fork_plan.h"

namespace backstep::gui {
namespace {

constexpr double kPlanAgainSeconds = 3;
constexpr double kPlanDelaySeconds = 0.25;  // after the newest change of the form

}  // namespace

void App::Do(const CompareLines& a) {
  view_.compare_a = a.a;
  view_.compare_b = a.b;
  view_.difference = 0;
  view_.to_difference = a.go;
  view_.pair_agent.clear();
  view_.centre = CentreTab::kCompare;
  model_.comparison.loading = true;
  model_.comparison.error.clear();
  reader_.Compare(a.a, a.b);
}

// The difference's step in the branch that is looked at; null: that is neither side.
const StepNumber* App::HereOf(const replay::StepDiff& diff) const {
  const OpenFacts* facts = model_.open.value.get();
  const auto& comparison = model_.comparison.value;
  if (facts == nullptr || comparison == nullptr) return nullptr;
  if (facts->Shows(comparison->b)) return &diff.b;
  return facts->Shows(comparison->a) ? &diff.a : nullptr;
}

bool App::OnDifference() const {
  const auto& differing = model_.comparison.value->lines.differing;
  const auto& pair = model_.pair.value;
  if (pair == nullptr || view_.difference >= differing.size()) return true;
  const replay::StepDiff& diff = differing[view_.difference];
  return pair->agent == diff.agent && pair->clock == diff.clock;
}

void App::Do(const GoToDifference& a) {
  const auto& comparison = model_.comparison.value;
  if (comparison == nullptr) {
    Notify(model_.comparison.loading
               ? "The comparison is still being read."
               : "Nothing is compared yet: choose two sides in the tab Compare.");
    return;
  }
  const auto& differing = comparison->lines.differing;
  if (differing.empty()) {
    if (!view_.to_difference) Notify("The two sides do not differ.");
    return;
  }
  const auto count = static_cast<int64_t>(differing.size());
  int64_t wanted = a.relative ? static_cast<int64_t>(view_.difference) + a.which : a.which;
  if (a.relative && !OnDifference()) {
    // Between two differences: on to the nearer one in that direction.
    const auto next = std::find_if(differing.begin(), differing.end(), [&](const auto& diff) {
      const StepNumber* here = HereOf(diff);
      return here != nullptr && *here > view_.cursor;
    });
    wanted = next - differing.begin() - (a.which < 0 ? 1 : 0);
  }
  view_.difference = static_cast<size_t>(std::clamp<int64_t>(wanted, 0, count - 1));
  const replay::StepDiff& diff = differing[view_.difference];
  const StepNumber* here = HereOf(diff);
  if (here != nullptr && here->value != 0) Travel(*here, true);
  view_.agent = diff.agent;
  view_.pair_agent = diff.agent;
  view_.pair_clock = diff.clock;
  view_.pair_at = view_.cursor;
}

// The list of differences follows the cursor.
void App::FollowPair() {
  const auto& pair = model_.pair.value;
  if (pair == nullptr || OnDifference()) return;
  const auto& differing = model_.comparison.value->lines.differing;
  for (size_t i = 0; i < differing.size(); ++i) {
    const replay::StepDiff& diff = differing[i];
    if (diff.agent == pair->agent && diff.clock == pair->clock) view_.difference = i;
  }
}

void App::AskPair() {
  const Loaded<replay::ComparisonView>& comparison = model_.comparison;
  if (view_.centre != CentreTab::kCompare || comparison.value == nullptr ||
      comparison.loading || !comparison.error.empty()) {
    return;
  }
  if (view_.to_difference) Do(GoToDifference{0, false});
  view_.to_difference = false;
  if (!model_.pair.loading) FollowPair();
  if (view_.pair_at != view_.cursor) view_.pair_agent.clear();
  const std::string wanted = view_.pair_agent.empty()
                                 ? std::to_string(model_.generation) + ":" +
                                       std::to_string(view_.cursor.value)
                                 : view_.pair_agent + "/" + std::to_string(view_.pair_clock.value);
  if (asked_comparison_ == comparison.value && asked_pair_ == wanted) return;
  asked_comparison_ = comparison.value;
  asked_pair_ = wanted;
  model_.pair.loading = true;
  reader_.ShowPair(view_.cursor, view_.pair_agent, view_.pair_clock);
}

void App::AskPlan() {
  const OpenFacts& facts = *model_.open.value;
  if (view_.inspector != InspectorTab::kFork || !WhyNotRunnable(facts).empty()) {
    plan_wanted_ = planned_;
    return;
  }
  bool changed = !(form_ == view_.fork) || form_facts_ != model_.open.value;
  // One that is being written is planned again as it grows, now and then.
  if (now_ >= plan_last_at_ + kPlanAgainSeconds) {
    changed |= plan_last_ != facts.last;
    plan_last_ = facts.last;
    plan_last_at_ = now_;
  }
  if (changed) {
    form_ = view_.fork;
    form_facts_ = model_.open.value;
    form_line_ = std::to_string(model_.generation) + " " + std::to_string(plan_last_.value) + " " +
                 ReplayCommandLine(form_, facts);
  }
  if (form_line_ != plan_wanted_) {
    plan_wanted_ = form_line_;
    plan_wanted_at_ = now_;
    model_.plan.loading = true;
  }
  // What was typed and taken back leaves the form as it was planned.
  if (planned_ == plan_wanted_) model_.plan.loading = !planner_.idle();
  if (planned_ == plan_wanted_ || now_ < plan_wanted_at_ + kPlanDelaySeconds) return;
  planned_ = plan_wanted_;
  auto request = MakeRunRequest(view_.fork, facts);
  if (request.ok()) {
    planner_.Plan(std::move(*request));
  } else {
    planner_.Forget();
    model_.plan = {nullptr, false, request.status().message()};
  }
}

}  // namespace backstep::gui
