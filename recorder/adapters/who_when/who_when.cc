#include "backstep/recorder/adapters/who_when/who_when.h"

#include <functional>

#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/head_shape.h"
#include "backstep/recorder/adapters/conversations/labels.h"
#include "backstep/recorder/adapters/conversations/talk.h"
#include "backstep/recorder/adapters/json/json_stream.h"
#include "backstep/recorder/adapters/core/source.h"

namespace backstep::adapters {
namespace {

constexpr char kWhoWhen[] = "who_when";

const FormatInfo kWhoWhenInfo{
    .name = kWhoWhen,
    .title = "Who&When failure logs (AG2 group chats and Magentic-One)",
    .brings = "agents, one step an item of the history, messages, conversations as states, the "
              "labelled mistake with its reason, the outcome; AgentRx labels with --labels",
    .lacks = "tool and model calls, tokens, times"};

// "Orchestrator (-> WebSurfer)": who speaks, how, and to whom.
struct Role {
  std::string agent;
  std::string manner{};     // "thought", "termination condition"
  std::string addressee{};  // "WebSurfer"
};

Role RoleOf(const Json& item) {
  Role role{.agent = TextAt(item, "name")};
  if (!role.agent.empty()) return role;
  role.agent = TextAt(item, "role");
  const size_t open = role.agent.find(" (");
  if (open == std::string::npos || open == 0 || !role.agent.ends_with(')')) return role;
  role.manner = role.agent.substr(open + 2, role.agent.size() - open - 3);
  role.agent.resize(open);
  if (role.manner.starts_with("->")) {
    const size_t name = role.manner.find_first_not_of("-> ");
    if (name != std::string::npos) role.addressee = role.manner.substr(name);
    role.manner = "instruction";
  }
  return role;
}

// What a terminal that runs code says of it: "exitcode: 1 (execution failed)\nCode output: ...".
std::optional<StepError> ErrorOf(const std::string& text) {
  constexpr std::string_view kExitCode = "exitcode: ";
  if (!text.starts_with(kExitCode)) return std::nullopt;
  const size_t end = text.find_first_of(" \n", kExitCode.size());
  const std::string code = text.substr(kExitCode.size(), end - kExitCode.size());
  if (code.empty() || code == "0") return std::nullopt;
  return StepError{.kind = "exit code " + CutText(code, 20), .message = CutText(text, 4096)};
}

bool HasHistory(const Json& run) {
  const Json* history = Find(run, "history");
  return history != nullptr && history->is_array();
}

// The runs of a file that is a list of them, one at a time.
class RunsOfList : public JsonVisitor {
 public:
  using Visit = std::function<Status(Json, const Place&)>;
  RunsOfList(Visit visit, Sink& sink) : visit_(std::move(visit)), sink_(sink) {}
  JsonWant Begin(const JsonPath& path, char) override {
    return path.empty() ? JsonWant::kEnter : JsonWant::kTake;
  }
  Status Take(const JsonPath&, std::string_view text, const Place& place) override {
    Result<Json> run = ParseJson(text);
    if (run.ok()) return visit_(std::move(*run), place);
    sink_.Skip(place, run.status().message());
    return {};
  }

 private:
  const Visit visit_;
  Sink& sink_;
};

class WhoWhenImporter : public Importer {
 public:
  const FormatInfo& info() const override { return kWhoWhenInfo; }
  int Detect(const Head& head) const override;
  Status Read(Source& source, Sink& sink) override;
  Status Finish(Sink& sink) override { return labels_.Finish(sink); }

 private:
  Status One(Json run, const Place& place, const std::string& name, const Source& source,
             Sink& sink);
  void Items(const Json& run, const Place& place, Sink& sink, Talk* talk);
  void Mistake(const Json& run, const Place& place, Sink& sink, SessionDraft* draft);

