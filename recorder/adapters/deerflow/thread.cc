#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/head_shape.h"
#include "backstep/recorder/adapters/conversations/odd_parts.h"
#include "backstep/recorder/adapters/conversations/talk.h"
#include "backstep/recorder/adapters/conversations/usage.h"
#include "backstep/recorder/adapters/core/source.h"
#include "backstep/recorder/adapters/deerflow/deerflow.h"

namespace backstep::adapters {
namespace {

constexpr char kLangGraphThread[] = "langgraph_thread";

const FormatInfo kLangGraphThreadInfo{
    .name = kLangGraphThread,
    .title = "final states of LangGraph threads",
    .brings = "agents, one step a message, tool calls with their results, the model of each answer "
              "with tokens where the state has them, conversations as states",
    .lacks = "times, requests to models, the graph's nodes"};

class StateTeller {
 public:
  StateTeller(const Json& state, const std::string& path, Sink& sink, SessionDraft* draft)
      : path_(path), sink_(sink), draft_(draft), talk_(draft, &sink) {
    if (const Json* metadata = Find(state, "metadata")) agent_ = TextAt(*metadata, "graph_id");
    if (agent_.empty()) agent_ = "assistant";
  }

  void Message(const Json& message, size_t place) {
    std::string type = TextAt(message, "type");
    if (type.empty()) type = TextAt(message, "role");
    const Json* content = Find(message, "content");
    const std::string text = content == nullptr ? "" : ContentText(*content);
    const std::string name = TextAt(message, "name");
    if (type == "tool") {
      Result(message, text, place);
      return;
    }
    const bool model = type == "ai" || type == "assistant" || type == "AIMessageChunk";
    const std::string agent = type == "human" ? "user"
                              : !model        ? type
                              : name.empty()  ? agent_
                                              : name;
    if (agent.empty()) {
      sink_.Skip({.file = path_}, "values.messages[" + std::to_string(place) + "] has no type");
      return;
    }
    talk_.Say({.agent = agent,
               .text = text,
               .media = MediaOf(text),
               .item = &message,
               .index = place,
               .name = type});
    if (!model) return;
    Answer(message);
    OddParts odd;
    odd.Tokens(UsagePartOf(message));
    odd.Tell({.file = path_}, "values.messages[" + std::to_string(place) + "]", sink_);
  }

 private:
  // A model's answer: the call of the model where the state names it, and the tools it asks for.
  void Answer(const Json& message) {
    const Json* found = Find(message, "response_metadata");
    const Json metadata = found == nullptr ? Json() : *found;
    const Usage usage = UsageOfMessage(message);
    std::string model = TextAt(metadata, "model_name");
    if (model.empty()) model = TextAt(metadata, "model");
    if (!model.empty() || usage != Usage{}) {
      EffectDraft call{.step = *talk_.last(), .kind = EffectKind::kLlm, .name = NamedOr(model)};
      call.provider = TextAt(metadata, "model_provider");
      call.finish_reason = TextAt(metadata, "finish_reason");
      if (call.finish_reason.empty()) call.finish_reason = TextAt(metadata, "stop_reason");
      call.response = sink_.Keep(JsonText(message), Media::kJson);
      call.usage = usage;
      draft_->Add(std::move(call));
    }
    for (const char* key : {"tool_calls", "invalid_tool_calls"}) {
      const Json* calls = Find(message, key);
      if (calls == nullptr || !calls->is_array()) continue;
      for (const Json& call : *calls) {
        const Json* arguments = Find(call, "args");
        const std::string request = arguments == nullptr ? "" : BodyText(*arguments);
        talk_.Call({.step = {},
                    .name = TextAt(call, "name"),
                    .tool_type = "function",
                    .request = sink_.Keep(request, MediaOf(request))},
                   TextAt(call, "id"));
      }
    }
  }

  void Result(const Json& message, const std::string& text, size_t place) {
    talk_.Hear(message);
    std::optional<CallError> error;
    if (TextAt(message, "status") == "error") {
      error = CallError{.kind = "tool_error", .message = CutText(text, 4096)};
    }
    const std::string id = TextAt(message, "tool_call_id");
    if (!talk_.Answer(id, text, MediaOf(text), error)) {
      sink_.Skip({.file = path_}, "values.messages[" + std::to_string(place) +
                                      "] answers call \"" + id + "\", which nobody made");
    }
  }

  const std::string& path_;
  Sink& sink_;
  SessionDraft* draft_;
  Talk talk_;
  std::string agent_;
};

class LangGraphThreadImporter : public Importer {
 public:
  const FormatInfo& info() const override { return kLangGraphThreadInfo; }
  int Detect(const Head& head) const override {
    const HeadShape shape(head.bytes);
    const std::string in = shape.array() ? "[]." : "";
    if (!shape.Has(in + "values.messages[].type")) return 0;
    return shape.Has(in + "checkpoint") || shape.Has(in + "next") || !shape.complete() ? 90 : 70;
  }
  Status Read(Source& source, Sink& sink) override;

 private:
  Status State(const Json& state, size_t place, const Source& source, Sink& sink);
};

Status LangGraphThreadImporter::State(const Json& state, size_t place, const Source& source,
                                      Sink& sink) {
  const Json* values = Find(state, "values");
  const Json* messages = values == nullptr ? nullptr : Find(*values, "messages");
  if (messages == nullptr || !messages->is_array()) {
    sink.Skip({.file = source.path()}, "state " + std::to_string(place) +
                                           " has no list \"values.messages\"");
    return {};
  }
  SessionDraft draft;
  draft.name = FileStem(source.path());
  if (place > 0) draft.name += " " + std::to_string(place);
  KeepOrigin(&draft, kLangGraphThread, source);
  KeepRest(&draft, "source.", state, {"values", "metadata", "tasks", "next", "interrupts"});
  KeepRest(&draft, "source.values.", *values, {"messages"});
  for (const char* key : {"metadata", "tasks", "next", "interrupts"}) {
    if (const Json* value = Find(state, key)) {
      KeepMeta(&draft, std::string("source.") + key, *value);
    }
  }
  StateTeller teller(state, source.path(), sink, &draft);
  for (size_t i = 0; i < messages->size(); ++i) teller.Message((*messages)[i], i);
  return sink.Session(std::move(draft));
}

Status LangGraphThreadImporter::Read(Source& source, Sink& sink) {
  Result<Json> file = ReadDocument(source);
  if (!file.ok()) return file.status();
  if (!file->is_array()) return State(*file, 0, source, sink);
  for (size_t i = 0; i < file->size(); ++i) {
    Status status = State((*file)[i], i, source, sink);
    if (!status.ok()) return status;
  }
  return {};
}

}  // namespace

std::unique_ptr<Importer> MakeLangGraphThreadImporter() {
  return std::make_unique<LangGraphThreadImporter>();
}

}  // namespace backstep::adapters
