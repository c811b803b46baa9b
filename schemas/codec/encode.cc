#include <cstring>

#include <capnp/serialize.h>

#include "backstep/schemas/codec/codec.h"
#include "backstep/schemas/codec/wire.h"

namespace backstep {
namespace {

using codec::IsSet;
using codec::ToData;
using codec::ToText;
using codec::Write;

// Most records fit the scratch words, so that a record costs no allocation but its result.
template <typename Root, typename Fill>
std::string Build(Fill fill) {
  constexpr size_t kScratchWords = 512;
  capnp::word scratch[kScratchWords];
  memset(static_cast<void*>(scratch), 0, sizeof(scratch));
  capnp::MallocMessageBuilder builder(kj::arrayPtr(scratch, kScratchWords));
  fill(builder.initRoot<Root>());
  const kj::Array<capnp::word> flat = capnp::messageToFlatArray(builder);
  const auto bytes = flat.asBytes();
  return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
}

void WriteBegin(const StepBegin& begin, wire::StepBegin::Builder out) {
  out.setAgent(begin.agent.value);
  out.setSegment(begin.segment.value);
  out.setClock(begin.clock.value);
  if (begin.caller) Write(*begin.caller, out.initCaller());
  if (!begin.taken.empty()) {
    auto taken = out.initTaken(static_cast<unsigned>(begin.taken.size()));
    for (uint32_t i = 0; i < taken.size(); ++i) Write(begin.taken[i], taken[i]);
  }
  out.setBeganWall(begin.began_wall.ns);
  out.setBeganVirtual(begin.began_virtual.ns);
  out.setBeginAfter(begin.begin_after.value);
  out.setHasProgramIndex(begin.program_index.has_value());
  out.setProgramIndex(begin.program_index.value_or(0));
  if (!begin.name.empty()) out.setName(ToText(begin.name));
}

void WriteFault(const FaultRecord& fault, wire::FaultRecord::Builder out) {
  out.setSpecId(ToText(fault.spec_id));
  out.setType(ToText(fault.type));
  out.setHook(ToText(fault.hook));
  if (!fault.decision.empty()) out.setDecision(ToText(fault.decision));
  if (!fault.before.empty()) out.setBefore(ToText(fault.before));
  if (!fault.after.empty()) out.setAfter(ToText(fault.after));
  if (fault.message) Write(*fault.message, out.initMessage());
  out.setHasEffect(fault.effect_ordinal.has_value());
  out.setEffectOrdinal(fault.effect_ordinal.value_or(0));
  out.setHidden(fault.hidden);
}

void WriteExchanged(const StepRecord& step, wire::StepRecord::Builder out) {
  if (!step.took.empty()) {
    auto took = out.initTook(static_cast<unsigned>(step.took.size()));
    for (uint32_t i = 0; i < took.size(); ++i) {
      Write(step.took[i].id, took[i].initId());
      took[i].setEarly(step.took[i].early);
    }
  }
  if (!step.sent.empty()) {
    auto sent = out.initSent(static_cast<unsigned>(step.sent.size()));
    for (uint32_t i = 0; i < sent.size(); ++i) {
      Write(step.sent[i].id, sent[i].initId());
      sent[i].setTo(step.sent[i].to.value);
      sent[i].setDropped(step.sent[i].dropped);
      sent[i].setDelay(step.sent[i].delay.ns);
      sent[i].setSentVirtual(step.sent[i].sent_virtual.ns);
    }
  }
}

void WriteUsage(const Usage& usage, wire::Usage::Builder out) {
  out.setInputTokens(usage.input_tokens);
  out.setOutputTokens(usage.output_tokens);
  out.setCachedTokens(usage.cached_tokens);
  out.setReasoningTokens(usage.reasoning_tokens);
  out.setCostUsd(usage.cost_usd);
  out.setTimeToFirstToken(usage.time_to_first_token.ns);
}

void WriteError(const CallError& error, wire::CallError::Builder out) {
  out.setKind(ToText(error.kind));
  out.setCode(error.code);
  if (!error.message.empty()) out.setMessage(ToText(error.message));
  out.setHasRetryAfter(error.retry_after.has_value());
  if (error.retry_after) out.setRetryAfter(error.retry_after->ns);
}

// What a call was and how it went, without its times and numbers.
void WriteCall(const EffectRecord& effect, LogId log, wire::EffectRecord::Builder out) {
  out.setName(ToText(effect.name));
  if (!effect.provider.empty()) out.setProvider(ToText(effect.provider));
  if (!effect.parameters.empty()) out.setParameters(ToText(effect.parameters));
  if (!effect.tool_type.empty()) out.setToolType(ToText(effect.tool_type));
  if (!effect.tool_call_id.empty()) out.setToolCallId(ToText(effect.tool_call_id));
  out.setRequestHashHigh(effect.request_hash.high);
  out.setRequestHashLow(effect.request_hash.low);
  if (IsSet(effect.request)) Write(effect.request, log, out.initRequest());
  if (IsSet(effect.response)) Write(effect.response, log, out.initResponse());
  if (effect.error) WriteError(*effect.error, out.initError());
  if (effect.usage != Usage{}) WriteUsage(effect.usage, out.initUsage());
  if (!effect.finish_reason.empty()) out.setFinishReason(ToText(effect.finish_reason));
}

void WriteSummary(const ReplaySummary& summary, wire::ReplaySummary::Builder out) {
  out.setReused(summary.reused);
  out.setExact(summary.exact);
  out.setEdited(summary.edited);
  out.setFault(summary.fault);
  out.setLive(summary.live);
  out.setMiss(summary.miss);
  out.setDivergences(summary.divergences);
  out.setChanges(summary.changes);
}

void WriteOrigin(const BranchOrigin& origin, wire::BranchOrigin::Builder out) {
  out.setParent(origin.parent.value);
  out.setFork(origin.fork.value);
  out.setExperiment(ToText(origin.experiment));
  out.setSchedule(ToText(origin.schedule));
}

}  // namespace

std::string Encode(const LogHeader& header) {
  return Build<wire::LogHeader>([&](wire::LogHeader::Builder out) {
    out.setId(header.id.value);
    out.setName(ToText(header.name));
    if (header.origin) WriteOrigin(*header.origin, out.initOrigin());
    Write(header.tags, out.initTags(static_cast<unsigned>(header.tags.size())));
    Write(header.metadata, out.initMetadata(static_cast<unsigned>(header.metadata.size())));
    out.setGroupId(ToText(header.group_id));
    out.setUserId(ToText(header.user_id));
    Write(header.command, out.initCommand(static_cast<unsigned>(header.command.size())));
    out.setExecutable(ToText(header.executable));
    out.setExecutableHashHigh(header.executable_hash.high);
    out.setExecutableHashLow(header.executable_hash.low);
    out.setWorkingDirectory(ToText(header.working_directory));
    out.setProgramName(ToText(header.program_name));
    out.setHost(ToText(header.host));
    out.setWriterVersion(ToText(header.writer_version));
    out.setProcessId(header.process_id);
    out.setSeed(header.seed);
    out.setFaultsText(ToText(header.faults_text));
    out.setFaultsOrigin(ToText(header.faults_origin));
    out.setBeganWall(header.began_wall.ns);
  });
}

std::string Encode(const LogEnd& end) {
  return Build<wire::LogEnd>([&](wire::LogEnd::Builder out) {
    Write(end.outcome, out.initOutcome());
    out.setEndedWall(end.ended_wall.ns);
    out.setLastStep(end.last_step.value);
    out.setDroppedBodies(end.dropped_bodies);
    out.setFirstFailure(ToText(end.first_failure));
    out.setResult(ToText(end.result));
    out.setResultDetail(ToText(end.result_detail));
    if (end.summary != ReplaySummary{}) WriteSummary(end.summary, out.initSummary());
    out.setDivergences(ToText(end.divergences));
    out.setOutput(ToText(end.output));
  });
}

std::string Encode(const AgentRecord& agent, LogId log) {
  return Build<wire::AgentRecord>([&](wire::AgentRecord::Builder out) {
    out.setId(agent.id.value);
    out.setName(ToText(agent.name));
    out.setRole(ToText(agent.role));
    out.setImplementation(ToText(agent.implementation));
    out.setModel(ToText(agent.model));
    out.setAttributes(ToText(agent.attributes));
    if (IsSet(agent.initial_state)) Write(agent.initial_state, log, out.initInitialState());
    out.setRegisteredAfter(agent.registered_after.value);
  });
}

std::string Encode(const SegmentRecord& segment) {
  return Build<wire::SegmentRecord>([&](wire::SegmentRecord::Builder out) {
    out.setId(segment.id.value);
    out.setParent(segment.parent.value);
    out.setName(ToText(segment.name));
    out.setOrder(segment.order);
    out.setBeganWall(segment.began_wall.ns);
    out.setHasEnded(segment.ended_wall.has_value());
    if (segment.ended_wall) out.setEndedWall(segment.ended_wall->ns);
    out.setBeganAfter(segment.began_after.value);
    out.setEndedAfter(segment.ended_after.value);
  });
}

std::string Encode(const StepBegin& begin) {
  return Build<wire::StepBegin>([&](wire::StepBegin::Builder out) { WriteBegin(begin, out); });
}

std::string Encode(const StepRecord& step, LogId log) {
  return Build<wire::StepRecord>([&](wire::StepRecord::Builder out) {
    WriteBegin(step, out.initBegin());
    out.setNumber(step.number.value);
    WriteExchanged(step, out);
    out.setEffectCount(step.effect_count);
    out.setStateChanged(step.state_changed);
    out.setIncomplete(step.incomplete);
    if (IsSet(step.state)) Write(step.state, log, out.initState());
    out.setEndedWall(step.ended_wall.ns);
    out.setOwn(step.own.ns);
    out.setDuration(step.duration.ns);
    if (step.error) {
      out.initError().setKind(ToText(step.error->kind));
      out.getError().setMessage(ToText(step.error->message));
    }
    if (step.outcome) Write(*step.outcome, out.initOutcome());
    if (!step.faults.empty()) {
      auto faults = out.initFaults(static_cast<unsigned>(step.faults.size()));
      for (uint32_t i = 0; i < faults.size(); ++i) WriteFault(step.faults[i], faults[i]);
    }
    if (!step.scheduler_state.empty()) out.setSchedulerState(ToData(step.scheduler_state));
  });
}

std::string Encode(const MessageRecord& message, LogId log) {
  return Build<wire::MessageRecord>([&](wire::MessageRecord::Builder out) {
    Write(message.id, out.initId());
    out.setTo(message.to.value);
    if (!message.channel.empty()) out.setChannel(ToText(message.channel));
    if (!message.kind.empty()) out.setKind(ToText(message.kind));
    if (!message.program_id.empty()) out.setProgramId(ToText(message.program_id));
    if (!message.edge_id.empty()) out.setEdgeId(ToText(message.edge_id));
    if (!message.attributes.empty()) {
      Write(message.attributes,
            out.initAttributes(static_cast<unsigned>(message.attributes.size())));
    }
    if (IsSet(message.body)) Write(message.body, log, out.initBody());
    if (message.reply_to) Write(*message.reply_to, out.initReplyTo());
    out.setSentWall(message.sent_wall.ns);
    out.setSentVirtual(message.sent_virtual.ns);
    out.setDelay(message.delay.ns);
    out.setSentAfter(message.sent_after.value);
    out.setEdited(message.edited);
    out.setDropped(message.dropped);
    out.setOfferedHashHigh(message.offered_hash.high);
    out.setOfferedHashLow(message.offered_hash.low);
  });
}

std::string Encode(const EffectRecord& effect, LogId log) {
  return Build<wire::EffectRecord>([&](wire::EffectRecord::Builder out) {
    out.setAgent(effect.agent.value);
    out.setOrdinal(effect.ordinal);
    out.setClock(effect.clock.value);
    out.setKind(static_cast<wire::EffectRecord::Kind>(effect.kind));
    out.setStatus(static_cast<wire::EffectRecord::Status>(effect.status));
    out.setMoved(effect.moved);
    out.setSubstituted(effect.substituted);
    out.setPure(effect.pure);
    out.setFree(effect.free);
    WriteCall(effect, log, out);
    out.setBeganWall(effect.began_wall.ns);
    out.setBeganVirtual(effect.began_virtual.ns);
    out.setDuration(effect.duration.ns);
    out.setInjectedDelay(effect.injected_delay.ns);
    out.setMeasured(effect.measured.ns);
    out.setFinishedAfter(effect.finished_after.value);
  });
}

std::string Encode(const EventRecord& event) {
  return Build<wire::EventRecord>([&](wire::EventRecord::Builder out) {
    out.setKind(static_cast<wire::EventRecord::Kind>(event.kind));
    out.setSequence(event.sequence);
    if (event.step) Write(*event.step, out.initStep());
    out.setName(ToText(event.name));
    if (!event.category.empty()) out.setCategory(ToText(event.category));
    if (!event.data.empty()) out.setData(ToText(event.data));
    out.setBeganWall(event.began_wall.ns);
    out.setDuration(event.duration.ns);
    out.setAfter(event.after.value);
  });
}

}  // namespace backstep
