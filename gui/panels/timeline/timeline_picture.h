// The first pass of the timeline: what is where, as plain values. Needs no window, so that it can
// be tested and timed. Private to the panel.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <imgui.h>

#include "backstep/gui/bridge/model.h"
#include "backstep/gui/bridge/view_state.h"
#include "backstep/gui/panels/timeline/timeline_ticks.h"
#include "backstep/replay/view/timeline/timeline_view.h"

namespace backstep::gui {

// A rectangle of the screen.
struct Rect {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  float width() const { return x1 - x0; }
  float height() const { return y1 - y0; }
  bool Contains(ImVec2 p) const { return p.x >= x0 && p.x < x1 && p.y >= y0 && p.y < y1; }
  ImVec2 min() const { return {x0, y0}; }
  ImVec2 max() const { return {x1, y1}; }
};

// Steps of one status side by side on a lane of a branch.
struct StatusRun {
  float x0 = 0, x1 = 0;                       // from the plot's left
  replay::StepStatus status = replay::StepStatus::kNone;
};

struct LaneRow {
  int lane = 0;
  Rect rect;                                  // of its items; may be cut above and below
  std::vector<replay::LaneItem> items;        // x from the plot's left
  std::vector<StatusRun> statuses;            // of a branch; what says most is last
};

// A branch under the moment it leaves, or the parent where a branch left it.
struct ForkMark {
  float x = 0;
  StepNumber step;
  std::string branch;                         // to show when it is clicked
  std::string text;                           // what its tooltip says
  bool leaves_here = true;                    // false: the shown branch itself begins here
};

struct BookmarkMark {
  float x = 0, overview_x = 0;
  size_t bookmark = 0;                        // index into ViewState::bookmarks
};

struct TimelinePicture {
  Rect bar, overview, ruler, segments, lanes, names, scrollbar;
  float scale = 1;
  float lane_height = 0, lanes_height = 0;    // lanes_height: of all of them
  replay::TimelineViewport viewport;          // of the plot: width of `lanes`
  bool whole = true;                          // everything is shown
  std::vector<Tick> ticks;
  std::vector<replay::OverviewBucket> buckets;
  std::vector<replay::SegmentSpan> spans;
  int segment_rows = 0;
  std::vector<LaneRow> rows;
  replay::MessageArrowSet arrows;
  bool dense = false;                         // arrows would hide the steps: only the cursor's show
  std::vector<replay::MessageArrow> own;      // of the cursor's step
  std::vector<ForkMark> forks;
  std::vector<BookmarkMark> bookmarks;
  float playhead_x = 0, overview_playhead_x = 0;
  float window_x0 = 0, window_x1 = 0;         // the visible part, in the overview
  std::optional<std::pair<float, float>> selection;  // x on the plot
  StepNumber first_visible, last_visible;     // moments at the edges

  // Screen coordinates.
  float PlotX(float x) const { return lanes.x0 + x; }
  double PositionAt(float x) const {
    return viewport.Position(static_cast<double>(x - lanes.x0));
  }
  float LaneMiddle(int lane) const;           // may lie outside `lanes`
  int LaneAt(float y) const;                  // -1: none
};

struct TimelineRegion {
  ImVec2 min, max;
  float scale = 1;
};

// What a lane's items say of their steps; the narrowest is as wide as what is drawn for it.
std::vector<StatusRun> StatusRuns(const std::vector<replay::LaneItem>& items, float least_px);

// `model.timeline` and `model.open` have values; lanes are there.
TimelinePicture MakeTimelinePicture(const Model& model, const ViewState& view,
                                    const TimelineRegion& region);

// The visible part as a viewport over `width_px`, kept inside what there is.
replay::TimelineViewport ViewportOf(const replay::Timeline& timeline, const TimelineWindow& window,
                                    double width_px);
replay::TimelineMode ModeOf(const TimelineWindow& window);
// Scales the visible part by 1/factor, keeping `position` where it is.
void ZoomWindow(const replay::Timeline& timeline, double position, double factor,
                TimelineWindow* window);
void PanWindow(const replay::Timeline& timeline, double by, TimelineWindow* window);
// Shows [from, to], or everything where that is all of it.
void ShowRange(const replay::Timeline& timeline, double from, double to, TimelineWindow* window);
// Time for steps and steps for time, showing the same part.
void ToggleMode(const replay::Timeline& timeline, TimelineWindow* window);

}  // namespace backstep::gui
