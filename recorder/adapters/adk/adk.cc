#include "backstep/recorder/adapters/adk/adk.h"

#include <utility>

#include "backstep/recorder/adapters/adk/event_parts.h"
#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/head_shape.h"
#include "backstep/recorder/adapters/conversations/odd_parts.h"
#include "backstep/recorder/adapters/conversations/talk.h"
#include "backstep/recorder/adapters/conversations/usage.h"
#include "backstep/recorder/adapters/core/source.h"

namespace backstep::adapters {
namespace {

constexpr char kAdk[] = "adk";

const FormatInfo kAdkInfo{
    .name = kAdk,
    .title = "Google ADK sessions",
    .brings = "agents, one step an event, transfers as handoffs and messages, function calls and "
              "code with what they gave, the model's errors, finish reasons and tokens where the "
              "events have them, changes of state, conversations as states",
    .lacks = "the requests to the model; what the session's context was before its end"};

// Says something of an event that no field of a step or call has room for.
struct AdkMember {
  const char* one;
  const char* other;
  const char* category;
};
constexpr AdkMember kOfEvent[] = {
    {"interrupted", "interrupted", "warning"},
    {"branch", "branch", "info"},
    {"long_running_tool_ids", "longRunningToolIds", "info"},
    {"grounding_metadata", "groundingMetadata", "info"},
    {"citation_metadata", "citationMetadata", "info"},
    {"input_transcription", "inputTranscription", "info"},
    {"output_transcription", "outputTranscription", "info"},
    {"custom_metadata", "customMetadata", "info"}};
constexpr AdkMember kOfActions[] = {
    {"state_delta", "stateDelta", "info"},
    {"artifact_delta", "artifactDelta", "info"},
    {"escalate", "escalate", "warning"},
    {"skip_summarization", "skipSummarization", "info"},
    {"requested_auth_configs", "requestedAuthConfigs", "info"},
    {"requested_tool_confirmations", "requestedToolConfirmations", "info"},
    {"rewind_before_invocation_id", "rewindBeforeInvocationId", "info"},
    {"end_of_agent", "endOfAgent", "info"},
    {"end_invocation", "endInvocation", "info"},
    {"agent_state", "agentState", "info"},
    {"compaction", "compaction", "info"}};

class AdkSession {
 public:
  AdkSession(const std::string& path, Sink& sink, SessionDraft* draft)
      : path_(path), sink_(sink), draft_(draft), talk_(draft, &sink) {}

  void Event(const Json& event, size_t place) {
    const std::string author = TextAt(event, "author");
    const Json* content = Find(event, "content");
    const Json* parts = content == nullptr ? nullptr : Find(*content, "parts");
    const Json* time = Find(event, "timestamp");
    const std::string text = parts == nullptr ? "" : ContentText(*parts);
    if (author.empty()) {
      sink_.Skip({.file = path_}, "events[" + std::to_string(place) + "] has no author");
      return;
    }
    talk_.Say({.agent = author,
               .text = text,
               .media = MediaOf(text),
               .item = &event,
               .index = place,
               .time = time == nullptr ? TimeNs{} : TimeOf(*time)});
    Notes(event, kOfEvent);
    ModelCall(event);
    OddParts odd;
    odd.Time(event, "timestamp");
    odd.Tokens(FindEither(event, "usage_metadata", "usageMetadata"));
    odd.Tell({.file = path_}, "events[" + std::to_string(place) + "]", sink_);
    if (parts != nullptr && parts->is_array()) {
      for (const Json& part : *parts) Part(part, event);
    }
    const Json* actions = Find(event, "actions");
    if (actions == nullptr) return;
    if (const Json* to = FindEither(*actions, "transfer_to_agent", "transferToAgent")) {
      // The answer to a call that asked for it says it once more.
      const std::string name = BodyText(*to);
      const bool known = asked_ && asked_->first == Speaker() && asked_->second == name;
      if (!known) Transfer(name, "transfer_to_agent");
      asked_.reset();
    }
    Notes(*actions, kOfActions);
  }

 private:
  template <size_t kCount>
  void Notes(const Json& value, const AdkMember (&members)[kCount]) {
    for (const AdkMember& member : members) {
      const Json* said = FindEither(value, member.one, member.other);
      if (said == nullptr || SaysNothing(*said)) continue;
      draft_->notes.push_back({.step = talk_.last(),
                               .name = member.one,
                               .category = member.category,
                               .kept_data = sink_.Keep(BodyText(*said),
                                                       said->is_string() ? Media::kText
                                                                         : Media::kJson)});
    }
  }

