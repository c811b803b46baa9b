// What the app does when a panel, a key or a script asks for it.
#include <algorithm>

#include "backstep/gui/app/app.h"
#include "backstep/gui/bridge/fork_request.h"
#include "backstep/replay/view/timeline/timeline.h"

namespace backstep::gui {
namespace {

constexpr size_t kTrailMax = 200;

}  // namespace

void App::Perform(const Action& action) {
  std::visit([this](const auto& a) { Do(a); }, action);
}

void App::Do(const OpenRecording& a) {
  if (const OpenFacts* facts = model_.open.value.get()) (void)settings_.Save(facts->path, view_);
  model_.open.loading = true;
  model_.open.error.clear();
  view_.playing = false;
  reader_.Open(a.path, a.address);
}

void App::Do(const CloseRecording&) {
  if (const OpenFacts* facts = model_.open.value.get()) (void)settings_.Save(facts->path, view_);
  view_.playing = false;
  model_.open = {};
  model_.comparison = {};
  reader_.Close();
  window_->SetTitle("Backstep");
}

void App::Do(const ListFolder& a) {
  model_.listing.loading = true;
  reader_.List(a.path);
}

void App::Travel(StepNumber step, bool remember) {
  step = std::min(step, Last());
  if (step == view_.cursor) return;
  if (remember) {
    back_.push_back(view_.cursor);
    if (back_.size() > kTrailMax) back_.erase(back_.begin());
    forward_.clear();
  }
  view_.cursor = step;
}

void App::Do(const GoTo& a) {
  view_.follow_live = false;
  Travel(a.step, !ImGui::IsMouseDown(0));
}

void App::Do(const StepBy& a) {
  view_.follow_live = false;
  const replay::Timeline* timeline = model_.timeline.value.get();
  if (!a.of_agent || timeline == nullptr) {
    const auto target = static_cast<int64_t>(view_.cursor.value) + a.steps;
    Travel(StepNumber(static_cast<uint64_t>(std::max<int64_t>(0, target))), false);
    return;
  }
  for (const auto& lane : timeline->lanes) {
    if (lane.name != view_.agent) continue;
    const uint32_t after = lane.IndexOfNumber(view_.cursor.value + 1);
    const uint32_t at = lane.IndexOfNumber(view_.cursor.value);
    if (a.steps > 0 && after < lane.size) Travel(lane.number(after), false);
    if (a.steps < 0 && at > 0) Travel(lane.number(at - 1), false);
  }
}

void App::Do(const GoToError& a) {
  const replay::Timeline* timeline = model_.timeline.value.get();
  const OpenFacts* facts = model_.open.value.get();
  if (timeline == nullptr || facts == nullptr) return;
  // Of a run that failed, the step that said so counts too.
  const bool failed = facts->outcome.kind == Outcome::Kind::kFailed;
  const int wanted = replay::kStepErrors | (failed ? replay::kStepOutcome : 0);
  for (uint64_t n = view_.cursor.value;;) {
    if (a.direction > 0 ? ++n > timeline->last.value : n-- <= 1) break;
    const StepNumber step(n);
    const auto& lane = timeline->lanes[static_cast<size_t>(timeline->lane_of(step))];
    if ((lane.flags(timeline->index_of(step)) & wanted) == 0) continue;
    view_.agent = lane.name;
    view_.inspector = InspectorTab::kStep;
    Travel(step, true);
    return;
  }
  Notify(a.direction > 0 ? "No failed step after this one." : "No failed step before this one.");
}

void App::Do(const FollowMessage& a) {
  const replay::Timeline* timeline = model_.timeline.value.get();
  if (timeline == nullptr) return;
  const uint64_t here = view_.cursor.value;
  StepNumber to;
  for (uint32_t i = a.direction > 0 ? timeline->FirstMessageSentBy(here) : 0;
       i < timeline->message_count; ++i) {
    const auto message = timeline->message(i);
    if (a.direction > 0 ? message.sent_by.value != here : message.sent_by.value > here) break;
    if (a.direction > 0 && message.taken_by.value != 0) to = std::max(to, message.taken_by);
    if (a.direction < 0 && message.taken_by.value == here &&
        message.from_lane != replay::kOutsideLane) {
      to = message.sent_by;
    }
  }
  if (to.value == 0 || to.value == here) {
    Notify(a.direction > 0 ? "No message of this step has been taken."
                           : "This step took no message of another step.");
    return;
  }
  view_.agent = timeline->lanes[static_cast<size_t>(timeline->lane_of(to))].name;
  Travel(to, true);
}

void App::Do(const SelectAgent& a) { view_.agent = a.name; }

void App::Do(const SelectBranch& a) {
  const OpenFacts* facts = model_.open.value.get();
  if (facts == nullptr || facts->branch == a.name) return;
  // One that has just been made is not in the list, and opens at its end.
  std::string address = a.name;
  for (const replay::BranchRow& row : facts->branches) {
    if ((row.depth == 0 ? "main" : row.name) != a.name) continue;
    address += ":" + std::to_string(std::min(view_.cursor, row.last).value);
  }
  Do(OpenRecording{facts->path, address});
}

void App::Do(const Fork& a) {
  view_.fork = a.draft;
  view_.fork.open = true;
  view_.inspector = InspectorTab::kFork;
}

void App::Do(const RunFork&) {
  const OpenFacts* facts = model_.open.value.get();
  if (facts == nullptr || runner_.running()) return;
  auto request = MakeRunRequest(view_.fork, *facts);
  if (!request.ok()) {
    Notify(request.status().message());
    return;
  }
  if (!facts->distrust.empty() && !view_.fork.confirmed) {
    Notify("Confirm the command line first.");
    return;
  }
  model_.run = {};
  runner_.Start(std::move(*request));
}

void App::Do(const CancelRun&) { runner_.Cancel(); }

void App::Do(const Baseline&) {
  const OpenFacts* facts = model_.open.value.get();
  if (facts == nullptr || runner_.running()) return;
  if (const std::string why = WhyNotRunnable(*facts); !why.empty()) {
    Notify(why);
  } else if (!facts->distrust.empty() && !view_.fork.confirmed) {
    view_.fork.open = true;
    view_.inspector = InspectorTab::kFork;
    Notify("Confirm the command line first.");
  } else {
    runner_.Start(MakeBaselineRequest(*facts));
  }
}

void App::Do(const CompareLines& a) {
  view_.compare_a = a.a;
  view_.compare_b = a.b;
  view_.difference = 0;
  view_.centre = CentreTab::kCompare;
  model_.comparison.loading = true;
  reader_.Compare(a.a, a.b);
}

void App::Do(const GoToDifference& a) {
  const auto& comparison = model_.comparison.value;
  if (comparison == nullptr || comparison->lines.differing.empty()) return;
  const auto count = static_cast<int64_t>(comparison->lines.differing.size());
  const int64_t wanted = a.relative ? static_cast<int64_t>(view_.difference) + a.which : a.which;
  view_.difference = static_cast<size_t>(std::clamp<int64_t>(wanted, 0, count - 1));
  const replay::StepDiff& diff = comparison->lines.differing[view_.difference];
  const OpenFacts* facts = model_.open.value.get();
  const bool here_is_a = facts != nullptr && comparison->a.starts_with(facts->branch) &&
                         !comparison->b.starts_with(facts->branch);
  const StepNumber step = here_is_a ? diff.a : diff.b;
  if (step.value != 0) Travel(step, true);
  view_.agent = diff.agent;
}

void App::Do(const TogglePlay&) {
  if (view_.cursor == Last() && !view_.playing) view_.cursor = StepNumber();
  view_.playing = !view_.playing;
}

void App::Do(const ToggleBookmark&) {
  const size_t removed = std::erase_if(
      view_.bookmarks, [&](const Bookmark& mark) { return mark.step == view_.cursor; });
  if (removed == 0) view_.bookmarks.push_back({view_.cursor, {}});
  std::sort(view_.bookmarks.begin(), view_.bookmarks.end(),
            [](const Bookmark& a, const Bookmark& b) { return a.step < b.step; });
}

void App::Do(const CopyText& a) {
  window_->SetClipboard(a.text);
  Notify("Copied.");
}

void App::Do(const ShowKeys&) { show_keys_ = !show_keys_; }

void App::Do(const ShowPalette&) {
  show_palette_ = !show_palette_;
  palette_text_.clear();
}

void App::Do(const SetTheme& a) {
  view_.dark = a.dark;
  options_.theme.clear();
  theme_ = MakeTheme(a.dark, options_.scale);
  ApplyTheme(theme_);
}

void App::Do(const ResetLayout&) {
  const ViewState fresh;
  view_.left_share = fresh.left_share;
  view_.right_share = fresh.right_share;
  view_.bottom_share = fresh.bottom_share;
  view_.graph_share = fresh.graph_share;
}

void App::Do(const Quit&) { window_->RequestClose(); }

}  // namespace backstep::gui
