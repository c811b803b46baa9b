#include <algorithm>
#include <map>

#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/talk.h"
#include "backstep/recorder/adapters/core/source.h"
#include "backstep/recorder/adapters/deerflow/deerflow.h"
#include "backstep/recorder/adapters/deerflow/stream_message.h"

namespace backstep::adapters {
namespace {

constexpr char kLangGraphStream[] = "langgraph_stream";

const FormatInfo kLangGraphStreamInfo{
    .name = kLangGraphStream,
    .title = "event streams of LangGraph runs (DeerFlow replays)",
    .brings = "a session a thread, agents, one step a message joined from its chunks, handoffs, "
              "tool calls with their results, interrupts, tokens where chunks have them, "
              "conversations as states",
    .lacks = "times, requests to models"};

// The agent that a call hands over to: "planner" of "handoff_to_planner".
std::string HandoffTarget(const std::string& tool) {
  for (const std::string_view prefix : {"handoff_to_", "transfer_to_", "delegate_to_"}) {
    if (tool.starts_with(prefix)) return tool.substr(prefix.size());
  }
  return {};
}

// Who sent a message that names no agent.
std::string SpeakerOf(const StreamedMessage& message) {
  if (!message.agent.empty()) return message.agent;
  if (message.event == "interrupt") return message.id.substr(0, message.id.find(':'));
  return message.role.empty() ? "unknown" : message.role;
}

class ThreadTeller {
 public:
  ThreadTeller(const StreamedThread& thread, const std::string& path, Sink& sink,
               SessionDraft* draft)
      : thread_(thread), path_(path), sink_(sink), draft_(draft), talk_(draft, &sink) {}

  void Tell() {
    size_t result = 0;
    const std::vector<StreamedResult>& results = thread_.results();
    for (size_t i = 0; i < thread_.messages().size(); ++i) {
      Message(thread_.messages()[i], i);
      for (; result < results.size() && results[result].after <= i + 1; ++result) {
        Result(results[result]);
      }
    }
    for (; result < results.size(); ++result) Result(results[result]);
  }

 private:
  static std::string ArgumentsOf(const StreamedCall& call) {
    if (!call.arguments.empty()) return call.arguments;
    return call.whole.is_null() ? "" : JsonText(call.whole);
  }

  void Message(const StreamedMessage& message, size_t index) {
    const std::string speaker = SpeakerOf(message);
    Json item{{"id", message.id}, {"agent", speaker}, {"content", message.text}};
    if (!message.role.empty()) item["role"] = message.role;
    if (!message.reasoning.empty()) item["reasoning_content"] = message.reasoning;
    if (!message.finish_reason.empty()) item["finish_reason"] = message.finish_reason;
    for (const StreamedCall& call : message.calls) {
      item["tool_calls"].push_back(
          Json{{"id", call.id}, {"name", call.name}, {"arguments", ArgumentsOf(call)}});
    }
    talk_.Say({.agent = speaker,
               .text = message.text,
               .media = MediaOf(message.text),
               .item = &item,
               .index = index,
               .name = message.event == "interrupt" ? "interrupt" : message.finish_reason});
    if (!message.extra.empty()) {
      draft_->notes.push_back({.step = talk_.last(),
                               .name = message.event,
                               .category = "info",
                               .data = JsonText(message.extra)});
    }
    if (message.usage != Usage{}) {
      draft_->Add(EffectDraft{.step = *talk_.last(),
                              .kind = EffectKind::kLlm,
                              .name = NamedOr(message.model),
                              .response = sink_.Keep(JsonText(item), Media::kJson),
                              .usage = message.usage,
                              .finish_reason = message.finish_reason});
    }
    for (const StreamedCall& call : message.calls) {
      const std::string arguments = ArgumentsOf(call);
      talk_.Call({.step = {},
                  .name = call.name,
                  .tool_type = "function",
                  .request = sink_.Keep(arguments, MediaOf(arguments))},
                 call.id);
      const std::string target = HandoffTarget(call.name);
      if (target.empty()) continue;
      draft_->notes.push_back({.step = talk_.last(),
                               .kind = EventRecord::Kind::kHandoff,
                               .name = target,
                               .category = call.name});
      talk_.To(target, "handoff");
    }
  }

