#include "backstep/recorder/adapters/openhands/openhands.h"

#include <algorithm>
#include <map>
#include <set>

#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/head_shape.h"
#include "backstep/recorder/adapters/conversations/odd_parts.h"
#include "backstep/recorder/adapters/conversations/talk.h"
#include "backstep/recorder/adapters/conversations/usage.h"
#include "backstep/recorder/adapters/core/source.h"

namespace backstep::adapters {
namespace {

constexpr char kOpenHands[] = "openhands";

const FormatInfo kOpenHandsInfo{
    .name = kOpenHands,
    .title = "OpenHands runs (events, evaluation output)",
    .brings = "agents user, agent and environment, one step an event, actions as tool calls with "
              "their observations, the model's answers with tokens and latency, conversations as "
              "states",
    .lacks = "the requests to the model"};

// Actions that ask nothing of the world.
const std::set<std::string> kNoTools = {"message", "system", "finish", "change_agent_state",
                                        "null"};

// What the record's metrics say of each model call, by its id.
struct CallMetrics {
  std::string model;
  Usage usage{};
  DurationNs latency{};
  bool told = false;  // an event names it
};

class OpenHandsRun {
 public:
  OpenHandsRun(const std::string& path, Sink& sink, SessionDraft* draft)
      : path_(path), sink_(sink), draft_(draft), talk_(draft, &sink) {}

  void Metrics(const Json& metrics) {
    const Json* usages = Find(metrics, "token_usages");
    if (usages != nullptr && usages->is_array()) {
      for (const Json& usage : *usages) {
        CallMetrics& call = calls_[TextAt(usage, "response_id")];
        call.model = TextAt(usage, "model");
        call.usage += UsageOfModel(usage);
        OddParts odd;
        odd.Tokens(&usage);
        odd.Tell({.file = path_}, "a usage in \"metrics\"", sink_);
      }
    }
    whole_cost_ = NumberAt(metrics, "accumulated_cost").value_or(0);
    if (const Json* all = Find(metrics, "accumulated_token_usage")) whole_ = UsageOfModel(*all);
    const Json* latencies = Find(metrics, "response_latencies");
    if (latencies == nullptr || !latencies->is_array()) return;
    for (const Json& latency : *latencies) {
      const auto call = calls_.find(TextAt(latency, "response_id"));
      OddParts odd;
      const DurationNs took = odd.Seconds(latency, "latency");
      odd.Tell({.file = path_}, "a latency in \"metrics\"", sink_);
      if (call != calls_.end()) call->second.latency = took;
    }
  }

  void Event(const Json& event, size_t place) {
    const std::string action = TextAt(event, "action");
    const std::string observation = TextAt(event, "observation");
    if (action.empty() && observation.empty()) {
      sink_.Skip({.file = path_}, "history[" + std::to_string(place) +
                                      "] is neither an action nor an observation");
      return;
    }
    std::string source = TextAt(event, "source");
    if (source.empty()) source = action.empty() ? "environment" : "agent";
    const Json* time = Find(event, "timestamp");
    const std::string text = TextOf(event);
    talk_.Say({.agent = source,
               .text = text,
               .media = MediaOf(text),
               .item = &event,
               .index = CountAt(event, "id").value_or(place),
               .name = action.empty() ? observation : action,
               .kind = action.empty() ? "observation" : "action",
               .time = time == nullptr ? TimeNs{} : TimeOf(*time)});
    OddParts odd;
    odd.Time(event, "timestamp");
    ModelCall(event, &odd);
    odd.Tell({.file = path_}, "history[" + std::to_string(place) + "]", sink_);
    if (action.empty()) {
      Observation(event, observation, text);
    } else if (!kNoTools.contains(action)) {
      Action(event, action, place);
    }
  }

