#include "backstep/tests/unit/store/sample_recording.h"

#include <filesystem>

#include "backstep/schemas/experiment.h"

namespace backstep::testing {
namespace {

using store::LogWriter;
using store::Recording;

std::string Long(const std::string& seed, size_t size) {
  std::string text;
  RandomStream random(HashBytes(seed).low);
  while (text.size() < size) text += std::to_string(random.Next()) + " ";
  text.resize(size);
  return text;
}

AgentId AgentOf(const SampleShape& shape, uint64_t number) {
  return AgentId(static_cast<uint32_t>(1 + (number - 1) % shape.agents));
}
AgentClock ClockOf(const SampleShape& shape, uint64_t number) {
  return AgentClock(1 + (number - 1) / shape.agents);
}

EffectRecord MakeEffect(const StepRecord& step, uint32_t ordinal) {
  EffectRecord effect;
  effect.agent = step.agent;
  effect.clock = step.clock;
  effect.ordinal = ordinal;
  effect.kind = ordinal == 0 ? EffectKind::kLlm : EffectKind::kTool;
  effect.name = ordinal == 0 ? "small-model" : "compile";
  effect.request_hash = HashBytes("request " + std::to_string(step.number.value));
  effect.began_wall = {1000000 + static_cast<int64_t>(step.number.value)};
  effect.duration = Milliseconds(5);
  effect.finished_after = step.begin_after;
  if (ordinal == 0) {
    effect.usage.input_tokens = 100;
    effect.usage.output_tokens = 7;
    effect.usage.cost_usd = 0.25;
  }
  return effect;
}

Status PutEffects(LogWriter& writer, const StepRecord& step) {
  for (uint32_t ordinal = 0; ordinal < 2; ++ordinal) {
    EffectRecord effect = MakeEffect(step, ordinal);
    const Body request{"{\"prompt\":\"" + Long(writer.header().name, 300) + "\"}"};
    const Body response{"{\"answer\":\"" + std::to_string(step.number.value) + "\"}"};
    const bool fails = ordinal == 1 && step.number.value % 5 == 0;
    if (fails) effect.error = CallError{"tool_error", 2, "no compiler", std::nullopt};
    BACKSTEP_RETURN_IF_ERROR(writer.PutEffect(&effect, &request, fails ? nullptr : &response));
  }
  return Status();
}

StepRecord MakeStep(const SampleShape& shape, uint64_t number) {
  StepRecord step;
  step.agent = AgentOf(shape, number);
  step.clock = ClockOf(shape, number);
  step.number = StepNumber(number);
  step.begin_after = StepNumber(number - 1);
  step.began_wall = {2000000 + static_cast<int64_t>(number)};
  step.ended_wall = {3000000 + static_cast<int64_t>(number)};
  step.began_virtual = {static_cast<int64_t>(number) * 10};
  step.duration = {10};
  step.effect_count = 2;
  const MessageId taken = number == 1
                              ? MessageId{}
                              : MessageId{AgentOf(shape, number - 1), ClockOf(shape, number - 1)};
  step.taken = {taken};
  step.took = {{taken, false}};
  if (number % 4 == 0) step.error = StepError{"exception", "it broke"};
  if (number % 3 == 0) {
    step.faults.push_back({"f1", "a2a.replace_body", "a2a_send", "replaced", "a", "b",
                           MessageId{step.agent, step.clock}, std::nullopt, false});
  }
  return step;
}

Status PutAgents(LogWriter& writer, const SampleShape& shape) {
  for (uint32_t i = 0; i <= shape.agents; ++i) {
    AgentRecord agent;
    agent.id = AgentId(i);
    agent.name = i == 0 ? kOutsideName : "agent" + std::to_string(i);
    agent.role = i == 0 ? "" : "worker";
    BACKSTEP_RETURN_IF_ERROR(writer.PutAgent(agent, Body{"{}"}));
  }
  return Status();
}

Status PutBeginning(LogWriter& writer, const SampleShape& shape) {
  BACKSTEP_RETURN_IF_ERROR(PutAgents(writer, shape));
  SegmentRecord segment;
  segment.id = SegmentId(1);
  segment.name = "plan";
  BACKSTEP_RETURN_IF_ERROR(writer.PutSegment(segment));
  MessageRecord task;
  task.to = AgentId(1);
  task.kind = "task";
  const Body body{"{\"task\":\"write a program\"}"};
  task.body.media_type = body.media_type;
  BACKSTEP_RETURN_IF_ERROR(writer.PutMessage(&task, &body));
  EventRecord span;
  span.kind = EventRecord::Kind::kSpan;
  span.name = "load";
  BACKSTEP_RETURN_IF_ERROR(writer.PutEvent(span));
  EventRecord event;
  event.name = "ready";
  event.category = "info";
  return writer.PutEvent(event);
}

Status Finish(LogWriter& writer, const SampleShape& shape, const std::string& result) {
  BACKSTEP_RETURN_IF_ERROR(writer.Flush());
  if (!shape.seal) return Status();
  LogEnd end;
  end.outcome.kind = Outcome::Kind::kFailed;
  end.outcome.reason = "the program does not compile";
  end.result = result;
  return writer.Seal(end);
}

}  // namespace

Status WriteSampleStep(LogWriter& writer, const SampleShape& shape, uint64_t number) {
  StepRecord step = MakeStep(shape, number);
  BACKSTEP_RETURN_IF_ERROR(writer.Begin(step));
  BACKSTEP_RETURN_IF_ERROR(PutEffects(writer, step));
  MessageRecord message;
  message.id = {step.agent, step.clock};
  message.to = AgentOf(shape, number + 1);
  message.sent_after = step.begin_after;
  const Body body{"{\"text\":\"" + Long(std::to_string(number), 80) + "\"}"};
  BACKSTEP_RETURN_IF_ERROR(writer.PutMessage(&message, &body));
  step.sent = {{message.id, message.to, {}, {}, false}};
  const Body state{"{\"history\":\"" +
                   Long(std::to_string(step.agent.value), shape.state_bytes + number * 20) + "\"}"};
  return writer.Commit(&step, state);
}

Result<std::unique_ptr<LogWriter>> WriteSampleSession(const std::string& path,
                                                      const SampleShape& shape) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto recording, Recording::Create(path));
  LogHeader header;
  header.name = "sample";
  header.tags = {"test"};
  header.metadata = {{"model", "none"}};
  header.seed = 7;
  BACKSTEP_ASSIGN_OR_RETURN(auto writer, recording->NewLog(header, {}));
  BACKSTEP_RETURN_IF_ERROR(PutBeginning(*writer, shape));
  for (uint64_t number = 1; number <= shape.steps; ++number) {
    BACKSTEP_RETURN_IF_ERROR(WriteSampleStep(*writer, shape, number));
  }
  BACKSTEP_RETURN_IF_ERROR(Finish(*writer, shape, ""));
  return writer;
}

