// The team as a program that can be re-executed: who belongs to it, what comes from outside, and
// who acts next.
#pragma once

#include <string>
#include <vector>

#include "backstep/replay/program.h"
#include "backstep/samples/software_team/agents/agents.h"

namespace team {

// What the customer wants, and how the result will be judged. The planner sees the first only.
struct Task {
  struct Example {
    std::string input, expect;
  };
  std::string text;
  std::vector<Example> examples;
};

// Sentences of the form "Example: 120, 30 prints 2" become examples (a line each of 120 and 30,
// "nothing" for no lines), all others the task.
Task ReadTask(const std::string& text);

class SoftwareTeam final : public backstep::replay::Program {
 public:
  SoftwareTeam(Task task, const Equipment& equipment)
      : task_(std::move(task)), equipment_(equipment) {}

  std::string Name() const override { return "software_team"; }
  std::vector<backstep::replay::AgentSpec> Agents() override;
  std::vector<backstep::Message> Start() override;
  backstep::Result<std::unique_ptr<backstep::replay::Agent>> Restore(
      const backstep::replay::AgentSpec& agent, const backstep::Body& state) override;
  // Planning before building before acceptance; the program before the examples that judge it.
  backstep::replay::Decision Next(const backstep::replay::CutView& cut,
                                  std::string* scheduler_state) override;

 private:
  const Task task_;
  const Equipment equipment_;
};

}  // namespace team
