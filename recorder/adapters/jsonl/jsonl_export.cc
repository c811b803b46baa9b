#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>

#include "backstep/recorder/adapters/export/outside.h"
#include "backstep/recorder/adapters/jsonl/jsonl.h"
#include "backstep/recorder/adapters/jsonl/record_json.h"
#include "backstep/store/state/diff/diff.h"

namespace backstep::adapters {
namespace {

class JsonlExport {
 public:
  JsonlExport(store::Line& line, StepNumber to, const ByteSink& out)
      : line_(line), to_(std::min(to, line.last())), out_(out),
        outside_(line, StepNumber(0), to_) {}

  Status Run() {
    Json first = {{"backstep_jsonl", kJsonlVersion}};
    first.update(ToJson(line_.header()));
    BACKSTEP_RETURN_IF_ERROR(Put("session", std::move(first)));
    BACKSTEP_RETURN_IF_ERROR(Agents());
    BACKSTEP_RETURN_IF_ERROR(Segments());
    BACKSTEP_RETURN_IF_ERROR(outside_.Find());
    BACKSTEP_RETURN_IF_ERROR(Steps());
    BACKSTEP_RETURN_IF_ERROR(Outside(to_));
    if (to_ == line_.last()) BACKSTEP_RETURN_IF_ERROR(OpenSteps());
    BACKSTEP_RETURN_IF_ERROR(Events());
    const auto end = line_.end();
    return end && to_ == line_.last() ? Put("end", ToJson(*end)) : Put("end", Json::object());
  }

 private:
  Status Put(const char* type, Json json) {
    Json record = {{"type", type}};
    auto* const fields = record.get_ptr<Json::object_t*>();
    for (auto& [key, value] : *json.get_ptr<Json::object_t*>()) {
      fields->emplace_back(key, std::move(value));  // none of them is a type
    }
    std::string text = JsonText(record);
    text += '\n';
    return out_(text);
  }

  Status AddBody(const char* key, const BodyRef& ref, Json* json) {
    if (ref.where == BodyRef::Where::kNone) return {};
    if (ref.where == BodyRef::Where::kDropped) {
      (*json)[key] = DroppedJson(ref);
      return {};
    }
    return line_.VisitBody(ref, [&](std::string_view bytes) {
      (*json)[key] = BodyJson(bytes, ref.media_type);
    });
  }

  Status Agents() {
    for (const AgentRecord& agent : line_.agents()) {
      if (agent.id == kOutside) continue;
      Json json = ToJson(agent);
      BACKSTEP_RETURN_IF_ERROR(AddBody("initial_state", agent.initial_state, &json));
      BACKSTEP_RETURN_IF_ERROR(Put("agent", std::move(json)));
      const auto where = agent.initial_state.where;
      if (where == BodyRef::Where::kNone || where == BodyRef::Where::kDropped) continue;
      states_[agent.id] = agent.initial_state;
    }
    return {};
  }

  Status Segments() {
    BACKSTEP_ASSIGN_OR_RETURN(const auto segments, line_.Segments());
    for (const SegmentRecord& segment : segments) {
      BACKSTEP_RETURN_IF_ERROR(Put("segment", ToJson(segment)));
    }
    return {};
  }

  // Those that were sent by the moment `by`.
  Status Outside(StepNumber by) {
    return outside_.UpTo(by, [this](const MessageRecord& message) { return Message(message); });
  }

  Status Message(const MessageRecord& message) {
    Json json = ToJson(message);
    BACKSTEP_RETURN_IF_ERROR(AddBody("body", message.body, &json));
    return Put("message", std::move(json));
  }

  Status Effect(const EffectRecord& effect) {
    Json json = ToJson(effect);
    BACKSTEP_RETURN_IF_ERROR(AddBody("request", effect.request, &json));
    BACKSTEP_RETURN_IF_ERROR(AddBody("response", effect.response, &json));
    return Put("effect", std::move(json));
  }

  Status Steps() {
    Status failure;
    const Status scanned = line_.ScanStepsInFull(
        StepNumber(1), to_, [&](const auto& step, const auto& effects, const auto& sent) {
          failure = Step(step, effects, sent);
          return failure.ok();
        });
    return failure.ok() ? scanned : failure;
  }

