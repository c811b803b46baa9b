// What a frame of the timeline costs, beside a plain loop over all steps.
//
//   timeline_bench [STEPS [AGENTS [WIDTH_PX]]]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/replay/view/timeline/timeline_view.h"
#include "backstep/replay/view/timeline/timeline_writer.h"

namespace {

using namespace backstep;
using namespace backstep::replay;

constexpr int kFrames = 15;

// Processor time of this thread in milliseconds: what others do on the machine does not count.
double Now() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// Agents that answer each other, 1.5 messages a step, most of them taken a few steps later.
void Fill(uint64_t steps, int agents, TimelineWriter* writer) {
  struct Waiting {
    int from;
    uint64_t clock;
    uint32_t ordinal;
  };
  std::vector<std::vector<Waiting>> mail(static_cast<size_t>(agents));
  std::vector<uint64_t> clocks(static_cast<size_t>(agents));
  std::vector<int64_t> free_at(static_cast<size_t>(agents));
  for (int i = 0; i < agents; ++i) {
    writer->AddLane(AgentId(static_cast<uint32_t>(i) + 1), "agent" + std::to_string(i), "role");
  }
  for (uint64_t n = 0; n < steps; ++n) {
    const uint64_t draw = MixSeed(1, n, 0, 0);
    StepEntry step;
    step.lane = static_cast<int>(draw % static_cast<uint64_t>(agents));
    const auto lane = static_cast<size_t>(step.lane);
    step.clock = AgentClock(++clocks[lane]);
    const auto took = static_cast<int64_t>(1'000'000 + (draw >> 20) % 40'000'000);
    step.began_ns = std::max(free_at[lane], static_cast<int64_t>(n) * 500'000);
    step.ended_ns = free_at[lane] = step.began_ns + took;
    step.model_ns = took / 2;
    step.tool_ns = took / 4;
    step.own_ns = took - step.model_ns - step.tool_ns;
    if (draw % 997 == 0) step.flags |= kStepFailed;
    if (draw % 4999 == 0) step.flags |= kStepHit;
    for (const Waiting& waiting : mail[lane]) {
      step.taken.push_back({waiting.from, AgentClock(waiting.clock), waiting.ordinal, 0, 0});
    }
    mail[lane].clear();
    for (uint32_t k = 0; k < 1 + n % 2; ++k) {
      const int to = static_cast<int>((draw >> (8 * k + 8)) % static_cast<uint64_t>(agents));
      step.sent.push_back({k, 0, to, 0});
      mail[static_cast<size_t>(to)].push_back({step.lane, step.clock.value, k});
    }
    writer->AddStep(step);
  }
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Cost {
  double lanes = 0, overview = 0, arrows = 0, segments = 0;
  size_t items = 0;
  double sum() const { return lanes + overview + arrows + segments; }
};

Cost Frame(const Timeline& timeline, const TimelineViewport& viewport, StepNumber cursor) {
  std::vector<LaneItem> items;
  Cost cost;
  double at = Now();
  for (size_t lane = 0; lane < timeline.lanes.size(); ++lane) {
    LaneItems(timeline, static_cast<int>(lane), viewport, &items);
    cost.items += items.size();
  }
  cost.lanes = Now() - at;
  at = Now();
  cost.items += OverviewBuckets(timeline, viewport.mode, static_cast<int>(viewport.width_px)).size();
  cost.overview = Now() - at;
  at = Now();
  cost.items += MessageArrows(timeline, viewport, {cursor, 200, 0, INT32_MAX}).arrows.size();
  cost.arrows = Now() - at;
  at = Now();
  cost.items += SegmentSpans(timeline, viewport).size();
  cost.segments = Now() - at;
  return cost;
}

// The same lanes by looking at every step: what has to be beaten.
double Plain(const Timeline& timeline, const TimelineViewport& viewport) {
  const double at = Now();
  std::vector<LaneItem> items;
  size_t count = 0;
  for (const Timeline::Lane& lane : timeline.lanes) {
    items.clear();
    for (uint32_t i = 0; i < lane.size; ++i) {
      const bool steps = viewport.mode == TimelineMode::kSteps;
      const double began = steps ? static_cast<double>(lane.number(i).value - 1)
                                 : static_cast<double>(lane.began_ns(i));
      const double ended = steps ? static_cast<double>(lane.number(i).value)
                                 : static_cast<double>(lane.ended_ns(i));
      if (ended < viewport.from || began > viewport.to) continue;
      const auto x0 = static_cast<float>(viewport.X(began));
      const auto x1 = static_cast<float>(viewport.X(ended));
      if (!items.empty() && x1 - items.back().x0 <= kFoldPx) {
        items.back().x1 = x1;
        items.back().flags |= lane.flags(i);
        ++items.back().count;
        continue;
      }
      items.push_back({x0, x1, lane.number(i), lane.number(i), 1, lane.flags(i), lane.shares(i)});
    }
    count += items.size();
  }
  return count == SIZE_MAX ? 0 : Now() - at;
}

void Measure(const Timeline& timeline, TimelineMode mode, double part, double width_px) {
  const double end = TimelineEnd(timeline, mode);
  const double span = std::max(end * part, 1.0);
  const double from = (end - span) * 0.4;
  const TimelineViewport viewport{mode, from, from + span, width_px};
  const StepNumber cursor = MomentAt(timeline, mode, from + span / 2);
  std::vector<double> frames, plain;
  std::vector<Cost> costs;
  for (int i = 0; i < kFrames; ++i) {
    costs.push_back(Frame(timeline, viewport, cursor));
    frames.push_back(costs.back().sum());
  }
  for (int i = 0; i < kFrames; ++i) plain.push_back(Plain(timeline, viewport));
  std::sort(costs.begin(), costs.end(), [](auto& a, auto& b) { return a.sum() < b.sum(); });
  const Cost& middle = costs[costs.size() / 2];
  std::printf("%-6s %9.4f %% %8zu items  frame %6.3f ms (max %6.3f)  lanes %6.3f  overview %5.3f  "
              "arrows %5.3f  plain loop %7.3f ms\n",
              mode == TimelineMode::kTime ? "time" : "steps", part * 100, middle.items,
              Median(frames), *std::max_element(frames.begin(), frames.end()), middle.lanes,
              middle.overview, middle.arrows, Median(plain));
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t steps = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const int agents = argc > 2 ? std::atoi(argv[2]) : 50;
  const double width_px = argc > 3 ? std::atof(argv[3]) : 1280;
  if (steps == 0 || agents <= 0 || width_px < 1) {
    std::fprintf(stderr, "usage: timeline_bench [STEPS [AGENTS [WIDTH_PX]]]\n");
    return 2;
  }
  TimelineWriter writer;
  double at = Now();
  Fill(steps, agents, &writer);
  const double filled = Now() - at;
  at = Now();
  const auto timeline = writer.Snapshot();
  const double snapshot = Now() - at;
  std::printf("%llu steps, %d agents, %u messages, %g px: %.1f bytes a step; built in %.0f ms, a "
              "snapshot in %.3f ms\n",
              static_cast<unsigned long long>(steps), agents, timeline->message_count, width_px,
              static_cast<double>(timeline->bytes()) / static_cast<double>(steps), filled, snapshot);
  for (const TimelineMode mode : {TimelineMode::kTime, TimelineMode::kSteps}) {
    for (const double part : {1.0, 0.3, 0.1, 0.01, 0.001, 0.0001}) {
      Measure(*timeline, mode, part, width_px);
    }
  }
  return 0;
}
