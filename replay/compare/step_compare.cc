#include "backstep/replay/compare/step_compare.h"

#include <algorithm>
#include <map>

#include "backstep/base/hash.h"
#include "backstep/replay/compare/align.h"
#include "backstep/replay/compare/excerpt.h"

namespace backstep::replay {
namespace {

constexpr size_t kNamesMax = 8;

std::string Join(const std::vector<std::string>& names) {
  if (names.empty()) return "nothing";
  std::string out;
  for (size_t i = 0; i < std::min(names.size(), kNamesMax); ++i) {
    out += (i > 0 ? ", " : "") + names[i];
  }
  if (names.size() > kNamesMax) out += " and " + std::to_string(names.size() - kNamesMax) + " more";
  return out;
}

std::vector<std::string> TakenNames(store::Line& line, const StepRecord& step) {
  std::vector<std::string> names;
  for (const TakenMessage& taken : step.took) names.push_back(line.FormatMessageId(taken.id));
  return names;
}

std::string CallerName(store::Line& line, const StepRecord& step) {
  if (!step.caller) return "nobody";
  return line.AgentName(step.caller->first) + "/" + std::to_string(step.caller->second.value);
}

std::string CallName(const EffectRecord& effect) {
  std::string out = "call " + std::to_string(effect.ordinal) + " (" + EffectKindName(effect.kind);
  if (!effect.name.empty()) out += " " + Excerpt(effect.name);
  return out + ")";
}

std::string ErrorWords(const std::string& kind, int64_t code, const std::string& message) {
  std::string out = kind;
  if (code != 0) out += " " + std::to_string(code);
  return message.empty() ? out : out + ": " + Excerpt(message);
}

std::string AnswerWords(const EffectRecord& effect) {
  if (!effect.error) return "answers";
  return "fails with " + ErrorWords(effect.error->kind, effect.error->code, effect.error->message);
}

std::string Milliseconds(DurationNs d) {
  const int64_t micros = d.ns / 1000;
  std::string out = std::to_string(micros / 1000);
  if (micros % 1000 != 0) {
    std::string rest = std::to_string(1000 + micros % 1000).substr(1);
    rest.erase(rest.find_last_not_of('0') + 1);
    out += "." + rest;
  }
  return out + " ms";
}

Hash128 RequestKey(const EffectRecord& effect) {
  Hasher hasher;
  hasher.AddNumber(static_cast<uint64_t>(effect.kind));
  hasher.AddField(effect.name);
  hasher.AddNumber(effect.request_hash.high);
  hasher.AddNumber(effect.request_hash.low);
  return hasher.Digest();
}

class StepComparer {
 public:
  StepComparer(store::Line& a, const LoadedStep& in_a, store::Line& b, const LoadedStep& in_b)
      : a_(a), b_(b), in_a_(in_a), in_b_(in_b) {}

  Result<std::vector<StepDifference>> Compare() {
    CompareActivations();
    CompareCalls();
    BACKSTEP_RETURN_IF_ERROR(CompareOutside());
    CompareMessages();
    CompareStates();
    CompareErrors();
    CompareFaults();
    std::stable_sort(found_.begin(), found_.end(),
                     [](const auto& x, const auto& y) { return Rank(x.kind) < Rank(y.kind); });
    return std::move(found_);
  }

 private:
  static int Rank(const std::string& kind) {
    static const char* const kKinds[] = {"activation", "request", "response", "message",
                                         "state",      "error",   "fault"};
    return static_cast<int>(std::find(std::begin(kKinds), std::end(kKinds), kind) - kKinds);
  }

  void Found(const char* kind, std::string words) {
    found_.push_back({kind, std::move(words), {}});
  }
  void Found(const char* kind, std::string words, const BodyRef& a, const BodyRef& b) {
    found_.push_back({kind, std::move(words), std::make_pair(a, b)});
  }

  void CompareActivations() {
    const auto a = TakenNames(a_, in_a_.step), b = TakenNames(b_, in_b_.step);
    if (a != b) Found("activation", "takes " + Join(b) + " instead of " + Join(a));
    const std::string by_a = CallerName(a_, in_a_.step), by_b = CallerName(b_, in_b_.step);
    if (by_a != by_b) Found("activation", "called by " + by_b + " instead of " + by_a);
  }

