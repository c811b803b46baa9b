#include "backstep/replay/view/graph/agent_graph.h"

#include <map>

#include <nlohmann/json.hpp>

#include "backstep/recorder/session.h"
#include "backstep/tests/unit/replay/script_program.h"

namespace backstep {
namespace {

using replay::AgentCondition;
using replay::AgentGraph;
using replay::AgentGraphBuilder;
using replay::GraphEdge;
using replay::GraphNode;
using replay::Step;
using testing::Ask;
using testing::RecordScript;
using testing::ScriptProgram;
using testing::TempDir;
using testing::To;

// lead tells idler twice and calls helper; helper fails when told to. Steps: helper/1, lead/1,
// idler/1, idler/2.
ScriptProgram Office(const std::string& request) {
  ScriptProgram program;
  program.behaviours = {
      {"lead", [request](Step& step, std::string* state) {
         step.Send(To("idler", "one"));
         const auto reply = step.CallAgent("helper", To("helper", request));
         *state += reply.ok() ? "done" : "!" + reply.error->kind;
         step.Send(To("idler", "two"));
         return Status();
       }},
      {"helper", [](Step& step, std::string* state) {
         if (step.taken()[0].body.bytes == "fail") return Status::Internal("cannot");
         *state = "helped";
         step.Reply({"there you are", "text/plain"});
         return Status();
       }},
      {"idler", [](Step&, std::string* state) {
         *state += "i";
         return Status();
       }}};
  program.start = {To("lead", "go")};
  return program;
}

AgentGraph MustGraph(const AgentGraphBuilder& builder, uint64_t step,
                     const std::vector<std::string>& touched = {}) {
  auto graph = builder.At(StepNumber{step}, touched);
  INFO(graph.status().ToString());
  REQUIRE(graph.ok());
  return std::move(*graph);
}

const GraphNode& Node(const AgentGraph& graph, const std::string& name) {
  for (const GraphNode& node : graph.nodes) {
    if (node.name == name) return node;
  }
  FAIL("no node " << name);
  return graph.nodes.front();
}

std::string Condition(const AgentGraph& graph, const std::string& name) {
  return AgentConditionName(Node(graph, name).condition);
}

// "lead>idler 2 @outside>lead 1"; edges without a message left out.
std::string Edges(const AgentGraph& graph) {
  std::string text;
  for (const GraphEdge& edge : graph.edges) {
    if (edge.count == 0) continue;
    if (!text.empty()) text += " ";
    text += graph.nodes[edge.from].name + ">" + graph.nodes[edge.to].name + " " +
            std::to_string(edge.count);
    if (edge.dropped != 0) text += " dropped " + std::to_string(edge.dropped);
  }
  return text;
}

// What the store says at every moment is what the graph shows.
void RequireAgreesWithCuts(store::Line& line, const AgentGraphBuilder& builder) {
  for (uint64_t n = 0; n <= line.last().value; ++n) {
    const auto cut = line.CutAt(StepNumber{n});
    REQUIRE(cut.ok());
    const AgentGraph graph = MustGraph(builder, n);
    std::map<std::string, uint64_t> waiting;
    for (const store::Waiting& message : cut->mailboxes) ++waiting[line.AgentName(message.to)];
    std::map<std::string, bool> open;
    for (const store::OpenStep& step : cut->open) open[line.AgentName(step.begin.agent)] = true;
    for (const GraphNode& node : graph.nodes) {
      INFO(node.name << " at step " << n);
      if (node.outside) continue;
      REQUIRE(node.mailbox == waiting[node.name]);
      const bool acts = node.condition == AgentCondition::kRunning ||
                        node.condition == AgentCondition::kWaiting;
      if (open[node.name]) REQUIRE(acts);
      if (acts && node.newest.value != n) REQUIRE(open[node.name]);
    }
  }
}

TEST_CASE("The graph counts messages, steps and mailboxes up to the cursor") {
  const TempDir dir;
  ScriptProgram program = Office("help");
  const auto recording = RecordScript(program, dir / "a.backstep");
  const auto line = *recording->OpenLine(LogId{1});
  AgentGraphBuilder builder(*line);
  REQUIRE(builder.Update().ok());
  REQUIRE(builder.read_to() == line->last());

  REQUIRE(Edges(MustGraph(builder, 0)) == "@outside>lead 1");
  REQUIRE(Node(MustGraph(builder, 0), "lead").mailbox == 1);
  // helper has taken the request of a step that is still open, so it counts; lead's other message
  // counts when lead's step has committed.
  REQUIRE(Edges(MustGraph(builder, 1)) == "@outside>lead 1 lead>helper 1 helper>lead 1");
  const AgentGraph sent = MustGraph(builder, 2);
  REQUIRE(Edges(sent) == "@outside>lead 1 lead>helper 1 lead>idler 2 helper>lead 1");
  REQUIRE(Node(sent, "idler").mailbox == 2);
  REQUIRE(Node(sent, "idler").steps == 0);
  const AgentGraph end = MustGraph(builder, 4);
  REQUIRE(Node(end, "idler").mailbox == 0);
  REQUIRE(Node(end, "idler").steps == 2);
  REQUIRE(Node(end, "idler").newest.value == 4);
  REQUIRE(end.nodes.front().outside);
  REQUIRE(builder.At(StepNumber{5}).status().code() == StatusCode::kNotFound);
  RequireAgreesWithCuts(*line, builder);
}

TEST_CASE("An agent that called another waits while that one runs") {
  const TempDir dir;
  ScriptProgram program = Office("help");
  const auto recording = RecordScript(program, dir / "a.backstep");
  const auto line = *recording->OpenLine(LogId{1});
  AgentGraphBuilder builder(*line);
  REQUIRE(builder.Update().ok());
  const AgentGraph inside = MustGraph(builder, 1);
  REQUIRE(Condition(inside, "helper") == "running");
  REQUIRE(Condition(inside, "lead") == "waiting");
  REQUIRE(Condition(inside, "idler") == "idle");
  const AgentGraph after = MustGraph(builder, 2);
  REQUIRE(Condition(after, "helper") == "idle");
  REQUIRE(Condition(after, "lead") == "running");
}

TEST_CASE("A failed agent stays failed, and a hit one hit, until its next step") {
  const TempDir dir;
  ScriptProgram program = Office("fail");
  const auto recording = RecordScript(
      program, dir / "a.backstep", 1,
      "backstep: 1\nfaults:\n  - {id: lost, hook: a2a_send, selector: {target_agent_id: idler,"
      " step_index: 1}, limits: {max_times: 1}, action: {type: a2a.drop}}\n");
  const auto line = *recording->OpenLine(LogId{1});
  AgentGraphBuilder builder(*line);
  REQUIRE(builder.Update().ok());
  const AgentGraph end = MustGraph(builder, line->last().value);
  REQUIRE(Condition(end, "helper") == "failed");
  REQUIRE(Node(end, "helper").failed_steps == 1);
  REQUIRE(Condition(end, "lead") == "hit");
  REQUIRE(Edges(end).find("lead>idler 2 dropped 1") != std::string::npos);
  RequireAgreesWithCuts(*line, builder);
}

TEST_CASE("The messages of the cursor's step come with their text") {
  const TempDir dir;
  ScriptProgram program = Office("help");
  const auto recording = RecordScript(program, dir / "a.backstep");
  const auto line = *recording->OpenLine(LogId{1});
  AgentGraphBuilder builder(*line);
  REQUIRE(builder.Update().ok());
  REQUIRE(MustGraph(builder, 0).messages.empty());
  const AgentGraph graph = MustGraph(builder, 1, {"helper"});
  REQUIRE(graph.messages.size() == 2);
  REQUIRE(graph.messages[0].taken);
  REQUIRE(graph.messages[0].early);
  REQUIRE(graph.messages[0].body.text == "help");
  REQUIRE(!graph.messages[1].taken);
  REQUIRE(graph.nodes[graph.messages[1].to].name == "lead");
  REQUIRE(graph.messages[1].kind == "reply");
  REQUIRE(Node(graph, "helper").touched);
  REQUIRE(!Node(graph, "lead").touched);
  const auto json = nlohmann::json::parse(ToJson(graph));
  REQUIRE(json["messages"][0]["from"] == "lead");
  REQUIRE(json["nodes"][1]["condition"] == "waiting");
}

TEST_CASE("A graph that follows a recording is the graph of reading it at once") {
  const TempDir dir;
  recorder::SessionOptions options;
  options.path = dir / "a.backstep";
  options.read_environment = false;
  const auto session = recorder::Session::Open(options);
  for (const char* name : {"a", "b"}) session->AddAgent({.name = name});
  const auto recording = *store::Recording::Open(options.path);
  REQUIRE(session->Flush().ok());
  const auto line = *recording->OpenLine(session->log());
  AgentGraphBuilder follower(*line);
  for (int i = 0; i < 20; ++i) {
    const auto inbox = session->Outside(To("a", "task"));
    auto step = session->BeginStep("a", inbox);
    const auto sent = step->Send(To("b", "work"));
    REQUIRE(step->Commit().ok());
    if (i % 3 == 0) REQUIRE(session->BeginStep("b", sent)->Commit().ok());
    if (i % 4 != 0) continue;
    REQUIRE(session->Flush().ok());
    REQUIRE(line->Refresh().ok());
    REQUIRE(follower.Update().ok());
  }
  REQUIRE(session->Close().ok());
  REQUIRE(line->Refresh().ok());
  REQUIRE(follower.Update().ok());
  AgentGraphBuilder whole(*line);
  REQUIRE(whole.Update().ok());
  for (uint64_t n = 0; n <= line->last().value; ++n) {
    REQUIRE(ToJson(MustGraph(follower, n)) == ToJson(MustGraph(whole, n)));
  }
  REQUIRE(Node(MustGraph(whole, line->last().value), "b").mailbox == 13);
  REQUIRE(whole.MemoryBytes() < 64 * line->last().value + 10000);
  RequireAgreesWithCuts(*line, follower);
}

}  // namespace
}  // namespace backstep
