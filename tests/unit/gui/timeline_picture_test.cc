#include "backstep/gui/panels/timeline/timeline_picture.h"

#include <cmath>

#include "backstep/replay/view/timeline/timeline_writer.h"
#include "backstep/tests/support/catch.h"

using namespace backstep;
using namespace backstep::gui;

namespace {

const TimelineRegion kLanes{{0, 400}, {1280, 640}, 1};

// `steps` steps of 10 ns, in turn on `lanes` lanes.
Model Run(int lanes, int steps) {
  replay::TimelineWriter writer;
  for (int i = 0; i < lanes; ++i) {
    writer.AddLane(AgentId(static_cast<uint32_t>(i + 1)), "agent" + std::to_string(i), "");
  }
  for (int i = 0; i < steps; ++i) {
    replay::StepEntry step;
    step.lane = i % lanes;
    step.clock = AgentClock(static_cast<uint64_t>(i / lanes + 1));
    step.began_ns = i * 10;
    step.ended_ns = i * 10 + 10;
    writer.AddStep(step);
  }
  Model model;
  model.timeline.value = writer.Snapshot();
  auto facts = std::make_shared<OpenFacts>();
  facts->log = LogId(1);
  facts->branch = "main";
  replay::BranchRow main, child, other;
  main.id = LogId(1), main.name = "main";
  child.id = LogId(2), child.parent = LogId(1), child.name = "edit-1", child.fork = "main:50";
  other.id = LogId(3), other.parent = LogId(2), other.name = "edit-2", other.fork = "edit-1:70";
  facts->branches = {main, child, other};
  model.open.value = facts;
  return model;
}

}  // namespace

TEST_CASE("regions of the timeline lie under each other and fill the panel") {
  const Model model = Run(4, 100);
  const TimelinePicture picture = MakeTimelinePicture(model, {}, kLanes);
  CHECK(picture.bar.y0 == 400);
  CHECK(picture.overview.y0 == picture.bar.y1);
  CHECK(picture.ruler.y0 == picture.overview.y1);
  CHECK(picture.segments.height() == 0);
  CHECK(picture.lanes.y0 == picture.ruler.y1);
  CHECK(picture.lanes.y1 == 640);
  CHECK(picture.rows.size() == 4);
  CHECK(picture.LaneAt(picture.LaneMiddle(2)) == 2);
  CHECK(picture.LaneAt(picture.ruler.y0) == -1);
}

TEST_CASE("only lanes in sight are computed, from where they are scrolled to") {
  const Model model = Run(500, 5000);
  ViewState view;
  const TimelinePicture top = MakeTimelinePicture(model, view, kLanes);
  CHECK(top.rows.front().lane == 0);
  CHECK(top.rows.size() < 12);
  view.timeline.scroll_px = 100 * top.lane_height;
  const TimelinePicture scrolled = MakeTimelinePicture(model, view, kLanes);
  CHECK(scrolled.rows.front().lane == 100);
  CHECK(scrolled.LaneAt(scrolled.LaneMiddle(103)) == 103);
}

TEST_CASE("the shown branch has marks where others leave it and no marks of others") {
  const Model model = Run(4, 100);
  const TimelinePicture picture = MakeTimelinePicture(model, {}, kLanes);
  REQUIRE(picture.forks.size() == 1);
  CHECK(picture.forks[0].branch == "edit-1");
  CHECK(picture.forks[0].step == StepNumber(50));
  CHECK(std::abs(picture.forks[0].x - picture.lanes.width() / 2) < 1);
}

TEST_CASE("zooming keeps what is under the mouse, and all the way out shows everything") {
  const Model model = Run(4, 1000);
  const replay::Timeline& timeline = *model.timeline.value;
  TimelineWindow window;
  ZoomWindow(timeline, 250, 4, &window);
  CHECK(window.to - window.from == 250);
  const double share = (250 - window.from) / (window.to - window.from);
  CHECK(std::abs(share - 0.25) < 1e-9);
  ZoomWindow(timeline, 250, 1e9, &window);
  CHECK(window.to - window.from >= 3);
  for (int i = 0; i < 100; ++i) ZoomWindow(timeline, 250, 0.5, &window);
  CHECK(window.to <= window.from);
  PanWindow(timeline, 100, &window);
  CHECK(window.to <= window.from);
  ShowRange(timeline, -50, 50, &window);
  CHECK(window.from == 0);
  PanWindow(timeline, 1e9, &window);
  CHECK(window.to == 1000);
}