  Status Step(const StepRecord& step, const std::vector<EffectRecord>& effects,
              const std::vector<MessageRecord>& sent) {
    BACKSTEP_RETURN_IF_ERROR(Outside(StepNumber(step.number.value - 1)));
    // What it took from a step that has not ended comes before it.
    for (const TakenMessage& taken : step.took) {
      if (!taken.early || !early_.insert(taken.id).second) continue;
      BACKSTEP_ASSIGN_OR_RETURN(const MessageRecord message, line_.FindMessage(taken.id));
      BACKSTEP_RETURN_IF_ERROR(Message(message));
    }
    for (const EffectRecord& effect : effects) BACKSTEP_RETURN_IF_ERROR(Effect(effect));
    for (const MessageRecord& message : sent) {
      if (early_.erase(message.id) == 0) BACKSTEP_RETURN_IF_ERROR(Message(message));
    }
    Json json = ToJson(step);
    BACKSTEP_RETURN_IF_ERROR(AddState(step, &json));
    return Put("step", std::move(json));
  }

  // Of a state, what lies between what it has in common with the agent's last one at either end.
  // The reader of the line is at that last one still, as long as it keeps so many: both are then
  // made of it at the cost of what differs.
  Status AddState(const StepRecord& step, Json* json) {
    if (!step.state_changed) return {};
    if (step.state.where == BodyRef::Where::kDropped) {
      (*json)["state"] = DroppedJson(step.state);
      states_.erase(step.agent);
      return {};
    }
    const auto before = states_.find(step.agent);
    const bool edits =
        before != states_.end() && before->second.media_type == step.state.media_type;
    if (edits) {
      BACKSTEP_RETURN_IF_ERROR(line_.VisitBody(
          before->second, [this](std::string_view bytes) { before_.assign(bytes); }));
    }
    BACKSTEP_RETURN_IF_ERROR(line_.VisitBody(step.state, [&](std::string_view bytes) {
      (*json)["state"] = edits ? EditJson(bytes, step.state.media_type)
                               : BodyJson(bytes, step.state.media_type);
    }));
    states_[step.agent] = step.state;
    return {};
  }

  // What makes `bytes` of those before.
  Json EditJson(std::string_view bytes, const std::string& media_type) const {
    const size_t front = store::CommonPrefix(bytes, before_);
    const size_t back =
        store::CommonSuffix(bytes.substr(front), std::string_view(before_).substr(front));
    Json edit = BodyJson(bytes.substr(front, bytes.size() - front - back), media_type);
    edit["front"] = front;
    edit["back"] = back;
    return edit;
  }

  // Begun and never ended, with what they did.
  Status OpenSteps() {
    BACKSTEP_ASSIGN_OR_RETURN(const auto open, line_.OpenSteps());
    std::set<std::pair<AgentId, AgentClock>> senders;
    for (const store::OpenStep& step : open) {
      senders.emplace(step.begin.agent, step.begin.clock);
      BACKSTEP_RETURN_IF_ERROR(Put("begin", ToJson(step.begin)));
      BACKSTEP_ASSIGN_OR_RETURN(const auto effects,
                                line_.Effects(step.begin.agent, step.begin.clock));
      for (const EffectRecord& effect : effects) BACKSTEP_RETURN_IF_ERROR(Effect(effect));
    }
    if (open.empty()) return {};
    Status failure;
    const Status scanned = line_.ScanMessages([&](const MessageRecord& message) {
      const bool open_sender = senders.count({message.id.sender, message.id.clock}) > 0;
      if (open_sender && early_.count(message.id) == 0) failure = Message(message);
      return failure.ok();
    });
    return failure.ok() ? scanned : failure;
  }

  Status Events() {
    Status failure;
    const Status scanned = line_.ScanEvents([&](const EventRecord& event) {
      if (event.after <= to_) failure = Put("event", ToJson(event));
      return failure.ok();
    });
    return failure.ok() ? scanned : failure;
  }

  store::Line& line_;
  const StepNumber to_;
  const ByteSink& out_;
  std::map<AgentId, BodyRef> states_;  // newest
  std::string before_;                 // the bytes of one of them
  OutsideMessages outside_;
  std::unordered_set<MessageId> early_;  // gone out before the step that sent them
};

}  // namespace

Status ExportJsonl(store::Line& line, StepNumber to, const ByteSink& out) {
  return JsonlExport(line, to, out).Run();
}

}  // namespace backstep::adapters
