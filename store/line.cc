#include "backstep/store/line.h"

#include <algorithm>
#include <charconv>

#include "backstep/base/hash.h"
#include "backstep/base/nearest.h"

namespace backstep::store {
namespace {

template <typename Number>
bool TakeNumber(std::string_view* text, Number* number) {
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), *number);
  if (error != std::errc()) return false;
  text->remove_prefix(static_cast<size_t>(end - text->data()));
  return true;
}

bool TakeChar(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

// Hashes a line's parts under names instead of ids, so that equal runs of different recordings
// have equal digests.
class LineHasher {
 public:
  explicit LineHasher(Line* line) : line_(line) {}

  Status AddOutside() {
    return line_->ScanMessages([this](const MessageRecord& message) {
      if (message.id.sender != kOutside) return false;
      AddMessage(message.id);
      AddAgent(message.to);
      AddHash(message.body.hash);
      AddDuration(message.delay);
      hasher_.AddNumber(message.dropped);
      return true;
    });
  }

  void AddStep(const StepRecord& step, const std::vector<EffectRecord>& effects,
               const std::vector<MessageRecord>& sent) {
    hasher_.AddNumber(step.number.value);
    AddAgent(step.agent);
    hasher_.AddNumber(step.clock.value);
    hasher_.AddNumber(step.took.size());
    for (const TakenMessage& taken : step.took) AddMessage(taken.id);
    AddEffects(effects);
    hasher_.AddNumber(step.sent.size());
    for (size_t i = 0; i < step.sent.size(); ++i) AddSent(step.sent[i], sent[i]);
    AddHash(step.state.hash);
    hasher_.AddField(step.error ? step.error->kind : "");
    hasher_.AddNumber(step.faults.size());
    for (const FaultRecord& fault : step.faults) {
      hasher_.AddField(fault.spec_id);
      hasher_.AddField(fault.type);
    }
    hasher_.AddNumber(static_cast<uint64_t>(step.began_virtual.ns));
    AddDuration(step.duration);
  }

  Hash128 Digest() const { return hasher_.Digest(); }

 private:
  void AddAgent(AgentId agent) { hasher_.AddField(line_->AgentName(agent)); }
  void AddHash(const Hash128& hash) {
    hasher_.AddNumber(hash.high);
    hasher_.AddNumber(hash.low);
  }
  void AddDuration(DurationNs duration) {
    hasher_.AddNumber(static_cast<uint64_t>(duration.ns));
  }
  void AddMessage(const MessageId& id) {
    AddAgent(id.sender);
    hasher_.AddNumber(id.clock.value);
    hasher_.AddNumber(id.ordinal);
    hasher_.AddNumber(id.copy);
  }
  void AddEffects(const std::vector<EffectRecord>& effects) {
    hasher_.AddNumber(effects.size());
    for (const EffectRecord& effect : effects) {
      hasher_.AddNumber(static_cast<uint64_t>(effect.kind));
      hasher_.AddField(effect.name);
      AddHash(effect.request_hash);
      AddHash(effect.response.hash);
      hasher_.AddField(effect.error ? effect.error->kind : "");
      hasher_.AddNumber(effect.error ? static_cast<uint64_t>(effect.error->code) : 0);
    }
  }
  void AddSent(const SentMessage& sent, const MessageRecord& message) {
    AddMessage(sent.id);
    AddAgent(sent.to);
    AddHash(message.body.hash);
    AddDuration(sent.delay);
    hasher_.AddNumber(sent.dropped);
  }

  Line* line_;
  Hasher hasher_;
};

}  // namespace

std::optional<AgentId> Line::FindAgent(const std::string& name) const {
  for (const AgentRecord& agent : agents()) {
    if (agent.name == name) return agent.id;
  }
  return std::nullopt;
}

std::string Line::AgentName(AgentId id) const {
  const std::vector<AgentRecord>& all = agents();
  const auto found = std::lower_bound(
      all.begin(), all.end(), id,
      [](const AgentRecord& agent, AgentId wanted) { return agent.id < wanted; });
  if (found != all.end() && found->id == id) return found->name;
  return "agent#" + std::to_string(id.value);
}

std::string Line::FormatMessageId(const MessageId& id) const {
  std::string text = AgentName(id.sender) + "/" + std::to_string(id.clock.value) + "." +
                     std::to_string(id.ordinal);
  if (id.copy != 0) text += "+" + std::to_string(id.copy);
  return text;
}

Result<MessageId> Line::ParseMessageId(const std::string& text) const {
  // From the right: an agent's name may hold a slash.
  const size_t slash = text.rfind('/');
  MessageId id;
  bool fits = slash != std::string::npos && slash > 0;
  if (fits) {
    std::string_view rest = std::string_view(text).substr(slash + 1);
    fits = TakeNumber(&rest, &id.clock.value) && TakeChar(&rest, '.') &&
           TakeNumber(&rest, &id.ordinal);
    if (fits && TakeChar(&rest, '+')) fits = TakeNumber(&rest, &id.copy) && id.copy != 0;
    fits = fits && rest.empty();
  }
  if (!fits) {
    return Status::InvalidArgument("'" + text + "' is no message id: write AGENT/CLOCK.ORDINAL, " +
                                   "as in planner/12.0");
  }
  const std::string name = text.substr(0, slash);
  const auto agent = FindAgent(name);
  if (!agent) {
    std::vector<std::string> names;
    for (const AgentRecord& known : agents()) names.push_back(known.name);
    return Status::NotFound("no agent '" + name + "'" + NearestHint(name, names));
  }
  id.sender = *agent;
  return id;
}

Result<Hash128> Line::Digest() {
  LineHasher hasher(this);
  BACKSTEP_RETURN_IF_ERROR(hasher.AddOutside());
  BACKSTEP_RETURN_IF_ERROR(ScanStepsInFull(
      StepNumber{1}, last(), [&](const auto& step, const auto& effects, const auto& sent) {
        hasher.AddStep(step, effects, sent);
        return true;
      }));
  return hasher.Digest();
}

}  // namespace backstep::store