  void Result(const StreamedResult& result) {
    std::optional<CallError> error;
    if (result.text.starts_with("Error")) {
      error = CallError{.kind = "tool_error", .message = CutText(result.text, 4096)};
    }
    if (!talk_.Answer(result.call_id, result.text, MediaOf(result.text), error)) {
      sink_.Skip({.file = path_},
                 "the result of tool call \"" + result.call_id + "\" answers no call");
    }
  }

  const StreamedThread& thread_;
  const std::string& path_;
  Sink& sink_;
  SessionDraft* draft_;
  Talk talk_;
};

// Past comments (`: ping`), ids and waits, to the first line that says something.
std::string_view FromFirstEvent(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    if (text.starts_with("event:")) return text;
    const bool data = text.starts_with("data:") && text.find("\"thread_id\"") != text.npos;
    if (data) return text;
    const bool aside =
        text.starts_with(':') || text.starts_with("id:") || text.starts_with("retry:");
    if (!aside) return {};
    text.remove_prefix(std::min(text.find('\n'), text.size()));
  }
  return {};
}

class LangGraphStreamImporter : public Importer {
 public:
  const FormatInfo& info() const override { return kLangGraphStreamInfo; }
  int Detect(const Head& head) const override {
    const std::string_view text = FromFirstEvent(head.bytes);
    if (text.empty()) return 0;
    return text.find("\"thread_id\"") != std::string_view::npos ? 95 : 30;
  }
  Status Read(Source& source, Sink& sink) override;

 private:
  void Block(const std::string& event, const std::string& data, const Place& place, Sink& sink);

  std::vector<std::string> order_;  // thread ids as they appear
  std::map<std::string, StreamedThread> threads_;
};

void LangGraphStreamImporter::Block(const std::string& event, const std::string& data,
                                    const Place& place, Sink& sink) {
  if (event.empty() && data.empty()) return;
  Result<nlohmann::ordered_json> value = ParseJson(data);
  if (!value.ok() || !value->is_object()) {
    sink.Skip(place, "the data of event \"" + event + "\" is no JSON object");
    return;
  }
  const std::string id = TextAt(*value, "thread_id");
  const auto [thread, is_new] = threads_.try_emplace(id);
  if (is_new) order_.push_back(id);
  if (!thread->second.Add(event, *value)) {
    sink.Skip(place, "event \"" + event + "\" has no message id");
  }
}

Status LangGraphStreamImporter::Read(Source& source, Sink& sink) {
  order_.clear();
  threads_.clear();
  std::string event, data;
  std::string_view line;
  Result<bool> more = true;
  Place place{.file = source.path()};
  while ((more = source.ReadLine(&line)).ok() && *more) {
    if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    if (line.empty()) {
      Block(event, data, place, sink);
      event.clear();
      data.clear();
    } else if (line.starts_with("event:")) {
      event = line.substr(std::min(line.find_first_not_of(' ', 6), line.size()));
      place.line = source.line();
    } else if (line.starts_with("data:")) {
      if (!data.empty()) data += '\n';
      data += line.substr(5);
    } else if (!line.starts_with(':') && !line.starts_with("id:") && !line.starts_with("retry:")) {
      sink.Skip({.file = source.path(), .line = source.line()}, "no line of an event stream");
    }
  }
  if (!more.ok()) return more.status();
  Block(event, data, place, sink);
  for (const std::string& id : order_) {
    SessionDraft draft;
    draft.name = FileStem(source.path());
    if (order_.size() > 1) draft.name += " " + id;
    KeepOrigin(&draft, kLangGraphStream, source);
    draft.metadata.emplace_back("source.thread_id", id);
    ThreadTeller(threads_[id], source.path(), sink, &draft).Tell();
    if (draft.steps.empty()) continue;
    Status status = sink.Session(std::move(draft));
    if (!status.ok()) return status;
  }
  return {};
}

}  // namespace

std::unique_ptr<Importer> MakeLangGraphStreamImporter() {
  return std::make_unique<LangGraphStreamImporter>();
}

}  // namespace backstep::adapters
