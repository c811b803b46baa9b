#include "backstep/replay/view/graph/agent_graph.h"
#include "backstep/replay/view/json.h"

namespace backstep::replay {
namespace {

Json NodeJson(const GraphNode& node) {
  Json json;
  json["name"] = node.name;
  json["role"] = OrNull(node.role);
  json["model"] = OrNull(node.model);
  json["condition"] = AgentConditionName(node.condition);
  json["present"] = node.present;
  json["touched"] = node.touched;
  json["mailbox"] = node.mailbox;
  json["steps"] = node.steps;
  json["failed_steps"] = node.failed_steps;
  json["newest_step"] = node.newest.value;
  return json;
}

Json MessageJson(const AgentGraph& graph, const GraphMessage& message) {
  Json json;
  json["id"] = message.id;
  json["kind"] = OrNull(message.kind);
  json["from"] = graph.nodes[message.from].name;
  json["to"] = graph.nodes[message.to].name;
  json["direction"] = message.taken ? "taken" : "sent";
  json["dropped"] = message.dropped;
  json["edited"] = message.edited;
  json["early"] = message.early;
  json["body"] = BodyJson(message.body);
  return json;
}

}  // namespace

std::string ToJson(const AgentGraph& graph) {
  Json json;
  json["step"] = graph.step.value;
  json["nodes"] = Json::array();
  for (const GraphNode& node : graph.nodes) json["nodes"].push_back(NodeJson(node));
  json["edges"] = Json::array();
  for (const GraphEdge& edge : graph.edges) {
    Json item;
    item["from"] = graph.nodes[edge.from].name;
    item["to"] = graph.nodes[edge.to].name;
    item["count"] = edge.count;
    item["dropped"] = edge.dropped;
    item["newest_step"] = edge.newest.value;
    json["edges"].push_back(std::move(item));
  }
  json["messages"] = Json::array();
  for (const GraphMessage& message : graph.messages) {
    json["messages"].push_back(MessageJson(graph, message));
  }
  json["messages_total"] = graph.messages_total;
  return Dump(json, true);
}

}  // namespace backstep::replay
