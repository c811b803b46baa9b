#include "backstep/recorder/adapters/mast/mast.h"

#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/head_shape.h"
#include "backstep/recorder/adapters/conversations/talk.h"
#include "backstep/recorder/adapters/core/source.h"
#include "backstep/recorder/adapters/mast/shapes.h"

namespace backstep::adapters {
namespace {

constexpr char kMast[] = "mast";

const FormatInfo kMastInfo{
    .name = kMast,
    .title = "MAST failure logs (AG2, HyperAgent, MetaGPT, peer review, MA-ToT)",
    .brings = "agents, one step an entry of the log, messages, conversations as states, "
              "HyperAgent's code as tool calls, the failure modes labelled for the run",
    .lacks = "tokens, model calls, answers of tools, a decisive step; times but for MetaGPT"};

// What people said of the whole run: one annotation a failure mode found, one with the note.
void Labels(const Json& run, SessionDraft* draft) {
  const Json* note = Find(run, "note");
  if (note == nullptr) return;
  const Json* options = Find(*note, "options");
  if (options != nullptr && options->is_object()) {
    for (const auto& [mode, verdict] : options->items()) {
      const std::string said = BodyText(verdict);
      if (said != "yes" && said != "true" && said != "1") continue;
      draft->Annotate(std::nullopt, {.author = kMast, .kind = "failure", .reason = mode});
    }
  }
  const Json* text = Find(*note, "text");
  Annotation whole{.author = kMast, .kind = "label"};
  if (text != nullptr) whole.reason = LinesText(*text);
  Json details = *note;
  if (details.is_object()) details.erase("text");
  whole.details = JsonText(details);
  draft->Annotate(std::nullopt, whole);
}

void KeepOutcome(const Json& run, SessionDraft* draft) {
  const Json* other = Find(run, "other_data");
  const Json* correct = other == nullptr ? nullptr : Find(*other, "correct");
  if (correct == nullptr) return;
  bool right = false;
  if (correct->is_boolean()) {
    right = correct->get<bool>();
  } else if (const std::optional<double> count = NumberAt(*other, "number_correct")) {
    right = *count > 0;  // peer review: how many of the agents ended right
  } else {
    return;
  }
  draft->outcome = {.kind = right ? Outcome::Kind::kOk : Outcome::Kind::kFailed,
                    .reason = right ? "the answer was judged right"
                                    : "the answer was judged wrong"};
}

class MastImporter : public Importer {
 public:
  const FormatInfo& info() const override { return kMastInfo; }
  int Detect(const Head& head) const override {
    const HeadShape shape(head.bytes);
    if (shape.Has("run_id") && shape.Has("prompt") && shape.Has("content")) return 80;
    if (!shape.Has("instance_id") || !shape.Has("problem_statement")) return 0;
    if (shape.Has("note.options")) return 95;
    return shape.Has("other_data") ? 85 : shape.Has("trajectory") ? 50 : 0;
  }
  Status Read(Source& source, Sink& sink) override;
};

void TellTrajectory(const Json& trajectory, const MastRun& run) {
  if (trajectory.is_object()) {
    TellPeerReview(trajectory, run);
  } else if (!trajectory.empty() && trajectory[0].is_object()) {
    TellChat(trajectory, run);
  } else if (IsHyperAgent(trajectory)) {
    TellHyperAgent(trajectory, run);
  } else {
    TellTreeOfThoughts(trajectory, run);
  }
}

Status MastImporter::Read(Source& source, Sink& sink) {
  Result<Json> document = ReadDocument(source);
  if (!document.ok()) return document.status();
  const Json* trajectory = Find(*document, "trajectory");
  const Json* log = Find(*document, "content");
  const bool has_trajectory = trajectory != nullptr && trajectory->is_structured();
  if (!has_trajectory && (log == nullptr || !log->is_string())) {
    return Status::Corruption(source.path() +
                              ": a MAST file has \"trajectory\", or \"content\" with a log");
  }
  SessionDraft draft;
  draft.name = FileStem(source.path());
  KeepOrigin(&draft, kMast, source);
  KeepRest(&draft, "source.", *document,
           {"trajectory", "content", "note", "problem_statement", "other_data"});
  if (const Json* problem = Find(*document, "problem_statement")) {
    KeepMeta(&draft, "source.problem_statement", LinesText(*problem));
  }
  if (const Json* other = Find(*document, "other_data")) KeepRest(&draft, "source.", *other, {});
  KeepOutcome(*document, &draft);
  const MastRun run{*document, source.path(), &draft, &sink};
  if (has_trajectory) {
    TellTrajectory(*trajectory, run);
  } else {
    TellMetaGpt(log->get<std::string>(), run);
  }
  Labels(*document, &draft);
  document->clear();  // all of it is in the draft and the body file
  return sink.Session(std::move(draft));
}

}  // namespace

void TellChat(const Json& trajectory, const MastRun& run) {
  Talk talk(run.draft, run.sink);
  if (const Json* problem = Find(run.file, "problem_statement")) talk.Ask(LinesText(*problem));
  for (size_t i = 0; i < trajectory.size(); ++i) {
    const Json& item = trajectory[i];
    const Json* content = Find(item, "content");
    std::string agent = TextAt(item, "name");
    if (agent.empty()) agent = TextAt(item, "role");
    if (agent.empty()) {
      run.sink->Skip({.file = run.path}, "trajectory[" + std::to_string(i) + "] names no speaker");
      continue;
    }
    talk.Say({.agent = agent,
              .text = content == nullptr ? "" : LinesText(*content),
              .item = &item,
              .index = i});
  }
}

std::unique_ptr<Importer> MakeMastImporter() { return std::make_unique<MastImporter>(); }

}  // namespace backstep::adapters
