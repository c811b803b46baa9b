// What only changes how things are looked at.
#include "backstep/gui/app/app.h"
#include "backstep/gui/panels/timeline/timeline_picture.h"
#include "backstep/replay/view/text.h"
#include "backstep/replay/view/timeline/timeline_view.h"

namespace backstep::gui {

void App::Do(const ShowCentre& a) { view_.centre = a.tab; }

void App::Do(const ShowInspector& a) {
  view_.inspector = a.tab;
  if (a.tab == InspectorTab::kFork) view_.focus = "form";
}

void App::Do(const ZoomTimeline& a) {
  const replay::Timeline* timeline = model_.timeline.value.get();
  if (timeline == nullptr) return;
  if (a.factor == 0) {
    view_.timeline.from = view_.timeline.to = 0;
    return;
  }
  const double about =
      replay::MomentPosition(*timeline, ModeOf(view_.timeline), view_.cursor);
  ZoomWindow(*timeline, about, a.factor, &view_.timeline);
}

void App::Do(const SwapTimeMode&) {
  if (model_.timeline.value != nullptr) ToggleMode(*model_.timeline.value, &view_.timeline);
}

void App::Do(const FitGraph&) { view_.graph_zoom = 0; }

void App::Do(const FindAgent& a) {
  view_.agent = view_.find_agent = a.name;
}

void App::Do(const ToggleFollow&) {
  const OpenFacts* facts = model_.open.value.get();
  if (facts == nullptr) return;
  if (facts->state != store::LogState::kLive) {
    Notify("This recording is not written any more: there is nothing to follow.");
    return;
  }
  view_.follow_live = !view_.follow_live;
}

void App::Do(const EditFolder&) {
  view_.centre = CentreTab::kRecordings;
  view_.focus = "field:folder";
}

void App::Do(const CopyMoment& a) {
  const OpenFacts* facts = model_.open.value.get();
  if (facts == nullptr) return;
  const std::string moment = facts->branch + ":" + std::to_string(view_.cursor.value);
  Do(CopyText{!a.command ? moment
                         : "backstep show " + replay::ShellQuote(facts->path) + " " +
                               replay::ShellQuote(moment)});
}

void App::Do(const SetTheme& a) {
  view_.dark = a.dark;
  options_.theme.clear();
  theme_ = MakeTheme(a.dark, options_.scale);
  ApplyTheme(theme_);
}

void App::Do(const SetWheel& a) {
  view_.wheel_zooms = a.zooms;
  Notify(a.zooms ? "The wheel zooms the timeline; with Ctrl it scrolls the lanes."
                 : "The wheel scrolls the lanes; with Ctrl it zooms the timeline.");
}

void App::Do(const ResetLayout&) {
  const ViewState fresh;
  view_.left_share = fresh.left_share;
  view_.right_share = fresh.right_share;
  view_.bottom_share = fresh.bottom_share;
  view_.graph_share = fresh.graph_share;
}

}  // namespace backstep::gui
