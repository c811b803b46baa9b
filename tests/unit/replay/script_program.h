// A program whose agents are functions given by the test, and the shortest way to record and
// re-execute it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backstep/replay/reexecute.h"
#include "backstep/store/line.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"

namespace backstep::testing {

// `state` is the agent's state; what the function leaves in it is committed.
using Behaviour = std::function<Status(replay::Step& step, std::string* state)>;

class ScriptProgram : public replay::Program {
 public:
  std::string name = "script";
  std::vector<std::pair<std::string, Behaviour>> behaviours;
  std::vector<Message> start;
  bool ahead = false;
  std::function<replay::Decision(const replay::CutView&, std::string*)> next;

  std::string Name() const override { return name; }
  std::vector<replay::AgentSpec> Agents() override {
    std::vector<replay::AgentSpec> specs;
    for (const auto& [agent, behaviour] : behaviours) {
      specs.push_back({agent, "", "", "", "", {"", "text/plain"}});
    }
    return specs;
  }
  std::vector<Message> Start() override { return start; }
  Result<std::unique_ptr<replay::Agent>> Restore(const replay::AgentSpec& agent,
                                                 const Body& state) override {
    for (const auto& [name, behaviour] : behaviours) {
      if (name == agent.name) {
        return std::unique_ptr<replay::Agent>(new ScriptAgent(behaviour, state));
      }
    }
    return Status::NotFound("no agent " + agent.name);
  }
  replay::Decision Next(const replay::CutView& cut, std::string* state) override {
    return next ? next(cut, state) : OldestDeliverable(cut);
  }
  bool NextIsOldestDeliverable() const override { return ahead; }

 private:
  class ScriptAgent : public replay::Agent {
   public:
    ScriptAgent(Behaviour behaviour, Body state)
        : behaviour_(std::move(behaviour)), state_(std::move(state)) {}
    Status Run(replay::Step& step) override {
      const Status status = behaviour_(step, &state_.bytes);
      if (!status.ok() || step.ended()) return status;
      return step.Commit(state_);
    }

   private:
    Behaviour behaviour_;
    Body state_;
  };
};

inline Message To(const std::string& agent, const std::string& text) {
  Message message;
  message.to = agent;
  message.body = {text, "text/plain"};
  return message;
}

// Asks the model or tool `name`; it answers "name(text)#n", n counted over all live answers.
inline std::string Ask(replay::Step& step, EffectKind kind, const std::string& name,
                       const std::string& text, int* live, bool free = false) {
  CallRequest request;
  request.name = name;
  request.body = {text, "text/plain"};
  request.free = free;
  const LiveCall call = [&](const CallRequest&, CallProgress&) -> CallResult {
    ++*live;
    CallResponse response;
    response.body = {name + "(" + text + ")", "text/plain"};
    response.usage.input_tokens = 100;
    response.usage.cost_usd = 0.01;
    return response;
  };
  const CallResult result = kind == EffectKind::kLlm    ? step.CallLlm(request, call)
                            : kind == EffectKind::kTool ? step.CallTool(request, call)
                                                        : step.Env(request, call);
  return result.ok() ? result.response().body.bytes : "!" + result.error().kind;
}

inline std::unique_ptr<store::Recording> RecordScript(ScriptProgram& program,
                                                      const std::string& path,
                                                      int threads = 1,
                                                      const std::string& faults = {}) {
  replay::RunOptions options;
  options.session.path = path;
  options.session.read_environment = false;
  options.session.header.faults_text = faults;
  options.session.header.faults_origin = "faults.yaml";
  options.session.header.seed = 3;
  options.threads = threads;
  const auto run = RunLive(program, options);
  INFO(run.status().ToString());
  REQUIRE(run.ok());
  INFO(run->recording_status.ToString());
  REQUIRE(run->recording_status.ok());
  auto recording = store::Recording::Open(path);
  REQUIRE(recording.ok());
  return std::move(*recording);
}

inline Experiment From(uint64_t step, uint32_t log = 1) {
  Experiment experiment;
  experiment.parent = LogId{log};
  experiment.from = StepNumber{step};
  return experiment;
}

inline std::string Describe(const replay::ReplayResult& result) {
  std::string text = result.result + " " + result.detail + " " +
                     replay::FormatSummary(result.summary) +
                     " changes=" + std::to_string(result.summary.changes);
  for (const auto& divergence : result.divergences) text += "\n" + divergence.ToString();
  for (const auto& warning : result.warnings) text += "\nwarning: " + warning;
  for (const auto& unreached : result.unreached) text += "\nunreached: " + unreached;
  return text;
}

inline replay::ReplayResult MustReplay(ScriptProgram& program, store::Recording& recording,
                                       const Experiment& experiment,
                                       const replay::ReexecuteOptions& options = {}) {
  auto result = Reexecute(program, recording, experiment, options);
  INFO(result.status().ToString());
  REQUIRE(result.ok());
  return std::move(*result);
}

// Every request of the line, in order of steps: "planner/1#0 llm gpt: text".
inline std::vector<std::string> Requests(store::Recording& recording, LogId log) {
  const auto line = recording.OpenLine(log);
  REQUIRE(line.ok());
  std::vector<std::string> requests;
  REQUIRE((*line)->ScanSteps(StepNumber{1}, (*line)->last(), [&](const StepRecord& step) {
    const auto effects = *(*line)->Effects(step.agent, step.clock);
    for (const EffectRecord& effect : effects) {
      const auto body = (*line)->ReadBody(effect.request);
      INFO(body.status().ToString());
      REQUIRE(body.ok());
      requests.push_back((*line)->AgentName(step.agent) + "/" +
                         std::to_string(step.clock.value) + "#" +
                         std::to_string(effect.ordinal) + " " + effect.name + ": " +
                         body->bytes);
    }
    return true;
  }).ok());
  return requests;
}

inline std::string StateOf(store::Recording& recording, LogId log, const std::string& agent) {
  const auto line = recording.OpenLine(log);
  REQUIRE(line.ok());
  const auto state = (*line)->State(*(*line)->FindAgent(agent), (*line)->last());
  INFO(state.status().ToString());
  REQUIRE(state.ok());
  return state->bytes;
}

}  // namespace backstep::testing
