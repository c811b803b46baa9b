#include "backstep/schemas/records.h"
#include "backstep/tests/support/catch.h"

namespace backstep {
namespace {

TEST_CASE("a kind of outcome is known by its name and by no other") {
  CHECK(ParseOutcomeKind("unknown") == Outcome::Kind::kUnknown);
  CHECK(ParseOutcomeKind("ok") == Outcome::Kind::kOk);
  CHECK(ParseOutcomeKind("failed") == Outcome::Kind::kFailed);
  for (const char* name : {"", "OK", "fail", "failed "}) CHECK_FALSE(ParseOutcomeKind(name));
}

TEST_CASE("a kind of event is known by its name and by no other") {
  CHECK(ParseEventKind("event") == EventRecord::Kind::kEvent);
  CHECK(ParseEventKind("span") == EventRecord::Kind::kSpan);
  CHECK(ParseEventKind("handoff") == EventRecord::Kind::kHandoff);
  for (const char* name : {"", "Span", "events"}) CHECK_FALSE(ParseEventKind(name));
}

}  // namespace
}  // namespace backstep
