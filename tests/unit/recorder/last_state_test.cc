#include "backstep/recorder/core/last_state.h"

#include "backstep/base/hash.h"
#include "backstep/tests/unit/recorder/recorded.h"

namespace backstep::recorder::testing {
namespace {

std::string Words(RandomStream& random, size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += "word" + std::to_string(random.Next() % 100000) + " ";
  text.resize(bytes);
  return text;
}

size_t Inserted(const StateEdit& edit) {
  size_t bytes = 0;
  for (const auto& splice : edit.splices) bytes += splice.insert.size();
  return bytes;
}

TEST_CASE("A large state that changed is queued as an edit that makes it") {
  RandomStream random(5);
  LastState last;
  StateEdit edit;
  std::string state = Words(random, 60000);
  REQUIRE_FALSE(last.Replace(Text(state), &edit));  // the first
  for (int i = 0; i < 300; ++i) {
    const std::string before = state;
    const std::string added = Words(random, 1 + random.Next() % 900);
    switch (random.Next() % 5) {
      case 0: state += added; break;
      case 1: state.erase(0, random.Next() % 3000); state += added; break;
      case 2: state.insert(random.Next() % state.size(), added); break;
      case 3: state.replace(random.Next() % (state.size() - 900), added.size(), added); break;
      default:
        for (int edits = 0; edits < 20; ++edits) state[random.Next() % state.size()] = '#';
    }
    INFO("change " << i);
    REQUIRE(last.Replace(Text(state), &edit));
    REQUIRE(Must(edit.Apply(before)) == state);
    REQUIRE(Inserted(edit) < 8000);
  }
}

TEST_CASE("A state that is small, new or of another kind is queued whole") {
  RandomStream random(6);
  LastState last;
  StateEdit edit;
  const std::string state = Words(random, 40000);
  REQUIRE_FALSE(last.Replace(Text(state), &edit));
  REQUIRE(last.Replace(Text(state), &edit));
  REQUIRE(edit.splices.empty());
  SECTION("of another media type") {
    REQUIRE_FALSE(last.Replace({state, "application/json"}, &edit));
  }
  SECTION("small, and what follows it") {
    REQUIRE_FALSE(last.Replace(Text("small"), &edit));
    REQUIRE_FALSE(last.Replace(Text(state), &edit));
    REQUIRE(last.Replace(Text(state), &edit));
  }
  SECTION("the one before was dropped") {
    last.Forget();
    REQUIRE_FALSE(last.Replace(Text(state), &edit));
    REQUIRE(last.Replace(Text(state), &edit));
  }
  SECTION("its halves changed places, which no edit can say") {
    const std::string swapped = state.substr(20000) + state.substr(0, 20000);
    if (last.Replace(Text(swapped), &edit)) REQUIRE(Must(edit.Apply(state)) == swapped);
  }
}

TEST_CASE("States with nothing in common are compared less and less, and alike ones again") {
  RandomStream random(7);
  LastState last;
  StateEdit edit;
  for (int i = 0; i < 200; ++i) {
    INFO(i);
    REQUIRE_FALSE(last.Replace(Text(Words(random, 20000)), &edit));
  }
  std::string state = Words(random, 20000);
  int whole = 0;
  while (!last.Replace(Text(state += "more"), &edit)) ++whole;
  REQUIRE(whole <= 66);
  REQUIRE(last.Replace(Text(state += "more"), &edit));
}

}  // namespace
}  // namespace backstep::recorder::testing
