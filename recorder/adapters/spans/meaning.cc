#include "backstep/recorder/adapters/spans/meaning.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "backstep/base/hash.h"
#include "backstep/recorder/adapters/core/json_text.h"

namespace backstep::adapters {
namespace {

constexpr uint16_t kPropertyRank = 10000;  // a handed-on property counts after a key of its own
constexpr uint16_t kMetadataRank = 20000;

constexpr double kCountMax = 9007199254740992;  // up to here every whole number is one

bool StartsWith(std::string_view text, std::string_view head) {
  return text.substr(0, head.size()) == head;
}
bool EndsWith(std::string_view text, std::string_view tail) {
  return text.size() > tail.size() && text.substr(text.size() - tail.size()) == tail;
}

void Offer(std::string_view key, std::string_view text, ValueType type, int attribute,
           uint16_t rank_from, Meaning* meaning) {
  const FieldRule* rule = FindField(key);
  if (rule == nullptr || text.empty()) return;
  Meaning::Found& found = meaning->At(rule->field);
  const auto rank = static_cast<uint16_t>(rule->rank + rank_from);
  if (rank < found.rank) found = {text, type, rank, attribute};
}

// LangChain's instrumentation puts the graph's own words into one attribute of JSON.
void OfferMetadata(Span* span, Meaning* meaning) {
  const std::string_view text = meaning->Text(Field::kMetadata);
  if (text.size() < 2 || text.size() > (64u << 10) || text.front() != '{') return;
  const Result<Json> json = ParseJson(text);
  if (!json.ok() || !json->is_object()) return;
  for (const auto& [key, value] : json->items()) {
    if (FindField(key) == nullptr || value.is_structured()) continue;
    const std::string_view kept =
        span->arena.Keep(value.is_string() ? value.get_ref<const std::string&>() : value.dump());
    Offer(key, kept, ValueType::kText, -1, kMetadataRank, meaning);
  }
}

// Monocle numbers the things that take part: entity.1.type "agent.…" | "tool.…" | "model.…".
void OfferEntities(const Span& span, Meaning* meaning) {
  std::string_view type[3], name[3], provider;
  for (const Attribute& attribute : span.attributes) {
    if (!StartsWith(attribute.key, "entity.") || attribute.key.size() < 13) continue;
    const int number = attribute.key[7] - '1';
    if (number < 0 || number > 2) continue;
    const std::string_view rest = attribute.key.substr(8);
    if (rest == ".type") type[number] = attribute.text;
    if (rest == ".name") name[number] = attribute.text;
    if (rest == ".provider_name") provider = attribute.text;
  }
  for (int i = 0; i < 3; ++i) {
    Field field = Field::kCount;
    if (StartsWith(type[i], "agent.")) field = Field::kAgentName;
    if (StartsWith(type[i], "model.")) field = Field::kModel;
    if (StartsWith(type[i], "tool.") && meaning->role == SpanRole::kTool) field = Field::kToolName;
    if (field == Field::kCount || name[i].empty() || meaning->Has(field)) continue;
    meaning->At(field) = {name[i], ValueType::kText, kPropertyRank, -1};
  }
  if (!provider.empty() && !meaning->Has(Field::kProvider)) {
    meaning->At(Field::kProvider) = {provider, ValueType::kText, kPropertyRank, -1};
  }
}

// What some instrumentation says in events: a call's messages, an agent's name, tokens.
void OfferEvents(const Span& span, Meaning* meaning) {
  for (const SpanEvent& event : span.events) {
    if (event.name == "exception") continue;
    // One message of a conversation: its words are not the span's input or output.
    const bool message = StartsWith(event.name, "gen_ai.") &&
                         (event.name == "gen_ai.choice" || EndsWith(event.name, ".message"));
    const bool input = event.name == "data.input", output = event.name == "data.output";
    for (const Attribute& attribute : event.attributes) {
      std::string_view key = attribute.key;
      if (message && key != "finish_reason") continue;
      if (input && key == "input") key = "input";
      if (output && key == "response") key = "output";
      Offer(key, attribute.text, attribute.type, -1, kPropertyRank, meaning);
    }
  }
}

SpanRole RoleByName(const Span& span, const Meaning& meaning) {
  const std::string_view name = span.name;
  if (name == "llmmas.session") return SpanRole::kSession;
  if (name == "llmmas.workflow.segment" || meaning.Has(Field::kSegmentOrder)) {
    return SpanRole::kSegment;
  }
  if (name == "agent_step" || meaning.Has(Field::kStepIndex)) return SpanRole::kAgent;
  if (meaning.Has(Field::kSource) && meaning.Has(Field::kTarget)) {
    if (span.kind == "producer" || StartsWith(name, "send ")) return SpanRole::kSend;
    if (span.kind == "consumer" || StartsWith(name, "process ")) return SpanRole::kReceive;
  }
  if (StartsWith(name, "invoke_agent ") || StartsWith(name, "agent_run [")) return SpanRole::kAgent;
  if (StartsWith(name, "execute_tool ") || StartsWith(name, "running tool: ")) {
    return SpanRole::kTool;
  }
  const bool talks = meaning.HasUsage() || !meaning.Of(Family::kPrompts).empty() ||
                     !meaning.Of(Family::kInputs).empty() || meaning.Has(Field::kInputMessages);
  if (meaning.Has(Field::kModel) && talks) return SpanRole::kLlm;
  if (meaning.Has(Field::kToolName)) return SpanRole::kTool;
  return SpanRole::kOther;
}

// CrewAI's tasks name their agent only as Python prints it: "agent": "id=UUID('…') role='Writer'
// goal=…".
std::string CrewRole(const Span& span, const Meaning& meaning) {
  if (!StartsWith(span.name, "Task._execute") && span.name != "Agent.execute_task") return {};
  const std::string_view text = meaning.Text(Field::kInput).substr(0, 16u << 10);
  size_t at = text.find(" role=");
  if (at == text.npos || at + 8 > text.size()) return {};
  at += 6;
  if (text[at] == '\\') ++at;  // a quote within JSON
  const char quote = text[at];
  const size_t goal = text.find(" goal=", at + 1);
  const size_t end = goal == text.npos ? text.find(quote, at + 1) : text.rfind(quote, goal);
  if ((quote != '\'' && quote != '"') || end == text.npos || end <= at) return {};
  std::string_view role = text.substr(at + 1, end - at - 1);
  while (!role.empty() && (role.back() == ' ' || role.back() == '\\' || EndsWith(role, "\\n"))) {
    role.remove_suffix(role.back() == 'n' ? 2 : 1);
  }
  return std::string(role);
}

}  // namespace

uint64_t Meaning::Number(Field field) const {
  const std::string_view text = Text(field);
  uint64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec != std::errc()) return 0;
  if (end.ptr == text.data() + text.size()) return number;
  const double real = Real(field);  // "12.0", as some tools write counts
  return real > 0 && real <= kCountMax ? static_cast<uint64_t>(real) : 0;
}

