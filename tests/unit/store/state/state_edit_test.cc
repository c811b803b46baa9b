#include "backstep/store/state/state_edit.h"

#include "backstep/tests/support/catch.h"

namespace backstep {
namespace {

TEST_CASE("An edit replaces, removes and inserts at offsets of its base") {
  const StateEdit edit{{{0, 1, "["}, {3, 0, "+"}, {3, 2, ""}, {9, 1, "]"}}};
  const Result<std::string> edited = edit.Apply("0123456789");
  REQUIRE(edited.ok());
  CHECK(*edited == "[12+5678]");
  CHECK(edit.ResultSize(10).value() == edited->size());
}

TEST_CASE("An edit without splices changes nothing, and an append adds at the end") {
  CHECK(StateEdit{}.Apply("same").value() == "same");
  CHECK(StateEdit::Append(4, "!").Apply("same").value() == "same!");
  CHECK(StateEdit::Append(0, "new").Apply("").value() == "new");
}

TEST_CASE("A part of the edited bytes is what the whole has there") {
  const StateEdit edit{{{0, 1, "["}, {3, 2, "+"}, {9, 1, "]"}}};
  const std::string whole = edit.Apply("0123456789").value();
  std::string part = "left over";
  for (uint64_t begin = 0; begin <= whole.size(); ++begin) {
    for (uint64_t end = begin; end <= whole.size() + 2; ++end) {
      edit.Part("0123456789", begin, end, &part);
      CHECK(part == whole.substr(begin, end - begin));
    }
  }
}

TEST_CASE("Splices outside their base, out of order or overlapping are refused") {
  const auto code = [](StateEdit edit) {
    const Status status = edit.Apply("0123456789").status();
    CHECK(edit.ResultSize(10).status() == status);
    return status.code();
  };
  CHECK(code({{{11, 0, "x"}}}) == StatusCode::kInvalidArgument);
  CHECK(code({{{10, 1, "x"}}}) == StatusCode::kInvalidArgument);
  CHECK(code({{{1, UINT64_MAX, "x"}}}) == StatusCode::kInvalidArgument);
  CHECK(code({{{UINT64_MAX, 1, "x"}}}) == StatusCode::kInvalidArgument);
  CHECK(code({{{4, 2, ""}, {5, 1, ""}}}) == StatusCode::kInvalidArgument);
  CHECK(code({{{4, 0, ""}, {3, 0, ""}}}) == StatusCode::kInvalidArgument);
  CHECK(StateEdit::Append(3, "x").Apply("12").status().message().find("splice 0") !=
        std::string::npos);
}

}  // namespace
}  // namespace backstep