  // Calls that the metrics count and no event names: their tokens count all the same.
  void Leftovers() {
    for (const auto& [id, call] : calls_) {
      if (call.told || !talk_.last()) continue;
      EffectDraft effect{.step = *talk_.last(), .kind = EffectKind::kLlm};
      effect.name = call.model.empty() ? "unknown" : call.model;
      effect.usage = call.usage;
      effect.duration = call.latency;
      effect.parameters = JsonText(Json{{"response_id", id}});
      draft_->Add(std::move(effect));
    }
    Sums();
  }

 private:
  // What the record has of the whole run alone stands at its last call.
  void Sums() {
    const auto is_llm = [](const EffectDraft& e) { return e.kind == EffectKind::kLlm; };
    auto& effects = draft_->effects;
    const bool counted = std::any_of(effects.begin(), effects.end(), [&](const EffectDraft& e) {
      return is_llm(e) && e.usage != Usage{};
    });
    const bool costs = whole_cost_ > 0 && whole_cost_ < 1e15;
    if (!talk_.last() || (!costs && (counted || whole_ == Usage{}))) return;
    auto last = std::find_if(effects.rbegin(), effects.rend(), is_llm);
    if (last == effects.rend()) {
      draft_->Add(EffectDraft{.step = *talk_.last(), .kind = EffectKind::kLlm, .name = "unknown"});
      last = effects.rbegin();
    }
    const bool sums = !counted && whole_ != Usage{};
    if (sums) last->usage = whole_;
    if (costs) last->usage.cost_usd = whole_cost_;
    Json parameters = Json::object();
    if (Result<Json> said = ParseJson(last->parameters); said.ok()) parameters = std::move(*said);
    if (sums) parameters["usage"] = "of the whole run";
    if (costs) parameters["cost"] = "of the whole run";
    last->parameters = JsonText(parameters);
  }

  static std::string TextOf(const Json& event) {
    const Json* arguments = Find(event, "args");
    for (const char* key : {"content", "message"}) {
      if (const std::string text = TextAt(event, key); !text.empty()) return text;
    }
    if (arguments != nullptr) return JsonText(*arguments);
    return {};
  }

  // The answer of the model that an event came from; the first event of each tells it.
  void ModelCall(const Json& event, OddParts* odd) {
    const Json* metadata = Find(event, "tool_call_metadata");
    const Json* response = metadata == nullptr ? nullptr : Find(*metadata, "model_response");
    if (response == nullptr || !response->is_object()) return;
    const std::string id = TextAt(*response, "id");
    if (!id.empty() && !told_.insert(id).second) return;
    EffectDraft effect{.step = *talk_.last(), .kind = EffectKind::kLlm};
    effect.name = NamedAt(*response, "model");
    effect.response = sink_.Keep(JsonText(*response), Media::kJson);
    if (const Json* usage = Find(*response, "usage")) {
      effect.usage = UsageOfModel(*usage);
      odd->Tokens(usage);
    }
    if (const auto call = calls_.find(id); call != calls_.end()) {
      call->second.told = true;
      effect.usage = call->second.usage;
      effect.duration = call->second.latency;
    }
    const Json* choices = Find(*response, "choices");
    if (choices != nullptr && choices->is_array() && !choices->empty()) {
      effect.finish_reason = TextAt((*choices)[0], "finish_reason");
    }
    draft_->Add(std::move(effect));
  }

  void Action(const Json& event, const std::string& action, size_t place) {
    const Json* arguments = Find(event, "args");
    std::string id = TextAt(event, "id");
    if (id.empty()) id = "#" + std::to_string(place);
    EffectDraft call{.step = {}, .name = action, .tool_type = "action"};
    if (arguments != nullptr) call.request = sink_.Keep(JsonText(*arguments), Media::kJson);
    talk_.Call(std::move(call), id);
    last_action_ = action;
    last_id_ = id;
  }

