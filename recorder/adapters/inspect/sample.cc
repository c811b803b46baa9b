#include "backstep/recorder/adapters/inspect/sample.h"

#include <set>
#include <unordered_map>
#include <utility>

#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/odd_parts.h"

namespace backstep::adapters {
namespace {

constexpr uint64_t kStatesMax = 1ull << 30;  // bytes of states of one sample, as text
constexpr int kNestedMax = 32;               // tools whose events hold events

Usage SampleUsage(const Json& output) {
  const Json* usage = Find(output, "usage");
  if (usage == nullptr) return {};
  return {.input_tokens = TokensAt(*usage, "input_tokens"),
          .output_tokens = TokensAt(*usage, "output_tokens"),
          .cached_tokens = TokensAt(*usage, "input_tokens_cache_read"),
          .reasoning_tokens = TokensAt(*usage, "reasoning_tokens")};
}

std::string FinishReason(const Json& output) {
  const Json* choices = Find(output, "choices");
  if (choices == nullptr || !choices->is_array() || choices->empty()) return {};
  return TextAt((*choices)[0], "stop_reason");
}

// Tells the events of one sample.
class SampleTeller {
 public:
  SampleTeller(const Json& sample, const std::string& path, Sink& sink, SessionDraft* draft)
      : sample_(sample),
        path_(path),
        sink_(sink),
        draft_(draft),
        attachments_(Part(sample, "attachments", "content")) {}

  void Tell() {
    const Json* events = Part(sample_, "events", "events");
    if (events != nullptr && events->is_array()) Events(*events, 0);
    if (draft_->steps.empty()) TellMessages(sample_, &attachments_, sink_, draft_);
    if (attachments_.left_out()) {
      sink_.Skip({.file = path_}, draft_->name + ": its attachments are larger than 1 GiB where "
                                                 "they are used; the rest stay references");
    }
    if (states_ > kStatesMax) {
      sink_.Skip({.file = path_}, draft_->name + ": states beyond 1 GiB are left out");
    }
  }

 private:
  // Older logs keep both in a "transcript".
  static const Json* Part(const Json& sample, const char* key, const char* older) {
    const Json* transcript = Find(sample, "transcript");
    return transcript == nullptr ? Find(sample, key) : Find(*transcript, older);
  }

  struct Span {
    SegmentIndex segment;
    std::string agent;
  };

  void Events(const Json& events, int depth) {
    for (const Json& event : events) {
      const std::string kind = TextAt(event, "event");
      if (kind.empty()) {
        sink_.Skip({.file = path_}, draft_->name + ": an event without \"event\"");
      } else if (kind == "span_begin") {
        const std::string id = TextAt(event, "id");
        const auto parent = spans_.find(TextAt(event, "parent_id"));
        spans_[id] = Begin(event, parent == spans_.end() ? nullptr : &parent->second);
      } else if (kind == "step" && TextAt(event, "action") == "begin") {
        stack_.push_back(Begin(event, stack_.empty() ? nullptr : &stack_.back()));
      } else if (kind == "span_end" || kind == "step") {
        End(kind, event);
      } else {
        Step(kind, event);
        const Json* nested = Find(event, "events");
        if (nested != nullptr && nested->is_array() && depth < kNestedMax) {
          Events(*nested, depth + 1);
        }
      }
    }
  }

  Span Begin(const Json& event, const Span* outer) {
    const std::string name = TextAt(event, "name");
    const std::string type = TextAt(event, "type");
    Span span{.segment = SegmentIndex(static_cast<uint32_t>(draft_->segments.size())),
              .agent = name.empty() ? "sample" : name};
    // What a solver does through tools and sub-tasks is still its doing.
    if (outer != nullptr && type != "agent" && type != "solver" && type != "scorer") {
      span.agent = outer->agent;
    }
    SegmentDraft segment{.name = name.empty() ? type : name};
    if (outer != nullptr) segment.parent = outer->segment;
    segment.began = TimeAt(event, "timestamp");
    draft_->segments.push_back(std::move(segment));
    draft_->agents[draft_->Agent(span.agent).value].role = type;
    return span;
  }

  void End(const std::string& kind, const Json& event) {
    const Span* span = nullptr;
    if (kind == "step" && !stack_.empty()) span = &stack_.back();
    const auto found = spans_.find(TextAt(event, "id"));
    if (kind != "step" && found != spans_.end()) span = &found->second;
    if (span != nullptr) {
      draft_->segments[span->segment.value].ended = TimeAt(event, "timestamp");
    } else {
      sink_.Skip({.file = path_}, draft_->name + ": a " + kind + " that was never begun");
    }
    if (kind == "step" && !stack_.empty()) stack_.pop_back();
  }

  static TimeNs TimeAt(const Json& event, const char* key) {
    const Json* time = Find(event, key);
    return time == nullptr ? TimeNs{} : TimeOf(*time);
  }