double Meaning::Real(Field field) const {
  const std::string text(Text(field).substr(0, 40));
  char* end = nullptr;
  const double real = std::strtod(text.c_str(), &end);
  return end == text.c_str() ? 0 : real;
}

bool Meaning::IsCount(Field field) const {
  const std::string text(Text(field).substr(0, 40));
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  return end != text.c_str() && *end == '\0' && number >= 0 && number <= kCountMax;
}

bool Meaning::True(Field field) const {
  const std::string_view text = Text(field);
  return text == "true" || text == "True" || text == "1";
}

bool Meaning::HasUsage() const { return Has(Field::kInputTokens) || Has(Field::kOutputTokens); }

Meaning Understand(Span* span) {
  Meaning meaning;
  uint16_t role_rank = UINT16_MAX;
  for (size_t i = 0; i < span->attributes.size(); ++i) {
    const Attribute& attribute = span->attributes[i];
    std::string_view rest;
    if (const auto family = FindFamily(attribute.key, &rest)) {
      meaning.families[static_cast<size_t>(*family)].push_back(static_cast<int>(i));
      if (rest != "0.finish_reason") continue;
    }
    const RoleRule* role = FindRole(attribute.key, attribute.text);
    if (role != nullptr && role->rank < role_rank) {
      role_rank = role->rank;
      meaning.role = role->role;
    }
    Offer(attribute.key, attribute.text, attribute.type, static_cast<int>(i), 0, &meaning);
    const std::string_view property = PropertyOf(attribute.key);
    if (!property.empty()) {
      Offer(property, attribute.text, attribute.type, static_cast<int>(i), kPropertyRank, &meaning);
    }
  }
  if (meaning.Has(Field::kMetadata)) OfferMetadata(span, &meaning);
  if (!span->events.empty()) OfferEvents(*span, &meaning);
  OfferEntities(*span, &meaning);
  if (StartsWith(span->name, "handoff to ") || StartsWith(span->name, "Handoff: ")) {
    meaning.role = SpanRole::kHandoff;
  } else if (role_rank == UINT16_MAX) {
    meaning.role = RoleByName(*span, meaning);
  }
  return meaning;
}

