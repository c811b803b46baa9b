#include "backstep/recorder/adapters/ordering/check_draft.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "backstep/base/hash.h"
#include "backstep/base/utf8.h"
#include "backstep/recorder/adapters/core/json_text.h"

namespace backstep::adapters {
namespace {

constexpr size_t kNameMax = 256;   // bytes, as recorder and store have it
constexpr size_t kNameKept = 200;  // of a longer one
constexpr size_t kCountMax = UINT32_MAX / 4;

std::string PrintableName(const std::string& name) {
  std::string out;
  for (size_t at = 0; at < name.size();) {
    const CodePoint c = DecodeUtf8(name, at);
    const bool control = c.bytes == 1 && (c.value < 0x20 || c.value == 0x7f);
    if (c.bytes == 0 || control) {
      out += control ? " " : "\xef\xbf\xbd";
      ++at;
    } else {
      out.append(name, at, c.bytes);
      at += c.bytes;
    }
  }
  return out;
}

std::string MendedName(const std::string& name) {
  std::string mended = PrintableName(name);
  if (mended.find_first_not_of(' ') == std::string::npos) return "(unnamed)";
  if (mended[0] == '@') mended = "(" + mended + ")";
  if (mended.size() > kNameMax) {
    mended.resize(CharacterStart(mended, kNameKept));
    mended += "~" + HashBytes(name).ToHex();
  }
  return mended;
}

// JSON object with what there was.
std::string MendedAttributes(const std::string& attributes, const std::string& name_before) {
  if (attributes.empty() && name_before.empty()) return {};
  const Result<Json> parsed = ParseJson(attributes);
  Json object = Json::object();
  if (parsed.ok() && parsed->is_object()) {
    object = *parsed;
  } else if (!attributes.empty()) {
    object["text"] = attributes;
  }
  if (!name_before.empty()) object["import.name"] = name_before;
  return JsonText(object);
}

void MendAgents(SessionDraft* draft) {
  std::unordered_set<std::string> used;
  std::unordered_map<std::string, int> copies;
  for (AgentDraft& agent : draft->agents) {
    const std::string given = agent.name;
    const std::string wanted = MendedName(given);
    agent.name = wanted;
    while (!used.insert(agent.name).second) {
      agent.name = wanted.substr(0, CharacterStart(wanted, kNameKept)) + " (" +
                   std::to_string(++copies[wanted] + 1) + ")";
    }
    agent.attributes =
        MendedAttributes(agent.attributes, agent.name == given ? std::string() : given);
  }
}

void MendTime(TimeNs* time) {
  if (time->ns < 0 || *time > kTimeMax) *time = {};
}

void MendDuration(DurationNs* duration) {
  duration->ns = std::clamp<int64_t>(duration->ns, 0, kDurationMax.ns);
}

void MendOutcome(Outcome* outcome) {
  if (outcome->score && !std::isfinite(*outcome->score)) outcome->score.reset();
}

void MendTimes(SessionDraft* draft) {
  MendTime(&draft->began);
  MendTime(&draft->ended);
  MendOutcome(&draft->outcome);
  for (SegmentDraft& segment : draft->segments) {
    MendTime(&segment.began);
    MendTime(&segment.ended);
  }
  for (StepDraft& step : draft->steps) {
    MendTime(&step.began);
    MendTime(&step.ended);
    if (step.ended < step.began) step.ended = step.ended.ns == 0 ? TimeNs{} : step.began;
    if (step.outcome) MendOutcome(&*step.outcome);
  }
  for (MessageDraft& message : draft->messages) MendTime(&message.sent);
  for (EffectDraft& effect : draft->effects) {
    MendTime(&effect.began);
    MendDuration(&effect.duration);
    if (effect.error && effect.error->retry_after) MendDuration(&*effect.error->retry_after);
    if (!std::isfinite(effect.usage.cost_usd)) effect.usage.cost_usd = 0;
  }
  for (NoteDraft& note : draft->notes) {
    MendTime(&note.began);
    MendDuration(&note.duration);
  }
}

// Tells the first index that leads nowhere.
class IndexCheck {
 public:
  explicit IndexCheck(const SessionDraft& draft) : draft_(draft) {}

  Status Run() {
    for (const auto& size : {draft_.agents.size(), draft_.steps.size(), draft_.messages.size(),
                             draft_.effects.size(), draft_.notes.size(), draft_.segments.size()}) {
      if (size > kCountMax) return Status::InvalidArgument("a run of too many parts to be kept");
    }
    for (const SegmentDraft& segment : draft_.segments) Must(segment.parent, draft_.segments);
    for (const StepDraft& step : draft_.steps) Step(step);
    for (const MessageDraft& message : draft_.messages) Message(message);
    for (const EffectDraft& effect : draft_.effects) Must(effect.step, draft_.steps);
    for (const NoteDraft& note : draft_.notes) Must(note.step, draft_.steps);
    for (const auto& [first, then] : draft_.order) {
      Must(first, draft_.steps);
      Must(then, draft_.steps);
    }
    return status_;
  }

 private:
  template <typename Index, typename Parts>
  void Must(const std::optional<Index>& index, const Parts& parts) {
    if (index) Must(*index, parts);
  }
  template <typename Tag, typename Parts>
  void Must(StrongInt<Tag, uint32_t> index, const Parts& parts) {
    if (index.value >= parts.size()) Fail("names a part it does not have");
  }
  void Step(const StepDraft& step) {
    Must(step.agent, draft_.agents);
    Must(step.parent, draft_.steps);
    Must(step.segment, draft_.segments);
    const auto* point = std::get_if<ConversationPoint>(&step.state);
    if (point == nullptr) return;
    Must(point->conversation, draft_.conversations);
    if (status_.ok() &&
        point->entries > draft_.conversations[point->conversation.value].entries.size()) {
      Fail("has heard more of a conversation than there is");
    }
  }
  void Message(const MessageDraft& message) {
    Must(message.from, draft_.steps);
    Must(message.to, draft_.agents);
    Must(message.taken_by, draft_.steps);
    Must(message.reply_to, draft_.messages);
    if (status_.ok() && message.taken_by &&
        draft_.steps[message.taken_by->value].agent != message.to) {
      Fail("has a message that is taken by another agent than it was sent to");
    }
  }
  void Fail(const char* what) {
    if (status_.ok()) status_ = Status::InvalidArgument("the run `" + draft_.name + "` " + what);
  }

  const SessionDraft& draft_;
  Status status_;
};

}  // namespace

Status CheckDraft(SessionDraft* draft) {
  BACKSTEP_RETURN_IF_ERROR(IndexCheck(*draft).Run());
  draft->name = MendedName(draft->name);
  MendAgents(draft);
  MendTimes(draft);
  return {};
}

}  // namespace backstep::adapters
