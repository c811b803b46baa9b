#include "backstep/gui/bridge/reading/pairs.h"

#include <string>
#include <utility>

#include "backstep/recorder/session.h"
#include "backstep/replay/view/comparison/step_pair.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"

namespace backstep::gui {
namespace {

using testing::TempDir;

std::string RecordCounter(const std::string& path, int steps) {
  recorder::SessionOptions options;
  options.path = path;
  options.read_environment = false;
  auto session = recorder::Session::Open(options);
  session->AddAgent({.name = "counter"});
  for (int i = 0; i < steps; ++i) {
    auto step = session->BeginStep("counter", {});
    REQUIRE(step->Commit({std::to_string(i)}).ok());
  }
  REQUIRE(session->Close().ok());
  return path;
}

// A reader's thread without the thread: what it would be asked meanwhile is asked by the test.
struct Desk {
  TempDir folder;
  std::string a = RecordCounter(folder.path() + "/a.backstep", 6);
  std::string b = RecordCounter(folder.path() + "/b.backstep", 9);
  ReaderQueue queue{[] {}};
  Shown shown{&queue, nullptr, 0, {}, {}, {}};
  Model model;
  StepNumber cursor;
  int asked = 0, gives_up_at = -1;
  PairReader pairs{&shown, [this] { return ++asked != gives_up_at; }};

  Desk() {
    auto opened = replay::Explorer::Open(a, "");
    REQUIRE(opened.ok());
    shown.explorer = std::move(*opened);
  }
  const replay::ComparisonView* Told() {
    queue.Collect(&model, &cursor);
    return model.comparison.value.get();
  }
};

TEST_CASE("A comparison asks at every step of both sides whether it is to go on") {
  Desk desk;
  desk.pairs.Want({"main", desk.b});
  CHECK(desk.pairs.Compare());
  CHECK(desk.asked == 6 + 9);
  REQUIRE(desk.Told() != nullptr);
  CHECK(desk.Told()->lines.b.steps == 9);
  CHECK_FALSE(desk.pairs.Compare());  // nothing is wanted any more
}

TEST_CASE("A comparison that is given up tells nothing and begins again") {
  Desk desk;
  desk.gives_up_at = 4;
  desk.pairs.Want({"main", desk.b});
  CHECK_FALSE(desk.pairs.Compare());
  CHECK(desk.asked == 4);
  CHECK(desk.Told() == nullptr);
  CHECK(desk.pairs.Compare());
  REQUIRE(desk.Told() != nullptr);
  CHECK(desk.Told()->lines.b.steps == 9);
}

TEST_CASE("Of two comparisons the newer is told, and what came between is answered first") {
  Desk desk;
  desk.gives_up_at = 4;
  desk.pairs.Want({"main", desk.b});
  CHECK_FALSE(desk.pairs.Compare());
  desk.pairs.Want({"main", desk.b + ":main:5"});
  CHECK(desk.pairs.Compare());
  REQUIRE(desk.Told() != nullptr);
  CHECK(desk.Told()->lines.b.steps == 5);
}

TEST_CASE("A comparison that was given up goes with its recording") {
  Desk desk;
  desk.gives_up_at = 2;
  desk.pairs.Want({"main", desk.b});
  CHECK_FALSE(desk.pairs.Compare());
  desk.pairs.Drop();
  CHECK_FALSE(desk.pairs.Compare());
  CHECK(desk.Told() == nullptr);
}

TEST_CASE("The step on both sides is given up between its bodies, also where a newer one waits") {
  Desk desk;
  desk.pairs.Want({"main", desk.b});
  REQUIRE(desk.pairs.Compare());
  const auto told = [&] {
    desk.queue.Collect(&desk.model, &desk.cursor);
    return std::exchange(desk.model.pair.value, nullptr) != nullptr;
  };
  const PairRequest third{StepNumber(3), {}, {}};
  desk.asked = 0;
  desk.pairs.Pair(third);
  CHECK(told());
  const int bodies = desk.asked;
  CHECK(bodies >= 4);
  for (desk.gives_up_at = 1; desk.gives_up_at <= bodies; ++desk.gives_up_at) {
    desk.asked = 0;
    desk.pairs.Pair(third);
    CHECK_FALSE(told());
  }
  desk.gives_up_at = -1;
  desk.queue.Ask([](Requests* waiting) { waiting->pair = PairRequest{StepNumber(4), {}, {}}; });
  desk.pairs.Pair(third);
  CHECK_FALSE(told());
  desk.pairs.Pair(*desk.queue.Take({}).pair);
  CHECK(told());
}

TEST_CASE("While two lines are compared, what follows the cursor is taken and the rest waits") {
  ReaderQueue queue{[] {}};
  queue.Ask([](Requests* waiting) {
    waiting->checkpoint = StepNumber(3);
    waiting->refresh = true;
    waiting->pair = PairRequest{StepNumber(3), {}, {}};
  });
  const auto looks = queue.TakeLooks();
  REQUIRE(looks.has_value());
  CHECK(looks->checkpoint == StepNumber(3));
  CHECK_FALSE(looks->refresh);
  CHECK_FALSE(looks->pair.has_value());
  const auto none = queue.TakeLooks();
  REQUIRE(none.has_value());
  CHECK_FALSE(none->any());
  const Requests rest = queue.Take({});
  CHECK(rest.refresh);
  CHECK(rest.pair.has_value());
}

TEST_CASE("A newer comparison, another recording and the end each end the one under way") {
  ReaderQueue queue{[] {}};
  queue.Ask([](Requests* waiting) { waiting->compare = CompareRequest{"main", "b1"}; });
  CHECK_FALSE(queue.TakeLooks().has_value());
  CHECK(queue.Take({}).compare.has_value());
  queue.Ask([](Requests* waiting) { waiting->close = true; });
  CHECK_FALSE(queue.TakeLooks().has_value());
  CHECK(queue.Take({}).close);
  queue.Ask([](Requests* waiting) { waiting->end = true; });
  CHECK_FALSE(queue.TakeLooks().has_value());
}

}  // namespace
}  // namespace backstep::gui
