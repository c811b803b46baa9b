#include "backstep/recorder/adapters/swe_agent/swe_agent.h"

#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/head_shape.h"
#include "backstep/recorder/adapters/conversations/odd_parts.h"
#include "backstep/recorder/adapters/conversations/talk.h"
#include "backstep/recorder/adapters/core/source.h"

namespace backstep::adapters {
namespace {

constexpr char kSweAgent[] = "swe_agent";

const FormatInfo kSweAgentInfo{
    .name = kSweAgent,
    .title = "SWE-agent trajectories (.traj)",
    .brings = "one step an action, the environment's state after it, the action as a tool call "
              "with its observation, the model's answers, the whole run's tokens and cost",
    .lacks = "the requests to the model, tokens of each call, times"};

// The first word of a command.
std::string CommandOf(const std::string& action) {
  const size_t begin = action.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return "none";
  return CutText(action.substr(begin, action.find_first_of(" \t\r\n", begin) - begin), 80);
}

class SweAgentImporter : public Importer {
 public:
  const FormatInfo& info() const override { return kSweAgentInfo; }
  int Detect(const Head& head) const override {
    const HeadShape shape(head.bytes);
    if (shape.Has("trajectory[].action") && shape.Has("trajectory[].observation")) return 95;
    if (shape.Has("history[].message_type") || shape.Has("history[].is_demo")) return 85;
    return shape.Has("history[].role") && shape.Has("history[].agent") ? 75 : 0;
  }
  Status Read(Source& source, Sink& sink) override;
};

// What the agent was told before it first answered: from outside, but for demonstrations.
void AskBeginning(const Json& history, AgentIndex agent, Sink& sink, SessionDraft* draft) {
  for (const Json& item : history) {
    const std::string role = TextAt(item, "role");
    if (role == "assistant") break;
    const Json* content = Find(item, "content");
    if (content == nullptr) continue;
    const bool demonstration = TextAt(item, "is_demo") == "true";
    if (role == "system" || demonstration) {
      KeepMeta(draft, demonstration ? "source.demonstration" : "source.system_prompt",
               Json(ContentText(*content)));
      continue;
    }
    draft->Add(MessageDraft{.to = agent,
                            .taken_by = StepIndex(0),
                            .kind = "task",
                            .body = sink.Keep(ContentText(*content), Media::kText)});
  }
}

StepDraft TrajectoryStep(const Json& entry, AgentIndex agent, uint64_t index, Sink& sink) {
  StepDraft step{.agent = agent,
                 .name = CommandOf(TextAt(entry, "action")),
                 .program_index = index};
  if (const Json* state = Find(entry, "state"); state != nullptr && !state->is_null()) {
    std::string text = BodyText(*state);
    if (state->is_string()) {
      if (Result<Json> parsed = ParseJson(text); parsed.ok()) text = JsonText(*parsed);
    }
    step.state = sink.Keep(text, MediaOf(text));
  }
  return step;
}

// One step each entry: what the model answered, and what the environment made of it.
void TellTrajectory(const Json& trajectory, AgentIndex agent, const std::string& path, Sink& sink,
                    SessionDraft* draft) {
  draft->state_source = StateSource::kRecorded;
  for (const Json& entry : trajectory) {
    const StepIndex step =
        draft->Add(TrajectoryStep(entry, agent, draft->steps.size(), sink));
    const std::string response = TextAt(entry, "response");
    EffectDraft model{.step = step, .kind = EffectKind::kLlm, .name = "model"};
    const std::string answer = response.empty() ? TextAt(entry, "thought") : response;
    model.response = sink.Keep(answer, Media::kText);
    draft->Add(std::move(model));
    const std::string action = TextAt(entry, "action");
    if (action.empty()) continue;  // nothing was done: the model's answer could not be read
    EffectDraft tool{.step = step,
                     .kind = EffectKind::kTool,
                     .name = CommandOf(action),
                     .tool_type = "shell",
                     .request = sink.Keep(action, Media::kText),
                     .response = sink.Keep(TextAt(entry, "observation"), Media::kText)};
    OddParts odd;
    tool.duration = odd.Seconds(entry, "execution_time");
    odd.Tell({.file = path}, "trajectory[" + std::to_string(step.value) + "]", sink);
    draft->Add(std::move(tool));
  }
}

// A file with a history alone: one step each answer of the model's.
void TellHistory(const Json& history, const Source& source, Sink& sink, SessionDraft* draft) {
  Talk talk(draft, &sink);
  for (size_t i = 0; i < history.size(); ++i) {
    const Json& item = history[i];
    const std::string role = TextAt(item, "role");
    const Json* content = Find(item, "content");
    const std::string text = content == nullptr ? "" : ContentText(*content);
    if (role == "assistant") {
      const std::string agent = TextAt(item, "agent");
      talk.Say({.agent = agent.empty() ? "main" : agent, .text = text, .item = &item, .index = i});
      const Json* calls = Find(item, "tool_calls");
      const std::string id = calls != nullptr && calls->is_array() && !calls->empty()
                                 ? TextAt((*calls)[0], "id")
                                 : "";
      const std::string action = TextAt(item, "action");
      if (!action.empty()) {
        talk.Call({.step = {},
                   .name = CommandOf(action),
                   .tool_type = "shell",
                   .request = sink.Keep(action, Media::kText)},
                  id);
      }
      continue;
    }
    talk.Hear(item);
    if (!talk.last()) {
      if (role != "system") talk.Ask(text);
      continue;
    }
    const Json* ids = Find(item, "tool_call_ids");
    const std::string id =
        ids != nullptr && ids->is_array() && !ids->empty() ? BodyText((*ids)[0]) : "";
    if (!talk.Answer(id, text, MediaOf(text))) {
      sink.Skip({.file = source.path()}, "history[" + std::to_string(i) + "] answers no action");
    }
  }
}

void KeepStats(const Json& info, const std::string& path, Sink& sink, SessionDraft* draft) {
  KeepRest(draft, "source.", info, {"submission"});
  if (const Json* submission = Find(info, "submission")) {
    KeepMeta(draft, "source.submission", *submission);
  }
  const std::string status = TextAt(info, "exit_status");
  draft->outcome.reason = status;
  if (!status.empty() && status.find("submitted") == std::string::npos) {
    draft->outcome.kind = Outcome::Kind::kFailed;
  }
  const Json* stats = Find(info, "model_stats");
  if (stats == nullptr) return;
  OddParts odd;
  odd.Tokens(stats);
  odd.Tell({.file = path}, "info.model_stats", sink);
  for (auto call = draft->effects.rbegin(); call != draft->effects.rend(); ++call) {
    if (call->kind != EffectKind::kLlm) continue;
    // The source has the sums of the run alone; they stand at its last call.
    call->usage = {.input_tokens = TokensAt(*stats, "tokens_sent"),
                   .output_tokens = TokensAt(*stats, "tokens_received"),
                   .cost_usd = NumberAt(*stats, "instance_cost").value_or(0)};
    call->parameters = JsonText(Json{{"usage", "of the whole run"}});
    return;
  }
}

Status SweAgentImporter::Read(Source& source, Sink& sink) {
  Result<Json> file = ReadDocument(source);
  if (!file.ok()) return file.status();
  const Json* trajectory = Find(*file, "trajectory");
  const Json* history = Find(*file, "history");
  const bool has_history = history != nullptr && history->is_array();
  const bool has_trajectory =
      trajectory != nullptr && trajectory->is_array() && !trajectory->empty();
  if (!has_trajectory && !has_history) {
    return Status::Corruption(source.path() + ": it has neither \"trajectory\" nor \"history\"");
  }
  SessionDraft draft;
  draft.name = FileStem(source.path());
  KeepOrigin(&draft, kSweAgent, source);
  KeepRest(&draft, "source.", *file, {"trajectory", "history", "info"});
  if (has_trajectory) {
    std::string name;
    if (has_history && !history->empty()) name = TextAt(history->front(), "agent");
    const AgentIndex agent = draft.Agent(name.empty() ? "main" : name);
    TellTrajectory(*trajectory, agent, source.path(), sink, &draft);
    if (has_history) AskBeginning(*history, agent, sink, &draft);
  } else {
    TellHistory(*history, source, sink, &draft);
  }
  if (const Json* info = Find(*file, "info")) KeepStats(*info, source.path(), sink, &draft);
  return sink.Session(std::move(draft));
}

}  // namespace

std::unique_ptr<Importer> MakeSweAgentImporter() { return std::make_unique<SweAgentImporter>(); }

}  // namespace backstep::adapters