  const Span* SpanOf(const Json& event) const {
    const auto found = spans_.find(TextAt(event, "span_id"));
    if (found != spans_.end()) return &found->second;
    return stack_.empty() ? nullptr : &stack_.back();
  }

  void Step(const std::string& kind, const Json& event) {
    const Span* span = SpanOf(event);
    const AgentIndex agent = draft_->Agent(span == nullptr ? "sample" : span->agent);
    StepDraft step{.agent = agent, .name = kind, .program_index = index_++};
    if (span != nullptr) step.segment = span->segment;
    step.began = TimeAt(event, "timestamp");
    step.ended = TimeAt(event, "completed");
    if (step.ended < step.began) step.ended = step.began;
    TellOddOf(event);
    const bool changed = Fold(kind, event);
    if (state_.known() && (changed || seen_.insert(agent.value).second)) {
      seen_.insert(agent.value);
      KeepState(&step);
    }
    const StepIndex at = draft_->Add(std::move(step));
    if (at.value > 0) draft_->order.emplace_back(StepIndex(at.value - 1), at);
    if (kind == "sample_init") {
      Input(event, at);
    } else if (kind == "model") {
      Model(event, at);
    } else if (kind == "tool") {
      Tool(event, at);
    } else if (kind == "error") {
      Error(event, at);
    } else if (kind != "state" && kind != "store") {
      Note(kind, event, at);
    }
  }

  void TellOddOf(const Json& event) {
    OddParts odd;
    for (const char* key : {"timestamp", "completed"}) odd.Time(event, key);
    const TimeNs began = TimeAt(event, "timestamp"), ended = TimeAt(event, "completed");
    odd.Ended(began, ended);
    const Json* output = Find(event, "output");
    if (output != nullptr) odd.Tokens(Find(*output, "usage"));
    odd.Tell({.file = path_}, draft_->name + ": events[" + std::to_string(index_ - 1) + "]", sink_);
  }

  // Keeps the state up; true: it may have changed.
  bool Fold(const std::string& kind, const Json& event) {
    if (kind == "sample_init") {
      const Json* state = Find(event, "state");
      if (state != nullptr) state_.Set(*state);
      return state != nullptr;
    }
    if (kind != "state" && kind != "store") return false;
    const Json* changes = Find(event, "changes");
    if (changes == nullptr || !state_.Change(*changes, kind == "store")) {
      sink_.Skip({.file = path_},
                 draft_->name + ": changes of a " + kind + " event do not fit what was there");
    }
    return true;
  }

  void KeepState(StepDraft* step) {
    if (states_ > kStatesMax) return;
    const std::string text = JsonText(attachments_.Resolve(state_.value()));
    states_ += text.size();
    if (states_ <= kStatesMax) step->state = sink_.Keep(text, Media::kJson);
    draft_->state_source = StateSource::kRecorded;
  }

  KeptBody KeepJson(const Json& value) {
    return sink_.Keep(JsonText(attachments_.Resolve(value)), Media::kJson);
  }

  void Input(const Json& event, StepIndex at) {
    const Json* sample = Find(event, "sample");
    const Json* input = sample == nullptr ? nullptr : Find(*sample, "input");
    if (input == nullptr) return;
    const std::string text = ContentText(attachments_.Resolve(*input));
    draft_->Add(MessageDraft{.to = draft_->steps[at.value].agent,
                             .taken_by = at,
                             .kind = "input",
                             .body = sink_.Keep(text, MediaOf(text))});
  }

  void Model(const Json& event, StepIndex at) {
    EffectDraft call{.step = at, .kind = EffectKind::kLlm, .name = NamedAt(event, "model")};
    call.began = draft_->steps[at.value].began;
    call.duration = draft_->steps[at.value].ended - call.began;
    const size_t slash = call.name.find('/');
    if (slash != std::string::npos) call.provider = call.name.substr(0, slash);
    if (const Json* config = Find(event, "config"); config != nullptr && !config->empty()) {
      call.parameters = JsonText(*config);
    }
    const Json* sent = Find(event, "call");
    const Json* request = sent == nullptr ? nullptr : Find(*sent, "request");
    if (request != nullptr && !request->is_null()) {
      call.request = KeepJson(*request);
    } else {
      Json asked = Json::object();
      for (const char* key : {"model", "input", "tools", "tool_choice", "config"}) {
        if (const Json* part = Find(event, key)) asked[key] = *part;
      }
      call.request = KeepJson(asked);
    }
    if (const Json* output = Find(event, "output")) {
      call.response = KeepJson(*output);
      call.usage = SampleUsage(*output);
      call.finish_reason = FinishReason(*output);
    }
    if (const std::string error = TextAt(event, "error"); !error.empty()) {
      call.error = CallError{.kind = "unknown", .message = CutText(error, 4096)};
      KeepOutput(at, std::exchange(call.response, std::nullopt));
    }
    AgentDraft& agent = draft_->agents[draft_->steps[at.value].agent.value];
    if (agent.model.empty()) agent.model = call.name;
    draft_->Add(std::move(call));
    const Json* answer = sent == nullptr ? nullptr : Find(*sent, "response");
    if (answer != nullptr && !answer->is_null()) {
      draft_->notes.push_back({.step = at,
                               .name = "response as received",
                               .category = "debug",
                               .kept_data = KeepJson(*answer)});
    }
  }

