// What a window draws of a long run: how its columns are filled, and frames at any zoom.
#include <sqlite3.h>

#include <filesystem>

#include "backstep/replay/view/timeline/timeline.h"
#include "backstep/replay/view/timeline/timeline_view.h"
#include "backstep/store/line.h"
#include "backstep/store/recording.h"
#include "backstep/tests/bench/suite/sections/growing.h"

namespace backstep::bench {
namespace {

using namespace replay;

constexpr int kBuckets = 2000, kWidthPx = 1280, kFrames = 15;

double Median(const std::function<void()>& work) {
  std::vector<double> taken;
  for (int i = 0; i < kFrames; ++i) {
    const double begin = WallNs();
    work();
    taken.push_back(WallNs() - begin);
  }
  return Percentile(&taken, 0.5);
}

void DrawLanes(const Timeline& timeline, const TimelineViewport& viewport) {
  std::vector<LaneItem> items;
  for (size_t lane = 0; lane < timeline.lanes.size(); ++lane) {
    LaneItems(timeline, static_cast<int>(lane), viewport, &items);
  }
}

// The same by looking at every step: what has to be beaten.
double PlainLoop(const Timeline& timeline, const TimelineViewport& viewport) {
  std::vector<uint32_t> columns(kWidthPx + 1);
  for (const Timeline::Lane& lane : timeline.lanes) {
    for (uint32_t i = 0; i < lane.size; ++i) {
      const double at = static_cast<double>(lane.began_ns(i));
      if (at < viewport.from || at > viewport.to) continue;
      ++columns[static_cast<size_t>(viewport.X(at))];
    }
  }
  return columns[0];
}

void MeasureZooms(Context& context, const Timeline& timeline) {
  double slowest = 0, arrows = 0, plain = 0;
  volatile double sink = 0;
  for (const TimelineMode mode : {TimelineMode::kTime, TimelineMode::kSteps}) {
    const double end = TimelineEnd(timeline, mode);
    for (const double part : {1.0, 0.3, 0.1, 0.01, 0.001, 0.0001}) {
      const double span = std::max(end * part, 1.0), from = (end - span) * 0.4;
      const TimelineViewport viewport{mode, from, from + span, kWidthPx};
      const StepNumber cursor = MomentAt(timeline, mode, from + span / 2);
      slowest = std::max(slowest, Median([&] { DrawLanes(timeline, viewport); }));
      const ArrowQuery query{cursor, 200, 0, INT32_MAX};
      arrows = std::max(arrows, Median([&] {
        sink = sink + static_cast<double>(MessageArrows(timeline, viewport, query).total);
      }));
    }
  }
  const TimelineViewport whole{TimelineMode::kTime, 0, TimelineEnd(timeline, TimelineMode::kTime),
                               kWidthPx};
  plain = Median([&] { sink = sink + PlainLoop(timeline, whole); });
  context.add(Figure{"overview, 2,000 buckets", Median([&] {
                       OverviewBuckets(timeline, TimelineMode::kTime, kBuckets);
                     }), "ns"}.Against("loop over steps", plain).AtMost(2e6));
  context.add(Figure{"50 lanes, slowest zoom", slowest, "ns"}.Against("loop over steps", plain)
                  .AtMost(4e6));
  context.add(Figure{"  arrows, slowest zoom", arrows, "ns"});
}

// Bytes a step of the chunks in the index.
double PackedBytes(const std::string& path) {
  sqlite3* db = nullptr;
  sqlite3_stmt* sum = nullptr;
  double bytes = 0;
  if (sqlite3_open_v2((path + "/index.sqlite").c_str(), &db, SQLITE_OPEN_READONLY, nullptr) ==
          SQLITE_OK &&
      sqlite3_prepare_v2(db, "SELECT avg(length(packed)) / 16384 FROM step_columns WHERE log = 1",
                         -1, &sum, nullptr) == SQLITE_OK &&
      sqlite3_step(sum) == SQLITE_ROW) {
    bytes = sqlite3_column_double(sum, 0);
  }
  sqlite3_finalize(sum);
  sqlite3_close(db);
  if (bytes == 0) Fail("the index has no packed steps");
  return bytes;
}

// `scan`: reading the steps alone takes so long.
void MeasurePacked(Context& context, const store::Recording& recording, store::Line& line,
                   double scan) {
  TimelineBuilder builder(line, nullptr, &recording);
  const double begin = WallNs();
  Need(builder.Extend());
  const double filled = WallNs() - begin;
  uint64_t packed = 0;
  const auto timeline = builder.Snapshot();
  for (const Timeline::Lane& lane : timeline->lanes) {
    for (uint32_t i = 0; i < lane.size; ++i) packed += (lane.flags(i) & kStepRounded) != 0;
  }
  const double part = static_cast<double>(packed) / static_cast<double>(line.last().value);
  if (part < 0.9) Fail("most steps should have come from the index");
  context.add(Figure{"columns filled from packed steps", filled, "ns"}
                  .Against("reading its steps", scan));
  context.add(Figure{"  stored, packed", PackedBytes(recording.path()), "B/step"}.AtMost(5));
}

}  // namespace

void MeasureTimeline(Context& context) {
  const std::string path = GrowingPath(context);
  if (!std::filesystem::exists(path)) Fail("the section growing must have run in this folder");
  const auto recording = Need(store::Recording::Open(path));
  const auto line = Need(recording->OpenLine(LogId(1)));
  const auto steps = static_cast<double>(line->last().value);
  double begin = WallNs();
  Need(line->ScanSteps(StepNumber{1}, line->last(), [](const StepRecord&) { return true; }));
  const double scan = WallNs() - begin;
  TimelineBuilder builder(*line);
  begin = WallNs();
  Need(builder.Extend());
  const double filled = WallNs() - begin;
  const auto timeline = builder.Snapshot();
  context.add(
      Figure{"columns filled from the log", filled, "ns"}.Against("reading its steps", scan));
  MeasurePacked(context, *recording, *line, scan);
  context.add(Figure{"  in memory, messages too", static_cast<double>(timeline->bytes()) / steps,
                     "B/step"}.AtMost(64));
  MeasureZooms(context, *timeline);
}

}  // namespace backstep::bench
