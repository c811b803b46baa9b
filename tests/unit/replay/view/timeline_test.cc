#include "backstep/replay/view/timeline/timeline.h"

#include <numeric>
#include <set>

#include "backstep/recorder/session.h"
#include "backstep/replay/view/timeline/timeline_view.h"
#include "backstep/replay/view/timeline/timeline_writer.h"
#include "backstep/store/recording.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"

using namespace backstep;
using namespace backstep::replay;

namespace {

// A timeline written by hand: times in ns.
class Hand {
 public:
  explicit Hand(int lanes) {
    for (int i = 0; i < lanes; ++i) {
      writer.AddLane(AgentId(static_cast<uint32_t>(i + 1)), "agent" + std::to_string(i), "");
    }
    clocks.resize(static_cast<size_t>(lanes));
  }
  StepEntry& Step(int lane, int64_t began, int64_t ended, uint16_t flags = 0) {
    entry = {};
    entry.lane = lane;
    entry.clock = AgentClock(++clocks[static_cast<size_t>(lane)]);
    entry.began_ns = began;
    entry.ended_ns = ended;
    entry.shares = store::SharesOf(0, 0, 1, 0);
    entry.flags = flags;
    return entry;
  }
  void Add(int lane, int64_t began, int64_t ended, uint16_t flags = 0) {
    writer.AddStep(Step(lane, began, ended, flags));
  }
  std::shared_ptr<const Timeline> Done() { return writer.Snapshot(); }

  TimelineWriter writer;
  StepEntry entry;
  std::vector<uint64_t> clocks;
};

TimelineViewport Whole(const Timeline& timeline, TimelineMode mode, double width_px) {
  return {mode, 0, TimelineEnd(timeline, mode), width_px};
}

std::vector<LaneItem> Items(const Timeline& timeline, int lane, const TimelineViewport& viewport) {
  std::vector<LaneItem> items;
  LaneItems(timeline, lane, viewport, &items);
  return items;
}

uint64_t CountOf(const std::vector<LaneItem>& items) {
  return std::accumulate(items.begin(), items.end(), uint64_t{0},
                         [](uint64_t sum, const LaneItem& item) { return sum + item.count; });
}

}  // namespace

TEST_CASE("a step in steps mode covers the place before its moment") {
  Hand hand(2);
  hand.Add(0, 0, 10);
  hand.Add(1, 10, 30);
  const auto timeline = hand.Done();
  const auto items = Items(*timeline, 1, {TimelineMode::kSteps, 0, 2, 200});
  REQUIRE(items.size() == 1);
  CHECK(items[0].x0 == 100);
  CHECK(items[0].x1 == 200);
  CHECK(items[0].first == StepNumber(2));
  CHECK(MomentPosition(*timeline, TimelineMode::kSteps, StepNumber(2)) == 2);
  CHECK(MomentAt(*timeline, TimelineMode::kSteps, 1.4) == StepNumber(1));
  CHECK(MomentAt(*timeline, TimelineMode::kSteps, 99) == StepNumber(2));
}

TEST_CASE("steps too small to be seen fold into one item that keeps their count and their flags") {
  Hand hand(1);
  for (int i = 0; i < 1000; ++i) {
    hand.Add(0, i * 10, i * 10 + 10, i == 500 ? kStepFailed : i == 900 ? kStepHit : 0);
  }
  const auto timeline = hand.Done();
  for (const TimelineMode mode : {TimelineMode::kTime, TimelineMode::kSteps}) {
    const auto items = Items(*timeline, 0, Whole(*timeline, mode, 100));
    CHECK(items.size() <= 50);
    CHECK(CountOf(items) == 1000);
    uint64_t failed = 0;
    uint16_t all = 0;
    for (const LaneItem& item : items) {
      failed += (item.flags & kStepFailed) != 0;
      all |= item.flags;
      if ((item.flags & kStepFailed) != 0) {
        CHECK(item.first <= StepNumber(501));
        CHECK(item.last >= StepNumber(501));
      }
    }
    CHECK(failed == 1);
    CHECK(all == (kStepFailed | kStepHit));
  }
}