TEST_CASE("time and steps show the same part of the run") {
  const Model model = Run(4, 1000);
  const replay::Timeline& timeline = *model.timeline.value;
  TimelineWindow window;
  ShowRange(timeline, 200, 400, &window);
  window.select_from = 250;
  window.select_to = 300;
  ToggleMode(timeline, &window);
  CHECK_FALSE(window.by_step);
  CHECK(window.from == 2000);
  CHECK(window.to == 4000);
  CHECK(window.select_to == 3000);
  ToggleMode(timeline, &window);
  CHECK(window.by_step);
  CHECK(window.from == 200);
  CHECK(window.select_from == 250);
}

TEST_CASE("a ruler has round ticks at every zoom, labels apart from each other") {
  for (const auto mode : {replay::TimelineMode::kSteps, replay::TimelineMode::kTime}) {
    for (double span = 3; span < 1e18; span *= 7) {
      const replay::TimelineViewport viewport{mode, span / 3, span / 3 + span, 1100};
      const auto ticks = RulerTicks(viewport, 84);
      INFO(span);
      REQUIRE(!ticks.empty());
      float last = -1e9f;
      size_t labels = 0;
      for (const Tick& tick : ticks) {
        if (tick.label.empty()) continue;
        CHECK(tick.x - last >= 83);
        CHECK(tick.label.size() < 24);
        last = tick.x;
        ++labels;
      }
      CHECK(labels >= 1);
    }
  }
}

TEST_CASE("steps of one status side by side are one run, the status that says most is drawn last") {
  using replay::StepStatus;
  const auto item = [](float x0, float x1, int flags) {
    replay::LaneItem made;
    made.x0 = x0, made.x1 = x1;
    made.flags = static_cast<uint16_t>(flags);
    return made;
  };
  const int same = replay::kStepSame, different = replay::kStepDifferent;
  const auto runs = StatusRuns({item(0, 10, replay::kStepInherited), item(10, 20, same),
                                item(20, 21, same | replay::kStepHit), item(21, 30, same),
                                item(30, 40, different), item(40, 60, different)}, 5);
  REQUIRE(runs.size() == 5);
  CHECK(runs[0].status == StepStatus::kShared);
  CHECK(runs[1].status == StepStatus::kSame);
  CHECK(runs[3].status == StepStatus::kDifferent);
  CHECK(runs[3].x0 == 30);
  CHECK(runs[3].x1 == 60);
  CHECK(runs[4].status == StepStatus::kHit);
  CHECK(runs[4].x1 - runs[4].x0 == 5);
  CHECK(StatusRuns({item(0, 10, 0)}, 5).empty());
}

TEST_CASE("while a line is being read its steps stand where they will be at the end") {
  Model model = Run(4, 100);
  auto partial = std::make_shared<replay::Timeline>(*model.timeline.value);
  partial->total = StepNumber(400);
  model.timeline.value = partial;
  ViewState view;
  view.cursor = StepNumber(300);
  const TimelinePicture picture = MakeTimelinePicture(model, view, kLanes);
  const float width = picture.lanes.width();
  CHECK(std::abs(picture.rows[3].items.back().x1 - width / 4) < 1);
  CHECK(std::abs(picture.playhead_x - width * 3 / 4) < 1);
  REQUIRE(!picture.buckets.empty());
  CHECK(picture.buckets.back().x1 <= width / 4 + 1);
  CHECK(picture.own.empty());
}

TEST_CASE("positions read as a person says them") {
  using replay::TimelineMode;
  CHECK(PositionText(TimelineMode::kSteps, 12345.4, 1) == "step 12,345");
  CHECK(PositionText(TimelineMode::kTime, 1.25e9, 1e7) == "1.25 s");
  CHECK(PositionText(TimelineMode::kTime, 12.5e6, 1e5) == "12.5 ms");
  CHECK(PositionText(TimelineMode::kTime, 125e9, 1e9) == "2:05");
  CHECK(PositionText(TimelineMode::kTime, 3725e9, 1e9) == "1:02:05");
  CHECK(GroupDigits(999) == "999");
  CHECK(GroupDigits(1000000) == "1,000,000");
}
