// The four agents. Each is made from its state alone and keeps nothing else.
#pragma once

#include <memory>

#include "backstep/replay/program.h"
#include "backstep/samples/software_team/llm.h"
#include "backstep/samples/software_team/tools/tools.h"

namespace team {

// What agents reach the world with; outlives them.
struct Equipment {
  Llm* llm = nullptr;
  const Tools* tools = nullptr;
};

using AgentResult = backstep::Result<std::unique_ptr<backstep::replay::Agent>>;

// Takes the task, sends one "requirement" each and then "finish" to the coder. State: a chat.
AgentResult MakePlanner(const Equipment& equipment, const backstep::Body& state);
// Takes a "requirement": extends the program, writes it, calls the tester, tries again once.
// Takes "finish": sends the "program" to the reviewer. State: a chat.
AgentResult MakeCoder(const Equipment& equipment, const backstep::Body& state);
// Called by the coder: builds the program and runs test cases for the newest requirement; replies
// {"passed": …, "report": …}. State: a chat.
AgentResult MakeTester(const Equipment& equipment, const backstep::Body& state);
// Takes the "program", then the customer's examples, one a step; says how the run ended.
AgentResult MakeReviewer(const Equipment& equipment, const backstep::Body& state);
backstep::Body EmptyReview();

// The step cannot go on: the re-execution gave it up, or was cancelled.
bool MustStop(const backstep::CallError& error);
backstep::Status Stopped(const backstep::CallError& error);

}  // namespace team
