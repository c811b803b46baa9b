#include "backstep/recorder/adapters/tau/tau.h"

#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/head_shape.h"
#include "backstep/recorder/adapters/conversations/labels.h"
#include "backstep/recorder/adapters/conversations/talk.h"
#include "backstep/recorder/adapters/core/source.h"

namespace backstep::adapters {
namespace {

constexpr char kTau[] = "tau";

const FormatInfo kTauInfo{
    .name = kTau,
    .title = "tau-bench runs (traj)",
    .brings = "agents user, assistant and tool, one step an index, messages, tool calls joined "
              "with their answers, conversations as states, the reward; AgentRx labels with "
              "--labels",
    .lacks = "model calls, tokens, times"};

class TauImporter : public Importer {
 public:
  const FormatInfo& info() const override { return kTauInfo; }
  int Detect(const Head& head) const override {
    const HeadShape shape(head.bytes);
    const std::string in = shape.array() ? "[]." : "";
    if (!shape.Has(in + "traj")) {  // a long task may come before it
      return shape.Has(in + "reward") && shape.Has(in + "info.task") ? 80 : 0;
    }
    return shape.Has(in + "task_id") || shape.Has(in + "reward") ? 90 : 40;
  }
  Status Read(Source& source, Sink& sink) override;
  Status Finish(Sink& sink) override { return labels_.Finish(sink); }

 private:
  Status Run(const Json& run, const std::string& name, const Source& source, Sink& sink);
  void Message(const Json& message, size_t place, const Source& source, Sink& sink, Talk* talk);

  LabelBook labels_;
};

// The calls a message makes: effects of its step, each to be joined with the answer of its id.
void CallTools(const Json& calls, Sink& sink, Talk* talk) {
  for (const Json& call : calls) {
    const Json* function = Find(call, "function");
    const Json& named = function == nullptr ? call : *function;
    const Json* arguments = Find(named, "arguments");
    const std::string request = arguments == nullptr ? "" : BodyText(*arguments);
    talk->Call({.step = {},
                .name = TextAt(named, "name"),
                .tool_type = TextAt(call, "type"),
                .request = sink.Keep(request, MediaOf(request))},
               TextAt(call, "id"));
  }
}

void TauImporter::Message(const Json& message, size_t place, const Source& source, Sink& sink,
                          Talk* talk) {
  const std::string role = TextAt(message, "role");
  const Json* content = Find(message, "content");
  const Json* calls = Find(message, "tool_calls");
  const bool calling = calls != nullptr && calls->is_array() && !calls->empty();
  std::string text = content == nullptr ? "" : ContentText(*content);
  if (text.empty() && calling) text = JsonText(*calls);
  // The policy is what the assistant is given, not something a fourth party does.
  const std::string agent = role == "system" ? "assistant" : role.empty() ? "unknown" : role;
  talk->Say({.agent = agent,
             .text = text,
             .media = MediaOf(text),
             .item = &message,
             .index = CountAt(message, "index").value_or(place + 1),
             .name = role == "system"  ? "policy"
                     : role == "tool"  ? TextAt(message, "name")
                     : calling         ? "call"
                                       : ""});
  if (role == "system") talk->Nobody();
  if (calling) {
    CallTools(*calls, sink, talk);
    talk->To("tool");
  }
  if (role != "tool") return;
  talk->To("assistant");
  const std::string id = TextAt(message, "tool_call_id");
  std::optional<CallError> error;
  if (text.starts_with("Error")) {
    error = CallError{.kind = "tool_error", .message = CutText(text, 4096)};
  }
  if (!talk->Answer(id, text, MediaOf(text), error)) {
    sink.Skip({.file = source.path()}, "traj[" + std::to_string(place) + "] answers call \"" + id +
                                           "\", which no message made; its step is kept");
  }
}

// What the customer is told to want comes from outside, before it first speaks.
void Instruct(const Json& run, Sink& sink, SessionDraft* draft) {
  const Json* info = Find(run, "info");
  const Json* task = info == nullptr ? nullptr : Find(*info, "task");
  const std::string instruction = task == nullptr ? "" : TextAt(*task, "instruction");
  if (instruction.empty()) return;
  for (uint32_t i = 0; i < draft->steps.size(); ++i) {
    const AgentIndex agent = draft->steps[i].agent;
    if (draft->agents[agent.value].name != "user") continue;
    draft->Add(MessageDraft{.to = agent,
                            .taken_by = StepIndex(i),
                            .kind = "instruction",
                            .body = sink.Keep(instruction, Media::kText)});
    return;
  }
}

Status TauImporter::Run(const Json& run, const std::string& name, const Source& source,
                        Sink& sink) {
  const Json* messages = Find(run, "traj");
  if (messages == nullptr || !messages->is_array()) {
    return Status::Corruption(source.path() + ": a tau-bench run has a list \"traj\"");
  }
  SessionDraft draft;
  draft.name = name;
  KeepOrigin(&draft, kTau, source);
  KeepRest(&draft, "source.", run, {"traj"});
  if (const std::optional<double> reward = NumberAt(run, "reward")) {
    draft.outcome = {.kind = *reward >= 1 ? Outcome::Kind::kOk : Outcome::Kind::kFailed,
                     .score = *reward,
                     .reason = "reward " + TextAt(run, "reward")};
  }
  Talk talk(&draft, &sink);
  for (size_t i = 0; i < messages->size(); ++i) {
    Message((*messages)[i], i, source, sink, &talk);
  }
  Instruct(run, sink, &draft);
  std::vector<StepIndex> steps;
  for (uint32_t i = 0; i < draft.steps.size(); ++i) steps.emplace_back(i);
  LabelledRun labelled{.path = source.path(),
                       .alone = name == FileStem(source.path()),
                       .ids = {TextAt(run, "task_id")},
                       .trial = TextAt(run, "trial"),
                       .steps = std::move(steps)};
  return labels_.Session(std::move(labelled), std::move(draft), sink);
}

Status TauImporter::Read(Source& source, Sink& sink) {
  Result<Json> document = ReadDocument(source);
  if (!document.ok()) return document.status();
  const std::string stem = FileStem(source.path());
  if (!document->is_array()) return Run(*document, stem, source, sink);
  for (size_t i = 0; i < document->size(); ++i) {
    const Json& run = (*document)[i];
    Status status = Run(run, stem + " task " + TextAt(run, "task_id") + " trial " +
                                 TextAt(run, "trial"), source, sink);
    if (!status.ok()) return status;
  }
  return {};
}

}  // namespace

std::unique_ptr<Importer> MakeTauImporter() { return std::make_unique<TauImporter>(); }

}  // namespace backstep::adapters
