// States in JSON Lines: whole the first time, then what is new, put together here by hand.
#include <map>

#include "backstep/recorder/adapters/export/export.h"
#include "backstep/recorder/adapters/jsonl/record_json.h"
#include "backstep/recorder/pipeline/log_item.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/small_log.h"

namespace backstep::adapters {
namespace {

using backstep::testing::Must;

// More than a reader keeps of what it has read.
constexpr uint32_t kStateAgents = 150;
constexpr uint64_t kStateRounds = 6;

struct OneState {
  Body state;
  std::string added;  // all that is new in it; nothing: it cannot be said
};

std::string LongText(uint64_t seed) {
  RandomStream random(seed);
  std::string text;
  while (text.size() < 3000) text += std::to_string(random.Next()) + " ";
  return text;
}

// What an agent's state is after its step of a round, from the one before.
OneState Next(uint64_t round, uint32_t agent, Body body) {
  const std::string word = "<" + std::to_string(round) + " of " + std::to_string(agent) + ">";
  switch (round) {
    case 1: body.bytes += word; break;
    case 2: body.bytes.insert(1000, word); break;
    case 3: body.bytes.replace(1000, word.size(), ""); return {body, {}};
    case 4: body.bytes.replace(500, 2000, "\xff\xfe"); return {body, {}};
    case 5: body.media_type = "application/json"; return {body, {}};
    default: body.bytes = word + body.bytes;
  }
  return {body, word};
}

// By step number.
std::map<uint64_t, OneState> WriteRun(store::LogWriter& writer) {
  std::map<uint64_t, OneState> states;
  std::vector<Body> now;
  for (uint32_t id = 1; id <= kStateAgents; ++id) {
    now.push_back({LongText(id), "text/plain"});
    AgentRecord agent;
    agent.id = AgentId{id};
    agent.name = "agent" + std::to_string(id);
    REQUIRE(writer.PutAgent(agent, now.back()) == Status());
  }
  for (uint64_t number = 1; number <= kStateRounds * kStateAgents; ++number) {
    const auto id = static_cast<uint32_t>(1 + (number - 1) % kStateAgents);
    const uint64_t round = 1 + (number - 1) / kStateAgents;
    states[number] = Next(round, id, now[id - 1]);
    now[id - 1] = states[number].state;
    StepRecord step = backstep::testing::OneStep(AgentId{id}, round, number);
    REQUIRE(writer.Begin(step) == Status());
    REQUIRE(writer.Commit(&step, now[id - 1]) == Status());
  }
  REQUIRE(writer.Seal({}) == Status());
  return states;
}

std::string BytesOf(const Json& body) {
  const Json* coded = Find(body, "base64");
  return coded == nullptr ? TextAt(body, "text") : Must(FromBase64(coded->get<std::string>()));
}

std::vector<Json> Exported(store::Line& line) {
  std::vector<Json> records;
  REQUIRE(Export(line, {}, [&](std::string_view text) {
            records.push_back(Must(ParseJson(text)));
            return Status();
          }) == Status());
  return records;
}

}  // namespace

TEST_CASE("states go out as what is new in them, of more agents than a reader keeps") {
  const backstep::testing::TempDir dir;
  const auto recording = Must(store::Recording::Create(dir / "r.backstep"));
  const auto writer = Must(recording->NewLog(backstep::testing::SessionHeader("states"), {}));
  const auto states = WriteRun(*writer);
  const auto line = Must(recording->OpenLine(LogId{1}));
  std::map<uint64_t, Body> now;
  uint64_t steps = 0;
  for (const Json& record : Exported(*line)) {
    const std::string type = TextAt(record, "type");
    if (type == "agent") {
      const Json& initial = *Find(record, "initial_state");
      now[record["id"]] = {BytesOf(initial), TextAt(initial, "media")};
    }
    if (type != "step") continue;
    const OneState& expected = states.at(record["number"]);
    const Json& state = *Find(record, "state");
    Body& body = now[record["agent"]];
    const std::string bytes = BytesOf(state);
    if (const Json* front = Find(state, "front")) {
      REQUIRE(body.media_type == TextAt(state, "media"));
      const size_t ahead = front->get<size_t>(), behind = state["back"].get<size_t>();
      REQUIRE(ahead + behind <= body.bytes.size());
      body.bytes.replace(ahead, body.bytes.size() - ahead - behind, bytes);
      if (!expected.added.empty()) CHECK(bytes.size() == expected.added.size());
    } else {
      body = {bytes, TextAt(state, "media")};
      CHECK(expected.state.media_type == "application/json");
    }
    REQUIRE(body.bytes == expected.state.bytes);
    REQUIRE(body.media_type == expected.state.media_type);
    ++steps;
  }
  CHECK(steps == kStateRounds * kStateAgents);
}

TEST_CASE("after a state that was dropped the next goes out whole, and so does an agent's first") {
  const backstep::testing::TempDir dir;
  const auto recording = Must(store::Recording::Create(dir / "r.backstep"));
  const auto writer = Must(recording->NewLog(backstep::testing::SessionHeader("dropped"), {}));
  backstep::testing::PutAgents(writer.get(), {"worker"});
  const std::string text = LongText(3);
  const auto commit = [&](uint64_t number, std::variant<std::monostate, Body, StateEdit> state) {
    StepRecord step = backstep::testing::OneStep(AgentId{1}, number, number);
    if (number == 2) step.state = recorder::DroppedRef(77, "text/plain");
    REQUIRE(writer->Begin(step) == Status());
    REQUIRE(writer->Commit(&step, state) == Status());
  };
  commit(1, Body{text, "text/plain"});
  commit(2, std::monostate());
  commit(3, Body{text + "!", "text/plain"});
  commit(4, std::monostate());
  commit(5, Body{text + "!?", "text/plain"});
  REQUIRE(writer->Seal({}) == Status());
  const auto line = Must(recording->OpenLine(LogId{1}));
  std::vector<std::string> told;
  for (const Json& record : Exported(*line)) {
    if (TextAt(record, "type") != "step") continue;
    const Json* state = Find(record, "state");
    told.push_back(state == nullptr                    ? "as it was"
                   : Find(*state, "dropped") != nullptr ? "dropped"
                   : Find(*state, "front") != nullptr   ? "edit of " + TextAt(*state, "text")
                                                        : "whole");
  }
  // The first shares nothing with "start of worker" but is an edit of it all the same.
  CHECK(told == std::vector<std::string>{"edit of " + text, "dropped", "whole", "as it was",
                                         "edit of ?"});
}

}  // namespace backstep::adapters