  void CompareCalls() {
    std::vector<Hash128> keys_a, keys_b;
    for (const EffectRecord& effect : in_a_.effects) keys_a.push_back(RequestKey(effect));
    for (const EffectRecord& effect : in_b_.effects) keys_b.push_back(RequestKey(effect));
    for (const Aligned& at : Align(keys_a, keys_b)) {
      const EffectRecord* a = at.a ? &in_a_.effects[*at.a] : nullptr;
      const EffectRecord* b = at.b ? &in_b_.effects[*at.b] : nullptr;
      if (a == nullptr) Found("request", CallName(*b) + " only in B");
      else if (b == nullptr) Found("request", CallName(*a) + " only in A");
      else CompareCall(*a, *b, at.equal);
    }
  }

  void CompareCall(const EffectRecord& a, const EffectRecord& b, bool same_request) {
    const bool same_kind = a.kind == b.kind && a.name == b.name;
    if (!same_kind) {
      Found("request", CallName(b) + " instead of " + CallName(a));
      return;
    }
    if (!same_request) Found("request", CallName(b) + ": request differs", a.request, b.request);
    if (a.error != b.error) {
      Found("response", CallName(b) + " " + AnswerWords(b) + "; in A it " + AnswerWords(a));
    } else if (a.response.hash != b.response.hash) {
      Found("response", CallName(b) + ": response differs", a.response, b.response);
    }
  }

  // No step sends what comes from outside; its change shows where it is taken.
  Status CompareOutside() {
    for (const TakenMessage& taken : in_b_.step.took) {
      if (taken.id.sender != kOutside) continue;
      const auto& took = in_a_.step.took;
      const bool both = std::any_of(took.begin(), took.end(),
                                    [&](const TakenMessage& t) { return t.id == taken.id; });
      if (!both) continue;
      BACKSTEP_ASSIGN_OR_RETURN(const MessageRecord a, a_.FindMessage(taken.id));
      BACKSTEP_ASSIGN_OR_RETURN(const MessageRecord b, b_.FindMessage(taken.id));
      if (a.body.hash == b.body.hash) continue;
      Found("message", "takes " + b_.FormatMessageId(taken.id) + " with another body", a.body,
            b.body);
    }
    return {};
  }

  void CompareMessages() {
    // One agent's one step on both sides: ordinal and copy name the message.
    std::map<std::pair<uint32_t, uint32_t>, std::pair<const MessageRecord*, const MessageRecord*>>
        all;
    for (const MessageRecord& m : in_a_.messages) all[{m.id.ordinal, m.id.copy}].first = &m;
    for (const MessageRecord& m : in_b_.messages) all[{m.id.ordinal, m.id.copy}].second = &m;
    for (const auto& [id, sides] : all) {
      const auto& [a, b] = sides;
      if (a == nullptr) {
        Found("message", b_.FormatMessageId(b->id) + " to " + b_.AgentName(b->to) + " only in B");
      } else if (b == nullptr) {
        Found("message", a_.FormatMessageId(a->id) + " to " + a_.AgentName(a->to) + " only in A");
      } else {
        CompareMessage(*a, *b);
      }
    }
  }

  void CompareMessage(const MessageRecord& a, const MessageRecord& b) {
    const std::string name = b_.FormatMessageId(b.id);
    const std::string to_a = a_.AgentName(a.to), to_b = b_.AgentName(b.to);
    if (to_a != to_b) Found("message", name + " goes to " + to_b + " instead of " + to_a);
    if (a.dropped != b.dropped) {
      Found("message", name + " is dropped in " + (b.dropped ? "B" : "A"));
    }
    if (a.delay != b.delay) {
      Found("message", name + " is delayed by " + Milliseconds(b.delay) + " instead of " +
                           Milliseconds(a.delay));
    }
    if (a.body.hash != b.body.hash) Found("message", name + ": body differs", a.body, b.body);
  }

  void CompareStates() {
    const BodyRef &a = in_a_.step.state, &b = in_b_.step.state;
    if (a.hash != b.hash) Found("state", "state differs", a, b);
  }

