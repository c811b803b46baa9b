#include "backstep/recorder/faults/fault_match.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "backstep/base/hash.h"

namespace backstep::recorder {
namespace {

// What a selector is held against; empty pointers: this boundary has no such thing.
struct Facts {
  const StepFacts& step;
  const MessageFacts* message = nullptr;
  const CallFacts* call = nullptr;
};

bool MatchesMessageKey(const FaultSelector& selector, const MessageFacts& message) {
  const std::string& key = selector.key;
  const std::string& pattern = selector.pattern;
  if (key == "source_agent_id") return MatchesGlob(pattern, message.from);
  if (key == "target_agent_id") return MatchesGlob(pattern, message.to);
  if (key == "channel") return MatchesGlob(pattern, message.channel);
  if (key == "edge_id") {
    return MatchesGlob(pattern, message.edge_id.empty() ? message.from + "->" + message.to
                                                        : message.edge_id);
  }
  if (key != "message_id") return false;
  return MatchesGlob(pattern, PrintMessageId(message.from, message.id)) ||
         (!message.program_id.empty() && MatchesGlob(pattern, message.program_id));
}

bool MatchesToolKey(const FaultSelector& selector, const CallFacts& call) {
  if (call.kind != EffectKind::kTool) return false;
  if (selector.key == "tool_name") return MatchesGlob(selector.pattern, call.name);
  if (selector.key == "tool_type") return MatchesGlob(selector.pattern, call.tool_type);
  if (selector.key == "tool_call_id") return MatchesGlob(selector.pattern, call.tool_call_id);
  return false;
}

bool MatchesSelector(const FaultSelector& selector, const Facts& facts) {
  const StepFacts& step = facts.step;
  if (selector.key == "agent_id") return MatchesGlob(selector.pattern, step.agent);
  if (selector.key == "step_index") return MatchesRange(selector.pattern, step.step_index);
  if (selector.key == "phase_name") return MatchesGlob(selector.pattern, step.segment);
  if (selector.key == "phase_order") {
    return !step.segment.empty() && MatchesRange(selector.pattern, step.segment_order);
  }
  if (facts.message != nullptr) return MatchesMessageKey(selector, *facts.message);
  if (facts.call != nullptr) return MatchesToolKey(selector, *facts.call);
  return false;
}

bool Matches(const FaultSpec& spec, FaultHookKind hook, const Facts& facts) {
  return std::find(spec.hooks.begin(), spec.hooks.end(), hook) != spec.hooks.end() &&
         std::all_of(spec.selectors.begin(), spec.selectors.end(),
                     [&](const FaultSelector& s) { return MatchesSelector(s, facts); });
}

bool Draw(const FaultSpec& spec, uint64_t seed, FaultHookKind hook, const StepFacts& step,
          uint64_t ordinal) {
  if (spec.probability >= 1) return true;
  Hasher who;
  who.AddField(spec.id);
  who.AddNumber(static_cast<uint64_t>(hook));
  who.AddField(step.agent);
  RandomStream stream(MixSeed(seed, who.Digest().low, step.clock, ordinal));
  return stream.NextUnit() < spec.probability;
}

// By names and not by numbers: agents registered in another order draw the same.
uint64_t DrawOrdinal(const MessageFacts& message) {
  Hasher hasher;
  hasher.AddField(message.from);
  hasher.AddNumber(message.id.clock.value);
  hasher.AddNumber((uint64_t{message.id.ordinal} << 32) | message.id.copy);
  return hasher.Digest().low;
}

FaultHookKind HookOf(const CallFacts& call) {
  return call.kind == EffectKind::kLlm ? FaultHookKind::kLlmCall : FaultHookKind::kToolCall;
}

bool CanMeet(const CallFacts& call) {
  return call.kind == EffectKind::kLlm || call.kind == EffectKind::kTool;
}

template <typename Applies>
const FaultSpec* First(const FaultPlan& plan, const Applies& applies) {
  for (const FaultSpec& spec : plan.faults()) {
    if (applies(spec)) return &spec;
  }
  return nullptr;
}

// Matches one bracket expression at pattern[*at] == '['; nullopt: it has no end.
std::optional<bool> MatchesBracket(const std::string& pattern, size_t* at, char c) {
  size_t i = *at + 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool inside = false;
  for (bool first = true; i < pattern.size() && (first || pattern[i] != ']'); first = false) {
    const char low = pattern[i];
    char high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      high = pattern[i + 2];
      i += 2;
    }
    ++i;
    if (static_cast<unsigned char>(low) <= static_cast<unsigned char>(c) &&
        static_cast<unsigned char>(c) <= static_cast<unsigned char>(high)) {
      inside = true;
    }
  }
  if (i >= pattern.size()) return std::nullopt;
  *at = i + 1;
  return inside != negated;
}

// Matches one pattern element against `c` and moves past it.
bool MatchesOne(const std::string& pattern, size_t* at, char c) {
  if (pattern[*at] == '?') {
    ++*at;
    return true;
  }
  if (pattern[*at] == '[') {
    if (auto matched = MatchesBracket(pattern, at, c)) return *matched;
  }
  if (pattern[*at] == '\\' && *at + 1 < pattern.size()) ++*at;
  return pattern[(*at)++] == c;
}

struct Range {
  uint64_t low = 0;
  uint64_t high = std::numeric_limits<uint64_t>::max();
};

bool ParseEnd(const std::string& text, uint64_t* number) {
  if (text.empty()) return true;
  auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && stop == text.data() + text.size();
}

std::optional<Range> ParseRange(const std::string& pattern) {
  Range range;
  const size_t dots = pattern.find("..");
  if (dots == std::string::npos) {
    if (pattern.empty() || !ParseEnd(pattern, &range.low)) return std::nullopt;
    range.high = range.low;
    return range;
  }
  if (pattern.size() == 2) return std::nullopt;
  if (!ParseEnd(pattern.substr(0, dots), &range.low)) return std::nullopt;
  if (!ParseEnd(pattern.substr(dots + 2), &range.high)) return std::nullopt;
  if (range.low > range.high) return std::nullopt;
  return range;
}

}  // namespace

