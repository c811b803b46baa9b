#include "backstep/recorder/adapters/cassettes/cassettes.h"
#include "backstep/recorder/adapters/cassettes/exchange.h"
#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/head_shape.h"
#include "backstep/recorder/adapters/conversations/usage.h"
#include "backstep/recorder/adapters/core/source.h"

namespace backstep::adapters {
namespace {

constexpr char kAutogenRecorded[] = "autogen_recorded";

const FormatInfo kAutogenRecordedInfo{
    .name = kAutogenRecorded,
    .title = "model calls recorded by AutoGen's chat completion client recorder",
    .brings = "every call whole, matched by its messages; the agents that the messages name, "
              "tokens, tool calls",
    .lacks = "the model's name, times, who called whom"};

// The answers of tools that a message holds.
void ReadToolAnswers(const Json& content, Exchange* exchange) {
  if (!content.is_array()) return;
  for (const Json& part : content) {
    const std::string id = TextAt(part, "call_id");
    if (id.empty()) continue;
    const Json* text = Find(part, "content");
    exchange->answered.push_back(
        {id, text == nullptr ? "" : ContentText(*text), TextAt(part, "is_error") == "true"});
  }
}

void ReadMessages(const Json& messages, Exchange* exchange) {
  exchange->conversation = messages;
  for (size_t i = 0; i < messages.size(); ++i) {
    const Json& message = messages[i];
    const std::string type = TextAt(message, "type");
    const Json* content = Find(message, "content");
    if (content == nullptr) continue;
    if (type == "SystemMessage" && exchange->instructions.empty()) {
      exchange->instructions = ContentText(*content);
    } else if (type == "AssistantMessage") {
      exchange->name = TextAt(message, "source");
    } else if (type == "FunctionExecutionResultMessage") {
      ReadToolAnswers(*content, exchange);
    } else if (type == "UserMessage" && i + 1 == messages.size()) {
      exchange->prompt = ContentText(*content);
      exchange->prompt_source = TextAt(message, "source");
    }
  }
}

// The result of a call: its own, or the last of what was streamed.
Json ResultOf(const Json& call) {
  const Json* response = Find(call, "response");
  if (response != nullptr && response->is_object()) return *response;
  const Json* stream = Find(call, "stream");
  if (stream == nullptr || !stream->is_array() || stream->empty()) return nullptr;
  if (stream->back().is_object()) return stream->back();
  std::string text;
  for (const Json& part : *stream) text += ContentText(part);
  return Json{{"content", text}};
}

void ReadResult(const Json& result, Exchange* exchange) {
  if (result.is_null()) return;
  exchange->response = JsonText(result);
  exchange->finish_reason = TextAt(result, "finish_reason");
  const Json* content = Find(result, "content");
  if (content != nullptr) {
    exchange->conversation.push_back(
        Json{{"content", *content}, {"source", exchange->name}, {"type", "AssistantMessage"}});
    if (content->is_array()) {
      for (const Json& part : *content) {
        const std::string id = TextAt(part, "id");
        if (!id.empty()) {
          exchange->asked.push_back({id, TextAt(part, "name"), TextAt(part, "arguments")});
        }
      }
    }
  }
  if (const Json* usage = Find(result, "usage")) {
    exchange->usage = UsageOfModel(*usage);
    exchange->odd.Tokens(usage);
  }
}

class AutogenRecordedImporter : public Importer {
 public:
  const FormatInfo& info() const override { return kAutogenRecordedInfo; }
  int Detect(const Head& head) const override {
    const HeadShape shape(head.bytes);
    if (!shape.Has("[].mode") || !shape.Has("[].messages")) return 0;
    return shape.First("[].mode").starts_with("create") ? 95 : 50;
  }
  Status Read(Source& source, Sink& sink) override;
};

Status AutogenRecordedImporter::Read(Source& source, Sink& sink) {
  Result<Json> calls = ReadDocument(source);
  if (!calls.ok()) return calls.status();
  if (!calls->is_array()) {
    return Status::Corruption(source.path() + ": recorded calls are a JSON array");
  }
  SessionDraft draft;
  draft.name = FileStem(source.path());
  KeepOrigin(&draft, kAutogenRecorded, source);
  Cassette cassette(&draft, &sink);
  for (size_t i = 0; i < calls->size(); ++i) {
    const Json& call = (*calls)[i];
    const Json* messages = Find(call, "messages");
    if (messages == nullptr || !messages->is_array()) {
      sink.Skip({.file = source.path()}, "[" + std::to_string(i) + "] has no list \"messages\"");
      continue;
    }
    Exchange exchange{.model = "autogen", .request = JsonText(Json{{"messages", *messages}})};
    exchange.index = i;
    ReadMessages(*messages, &exchange);
    if (exchange.name.empty()) exchange.name = "Assistant";
    ReadResult(ResultOf(call), &exchange);
    if (!exchange.prompt_source.empty()) draft.Agent(exchange.prompt_source);
    exchange.odd.Tell({.file = source.path()}, "[" + std::to_string(i) + "]", sink);
    cassette.Add(exchange);
  }
  return sink.Session(std::move(draft));
}

}  // namespace

std::unique_ptr<Importer> MakeAutogenRecordedImporter() {
  return std::make_unique<AutogenRecordedImporter>();
}

}  // namespace backstep::adapters
