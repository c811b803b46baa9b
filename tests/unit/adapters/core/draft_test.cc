#include "backstep/recorder/adapters/core/draft.h"

#include "backstep/tests/support/catch.h"

namespace backstep::adapters {

TEST_CASE("an agent of a draft is found by its name, however it came in") {
  SessionDraft draft;
  CHECK(draft.Agent("a") == AgentIndex(0));
  draft.agents.push_back({.name = "b", .role = "helper"});
  draft.agents.push_back({.name = "a"});
  CHECK(draft.Agent("c") == AgentIndex(3));
  CHECK(draft.Agent("b") == AgentIndex(1));
  CHECK(draft.Agent("a") == AgentIndex(0));
  CHECK(draft.agents.size() == 4);
}

TEST_CASE("an annotation says who, what and why") {
  SessionDraft draft;
  const StepIndex step = draft.Add(StepDraft{.agent = draft.Agent("a")});
  draft.Annotate(step, {.author = "reader", .kind = "mistake", .agent = "a", .reason = "wrong",
                        .decisive = true, .details = R"({"category":3})"});
  draft.Annotate({}, {.author = "reader", .kind = "label", .details = "not json"});
  REQUIRE(draft.notes.size() == 2);
  CHECK(draft.notes[0].step == step);
  CHECK(draft.notes[0].category == "annotation");
  CHECK(draft.notes[0].data ==
        R"({"author":"reader","kind":"mistake","agent":"a","reason":"wrong","decisive":true,)"
        R"("details":{"category":3}})");
  CHECK(draft.notes[1].data ==
        R"({"author":"reader","kind":"label","decisive":false,"details":"not json"})");
}

}  // namespace backstep::adapters