  void CompareErrors() {
    const auto &a = in_a_.step.error, &b = in_b_.step.error;
    if (!a && !b) return;
    const auto words = [](const std::optional<StepError>& e) {
      return e ? "fails with " + ErrorWords(e->kind, 0, e->message) : std::string("succeeds");
    };
    if (words(a) != words(b)) Found("error", words(b) + "; in A it " + words(a));
  }

  void CompareFaults() {
    const auto words = [](const StepRecord& step) {
      std::vector<std::string> out;
      for (const FaultRecord& f : step.faults) {
        out.push_back(Excerpt(f.spec_id) + " (" + Excerpt(f.type) + ": " + Excerpt(f.decision) +
                      ")");
      }
      return out;
    };
    const auto a = words(in_a_.step), b = words(in_b_.step);
    if (a != b) Found("fault", "applied: " + Join(b) + "; in A: " + Join(a));
  }

  store::Line& a_;
  store::Line& b_;
  const LoadedStep& in_a_;
  const LoadedStep& in_b_;
  std::vector<StepDifference> found_;
};

// nullopt: dropped under overload. No body at all reads as an empty one of the other side's type.
Result<std::optional<Body>> ReadOrDropped(store::Line& line, const BodyRef& ref,
                                          const BodyRef& other) {
  if (ref.where == BodyRef::Where::kNone) return std::optional<Body>(Body{"", other.media_type});
  auto body = line.ReadBody(ref);
  if (body.ok()) return std::optional<Body>(std::move(*body));
  if (body.status().code() == StatusCode::kIncomplete) return std::optional<Body>();
  return body.status();
}

}  // namespace

Result<LoadedStep> LoadStep(store::Line& line, const StepRecord& step) {
  LoadedStep loaded;
  loaded.step = step;
  if (step.effect_count > 0) {
    BACKSTEP_ASSIGN_OR_RETURN(loaded.effects, line.Effects(step.agent, step.clock));
  }
  loaded.messages.reserve(step.sent.size());
  for (const SentMessage& sent : step.sent) {
    BACKSTEP_ASSIGN_OR_RETURN(MessageRecord message, line.FindMessage(sent.id));
    loaded.messages.push_back(std::move(message));
  }
  return loaded;
}

Result<std::vector<StepDifference>> CompareSteps(store::Line& a, const LoadedStep& in_a,
                                                 store::Line& b, const LoadedStep& in_b) {
  return StepComparer(a, in_a, b, in_b).Compare();
}

Result<std::vector<ValueDiff>> DiffReferences(store::Line& a, const BodyRef& in_a, store::Line& b,
                                              const BodyRef& in_b, size_t most) {
  BACKSTEP_ASSIGN_OR_RETURN(const std::optional<Body> before, ReadOrDropped(a, in_a, in_b));
  BACKSTEP_ASSIGN_OR_RETURN(const std::optional<Body> after, ReadOrDropped(b, in_b, in_a));
  if (before && after) return DiffBodies(*before, *after, most);
  const auto words = [](const std::optional<Body>& body, const BodyRef& ref) {
    if (body) return std::to_string(body->bytes.size()) + " bytes";
    return "(dropped under overload, " + std::to_string(ref.size) + " bytes)";
  };
  return std::vector<ValueDiff>{{"", words(before, in_a), words(after, in_b)}};
}

std::vector<std::string> DescribeStep(store::Line& line, const LoadedStep& loaded) {
  std::vector<std::string> out = {"takes " + Join(TakenNames(line, loaded.step))};
  std::vector<std::string> calls, sent;
  for (const EffectRecord& effect : loaded.effects) calls.push_back(CallName(effect));
  for (const MessageRecord& message : loaded.messages) {
    sent.push_back(line.FormatMessageId(message.id) + " to " + line.AgentName(message.to));
  }
  if (!calls.empty()) out.push_back("makes " + Join(calls));
  if (!sent.empty()) out.push_back("sends " + Join(sent));
  if (loaded.step.error) {
    out.push_back("fails with " +
                  ErrorWords(loaded.step.error->kind, 0, loaded.step.error->message));
  }
  return out;
}

}  // namespace backstep::replay
