#include "backstep/recorder/adapters/adk/adk.h"

#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/head_shape.h"
#include "backstep/recorder/adapters/conversations/odd_parts.h"
#include "backstep/recorder/adapters/conversations/talk.h"
#include "backstep/recorder/adapters/core/source.h"

namespace backstep::adapters {
namespace {

constexpr char kAdk[] = "adk";

const FormatInfo kAdkInfo{
    .name = kAdk,
    .title = "Google ADK sessions",
    .brings = "agents, one step an event, transfers as handoffs and messages, function calls with "
              "their responses, tokens where the events have them, conversations as states",
    .lacks = "the requests to the model; what the session's context was before its end"};

// Either spelling of a field: older files have the one, newer ones the other.
const Json* FindEither(const Json& value, const char* one, const char* other) {
  const Json* found = Find(value, one);
  return found != nullptr ? found : Find(value, other);
}

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
    Tokens(event);
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
    const Json* delta = FindEither(*actions, "state_delta", "stateDelta");
    if (delta != nullptr && !delta->empty()) {
      draft_->notes.push_back({.step = talk_.last(),
                               .name = "state_delta",
                               .category = "info",
                               .data = JsonText(*delta)});
    }
  }

 private:
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
    } else if (const Json* answer = FindEither(part, "function_response", "functionResponse")) {
      const std::string id = TextAt(*answer, "id");
      const std::string name = TextAt(*answer, "name");
      const Json* response = Find(*answer, "response");
      const std::string text = response == nullptr ? "" : BodyText(*response);
      if (!talk_.Answer(id.empty() ? name : id, text, MediaOf(text))) {
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

  // Events of a model hold what they took; the call itself is not in the file.
  void Tokens(const Json& event) {
    const Json* usage = FindEither(event, "usage_metadata", "usageMetadata");
    if (usage == nullptr || !usage->is_object()) return;
    const auto count = [&](const char* one, const char* other) {
      const uint64_t tokens = TokensAt(*usage, one);
      return tokens != 0 ? tokens : TokensAt(*usage, other);
    };
    EffectDraft call{.step = *talk_.last(), .kind = EffectKind::kLlm, .name = "model"};
    if (const Json* model = FindEither(event, "model_version", "modelVersion")) {
      call.name = NamedOr(BodyText(*model));
    }
    call.provider = "google";
    call.usage = {.input_tokens = count("prompt_token_count", "promptTokenCount"),
                  .output_tokens = count("candidates_token_count", "candidatesTokenCount")};
    if (const Json* content = Find(event, "content")) {
      call.response = sink_.Keep(JsonText(*content), Media::kJson);
    }
    draft_->Add(std::move(call));
  }

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
