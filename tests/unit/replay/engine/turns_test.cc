#include "backstep/replay/engine/schedule/turns.h"

#include <chrono>
#include <future>

#include "backstep/tests/support/catch.h"

namespace backstep::replay {
namespace {

using Lock = std::unique_lock<std::mutex>;

recorder::StepInfo StepOf(uint32_t agent, uint64_t clock = 1) {
  recorder::StepInfo info;
  info.agent = AgentId{agent};
  info.agent_name = "a" + std::to_string(agent);
  info.clock = AgentClock{clock};
  return info;
}

TEST_CASE("Activations commit in the order they were decided") {
  Turns turns;
  {
    Lock lock(turns.mutex());
    turns.Begin(StepOf(1), turns.Decide("a1"));
    turns.Begin(StepOf(2), turns.Decide("a2"));
  }
  auto second = std::async(std::launch::async, [&] {
    Lock lock(turns.mutex());
    turns.AwaitCommit(lock, StepOf(2));
    return turns.in_flight();
  });
  {
    Lock lock(turns.mutex());
    turns.AwaitCommit(lock, StepOf(1));
    turns.End(1);
  }
  REQUIRE(second.get() == 1);
}

TEST_CASE("A called agent that a later activation runs goes first") {
  Turns turns;
  {
    Lock lock(turns.mutex());
    turns.Begin(StepOf(1), turns.Decide("a1"));
    turns.Begin(StepOf(2), turns.Decide("a2"));
  }
  auto caller = std::async(std::launch::async, [&] {
    Lock lock(turns.mutex());
    return turns.AwaitCall(lock, StepOf(1), "a2");
  });
  {
    Lock lock(turns.mutex());
    turns.AwaitCommit(lock, StepOf(2));
    turns.Commit(StepOf(2));
  }
  // Its agent's code has not returned.
  REQUIRE(caller.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout);
  {
    Lock lock(turns.mutex());
    turns.End(2);
  }
  REQUIRE(caller.get());
  Lock lock(turns.mutex());
  REQUIRE(!turns.MayRunAhead("a2"));
  REQUIRE(turns.MayRunAhead("a1"));
}

TEST_CASE("An agent is taken from the decision on, before its step has begun") {
  Turns turns;
  {
    Lock lock(turns.mutex());
    turns.Begin(StepOf(1), turns.Decide("a1"));
    REQUIRE(turns.Decide("a2") == 2);
  }
  auto caller = std::async(std::launch::async, [&] {
    Lock lock(turns.mutex());
    return turns.AwaitCall(lock, StepOf(1), "a2");
  });
  REQUIRE(caller.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout);
  {
    Lock lock(turns.mutex());
    turns.Begin(StepOf(2), 2);
    turns.AwaitCommit(lock, StepOf(2));
    turns.Commit(StepOf(2));
    turns.End(2);
  }
  REQUIRE(caller.get());
}

TEST_CASE("Of two steps that call each other's agents one is told that it cannot be answered") {
  Turns turns;
  {
    Lock lock(turns.mutex());
    turns.Begin(StepOf(1), turns.Decide("a1"));
    turns.Begin(StepOf(2), turns.Decide("a2"));
  }
  const auto call = [&](uint32_t from, const char* to) {
    Lock lock(turns.mutex());
    const bool answered = turns.AwaitCall(lock, StepOf(from), to);
    turns.Commit(StepOf(from));
    turns.End(from);
    return answered;
  };
  auto first = std::async(std::launch::async, [&] { return call(1, "a2"); });
  auto second = std::async(std::launch::async, [&] { return call(2, "a1"); });
  const bool answered_first = first.get(), answered_second = second.get();
  REQUIRE(answered_first != answered_second);
}

TEST_CASE("A step may call its own agent, and the agent of its caller") {
  Turns turns;
  Lock lock(turns.mutex());
  turns.Begin(StepOf(1), turns.Decide("a1"));
  REQUIRE(turns.AwaitCall(lock, StepOf(1), "a1"));
  recorder::StepInfo inner = StepOf(1, 2);
  inner.caller = {AgentId{1}, AgentClock{1}};
  turns.Begin(inner, 0);
  REQUIRE(turns.AwaitCall(lock, inner, "a1"));
  turns.Commit(inner);
  REQUIRE(turns.in_flight() == 1);
  turns.Commit(StepOf(1));
  REQUIRE(turns.in_flight() == 1);
  turns.End(1);
  REQUIRE(turns.in_flight() == 0);
}

}  // namespace
}  // namespace backstep::replay
