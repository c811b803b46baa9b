#include <cstring>

#include <capnp/serialize.h>
#include <kj/exception.h>

#include "backstep/schemas/codec/codec.h"
#include "backstep/schemas/codec/wire.h"

namespace backstep {
namespace {

using codec::CheckedEnum;
using codec::FromData;
using codec::FromText;
using codec::Read;

static_assert(static_cast<int>(wire::EffectRecord::Kind::ENV) ==
              static_cast<int>(EffectKind::kEnv));
static_assert(static_cast<int>(wire::EffectRecord::Status::MISS) ==
              static_cast<int>(CallStatus::kMiss));
static_assert(static_cast<int>(wire::EventRecord::Kind::HANDOFF) ==
              static_cast<int>(EventRecord::Kind::kHandoff));

Status Damaged(const char* what, const std::string& why) {
  return Status::Corruption(std::string(what) + " does not decode: " + why);
}

std::string Brief(const kj::Exception& e) {
  constexpr size_t kBriefMax = 200;
  const kj::StringPtr text = e.getDescription();
  return {text.begin(), std::min(text.size(), kBriefMax)};
}

// Every pointer is followed once, so a sound record is read with a budget near its own size;
// pointers that share a target to make a small input look huge run out of it.
template <typename Root, typename T, typename ReadRoot>
Result<T> Parse(std::string_view bytes, const char* what, ReadRoot read) {
  constexpr uint64_t kTraversalFactor = 4;
  constexpr uint64_t kTraversalFloorWords = 64;
  constexpr int kNestingMax = 16;
  if (bytes.empty() || bytes.size() % sizeof(capnp::word) != 0) {
    return Damaged(what, "it has " + std::to_string(bytes.size()) + " bytes");
  }
  const size_t word_count = bytes.size() / sizeof(capnp::word);
  try {
    kj::Array<capnp::word> copy;
    const auto* words = reinterpret_cast<const capnp::word*>(bytes.data());
    if (reinterpret_cast<uintptr_t>(bytes.data()) % alignof(capnp::word) != 0) {
      copy = kj::heapArray<capnp::word>(word_count);
      memcpy(static_cast<void*>(copy.begin()), bytes.data(), bytes.size());
      words = copy.begin();
    }
    capnp::ReaderOptions options;
    options.traversalLimitInWords = kTraversalFactor * word_count + kTraversalFloorWords;
    options.nestingLimit = kNestingMax;
    capnp::FlatArrayMessageReader reader(kj::arrayPtr(words, word_count), options);
    if (reader.getEnd() != words + word_count) return Damaged(what, "bytes follow its end");
    return read(reader.getRoot<Root>());
  } catch (const kj::Exception& e) {
    return Damaged(what, Brief(e));
  }
}

void ReadBegin(wire::StepBegin::Reader in, StepBegin* begin) {
  begin->agent = AgentId(in.getAgent());
  begin->segment = SegmentId(in.getSegment());
  begin->clock = AgentClock(in.getClock());
  if (in.hasCaller()) begin->caller = Read(in.getCaller());
  const auto taken = in.getTaken();
  begin->taken.reserve(taken.size());
  for (const auto id : taken) begin->taken.push_back(Read(id));
  begin->began_wall = {in.getBeganWall()};
  begin->began_virtual = {in.getBeganVirtual()};
  begin->begin_after = StepNumber(in.getBeginAfter());
  if (in.getHasProgramIndex()) begin->program_index = in.getProgramIndex();
  begin->name = FromText(in.getName());
}

FaultRecord ReadFault(wire::FaultRecord::Reader in) {
  FaultRecord fault;
  fault.spec_id = FromText(in.getSpecId());
  fault.type = FromText(in.getType());
  fault.hook = FromText(in.getHook());
  fault.decision = FromText(in.getDecision());
  fault.before = FromText(in.getBefore());
  fault.after = FromText(in.getAfter());
  if (in.hasMessage()) fault.message = Read(in.getMessage());
  if (in.getHasEffect()) fault.effect_ordinal = in.getEffectOrdinal();
  fault.hidden = in.getHidden();
  return fault;
}

void ReadExchanged(wire::StepRecord::Reader in, StepRecord* step) {
  const auto took = in.getTook();
  step->took.reserve(took.size());
  for (const auto one : took) step->took.push_back({Read(one.getId()), one.getEarly()});
  const auto sent = in.getSent();
  step->sent.reserve(sent.size());
  for (const auto one : sent) {
    step->sent.push_back({Read(one.getId()), AgentId(one.getTo()), {one.getDelay()},
                          {one.getSentVirtual()}, one.getDropped()});
  }
}

Usage ReadUsage(wire::Usage::Reader in) {
  return {in.getInputTokens(),     in.getOutputTokens(), in.getCachedTokens(),
          in.getReasoningTokens(), in.getCostUsd(),      {in.getTimeToFirstToken()}};
}

CallError ReadError(wire::CallError::Reader in) {
  CallError error;
  error.kind = FromText(in.getKind());
  error.code = in.getCode();
  error.message = FromText(in.getMessage());
  if (in.getHasRetryAfter()) error.retry_after = DurationNs{in.getRetryAfter()};
  return error;
}

void ReadCall(wire::EffectRecord::Reader in, LogId log, EffectRecord* effect) {
  effect->name = FromText(in.getName());
  effect->provider = FromText(in.getProvider());
  effect->parameters = FromText(in.getParameters());
  effect->tool_type = FromText(in.getToolType());
  effect->tool_call_id = FromText(in.getToolCallId());
  effect->request_hash = {in.getRequestHashHigh(), in.getRequestHashLow()};
  if (in.hasRequest()) effect->request = Read(in.getRequest(), log);
  if (in.hasResponse()) effect->response = Read(in.getResponse(), log);
  if (in.hasError()) effect->error = ReadError(in.getError());
  if (in.hasUsage()) effect->usage = ReadUsage(in.getUsage());
  effect->finish_reason = FromText(in.getFinishReason());
}

ReplaySummary ReadSummary(wire::ReplaySummary::Reader in) {
  return {in.getReused(), in.getExact(), in.getEdited(),      in.getFault(),
          in.getLive(),   in.getMiss(),  in.getDivergences(), in.getChanges()};
}

BranchOrigin ReadOrigin(wire::BranchOrigin::Reader in) {
  return {LogId(in.getParent()), StepNumber(in.getFork()), FromText(in.getExperiment()),
          FromText(in.getSchedule())};
}

}  // namespace

Result<LogHeader> DecodeLogHeader(std::string_view bytes, LogId) {
  return Parse<wire::LogHeader, LogHeader>(bytes, "log header", [](wire::LogHeader::Reader in) {
    LogHeader header;
    header.id = LogId(in.getId());
    header.name = FromText(in.getName());
    if (in.hasOrigin()) header.origin = ReadOrigin(in.getOrigin());
    header.tags = Read(in.getTags());
    header.metadata = Read(in.getMetadata());
    header.group_id = FromText(in.getGroupId());
    header.user_id = FromText(in.getUserId());
    header.command = Read(in.getCommand());
    header.executable = FromText(in.getExecutable());
    header.executable_hash = {in.getExecutableHashHigh(), in.getExecutableHashLow()};
    header.working_directory = FromText(in.getWorkingDirectory());
    header.program_name = FromText(in.getProgramName());
    header.host = FromText(in.getHost());
    header.writer_version = FromText(in.getWriterVersion());
    header.process_id = in.getProcessId();
    header.seed = in.getSeed();
    header.faults_text = FromText(in.getFaultsText());
    header.faults_origin = FromText(in.getFaultsOrigin());
    header.began_wall = {in.getBeganWall()};
    return header;
  });
}

Result<LogEnd> DecodeLogEnd(std::string_view bytes, LogId) {
  return Parse<wire::LogEnd, LogEnd>(bytes, "log end", [](wire::LogEnd::Reader in) {
    LogEnd end;
    end.outcome = Read(in.getOutcome());
    end.ended_wall = {in.getEndedWall()};
    end.last_step = StepNumber(in.getLastStep());
    end.dropped_bodies = in.getDroppedBodies();
    end.first_failure = FromText(in.getFirstFailure());
    end.result = FromText(in.getResult());
    end.result_detail = FromText(in.getResultDetail());
    if (in.hasSummary()) end.summary = ReadSummary(in.getSummary());
    end.divergences = FromText(in.getDivergences());
    end.output = FromText(in.getOutput());
    return end;
  });
}

Result<AgentRecord> DecodeAgentRecord(std::string_view bytes, LogId log) {
  return Parse<wire::AgentRecord, AgentRecord>(bytes, "agent", [&](wire::AgentRecord::Reader in) {
    AgentRecord agent;
    agent.id = AgentId(in.getId());
    agent.name = FromText(in.getName());
    agent.role = FromText(in.getRole());
    agent.implementation = FromText(in.getImplementation());
    agent.model = FromText(in.getModel());
    agent.attributes = FromText(in.getAttributes());
    if (in.hasInitialState()) agent.initial_state = Read(in.getInitialState(), log);
    agent.registered_after = StepNumber(in.getRegisteredAfter());
    return agent;
  });
}

Result<SegmentRecord> DecodeSegmentRecord(std::string_view bytes, LogId) {
  return Parse<wire::SegmentRecord, SegmentRecord>(
      bytes, "segment", [](wire::SegmentRecord::Reader in) {
        SegmentRecord segment;
        segment.id = SegmentId(in.getId());
        segment.parent = SegmentId(in.getParent());
        segment.name = FromText(in.getName());
        segment.order = in.getOrder();
        segment.began_wall = {in.getBeganWall()};
        if (in.getHasEnded()) segment.ended_wall = TimeNs{in.getEndedWall()};
        segment.began_after = StepNumber(in.getBeganAfter());
        segment.ended_after = StepNumber(in.getEndedAfter());
        return segment;
      });
}

Result<StepBegin> DecodeStepBegin(std::string_view bytes, LogId) {
  return Parse<wire::StepBegin, StepBegin>(bytes, "open step", [](wire::StepBegin::Reader in) {
    StepBegin begin;
    ReadBegin(in, &begin);
    return begin;
  });
}

Result<StepRecord> DecodeStepRecord(std::string_view bytes, LogId log) {
  return Parse<wire::StepRecord, StepRecord>(bytes, "step", [&](wire::StepRecord::Reader in) {
    StepRecord step;
    ReadBegin(in.getBegin(), &step);
    step.number = StepNumber(in.getNumber());
    ReadExchanged(in, &step);
    step.effect_count = in.getEffectCount();
    step.state_changed = in.getStateChanged();
    step.incomplete = in.getIncomplete();
    if (in.hasState()) step.state = Read(in.getState(), log);
    step.ended_wall = {in.getEndedWall()};
    step.own = {in.getOwn()};
    step.duration = {in.getDuration()};
    if (in.hasError()) {
      const auto error = in.getError();
      step.error = StepError{FromText(error.getKind()), FromText(error.getMessage())};
    }
    if (in.hasOutcome()) step.outcome = Read(in.getOutcome());
    for (const auto fault : in.getFaults()) step.faults.push_back(ReadFault(fault));
    step.scheduler_state = FromData(in.getSchedulerState());
    return step;
  });
}

Result<MessageRecord> DecodeMessageRecord(std::string_view bytes, LogId log) {
  return Parse<wire::MessageRecord, MessageRecord>(
      bytes, "message", [&](wire::MessageRecord::Reader in) {
        MessageRecord message;
        message.id = Read(in.getId());
        message.to = AgentId(in.getTo());
        message.channel = FromText(in.getChannel());
        message.kind = FromText(in.getKind());
        message.program_id = FromText(in.getProgramId());
        message.edge_id = FromText(in.getEdgeId());
        message.attributes = Read(in.getAttributes());
        if (in.hasBody()) message.body = Read(in.getBody(), log);
        if (in.hasReplyTo()) message.reply_to = Read(in.getReplyTo());
        message.sent_wall = {in.getSentWall()};
        message.sent_virtual = {in.getSentVirtual()};
        message.delay = {in.getDelay()};
        message.sent_after = StepNumber(in.getSentAfter());
        message.edited = in.getEdited();
        message.dropped = in.getDropped();
        message.offered_hash = {in.getOfferedHashHigh(), in.getOfferedHashLow()};
        return message;
      });
}

Result<BodyRef> DecodeMessageBody(std::string_view bytes, LogId log) {
  return Parse<wire::MessageRecord, BodyRef>(
      bytes, "message", [&](wire::MessageRecord::Reader in) {
        return in.hasBody() ? Read(in.getBody(), log) : BodyRef();
      });
}

Result<BodyRef> DecodeResponse(std::string_view bytes, LogId log) {
  return Parse<wire::EffectRecord, BodyRef>(
      bytes, "effect", [&](wire::EffectRecord::Reader in) {
        return in.hasResponse() ? Read(in.getResponse(), log) : BodyRef();
      });
}

Result<EffectRecord> DecodeEffectRecord(std::string_view bytes, LogId log) {
  return Parse<wire::EffectRecord, EffectRecord>(
      bytes, "effect", [&](wire::EffectRecord::Reader in) {
        EffectRecord effect;
        effect.agent = AgentId(in.getAgent());
        effect.ordinal = in.getOrdinal();
        effect.clock = AgentClock(in.getClock());
        effect.kind = CheckedEnum(in.getKind(), EffectKind::kEnv, "EffectRecord.kind");
        effect.status = CheckedEnum(in.getStatus(), CallStatus::kMiss, "EffectRecord.status");
        effect.moved = in.getMoved();
        effect.substituted = in.getSubstituted();
        effect.pure = in.getPure();
        effect.free = in.getFree();
        ReadCall(in, log, &effect);
        effect.began_wall = {in.getBeganWall()};
        effect.began_virtual = {in.getBeganVirtual()};
        effect.duration = {in.getDuration()};
        effect.injected_delay = {in.getInjectedDelay()};
        effect.measured = {in.getMeasured()};
        effect.finished_after = StepNumber(in.getFinishedAfter());
        return effect;
      });
}

Result<EventRecord> DecodeEventRecord(std::string_view bytes, LogId) {
  return Parse<wire::EventRecord, EventRecord>(bytes, "event", [](wire::EventRecord::Reader in) {
    EventRecord event;
    event.kind = CheckedEnum(in.getKind(), EventRecord::Kind::kHandoff, "EventRecord.kind");
    event.sequence = in.getSequence();
    if (in.hasStep()) event.step = Read(in.getStep());
    event.name = FromText(in.getName());
    event.category = FromText(in.getCategory());
    event.data = FromText(in.getData());
    event.began_wall = {in.getBeganWall()};
    event.duration = {in.getDuration()};
    event.after = StepNumber(in.getAfter());
    return event;
  });
}

}  // namespace backstep