  void Observation(const Json& event, const std::string& kind, const std::string& text) {
    std::string cause = TextAt(event, "cause");
    if (cause.empty() && kind == last_action_) cause = last_id_;  // older runs name no cause
    last_action_.clear();
    std::optional<CallError> error;
    if (kind == "error") error = CallError{.kind = "tool_error", .message = CutText(text, 4096)};
    const bool joined = !cause.empty() && talk_.Answer(cause, text, MediaOf(text), error);
    if (!joined && error) {
      talk_.last_step().error = StepError{.kind = "error", .message = error->message};
    }
  }

  const std::string& path_;
  Sink& sink_;
  SessionDraft* draft_;
  Talk talk_;
  std::map<std::string, CallMetrics> calls_;
  std::set<std::string> told_;
  Usage whole_{};  // as the metrics have it of the run
  double whole_cost_ = 0;
  std::string last_action_, last_id_;  // of the event before, when it was an action
};

class OpenHandsImporter : public Importer {
 public:
  const FormatInfo& info() const override { return kOpenHandsInfo; }
  int Detect(const Head& head) const override;
  Status Read(Source& source, Sink& sink) override;

 private:
  Status Record(const Json& record, const Place& place, const Source& source, Sink& sink);
};

int OpenHandsImporter::Detect(const Head& head) const {
  const HeadShape shape(head.bytes);
  for (const std::string in : {"[].", "history[].", "history[][]."}) {
    if (shape.Has(in + "source") && (shape.Has(in + "action") || shape.Has(in + "observation"))) {
      return 90;
    }
  }
  if (shape.Has("history[].action") || shape.Has("history[][].action")) return 70;
  if (shape.Has("issue") && shape.Has("git_patch")) return 75;
  return shape.Has("instance_id") && shape.Has("metadata.agent_class") ? 85
         : shape.Has("instance_id") && shape.Has("test_result")       ? 60
                                                                      : 0;
}

std::string NameOfRecord(const Json& record, const Source& source, const Place& place) {
  std::string name = TextAt(record, "instance_id");
  if (name.empty()) {
    name = FileStem(source.path());
    if (place.line > 1) name += " line " + std::to_string(place.line);
  }
  return name;
}

Status OpenHandsImporter::Record(const Json& record, const Place& place, const Source& source,
                                 Sink& sink) {
  const Json* history = record.is_array() ? &record : Find(record, "history");
  if (history == nullptr || !history->is_array()) {
    sink.Skip(place, "a run of OpenHands has a list \"history\" of events");
    return {};
  }
  SessionDraft draft;
  draft.name = NameOfRecord(record, source, place);
  KeepOrigin(&draft, kOpenHands, source);
  KeepRest(&draft, "source.", record, {"history"});
  OpenHandsRun run(source.path(), sink, &draft);
  if (const Json* metrics = Find(record, "metrics")) run.Metrics(*metrics);
  size_t events = 0;
  for (const Json& entry : *history) {
    if (!entry.is_array()) {
      run.Event(entry, events++);
      continue;
    }
    for (const Json& event : entry) run.Event(event, events++);  // older: pairs of both
  }
  run.Leftovers();
  const Json* error = Find(record, "error");
  if (error != nullptr && !error->is_null() && !BodyText(*error).empty()) {
    draft.outcome = {.kind = Outcome::Kind::kFailed, .reason = MetaText(*error)};
  } else if (const Json* success = Find(record, "success");
             success != nullptr && success->is_boolean()) {
    draft.outcome = {.kind = success->get<bool>() ? Outcome::Kind::kOk : Outcome::Kind::kFailed,
                     .reason = CutText(TextAt(record, "success_explanation"), 4096)};
  }
  return sink.Session(std::move(draft));
}

Status OpenHandsImporter::Read(Source& source, Sink& sink) {
  return EachDocument(source, sink, [&](const Json& value, const Place& place) {
    return Record(value, place, source, sink);
  });
}

}  // namespace

std::unique_ptr<Importer> MakeOpenHandsImporter() { return std::make_unique<OpenHandsImporter>(); }

}  // namespace backstep::adapters