  LabelBook labels_;
  std::vector<StepIndex> steps_;  // of the run that is read; by item
};

int WhoWhenImporter::Detect(const Head& head) const {
  const HeadShape shape(head.bytes);
  if (shape.array()) {
    const bool judged = shape.Has("[].mistake_agent") || shape.Has("[].mistake_step") ||
                        shape.Has("[].is_correct") || shape.Has("[].is_corrected");
    return judged && shape.Has("[].history[].content") && shape.Has("[].history[].role") ? 90 : 0;
  }
  if (!shape.Has("history[].content") || !shape.Has("history[].role")) return 0;
  if (shape.Has("mistake_agent") || shape.Has("mistake_step")) return 95;
  if (shape.Has("is_correct") || shape.Has("is_corrected")) return 90;
  if (shape.Has("history[].agent") || shape.Has("history[].message_type")) return 0;
  const std::string& role = shape.First("history[].role");
  if (shape.Has("question_ID") || shape.Has("ground_truth")) return 85;
  // A long history fills the head: the first speaker of such a run is the human.
  return !shape.complete() && (role == "human" || shape.Has("history[].name")) ? 70 : 0;
}

void WhoWhenImporter::Items(const Json& run, const Place& place, Sink& sink, Talk* talk) {
  const Json* history = Find(run, "history");
  for (size_t i = 0; i < history->size(); ++i) {
    const Json& item = (*history)[i];
    Role role = RoleOf(item);
    if (role.agent.empty()) {
      sink.Skip(place, "history[" + std::to_string(i) + "] names no speaker; kept as \"unknown\"");
      role.agent = "unknown";
    }
    const Json* content = Find(item, "content");
    const std::string text = content == nullptr ? "" : ContentText(*content);
    steps_.push_back(talk->Say({.agent = role.agent,
                                .text = text,
                                .media = MediaOf(text),
                                .item = &item,
                                .index = i,
                                .name = role.manner,
                                .kind = role.manner}));
    talk->last_step().error = ErrorOf(text);
    if (!role.addressee.empty()) talk->To(role.addressee);
  }
}

void WhoWhenImporter::Mistake(const Json& run, const Place& place, Sink& sink,
                              SessionDraft* draft) {
  const std::optional<uint64_t> number = IndexAt(run, "mistake_step");
  Annotation mistake{.author = kWhoWhen,
                     .kind = "mistake",
                     .agent = TextAt(run, "mistake_agent"),
                     .reason = TextAt(run, "mistake_reason"),
                     .decisive = true};
  const bool said = !TextAt(run, "mistake_step").empty();
  if (!said && mistake.agent.empty() && mistake.reason.empty()) return;
  Json details = Json::object();
  for (const char* key : {"mistake_step", "mistake_type", "labels"}) {
    if (const Json* value = Find(run, key)) details[key] = *value;
  }
  mistake.details = JsonText(details);
  std::optional<StepIndex> step;
  if (number && *number < steps_.size()) {
    step = steps_[*number];
  } else {
    sink.Skip(place, "mistake_step " + TextAt(run, "mistake_step") +
                         " is no item of the history; kept as a note on the whole run");
  }
  draft->Annotate(step, mistake);
}

Status WhoWhenImporter::Read(Source& source, Sink& sink) {
  BACKSTEP_ASSIGN_OR_RETURN(const std::string_view bytes, source.Peek());
  const size_t first = bytes.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  const std::string stem = FileStem(source.path());
  if (first == bytes.npos || bytes[first] != '[') {
    BACKSTEP_ASSIGN_OR_RETURN(Json run, ReadDocument(source));
    if (!HasHistory(run)) {
      return Status::Corruption(source.path() + ": a Who&When run has a list \"history\"");
    }
    return One(std::move(run), {.file = source.path()}, stem, source, sink);
  }
  uint64_t count = 0;
  RunsOfList runs([&](Json run, const Place& place) {
    const std::string name = stem + " " + std::to_string(++count);
    if (HasHistory(run)) return One(std::move(run), place, name, source, sink);
    sink.Skip(place, "item " + std::to_string(count) + " has no list \"history\"");
    return Status();
  }, sink);
  return WalkJson(source, runs, sink);
}

Status WhoWhenImporter::One(Json run, const Place& place, const std::string& name,
                            const Source& source, Sink& sink) {
  SessionDraft draft;
  draft.name = name;
  KeepOrigin(&draft, kWhoWhen, source);
  KeepRest(&draft, "source.", run, {"history", "system_prompt", "labels"});
  for (const char* key : {"is_correct", "is_corrected"}) {
    const Json* judged = Find(run, key);
    if (judged == nullptr || !judged->is_boolean()) continue;
    draft.outcome = {.kind = judged->get<bool>() ? Outcome::Kind::kOk : Outcome::Kind::kFailed,
                     .reason = judged->get<bool>() ? "the answer was judged right"
                                                   : "the answer was judged wrong"};
  }
  steps_.clear();
  Talk talk(&draft, &sink);
  if (const std::string question = TextAt(run, "question"); !question.empty()) talk.Ask(question);
  Items(run, place, sink, &talk);
  if (const Json* prompts = Find(run, "system_prompt"); prompts != nullptr && !steps_.empty()) {
    KeepPrompts(*prompts, &draft);
  }
  Mistake(run, place, sink, &draft);
  // The file's name says which run is meant only where it is the only one.
  const bool alone = name == FileStem(source.path());
  LabelledRun labelled{.path = source.path(),
                       .alone = alone,
                       .ids = {TextAt(run, "question_ID")},
                       .steps = steps_};
  run.clear();  // all of it is in the draft and the body file
  return labels_.Session(std::move(labelled), std::move(draft), sink);
}

}  // namespace

std::unique_ptr<Importer> MakeWhoWhenImporter() { return std::make_unique<WhoWhenImporter>(); }

}  // namespace backstep::adapters