StepFacts FactsOf(const StepInfo& step) {
  return {step.agent_name, step.clock.value, step.step_index(), step.segment, step.segment_order};
}

MessageFacts FactsOf(const Message& message) {
  return {message.from,       message.to,      message.id,
          message.program_id, message.channel, message.edge_id};
}

CallFacts FactsOf(const CallInfo& call, const CallRequest& request) {
  return {call.kind, call.ordinal, request.name, request.tool_type, request.tool_call_id};
}

bool MatchesStep(const FaultSpec& spec, const StepFacts& step) {
  return Matches(spec, FaultHookKind::kAgentStep, {step});
}

bool MatchesSend(const FaultSpec& spec, const StepFacts& step, const MessageFacts& message) {
  return Matches(spec, FaultHookKind::kA2aSend, {step, &message});
}

bool MatchesReceive(const FaultSpec& spec, const StepFacts& step, const MessageFacts& message) {
  return Matches(spec, FaultHookKind::kA2aReceive, {step, &message});
}

bool MatchesCall(const FaultSpec& spec, const StepFacts& step, const CallFacts& call) {
  return CanMeet(call) && Matches(spec, HookOf(call), {step, nullptr, &call});
}

bool DrawStep(const FaultSpec& spec, uint64_t seed, const StepFacts& step) {
  return Draw(spec, seed, FaultHookKind::kAgentStep, step, 0);
}

bool DrawSend(const FaultSpec& spec, uint64_t seed, const StepFacts& step,
              const MessageFacts& message) {
  return Draw(spec, seed, FaultHookKind::kA2aSend, step, DrawOrdinal(message));
}

bool DrawReceive(const FaultSpec& spec, uint64_t seed, const StepFacts& step,
                 const MessageFacts& message) {
  return Draw(spec, seed, FaultHookKind::kA2aReceive, step, DrawOrdinal(message));
}

bool DrawCall(const FaultSpec& spec, uint64_t seed, const StepFacts& step, const CallFacts& call) {
  return Draw(spec, seed, HookOf(call), step, call.ordinal);
}

const FaultSpec* FirstOnStep(const FaultPlan& plan, uint64_t seed, const StepFacts& step) {
  return First(plan, [&](const FaultSpec& spec) {
    return MatchesStep(spec, step) && DrawStep(spec, seed, step);
  });
}

const FaultSpec* FirstOnSend(const FaultPlan& plan, uint64_t seed, const StepFacts& step,
                             const MessageFacts& message) {
  return First(plan, [&](const FaultSpec& spec) {
    return MatchesSend(spec, step, message) && DrawSend(spec, seed, step, message);
  });
}

const FaultSpec* FirstOnReceive(const FaultPlan& plan, uint64_t seed, const StepFacts& step,
                                const MessageFacts& message) {
  return First(plan, [&](const FaultSpec& spec) {
    return MatchesReceive(spec, step, message) && DrawReceive(spec, seed, step, message);
  });
}

const FaultSpec* FirstOnCall(const FaultPlan& plan, uint64_t seed, const StepFacts& step,
                             const CallFacts& call) {
  return First(plan, [&](const FaultSpec& spec) {
    return MatchesCall(spec, step, call) && DrawCall(spec, seed, step, call);
  });
}

bool MatchesGlob(const std::string& pattern, const std::string& text) {
  if (pattern == text) return true;
  size_t p = 0, t = 0;
  size_t star = std::string::npos, resume = 0;
  while (t < text.size()) {
    size_t next = p;
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && MatchesOne(pattern, &next, text[t])) {
      p = next;
      ++t;
    } else if (star != std::string::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool MatchesRange(const std::string& pattern, uint64_t number) {
  const auto range = ParseRange(pattern);
  return range && range->low <= number && number <= range->high;
}

bool IsRange(const std::string& pattern) { return ParseRange(pattern).has_value(); }

std::string PrintMessageId(const std::string& sender, const MessageId& id) {
  std::string out = sender + "/" + std::to_string(id.clock.value) + "." +
                    std::to_string(id.ordinal);
  if (id.copy > 0) out += "+" + std::to_string(id.copy);
  return out;
}

}  // namespace backstep::recorder