TEST_CASE("a tiny step that is alone is an item of its own and a long one never folds") {
  Hand hand(1);
  hand.Add(0, 0, 1);
  hand.Add(0, 500, 501);
  hand.Add(0, 600, 1000);
  const auto timeline = hand.Done();
  const auto items = Items(*timeline, 0, {TimelineMode::kTime, 0, 1000, 100});
  REQUIRE(items.size() == 3);
  CHECK(items[0].count == 1);
  CHECK(items[1].first == StepNumber(2));
  CHECK(items[2].x1 - items[2].x0 == 40);
}

TEST_CASE("only what the window shows becomes an item, and what reaches into it does") {
  Hand hand(1);
  for (int i = 0; i < 100; ++i) hand.Add(0, i * 100, i * 100 + 90);
  const auto timeline = hand.Done();
  const auto items = Items(*timeline, 0, {TimelineMode::kTime, 1050, 1250, 200});
  REQUIRE(items.size() == 3);
  CHECK(items.front().first == StepNumber(11));
  CHECK(items.front().x0 == -8);  // cut
  CHECK(items.back().first == StepNumber(13));
}

TEST_CASE("folded items weigh the kinds of time by how long they took") {
  Hand hand(1);
  StepEntry& model = hand.Step(0, 0, 30);
  model.shares = store::SharesOf(30, 0, 0, 0);
  hand.writer.AddStep(model);
  hand.Add(0, 30, 40);
  const auto timeline = hand.Done();
  const auto items = Items(*timeline, 0, {TimelineMode::kTime, 0, 4000, 100});
  REQUIRE(items.size() == 1);
  CHECK(items[0].shares.model == 191);
  CHECK(items[0].shares.own == 64);
}

TEST_CASE("a step around others of its own lane is an item beneath them") {
  Hand hand(2);
  hand.clocks[0] = 1;          // the outer step has clock 1 and commits last
  hand.Add(0, 100, 200);
  hand.Add(1, 50, 250);
  hand.Add(0, 300, 400);
  StepEntry outer = hand.Step(0, 0, 1000);
  outer.clock = AgentClock(1);
  hand.writer.AddStep(outer);
  const auto timeline = hand.Done();
  const auto items = Items(*timeline, 0, {TimelineMode::kTime, 0, 1000, 1000});
  REQUIRE(items.size() == 3);
  CHECK(items[0].first == StepNumber(4));
  CHECK(items[1].first == StepNumber(1));
  const auto inside = Items(*timeline, 0, {TimelineMode::kTime, 500, 510, 1000});
  REQUIRE(inside.size() == 1);
  CHECK(inside[0].first == StepNumber(4));
  const TimelineViewport viewport{TimelineMode::kTime, 0, 1000, 1000};
  CHECK(StepAt(*timeline, 0, viewport, 150) == StepNumber(1));
  CHECK(StepAt(*timeline, 0, viewport, 700) == StepNumber(4));
  CHECK(timeline->StepText(StepNumber(4)) == "agent0/1");
}

TEST_CASE("times that jump back are moved so that a lane stays searchable") {
  Hand hand(1);
  hand.Add(0, 100, 200);
  hand.Add(0, -50, 20);
  hand.Add(0, INT64_MIN, INT64_MAX);
  const auto timeline = hand.Done();
  CHECK(timeline->ended_ns(StepNumber(2)) == 200);
  CHECK(timeline->began_ns(StepNumber(2)) == 0);
  CHECK(timeline->ended_ns(StepNumber(3)) > 200);
  CHECK(CountOf(Items(*timeline, 0, Whole(*timeline, TimelineMode::kTime, 100))) == 3);
}

