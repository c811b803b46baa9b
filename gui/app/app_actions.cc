// What the app does when a panel, a key or a script asks for it.
#include <algorithm>

#include "backstep/gui/app/app.h"
#include "backstep/gui/bridge/running/fork_request.h"
#include "backstep/replay/view/timeline/timeline_view.h"

namespace backstep::gui {
namespace {

constexpr size_t kTrailMax = 200;
constexpr size_t kMessagesMax = 10'000;   // of a step that are followed

// The one of `steps`, which are in order, that comes next on the way from `here`.
std::optional<StepNumber> NextOf(const std::vector<StepNumber>& steps, StepNumber here,
                                 int direction) {
  const auto after = std::upper_bound(steps.begin(), steps.end(), here);
  if (direction > 0) return after == steps.end() ? std::nullopt : std::optional(*after);
  const auto at = std::lower_bound(steps.begin(), steps.end(), here);
  return at == steps.begin() ? std::nullopt : std::optional(*std::prev(at));
}

std::optional<StepNumber> Nearer(std::optional<StepNumber> a, std::optional<StepNumber> b,
                                 int direction) {
  if (!a || !b) return a ? a : b;
  return direction > 0 ? std::min(*a, *b) : std::max(*a, *b);
}

}  // namespace

void App::Perform(const Action& action) {
  std::visit([this](const auto& a) { Do(a); }, action);
}

void App::Do(const OpenRecording& a) {
  if (model_.open.value != nullptr) (void)SaveSettings();
  model_.open.loading = true;
  model_.open.error.clear();
  view_.playing = false;
  reader_.Open(a.path, a.address);
}

void App::Do(const CloseRecording&) {
  if (model_.open.value != nullptr) (void)SaveSettings();
  view_.playing = false;
  model_.open = {};
  model_.comparison = {};
  view_.listed = view_.asked_known = false;   // what is on disk may have changed meanwhile
  reader_.Close();
  window_->SetTitle("Backstep");
}

void App::Do(const ListFolder& a) {
  model_.listing.loading = true;
  lister_.List(a.path);
}

void App::Do(const ListKnown&) {
  model_.known.loading = true;
  lister_.ListKnown(view_.recent, view_.samples_folder);
}

void App::Do(const BrowseFolder& a) {
  model_.browsed.loading = true;
  lister_.Browse(a.path, view_.file_dialog.sought);
}

void App::Do(const ShowOpenDialog&) {
  view_.file_dialog = {true, replay::Sought::kRecording, {}, {}, {}};
  model_.browsed = {};
  Do(BrowseFolder{view_.folder});
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

void App::Do(const GoBack& a) {
  std::vector<StepNumber>& from = a.direction < 0 ? back_ : forward_;
  std::vector<StepNumber>& to = a.direction < 0 ? forward_ : back_;
  if (from.empty()) return;
  to.push_back(view_.cursor);
  view_.cursor = from.back();
  from.pop_back();
}

void App::Do(const GoTo& a) {
  const OpenFacts* facts = model_.open.value.get();
  const bool live = facts != nullptr && facts->state == store::LogState::kLive;
  view_.follow_live = live && a.step >= Last() && !ImGui::IsMouseDown(0);
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
  auto mistake = NextOf(facts->mistakes, view_.cursor, a.direction);
  if (mistake && *mistake > timeline->last) mistake.reset();  // not read so far
  const auto step = Nearer(replay::NextFlagged(*timeline, view_.cursor, a.direction), mistake,
                           a.direction);
  if (!step) {
    Notify(a.direction > 0 ? "No failed step and no labelled mistake after this one."
                           : "No failed step and no labelled mistake before this one.");
    return;
  }
  view_.agent = timeline->lanes[static_cast<size_t>(timeline->lane_of(*step))].name;
  view_.inspector = InspectorTab::kStep;
  Travel(*step, true);
}

void App::Do(const FollowMessage& a) {
  const replay::Timeline* timeline = model_.timeline.value.get();
  if (timeline == nullptr) return;
  const StepNumber here = view_.cursor;
  StepNumber to;
  for (const auto& arrow : replay::ArrowsOfStep(*timeline, {}, here, kMessagesMax)) {
    const replay::MessageOnTimeline& message = arrow.message;
    const bool outside = message.from_lane == replay::kOutsideLane;
    if (a.direction > 0 && !outside && message.sent_by == here) {
      to = std::max(to, message.taken_by);
    } else if (a.direction < 0 && !outside && message.taken_by == here) {
      to = std::max(to, message.sent_by);
    }
  }
  if (to.value == 0 || to == here) {
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

void App::Do(const ShowPalette&) { palette_ = {!palette_.open, {}, 0}; }

void App::Do(const Quit&) { window_->RequestClose(); }

}  // namespace backstep::gui
