#include "backstep/replay/view/conversation/conversation.h"
#include "backstep/replay/view/json.h"

namespace backstep::replay {
namespace {

void AddCall(const ChatRow& row, Json* json) {
  Json prompt = Json::array();
  for (const ChatPart& part : row.prompt) {
    prompt.push_back({{"role", part.role}, {"body", BodyJson(part.body)}});
  }
  (*json)["prompt"] = std::move(prompt);
  (*json)["prompt_total"] = row.prompt_total;
  (*json)["answer"] = BodyJson(row.answer);
  (*json)["request"] = BodyJson(row.request);
  (*json)["response"] = BodyJson(row.response);
  (*json)["error"] = row.error ? Json(row.error->kind) : Json(nullptr);
  (*json)["status"] = CallStatusName(row.status);
  (*json)["duration_ns"] = row.duration.ns;
  if (row.kind == ChatKind::kModel) (*json)["usage"] = UsageJson(row.usage);
}

Json RowJson(const ChatRow& row) {
  Json json;
  json["kind"] = ChatKindName(row.kind);
  json["step"] = row.open ? Json(nullptr) : Json(row.step.value);
  json["step_id"] = row.step_id;
  json["id"] = row.id;
  json["who"] = OrNull(row.who);
  json["topic"] = OrNull(row.topic);
  json["about"] = OrNull(row.about);
  if (row.kind == ChatKind::kModel || row.kind == ChatKind::kTool) {
    AddCall(row, &json);
    return json;
  }
  json["body"] = BodyJson(row.body);
  if (row.kind == ChatKind::kTook || row.kind == ChatKind::kSent) {
    json["edited"] = row.edited;
    json["dropped"] = row.dropped;
    json["early"] = row.early;
  } else if (row.kind == ChatKind::kFault || row.kind == ChatKind::kEdit) {
    json["before"] = row.before;
    json["after"] = row.after;
  }
  return json;
}

}  // namespace

std::string ToJson(const Conversation& conversation) {
  Json json;
  json["agent"] = conversation.agent;
  json["until"] = conversation.until.value;
  json["from"] = conversation.from.value;
  json["steps_shown"] = conversation.steps_shown;
  json["steps_total"] = conversation.steps_total;
  json["cut"] = conversation.cut;
  json["rows"] = Json::array();
  for (const ChatRow& row : conversation.rows) json["rows"].push_back(RowJson(row));
  return Dump(json, true);
}

}  // namespace backstep::replay