TEST_CASE("the moment at a time is the newest whose steps have all ended") {
  Hand hand(2);
  hand.Add(0, 0, 10);
  hand.Add(1, 0, 100);
  hand.Add(0, 10, 20);
  const auto timeline = hand.Done();
  CHECK(timeline->StepAtTime(5) == StepNumber(0));
  CHECK(timeline->StepAtTime(50) == StepNumber(1));
  CHECK(timeline->StepAtTime(100) == StepNumber(3));
  CHECK(timeline->TimeAfter(StepNumber(3)) == 100);
  Hand many(3);
  for (int i = 0; i < 5000; ++i) many.Add(i % 3, i * 7, i * 7 + 7);
  const auto long_one = many.Done();
  for (const uint64_t n : {0, 1, 63, 64, 65, 4095, 4096, 4097, 5000}) {
    CHECK(long_one->StepAtTime(long_one->TimeAfter(StepNumber(n))) == StepNumber(n));
  }
}

TEST_CASE("the overview loses no step, error or fault at any width") {
  Hand hand(3);
  for (int i = 0; i < 20000; ++i) {
    hand.Add(i % 3, i * 1000, i * 1000 + 2500,
             i % 4000 == 7 ? kStepFailed : i % 5000 == 9 ? kStepHit : 0);
  }
  const auto timeline = hand.Done();
  for (const TimelineMode mode : {TimelineMode::kTime, TimelineMode::kSteps}) {
    for (const int width : {1, 7, 1280, 3000, 20000}) {
      const auto buckets = OverviewBuckets(*timeline, mode, width);
      REQUIRE(!buckets.empty());
      uint64_t steps = 0, errors = 0, faults = 0;
      float most = 0;
      for (const OverviewBucket& bucket : buckets) {
        steps += bucket.steps;
        errors += bucket.errors;
        faults += bucket.faults;
        most = std::max(most, bucket.load);
      }
      CHECK(steps == 20000);
      CHECK(errors == 5);
      CHECK(faults == 4);
      CHECK(most == 1);
      CHECK(buckets.front().x0 == 0);
      CHECK(std::abs(buckets.back().x1 - static_cast<float>(width)) < 1.5f);
    }
  }
}

TEST_CASE("a message leads from the end of its sender to the begin of its taker") {
  Hand hand(2);
  StepEntry first = hand.Step(0, 0, 100);
  first.sent = {{0, 0, 1, 0}, {1, 0, 1, kMessageDropped}};
  hand.writer.AddStep(first);
  StepEntry second = hand.Step(1, 300, 400);
  second.taken = {{0, AgentClock(1), 0, 0, 0}};
  hand.writer.AddStep(second);
  const auto timeline = hand.Done();
  const auto by_time = MessageArrows(*timeline, {TimelineMode::kTime, 0, 400, 400}, {});
  REQUIRE(by_time.arrows.size() == 2);
  CHECK(by_time.total == 2);
  CHECK(by_time.arrows[0].x0 == 100);
  CHECK(by_time.arrows[0].x1 == 300);
  CHECK(by_time.arrows[0].message.to_lane == 1);
  CHECK(timeline->MessageText(by_time.arrows[0].message) == "agent0/1.0");
  const auto& dropped = by_time.arrows[1];
  CHECK(dropped.message.taken_by == StepNumber(0));
  CHECK(dropped.message.flags == kMessageDropped);
  CHECK(dropped.x0 == dropped.x1);
  const auto by_step = MessageArrows(*timeline, {TimelineMode::kSteps, 0, 2, 200}, {});
  CHECK(by_step.arrows[0].x0 == 100);
  CHECK(by_step.arrows[0].x1 == 100);
}

TEST_CASE("a message taken before its sender committed finds its sender") {
  Hand hand(2);
  StepEntry inner = hand.Step(1, 20, 60, kStepNested);
  inner.taken = {{0, AgentClock(1), 0, 0, kMessageEarly}};
  hand.writer.AddStep(inner);
  StepEntry caller = hand.Step(0, 0, 100);
  caller.sent = {{0, 0, 1, 0}};
  hand.writer.AddStep(caller);
  const auto timeline = hand.Done();
  REQUIRE(timeline->message_count == 1);
  const MessageOnTimeline message = timeline->message(0);
  CHECK(message.sent_by == StepNumber(2));
  CHECK(message.taken_by == StepNumber(1));
  CHECK(message.flags == kMessageEarly);
  const MessageArrow arrow = ArrowOf(*timeline, {TimelineMode::kTime, 0, 100, 100}, 0);
  CHECK(arrow.x0 == 20);  // while its sender was at work
  CHECK(arrow.x1 == 20);
}