Result<std::unique_ptr<LogWriter>> WriteSampleBranch(const std::string& path, uint64_t fork,
                                                     uint64_t steps, const SampleShape& shape) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto recording, Recording::Open(path));
  Experiment experiment;
  experiment.parent = LogId(1);
  experiment.from = StepNumber(fork);
  experiment.edits.push_back(
      {Edit::Kind::kReplaceMessage, "agent1/1.0", "say no", "", "--edit-message"});
  LogHeader header;
  header.name = "try";
  header.origin = BranchOrigin{LogId(1), StepNumber(fork), ExperimentToJson(experiment), "served"};
  BACKSTEP_ASSIGN_OR_RETURN(auto writer, recording->NewLog(header, {}));
  for (uint64_t number = fork + 1; number <= fork + steps; ++number) {
    BACKSTEP_RETURN_IF_ERROR(WriteSampleStep(*writer, shape, number));
  }
  BACKSTEP_RETURN_IF_ERROR(Finish(*writer, shape, "finished"));
  return writer;
}

Status WriteCrashedSession(const std::string& path, const SampleShape& shape) {
  SampleShape open = shape;
  open.seal = false;
  const std::string live = path + ".live";
  {
    BACKSTEP_ASSIGN_OR_RETURN(const auto writer, WriteSampleSession(live, open));
    // A step that never commits: begun and flushed.
    StepRecord step = MakeStep(open, open.steps + 1);
    BACKSTEP_RETURN_IF_ERROR(writer->Begin(step));
    BACKSTEP_RETURN_IF_ERROR(writer->Flush());
    std::filesystem::copy(live, path, std::filesystem::copy_options::recursive);
  }
  std::filesystem::remove_all(live);
  return {};
}

}  // namespace backstep::testing