  void Part(const Json& part, const Json& event) {
    if (const Json* call = FindEither(part, "function_call", "functionCall")) {
      const std::string name = TextAt(*call, "name");
      const std::string id = TextAt(*call, "id");
      const Json* arguments = Find(*call, "args");
      talk_.Call({.step = {},
                  .name = name,
                  .tool_type = "function",
                  .request = sink_.Keep(arguments == nullptr ? "" : JsonText(*arguments),
                                        Media::kJson)},
                 id.empty() ? name : id);
      if (name.starts_with("transfer_to") && arguments != nullptr) {
        Transfer(TextAt(*arguments, "agent_name"), name);
        asked_ = {Speaker(), TextAt(*arguments, "agent_name")};
      }
    } else if (const Json* code = FindEither(part, "executable_code", "executableCode")) {
      talk_.Call({.step = {},
                  .name = "code_execution",
                  .tool_type = "code",
                  .request = sink_.Keep(TextAt(*code, "code"), Media::kText)},
                 kCodeCall);
    } else if (const Json* result = FindEither(part, "code_execution_result",
                                               "codeExecutionResult")) {
      CodeResult(*result, event);
    } else if (const Json* answer = FindEither(part, "function_response", "functionResponse")) {
      const std::string id = TextAt(*answer, "id");
      const std::string name = TextAt(*answer, "name");
      const Json* response = Find(*answer, "response");
      const std::string text = response == nullptr ? "" : BodyText(*response);
      if (!talk_.Answer(id.empty() ? name : id, text, MediaOf(text), AdkToolError(response))) {
        sink_.Skip({.file = path_},
                   "event " + TextAt(event, "id") + " answers a call of " + name + " nobody made");
      }
    }
  }

  std::optional<AgentIndex> Speaker() const {
    if (!talk_.last()) return std::nullopt;
    return draft_->steps[talk_.last()->value].agent;
  }

  void Transfer(const std::string& to, const std::string& reason) {
    if (to.empty()) return;
    draft_->notes.push_back({.step = talk_.last(),
                             .kind = EventRecord::Kind::kHandoff,
                             .name = to,
                             .category = reason});
    if (transferred_ != talk_.last()) talk_.To(to, "transfer");
    transferred_ = talk_.last();
  }

  // It answers the first code without a result; neither has an id.
  void CodeResult(const Json& result, const Json& event) {
    const std::string outcome = TextAt(result, "outcome"), output = TextAt(result, "output");
    std::optional<CallError> error;
    if (!outcome.empty() && !outcome.ends_with("OK")) {
      error = CallError{.kind = outcome.ends_with("EXCEEDED") ? "timeout" : "tool_error",
                        .message = CutText(outcome + ": " + output, 4096)};
    }
    if (talk_.Answer(kCodeCall, output, MediaOf(output), error)) return;
    sink_.Skip({.file = path_},
               "event " + TextAt(event, "id") + " has the result of code nobody ran");
  }

  // Events of a model hold what it took and how it ended; the call itself is not in the file.
  void ModelCall(const Json& event) {
    const Json* usage = FindEither(event, "usage_metadata", "usageMetadata");
    const std::string reason = EitherText(event, "finish_reason", "finishReason");
    const std::string model = EitherText(event, "model_version", "modelVersion");
    const bool counted = usage != nullptr && usage->is_object();
    std::optional<CallError> error = AdkErrorOf(event);
    const bool of_model = counted || !reason.empty() || !model.empty();
    if (!of_model && TextAt(event, "author") == "user" && error) {
      talk_.last_step().error = StepError{.kind = error->kind, .message = error->message};
    }
    if (!of_model && (!error || TextAt(event, "author") == "user")) return;
    EffectDraft call{.step = *talk_.last(),
                     .kind = EffectKind::kLlm,
                     .name = model.empty() ? "model" : model,
                     .provider = "google"};
    if (counted) call.usage = UsageOfModel(*usage);
    call.finish_reason = reason;
    const Json* content = Find(event, "content");
    if (content != nullptr && !content->is_null()) {
      call.response = sink_.Keep(JsonText(*content), Media::kJson);
    }
    if (error && call.response) {
      draft_->notes.push_back({.step = talk_.last(),
                               .name = "output",
                               .category = "output",
                               .kept_data = *std::exchange(call.response, std::nullopt)});
    }
    call.error = std::move(error);
    draft_->Add(std::move(call));
  }

  static constexpr char kCodeCall[] = "code execution";

  const std::string& path_;
  Sink& sink_;
  SessionDraft* draft_;
  Talk talk_;
  // Who asked for a transfer, and to whom.
  std::optional<std::pair<std::optional<AgentIndex>, std::string>> asked_;
  std::optional<StepIndex> transferred_;  // the step whose transfer has a message
};

class AdkImporter : public Importer {
 public:
  const FormatInfo& info() const override { return kAdkInfo; }
  int Detect(const Head& head) const override {
    const HeadShape shape(head.bytes);
    if (!shape.Has("events[].author")) return 0;
    return shape.Has("events[].invocation_id") || shape.Has("events[].invocationId") ? 95 : 60;
  }
  Status Read(Source& source, Sink& sink) override;
};

Status AdkImporter::Read(Source& source, Sink& sink) {
  Result<Json> file = ReadDocument(source);
  if (!file.ok()) return file.status();
  const Json* events = Find(*file, "events");
  if (events == nullptr || !events->is_array()) {
    return Status::Corruption(source.path() + ": a session of the ADK has a list \"events\"");
  }
  SessionDraft draft;
  draft.name = TextAt(*file, "id");
  if (draft.name.empty()) draft.name = FileStem(source.path());
  const Json* user = FindEither(*file, "user_id", "userId");
  if (user != nullptr) draft.user_id = MetaText(*user);
  KeepOrigin(&draft, kAdk, source);
  KeepRest(&draft, "source.", *file, {"events"});
  AdkSession session(source.path(), sink, &draft);
  for (size_t i = 0; i < events->size(); ++i) session.Event((*events)[i], i);
  return sink.Session(std::move(draft));
}

}  // namespace

std::unique_ptr<Importer> MakeAdkImporter() { return std::make_unique<AdkImporter>(); }

}  // namespace backstep::adapters