std::string AgentOf(const Span& span, const Meaning& meaning, bool* told) {
  *told = true;
  for (Field field : {Field::kAgentName, Field::kNode}) {
    if (meaning.Has(field)) return std::string(meaning.Text(field));
  }
  if (meaning.Has(Field::kGraphNode)) return std::string(meaning.Text(Field::kGraphNode));
  if (std::string role = CrewRole(span, meaning); !role.empty()) return role;
  std::string_view name = span.name;
  const size_t open = name.find('['), close = name.rfind(']');  // "agent_run [hello_agent]"
  if (open != name.npos && close != name.npos && close > open + 1) {
    return std::string(name.substr(open + 1, close - open - 1));
  }
  if (StartsWith(name, "invoke_agent ")) return std::string(name.substr(13));
  if (meaning.Has(Field::kAgentId)) return std::string(meaning.Text(Field::kAgentId));
  *told = meaning.role == SpanRole::kAgent;
  for (std::string_view tail : {".agent", ".workflow", ".task", ".run"}) {
    if (EndsWith(name, tail)) name.remove_suffix(tail.size());
  }
  return std::string(name);
}

uint64_t NodeKey(const Meaning& meaning) {
  if (!meaning.Has(Field::kNode)) return 0;
  std::string key(meaning.Text(Field::kNode));
  key += '\n';
  key += meaning.Text(Field::kNodeStep);
  return HashBytes(key).low | 1;
}

Failure FailureOf(const Span& span, const Meaning& meaning) {
  Failure failure;
  failure.failed = span.status == SpanStatus::kError;
  failure.message = span.status_message;
  for (const SpanEvent& event : span.events) {
    // An event of the program's own that Backstep exported is no failure of the step it lay in.
    const bool kept = std::any_of(event.attributes.begin(), event.attributes.end(),
                                  [](const Attribute& a) { return a.key == "backstep.category"; });
    if (event.name != "exception" || kept) continue;
    failure.failed = true;
    for (const Attribute& attribute : event.attributes) {
      if (attribute.key == "exception.type") failure.kind = attribute.text;
      if (attribute.key == "exception.message") failure.message = attribute.text;
    }
  }
  if (!failure.failed) return failure;
  if (failure.kind.empty()) failure.kind = meaning.Text(Field::kErrorType);
  if (failure.message.empty()) failure.message = meaning.Text(Field::kErrorText);
  if (failure.kind.empty()) failure.kind = "unknown";
  return failure;
}

}  // namespace backstep::adapters
