#include "backstep/replay/host/codec.h"

#include <algorithm>

namespace backstep::replay::host {
namespace {

kj::ArrayPtr<const kj::byte> Bounded(const std::string& text) {
  return ToData(text, kTextBytesMax);
}

void EncodeSummary(const ReplaySummary& summary, rpc::Summary::Builder to) {
  to.setReused(summary.reused);
  to.setExact(summary.exact);
  to.setEdited(summary.edited);
  to.setFault(summary.fault);
  to.setLive(summary.live);
  to.setMiss(summary.miss);
  to.setDivergences(summary.divergences);
  to.setChanges(summary.changes);
}

ReplaySummary DecodeSummary(rpc::Summary::Reader from) {
  ReplaySummary summary;
  summary.reused = from.getReused();
  summary.exact = from.getExact();
  summary.edited = from.getEdited();
  summary.fault = from.getFault();
  summary.live = from.getLive();
  summary.miss = from.getMiss();
  summary.divergences = from.getDivergences();
  summary.changes = from.getChanges();
  return summary;
}

void EncodeOutcome(const Outcome& outcome, rpc::Outcome::Builder to) {
  to.setKind(static_cast<uint8_t>(outcome.kind));
  to.setHasScore(outcome.score.has_value());
  to.setScore(outcome.score.value_or(0));
  to.setReason(Bounded(outcome.reason));
}

Result<Outcome> DecodeOutcome(rpc::Outcome::Reader from) {
  if (from.getKind() > static_cast<uint8_t>(Outcome::Kind::kFailed)) {
    return Status::Corruption("the replay host sent an unknown outcome");
  }
  Outcome outcome;
  outcome.kind = static_cast<Outcome::Kind>(from.getKind());
  if (from.getHasScore()) outcome.score = from.getScore();
  outcome.reason = FromData(from.getReason());
  return outcome;
}

void EncodeDivergence(const Divergence& divergence, rpc::Divergence::Builder to) {
  to.setStep(divergence.step.value);
  to.setRecordedStep(divergence.recorded_step.value);
  to.setAgent(Bounded(divergence.agent));
  to.setClock(divergence.clock.value);
  to.setWhat(Bounded(divergence.what));
  to.setExpected(Bounded(divergence.expected));
  to.setActual(Bounded(divergence.actual));
}

Divergence DecodeDivergence(rpc::Divergence::Reader from) {
  Divergence divergence;
  divergence.step = StepNumber(from.getStep());
  divergence.recorded_step = StepNumber(from.getRecordedStep());
  divergence.agent = FromData(from.getAgent());
  divergence.clock = AgentClock(from.getClock());
  divergence.what = FromData(from.getWhat());
  divergence.expected = FromData(from.getExpected());
  divergence.actual = FromData(from.getActual());
  return divergence;
}

void EncodeMiss(const Miss& miss, rpc::Miss::Builder to) {
  to.setStep(miss.step.value);
  to.setAgent(Bounded(miss.agent));
  to.setClock(miss.clock.value);
  to.setOrdinal(miss.ordinal);
  to.setKind(static_cast<uint8_t>(miss.kind));
  to.setName(Bounded(miss.name));
  to.setRequestExcerpt(Bounded(miss.request_excerpt));
  to.setHint(Bounded(miss.hint));
}

Result<Miss> DecodeMiss(rpc::Miss::Reader from) {
  if (from.getKind() > static_cast<uint8_t>(EffectKind::kEnv)) {
    return Status::Corruption("the replay host sent an unknown kind of call");
  }
  Miss miss;
  miss.step = StepNumber(from.getStep());
  miss.agent = FromData(from.getAgent());
  miss.clock = AgentClock(from.getClock());
  miss.ordinal = from.getOrdinal();
  miss.kind = static_cast<EffectKind>(from.getKind());
  miss.name = FromData(from.getName());
  miss.request_excerpt = FromData(from.getRequestExcerpt());
  miss.hint = FromData(from.getHint());
  return miss;
}

unsigned CountOf(const std::vector<std::string>& lines) {
  return static_cast<unsigned>(std::min(lines.size(), kLinesMax));
}

void EncodeLines(const std::vector<std::string>& lines, capnp::List<capnp::Data>::Builder to) {
  for (unsigned i = 0; i < to.size(); ++i) to.set(i, Bounded(lines[i]));
}

Status DecodeLines(capnp::List<capnp::Data>::Reader from, std::vector<std::string>* lines) {
  if (from.size() > kLinesMax) return Status::Corruption("the replay host sent too many lines");
  for (capnp::Data::Reader line : from) lines->push_back(FromData(line));
  return {};
}

Status DecodeLists(rpc::Result::Reader from, ReplayResult* result) {
  if (from.getDivergences().size() > kDivergencesMax) {
    return Status::Corruption("the replay host sent too many divergences");
  }
  for (rpc::Divergence::Reader divergence : from.getDivergences()) {
    result->divergences.push_back(DecodeDivergence(divergence));
  }
  BACKSTEP_RETURN_IF_ERROR(DecodeLines(from.getUnreached(), &result->unreached));
  BACKSTEP_RETURN_IF_ERROR(DecodeLines(from.getLiveCalls(), &result->live_calls));
  return DecodeLines(from.getWarnings(), &result->warnings);
}

}  // namespace

kj::ArrayPtr<const kj::byte> ToData(const std::string& text, size_t bytes_max) {
  const size_t size = std::min(text.size(), bytes_max);
  return kj::arrayPtr(reinterpret_cast<const kj::byte*>(text.data()), size);
}

std::string FromData(capnp::Data::Reader data) {
  return std::string(reinterpret_cast<const char*>(data.begin()), data.size());
}

void Encode(const Progress& progress, rpc::Progress::Builder to) {
  to.setStepsDone(progress.steps_done);
  to.setStepsExpected(progress.steps_expected);
  EncodeSummary(progress.summary, to.initSummary());
}

Progress Decode(rpc::Progress::Reader from) {
  Progress progress;
  progress.steps_done = from.getStepsDone();
  progress.steps_expected = from.getStepsExpected();
  progress.summary = DecodeSummary(from.getSummary());
  return progress;
}

void Encode(const ReplayResult& result, rpc::Result::Builder to) {
  to.setBranch(result.branch.value);
  to.setBranchName(Bounded(result.branch_name));
  to.setResult(Bounded(result.result));
  to.setDetail(Bounded(result.detail));
  EncodeOutcome(result.outcome, to.initOutcome());
  to.setFork(result.fork.value);
  to.setLast(result.last.value);
  EncodeSummary(result.summary, to.initSummary());
  const size_t count = std::min(result.divergences.size(), kDivergencesMax);
  auto divergences = to.initDivergences(static_cast<unsigned>(count));
  for (unsigned i = 0; i < count; ++i) EncodeDivergence(result.divergences[i], divergences[i]);
  if (result.miss) EncodeMiss(*result.miss, to.initMiss());
  EncodeLines(result.unreached, to.initUnreached(CountOf(result.unreached)));
  EncodeLines(result.live_calls, to.initLiveCalls(CountOf(result.live_calls)));
  EncodeLines(result.warnings, to.initWarnings(CountOf(result.warnings)));
}

Result<ReplayResult> Decode(rpc::Result::Reader from) {
  ReplayResult result;
  result.branch = LogId(from.getBranch());
  result.branch_name = FromData(from.getBranchName());
  result.result = FromData(from.getResult());
  result.detail = FromData(from.getDetail());
  BACKSTEP_ASSIGN_OR_RETURN(result.outcome, DecodeOutcome(from.getOutcome()));
  result.fork = StepNumber(from.getFork());
  result.last = StepNumber(from.getLast());
  result.summary = DecodeSummary(from.getSummary());
  if (from.hasMiss()) {
    BACKSTEP_ASSIGN_OR_RETURN(Miss miss, DecodeMiss(from.getMiss()));
    result.miss = std::move(miss);
  }
  BACKSTEP_RETURN_IF_ERROR(DecodeLists(from, &result));
  return result;
}

void Encode(const Status& status, rpc::Failure::Builder to) {
  to.setCode(static_cast<uint8_t>(status.code()));
  to.setMessage(Bounded(status.message()));
}

Status Decode(rpc::Failure::Reader from) {
  const uint8_t code = from.getCode();
  const bool known = code > static_cast<uint8_t>(StatusCode::kOk) &&
                     code <= static_cast<uint8_t>(StatusCode::kInternal);
  return {known ? static_cast<StatusCode>(code) : StatusCode::kInternal,
          FromData(from.getMessage())};
}

}  // namespace backstep::replay::host