TEST_CASE("of too many messages the nearest to the cursor are shown and all are counted") {
  Hand hand(2);
  for (int i = 0; i < 3000; ++i) {
    StepEntry step = hand.Step(i % 2, i * 10, i * 10 + 10);
    step.sent = {{0, 0, 1 - i % 2, 0}};
    if (i > 0) step.taken = {{1 - i % 2, AgentClock(static_cast<uint64_t>((i + 1) / 2)), 0, 0, 0}};
    hand.writer.AddStep(step);
  }
  const auto timeline = hand.Done();
  for (const TimelineMode mode : {TimelineMode::kTime, TimelineMode::kSteps}) {
    const auto set = MessageArrows(*timeline, Whole(*timeline, mode, 1000),
                                   {StepNumber(1500), 20, 0, INT32_MAX});
    CHECK(set.total == 3000);
    REQUIRE(set.arrows.size() == 20);
    for (const MessageArrow& arrow : set.arrows) {
      CHECK(arrow.message.sent_by.value >= 1480);
      CHECK(arrow.message.sent_by.value <= 1520);
      CHECK(arrow.message.taken_by == arrow.message.sent_by.Next());
    }
  }
  const auto of_step = ArrowsOfStep(*timeline, {TimelineMode::kSteps, 0, 3000, 1000},
                                    StepNumber(2000), 10);
  CHECK(of_step.size() == 2);
}

TEST_CASE("a message that was sent before the window and is taken in it is an arrow") {
  Hand hand(2);
  StepEntry first = hand.Step(0, 0, 10);
  first.sent = {{0, 0, 1, 0}};
  hand.writer.AddStep(first);
  for (int i = 1; i < 5000; ++i) hand.Add(0, i * 10, i * 10 + 10);
  StepEntry taker = hand.Step(1, 50000, 50010);
  taker.taken = {{0, AgentClock(1), 0, 0, 0}};
  hand.writer.AddStep(taker);
  const auto timeline = hand.Done();
  const auto set = MessageArrows(*timeline, {TimelineMode::kSteps, 4990, 5001, 1000}, {});
  CHECK(set.total == 0);
  REQUIRE(set.arrows.size() == 1);
  CHECK(set.arrows[0].message.sent_by == StepNumber(1));
}

TEST_CASE("steps are found by their lane, by their neighbours and by what went wrong") {
  Hand hand(3);
  for (int i = 0; i < 900; ++i) {
    hand.Add(i % 3, i * 10, i * 10 + 10,
             i == 400 ? kStepCallFailed : i == 700 ? kStepFailed : 0);
  }
  const auto timeline = hand.Done();
  const TimelineViewport steps{TimelineMode::kSteps, 0, 90, 900};
  CHECK(StepAt(*timeline, 1, steps, 15) == StepNumber(2));
  CHECK(StepAt(*timeline, 1, steps, 22) == StepNumber(2));  // nearest within the tolerance
  CHECK(StepAt(*timeline, 1, steps, 29) == std::nullopt);
  CHECK(NextOnLane(*timeline, 1, StepNumber(2), 1) == StepNumber(5));
  CHECK(NextOnLane(*timeline, 1, StepNumber(6), -1) == StepNumber(5));
  CHECK(NextOnLane(*timeline, 1, StepNumber(2), -1) == std::nullopt);
  CHECK(NextOnLane(*timeline, 0, StepNumber(898), 1) == std::nullopt);
  CHECK(NextFlagged(*timeline, StepNumber(0), 1) == StepNumber(401));
  CHECK(NextFlagged(*timeline, StepNumber(401), 1) == StepNumber(701));
  CHECK(NextFlagged(*timeline, StepNumber(701), 1) == std::nullopt);
  CHECK(NextFlagged(*timeline, StepNumber(701), -1) == StepNumber(401));
  CHECK(NextFlagged(*timeline, StepNumber(900), -1, kStepFailed) == StepNumber(701));
}

