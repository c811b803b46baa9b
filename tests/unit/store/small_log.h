// Short ways to write a log in tests.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "backstep/store/line.h"
#include "backstep/store/log_writer.h"
#include "backstep/store/recording.h"
#include "backstep/tests/support/catch.h"

namespace backstep::testing {

// The value of a Result that must be ok.
template <typename T>
T Must(Result<T> result) {
  REQUIRE(result.status() == Status());
  return std::move(result).value();
}

inline LogHeader SessionHeader(const std::string& name) {
  LogHeader header;
  header.name = name;
  return header;
}

inline LogHeader BranchHeader(const std::string& name, LogId parent, uint64_t fork) {
  LogHeader header;
  header.name = name;
  header.origin = BranchOrigin{parent, StepNumber{fork}, "{}", "served"};
  return header;
}

inline void PutAgents(store::LogWriter* writer, std::initializer_list<std::string> names) {
  uint32_t id = 0;
  for (const std::string& name : names) {
    AgentRecord agent;
    agent.id = AgentId{++id};
    agent.name = name;
    REQUIRE(writer->PutAgent(agent, Body{"start of " + name, "text/plain"}) == Status());
  }
}

// A step of one agent, begun and committed at once.
inline StepRecord OneStep(AgentId agent, uint64_t clock, uint64_t number) {
  StepRecord step;
  step.agent = agent;
  step.clock = AgentClock{clock};
  step.number = StepNumber{number};
  step.begin_after = StepNumber{number - 1};
  return step;
}

inline std::string StateText(uint64_t number) {
  return "state after step " + std::to_string(number) + std::string(200, '.');
}

// Steps `from`..`to` of agent 1, clock equal to the number, each flushed.
inline void WriteSteps(store::LogWriter* writer, uint64_t from, uint64_t to) {
  for (uint64_t number = from; number <= to; ++number) {
    StepRecord step = OneStep(AgentId{1}, number, number);
    REQUIRE(writer->Begin(step) == Status());
    REQUIRE(writer->Commit(&step, Body{StateText(number), "text/plain"}) == Status());
    REQUIRE(writer->Flush() == Status());
  }
}

// A step of agent 1, clock equal to the number, that sends each body to agent 2.
inline void WriteSaying(store::LogWriter* writer, uint64_t number,
                        const std::vector<Body>& bodies) {
  StepRecord step = OneStep(AgentId{1}, number, number);
  REQUIRE(writer->Begin(step) == Status());
  for (const Body& body : bodies) {
    MessageRecord message;
    message.id = {step.agent, step.clock, static_cast<uint32_t>(step.sent.size()), 0};
    message.to = AgentId{2};
    REQUIRE(writer->PutMessage(&message, &body) == Status());
    step.sent.push_back({message.id, message.to, {}, {}, false});
  }
  REQUIRE(writer->Commit(&step, std::monostate()) == Status());
}

}  // namespace backstep::testing
