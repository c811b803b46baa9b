#include "backstep/recorder/adapters/llmmas/message_log.h"

#include <map>

#include "backstep/recorder/adapters/assembly/wiring.h"

namespace backstep::adapters {
namespace {

std::string KeyOf(std::string_view run, std::string_view session, std::string_view id,
                  std::string_view hash, std::string_view direction) {
  std::string key;
  for (std::string_view part : {run, session, id, hash, direction}) {
    key.append(part).push_back('\n');
  }
  return key;
}

}  // namespace

bool MessageLog::Add(const Json& line, const std::string& run, const Place& place, Sink& sink) {
  Message message;
  message.direction = TextAt(line, "direction");
  const Json* body = adapters::Find(line, "body");
  if (body == nullptr || (message.direction != "send" && message.direction != "receive")) {
    return false;
  }
  sink.Holds();
  message.run = run;
  message.session = TextAt(line, "session_id");
  message.id = TextAt(line, "message_id");
  message.hash = TextAt(line, "sha256");
  message.source = TextAt(line, "source_agent_id");
  message.target = TextAt(line, "target_agent_id");
  message.edge = TextAt(line, "edge_id");
  message.channel = TextAt(line, "channel");
  message.decision = TextAt(line, "fault_decision");
  message.dropped = TextAt(line, "dropped") == "true";
  if (const Json* segment = adapters::Find(line, "segment")) {
    message.segment = TextAt(*segment, "name");
  }
  message.body = body->is_string() ? sink.Keep(body->get_ref<const std::string&>(), Media::kText)
                                   : sink.Keep(JsonText(*body), Media::kJson);
  message.place = place;
  by_name_[KeyOf(run, message.session, message.id, message.hash, message.direction)]
      .messages.push_back(messages_.size());
  messages_.push_back(std::move(message));
  return true;
}

std::optional<KeptBody> MessageLog::Find(const MessageName& name) {
  const auto found =
      by_name_.find(KeyOf(name.scope, name.session, name.id, name.hash, name.direction));
  // A line without a hash is the message of its id.
  if (found == by_name_.end() && !name.hash.empty()) {
    return Find({name.scope, name.session, name.id, {}, name.direction});
  }
  if (found == by_name_.end()) return std::nullopt;
  Alike& alike = found->second;
  Message& message = messages_[alike.messages[alike.next]];
  message.used = true;
  if (alike.next + 1 < alike.messages.size()) ++alike.next;  // the last one serves all further ones
  return message.body;
}

Status MessageLog::Finish(const std::set<std::pair<std::string, std::string>>& traced, Sink& sink) {
  std::map<std::pair<std::string, std::string>, std::vector<size_t>> untraced;
  for (size_t i = 0; i < messages_.size(); ++i) {
    const Message& message = messages_[i];
    if (!traced.count({message.run, message.session})) {
      untraced[{message.run, message.session}].push_back(i);
    } else if (!message.used) {
      sink.Skip(message.place, "no span of this session sends or takes this message");
    }
  }
  for (const auto& [session, messages] : untraced) {
    BACKSTEP_RETURN_IF_ERROR(Assemble(messages, sink));
  }
  messages_.clear();
  by_name_.clear();
  return {};
}

// Without spans a step is what one agent does in one segment.
Status MessageLog::Assemble(const std::vector<size_t>& indexes, Sink& sink) {
  SessionDraft draft;
  const Message& first = messages_[indexes.front()];
  draft.name = first.session.empty() ? first.run : first.session;
  draft.metadata = {{"import.format", "llmmas"}, {"import.file", first.place.file},
                    {"session.id", first.session}, {"run", first.run}};
  std::map<std::string, SegmentIndex> segments;
  std::map<std::pair<std::string, std::string>, StepIndex> steps;
  Wiring wiring(&draft);
  for (size_t index : indexes) {
    const Message& message = messages_[index];
    const auto [segment, new_segment] =
        segments.try_emplace(message.segment, static_cast<uint32_t>(draft.segments.size()));
    if (new_segment) draft.segments.push_back({.name = message.segment});
    const bool sends = message.direction == "send";
    const std::string& agent = sends ? message.source : message.target;
    const auto [step, new_step] = steps.try_emplace({message.segment, agent}, StepIndex());
    if (new_step) {
      step->second = draft.Add(StepDraft{.agent = draft.Agent(agent), .segment = segment->second,
                                         .name = message.segment});
    }
    const Wiring::Named name{message.source, message.target, message.id, message.hash,
                             message.edge, message.channel, {}};
    if (sends) wiring.Sent(step->second, name, message.body, {}, message.dropped);
    else wiring.Took(step->second, name, message.body, {}, false);
    if (message.decision.empty() || message.decision == "DecisionKind.PASS") continue;
    draft.notes.push_back({.step = step->second,
                           .name = "fault_decision",
                           .category = "info",
                           .data = message.decision});
  }
  wiring.Finish();
  return sink.Session(std::move(draft));
}

}  // namespace backstep::adapters