TEST_CASE("a snapshot stays as it was while the timeline grows") {
  Hand hand(2);
  StepEntry sender = hand.Step(0, 0, 10);
  sender.sent = {{0, 0, 1, 0}};
  hand.writer.AddStep(sender);
  const auto before = hand.Done();
  StepEntry taker = hand.Step(1, 10, 20, kStepFailed);
  taker.taken = {{0, AgentClock(1), 0, 0, 0}};
  hand.writer.AddStep(taker);
  const auto after = hand.Done();
  CHECK(before->last == StepNumber(1));
  CHECK(before->message(0).taken_by == StepNumber(0));
  CHECK(after->message(0).taken_by == StepNumber(2));
  CHECK(Items(*before, 1, {TimelineMode::kSteps, 0, 2, 100}).empty());
  CHECK(NextFlagged(*before, StepNumber(0), 1) == std::nullopt);
}

TEST_CASE("segments lie in levels and tiny ones fold") {
  Hand hand(1);
  for (int i = 0; i < 100; ++i) hand.Add(0, i, i + 1);
  std::vector<TimelineSegment> segments(102);
  segments[0] = {SegmentId(1), "all", 0, StepNumber(0), StepNumber(100), 0, 100, false};
  segments[1] = {SegmentId(2), "half", 1, StepNumber(0), StepNumber(50), 0, 50, false};
  for (uint64_t i = 0; i < 100; ++i) {
    const auto at = static_cast<int64_t>(i);
    segments[i + 2] = {SegmentId(static_cast<uint32_t>(i) + 3), "one", 2, StepNumber(i),
                       StepNumber(i + 1), at, at + 1, false};
  }
  hand.writer.SetSegments(segments);
  const auto timeline = hand.Done();
  const auto spans = SegmentSpans(*timeline, Whole(*timeline, TimelineMode::kSteps, 100));
  CHECK(timeline->segment_depth == 3);
  CHECK(spans[0].x1 == 100);
  CHECK(spans[1].x1 == 50);
  CHECK(spans.size() < 40);
  uint32_t count = 0;
  for (const SegmentSpan& span : spans) count += span.count;
  CHECK(count == 102);
}

TEST_CASE("an empty timeline has nothing to show and nothing to find") {
  Hand hand(1);
  const auto timeline = hand.Done();
  CHECK(Items(*timeline, 0, Whole(*timeline, TimelineMode::kTime, 100)).empty());
  CHECK(MessageArrows(*timeline, Whole(*timeline, TimelineMode::kSteps, 100), {}).arrows.empty());
  CHECK(OverviewBuckets(*timeline, TimelineMode::kTime, 100).size() >= 1);
  CHECK(MomentAt(*timeline, TimelineMode::kTime, 5) == StepNumber(0));
  CHECK(NextFlagged(*timeline, StepNumber(0), 1) == std::nullopt);
}

namespace {

CallResult Answer(const CallRequest&, CallProgress&) { return CallResponse{{"{}"}}; }
CallResult Fail(const CallRequest&, CallProgress&) { return CallError{.kind = "timeout"}; }

// One turn of planner and coder: a model call, a tool call that fails, a nested agent.
void Turn(recorder::Session& session, std::vector<Message> inbox) {
  std::vector<Message> carried;
  {
    auto plan = session.BeginStep("planner", std::move(inbox));
    (void)plan->CallLlm({.name = "m", .body = {"{}"}}, Answer);
    carried = plan->Send({.to = "coder", .body = {"\"write\""}});
    REQUIRE(plan->Commit({"{\"n\":1}"}).ok());
  }
  auto code = session.BeginStep("coder", carried);
  (void)code->CallTool({.name = "run", .body = {"{}"}}, Fail);
  const auto reply = code->CallAgent("tester", {.body = {"\"test\""}}, [](recorder::Step& inner) {
    inner.Reply({"\"fine\""});
    return inner.Commit({"{}"});
  });
  CHECK(reply.ok());
  code->Fail({"exception", "it broke"});
}

}  // namespace