  void Tool(const Json& event, StepIndex at) {
    EffectDraft call{.step = at,
                     .kind = EffectKind::kTool,
                     .name = NamedAt(event, "function"),
                     .tool_type = TextAt(event, "type"),
                     .tool_call_id = TextAt(event, "id")};
    call.began = draft_->steps[at.value].began;
    call.duration = draft_->steps[at.value].ended - call.began;
    if (const Json* arguments = Find(event, "arguments")) call.request = KeepJson(*arguments);
    const Json* error = Find(event, "error");
    if (error != nullptr && error->is_object()) {
      const std::string kind = TextAt(*error, "type");
      call.error = CallError{.kind = kind.empty() ? "tool_error" : kind,
                             .message = CutText(TextAt(*error, "message"), 4096)};
    }
    if (const Json* result = Find(event, "result")) {
      const std::string text = ContentText(attachments_.Resolve(*result));
      if (!text.empty() || !call.error) call.response = sink_.Keep(text, MediaOf(text));
    }
    if (call.error) KeepOutput(at, std::exchange(call.response, std::nullopt));
    draft_->Add(std::move(call));
  }

  // What a call gave that failed all the same.
  void KeepOutput(StepIndex at, const std::optional<KeptBody>& output) {
    if (!output) return;
    draft_->notes.push_back(
        {.step = at, .name = "output", .category = "output", .kept_data = *output});
  }

  void Error(const Json& event, StepIndex at) {
    const Json* error = Find(event, "error");
    draft_->steps[at.value].error =
        StepError{.kind = "exception",
                  .message = CutText(error == nullptr ? "" : TextAt(*error, "message"), 4096)};
    Note("error", event, at);
  }

  void Note(const std::string& kind, const Json& event, StepIndex at) {
    Json data = event;
    for (const char* key : {"event", "timestamp", "span_id", "events"}) data.erase(key);
    draft_->notes.push_back(
        {.step = at, .name = kind, .category = "info", .kept_data = KeepJson(data)});
  }

  const Json& sample_;
  const std::string& path_;
  Sink& sink_;
  SessionDraft* draft_;
  Attachments attachments_;
  SampleState state_;
  std::unordered_map<std::string, Span> spans_;
  std::vector<Span> stack_;          // of logs before spans had ids
  std::set<uint32_t> seen_;          // agents that have a state
  uint64_t states_ = 0;              // bytes of states kept
  uint64_t index_ = 0;
};

// What a scorer said: an annotation, and for the outcome the first that is plain.
void Scores(const Json& sample, SessionDraft* draft) {
  Json scores = Json::object();
  if (const Json* several = Find(sample, "scores"); several != nullptr && several->is_object()) {
    scores = *several;
  } else if (const Json* one = Find(sample, "score"); one != nullptr && one->is_object()) {
    scores["score"] = *one;  // older logs
  }
  for (const auto& [scorer, score] : scores.items()) {
    const Json* value = Find(score, "value");
    draft->Annotate(std::nullopt, {.author = scorer,
                                   .kind = "score",
                                   .reason = TextAt(score, "explanation"),
                                   .details = JsonText(score)});
    if (value == nullptr || draft->outcome.kind != Outcome::Kind::kUnknown) continue;
    const std::string said = BodyText(*value);
    Outcome outcome{.reason = scorer + ": " + CutText(said, 200)};
    if (value->is_number()) outcome.score = value->get<double>();
    const bool right = said == "C" || said == "true" || (outcome.score && *outcome.score >= 1);
    const bool wrong = said == "I" || said == "N" || said == "false" ||
                       (outcome.score && *outcome.score <= 0);
    if (right) outcome.kind = Outcome::Kind::kOk;
    if (wrong) outcome.kind = Outcome::Kind::kFailed;
    draft->outcome = outcome;
  }
}

}  // namespace

void TellSample(const Json& sample, const std::string& path, Sink& sink, SessionDraft* draft) {
  SampleTeller(sample, path, sink, draft).Tell();
  Scores(sample, draft);
  if (const Json* error = Find(sample, "error"); error != nullptr && error->is_object()) {
    draft->outcome = {.kind = Outcome::Kind::kFailed,
                      .reason = CutText(TextAt(*error, "message"), 4096)};
  }
}

}  // namespace backstep::adapters
