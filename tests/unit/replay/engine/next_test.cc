#include <string>
#include <vector>

#include "backstep/replay/program.h"
#include "backstep/tests/support/catch.h"

namespace backstep::replay {
namespace {

CutView CutOf(const std::vector<std::string>& free, const std::vector<std::string>& busy,
              const std::vector<std::string>& receivers) {
  CutView cut;
  for (const std::string& name : free) cut.agents.push_back({name, {}, false});
  for (const std::string& name : busy) cut.agents.push_back({name, {}, true});
  for (uint32_t i = 0; i < receivers.size(); ++i) {
    Deliverable message;
    message.id.ordinal = i;
    message.to = receivers[i];
    cut.deliverable.push_back(message);
  }
  return cut;
}

TEST_CASE("The oldest message for an agent that is free is next, however many wait before it") {
  for (const size_t waiting : {0, 1, 3, 4, 5, 100}) {
    INFO(waiting << " messages wait for agents that are busy or unknown");
    std::vector<std::string> receivers;
    for (size_t i = 0; i < waiting; ++i) receivers.push_back(i % 2 == 0 ? "busy" : "unknown");
    CutView cut = CutOf({"a", "b"}, {"busy"}, receivers);
    cut.outcome = Outcome{Outcome::Kind::kOk, std::nullopt, "done"};
    REQUIRE(OldestDeliverable(cut).finished->reason == "done");
    receivers.push_back("b");
    receivers.push_back("a");
    const Decision decision = OldestDeliverable(CutOf({"a", "b"}, {"busy"}, receivers));
    REQUIRE_FALSE(decision.finished);
    REQUIRE(decision.agent == "b");
    REQUIRE(decision.messages.size() == 1);
    REQUIRE(decision.messages[0].ordinal == waiting);
  }
}

TEST_CASE("Where every agent is busy, no message is next") {
  for (const size_t waiting : {1, 4, 5, 100}) {
    CutView cut = CutOf({}, {"a", "b"}, std::vector<std::string>(waiting, "b"));
    REQUIRE(OldestDeliverable(cut).finished);
  }
}

}  // namespace
}  // namespace backstep::replay