TEST_CASE("a recording becomes a timeline and is followed while it is written") {
  backstep::testing::TempDir dir;
  recorder::SessionOptions options;
  options.path = dir / "run.backstep";
  options.read_environment = false;
  auto session = recorder::Session::Open(options);
  for (const char* name : {"planner", "coder", "tester"}) session->AddAgent({.name = name});
  auto segment = session->BeginSegment("build");
  Turn(*session, session->Outside({.to = "planner", .body = {"\"go\""}}));
  REQUIRE(session->Flush().ok());

  auto recording = store::Recording::Open(options.path);
  REQUIRE(recording.ok());
  auto line = (*recording)->OpenLine(LogId(1));
  REQUIRE(line.ok());
  TimelineBuilder builder(**line);
  REQUIRE(builder.Extend().ok());
  const auto first = builder.Snapshot();
  REQUIRE(first->last == StepNumber(3));
  CHECK(first->wall);
  REQUIRE(first->lanes.size() == 3);
  CHECK(first->lanes[1].name == "coder");
  CHECK(first->lane_of(StepNumber(2)) == 2);            // tester, inside coder's step
  CHECK(first->lanes[2].flags(0) == kStepNested);
  CHECK(first->lanes[1].flags(0) == (kStepFailed | kStepCallFailed));
  CHECK(first->ended_ns(StepNumber(3)) >= first->ended_ns(StepNumber(2)));
  REQUIRE(first->message_count == 4);
  CHECK(first->message(0).from_lane == kOutsideLane);
  CHECK(first->message(0).taken_by == StepNumber(1));
  CHECK(first->MessageText(first->message(0)) == "@outside/0.0");
  REQUIRE(first->segments.size() == 1);
  CHECK(first->segments[0].open);
  for (uint32_t i = 0; i < first->message_count; ++i) CHECK(first->message(i).taken_by.value != 0);

  Turn(*session, session->Outside({.to = "planner", .body = {"\"again\""}}));
  segment.End();
  REQUIRE(session->Flush().ok());
  REQUIRE((*line)->Refresh().ok());
  REQUIRE(builder.Extend().ok());
  const auto second = builder.Snapshot();
  CHECK(second->last == StepNumber(6));
  CHECK(second->message_count == 8);
  CHECK_FALSE(second->segments[0].open);
  CHECK(second->segments[0].ended_after == StepNumber(6));
  CHECK(first->last == StepNumber(3));
  REQUIRE(session->Close().ok());
}

TEST_CASE("building a timeline can be given up and goes on where it was") {
  backstep::testing::TempDir dir;
  recorder::SessionOptions options;
  options.path = dir / "run.backstep";
  options.read_environment = false;
  auto session = recorder::Session::Open(options);
  session->AddAgent({.name = "a"});
  for (int i = 0; i < 3000; ++i) REQUIRE(session->BeginStep("a")->Commit({"{}"}).ok());
  REQUIRE(session->Close().ok());
  auto recording = store::Recording::Open(options.path);
  REQUIRE(recording.ok());
  auto line = (*recording)->OpenLine(LogId(1));
  REQUIRE(line.ok());
  TimelineBuilder builder(**line);
  const Status given_up = builder.Extend([](uint64_t done, uint64_t) { return done < 2000; });
  CHECK(given_up.code() == StatusCode::kCancelled);
  CHECK(builder.Snapshot()->last == StepNumber(2048));
  REQUIRE(builder.Extend().ok());
  CHECK(builder.Snapshot()->last == StepNumber(3000));
}
