// Calls to the outside: one path for every kind.
#include <charconv>
#include <exception>

#include "backstep/recorder/core/step_impl.h"
#include "backstep/recorder/pipeline/process_info.h"
#include "backstep/recorder/redact.h"

namespace backstep::recorder {
namespace {

// Gathers a streamed answer and when its first piece came.
class Progress final : public CallProgress {
 public:
  explicit Progress(Clock* clock) : clock_(clock) {}
  void Begin() { began_ = clock_->Monotonic(); }
  void Chunk(const std::string& text) override {
    if (!first_) first_ = clock_->Monotonic() - began_;
    text_ += text;
  }

  // Fills what the program left to the recorder.
  void Complete(CallResult* result) {
    if (!result->ok() || !first_) return;
    CallResponse& response = result->mutable_response();
    if (response.usage.time_to_first_token == DurationNs()) {
      response.usage.time_to_first_token = *first_;
    }
    if (!response.body.bytes.empty() || text_.empty()) return;
    const size_t first_char = text_.find_first_not_of(" \t\r\n");
    const bool json = first_char != std::string::npos &&
                      (text_[first_char] == '{' || text_[first_char] == '[');
    if (!json && response.body.media_type == Body().media_type) {
      response.body.media_type = "text/plain; charset=utf-8";
    }
    response.body.bytes = std::move(text_);
  }

 private:
  Clock* clock_;
  DurationNs began_;
  std::optional<DurationNs> first_;
  std::string text_;
};

// The program's function with a watch on it. At most once per call is its promise; a hook that runs
// it again is counted in full.
struct TimedLive {
  const LiveCall& live;
  Clock& clock;
  DurationNs measured{};

  CallResult Run(const CallRequest& request, CallProgress& progress) {
    if (!live) return CallError{"unknown", 0, "the call came without a function that makes it", {}};
    const DurationNs begin = clock.Monotonic();
    struct Stop {
      TimedLive& timed;
      DurationNs begin;
      ~Stop() { timed.measured += timed.clock.Monotonic() - begin; }
    } stop{*this, begin};
    return live(request, progress);
  }
};

CallResult PassThrough(const CallRequest& request, const LiveCall& live) {
  Progress progress(&SystemClock());
  progress.Begin();
  TimedLive timed{live, SystemClock()};
  CallResult result = timed.Run(request, progress);
  progress.Complete(&result);
  return result;
}

std::optional<uint64_t> ParseNumber(const std::string& text) {
  uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

CallRequest BareRequest(const char* name) {
  CallRequest request;
  request.name = name;
  request.body.media_type.clear();
  return request;
}

void FillRequest(const CallInfo& call, const CallRequest& request, EffectRecord* record) {
  record->ordinal = call.ordinal;
  record->kind = call.kind;
  record->name = request.name;
  record->provider = request.provider;
  record->parameters = request.parameters;
  record->tool_type = request.tool_type;
  record->tool_call_id = request.tool_call_id;
  record->request_hash = call.request_hash;
  record->pure = request.pure || call.kind == EffectKind::kLlm;
  record->free = request.free;
}

CallResult NumberResult(uint64_t number) {
  CallResponse response;
  response.body = {std::to_string(number), "text/plain"};
  return response;
}

}  // namespace

void Step::Impl::RecordCall(const CallInfo& call, const CallRequest& request, CallOutcome& outcome,
                            EffectRecord&& began) {
  auto calling = core->Take<EffectItem>();
  EffectRecord& record = calling->record;
  record = std::move(began);
  record.agent = info.agent;
  record.clock = info.clock;
  FillRequest(call, request, &record);
  record.injected_delay = outcome.injected_delay;
  record.status = outcome.status;
  record.moved = outcome.moved;
  record.substituted = outcome.substituted;
  calling->volatile_fields = request.volatile_fields;
  if (!request.body.bytes.empty() || !request.body.media_type.empty()) {
    core->KeepOrDrop(request.body, &calling->request, &record.request);
  }
  if (outcome.result.ok()) {
    const CallResponse& response = outcome.result.response();
    record.usage = response.usage;
    record.finish_reason = response.finish_reason;
    if (outcome.stored_response) {
      record.response = *outcome.stored_response;
    } else {
      core->KeepOrDrop(response.body, &calling->response, &record.response);
    }
  } else {
    record.error = outcome.result.error();
  }
  if (record.request.where == BodyRef::Where::kDropped ||
      record.response.where == BodyRef::Where::kDropped) {
    item->record.incomplete = true;
  }
  calling->DropUnusedRoom();
  core->PushEffect(std::move(calling));
}

// Makes the call or has it answered. What the program's function throws comes back as `thrown`, and
// the call as one that failed.
CallOutcome Step::Impl::MakeCall(const CallInfo& call, const CallRequest& request,
                                 const LiveCall& live, DurationNs* measured,
                                 std::exception_ptr* thrown) {
  Clock& clock = core->clock();
  const ElsewhereTimer timer(clock, &elsewhere);
  Progress progress(&clock);
  progress.Begin();
  TimedLive timed{live, clock};
  CallOutcome outcome;
  try {
    if (hook() == nullptr) {
      outcome.result = timed.Run(request, progress);
    } else {
      const LiveCall run = [&timed](const CallRequest& asked, CallProgress& seen) {
        return timed.Run(asked, seen);
      };
      outcome = hook()->OnCall(info, call, request, run, progress);
    }
  } catch (...) {
    *thrown = std::current_exception();
    outcome.result = CallError{"exception", 0, "an exception left the call", {}};
  }
  progress.Complete(&outcome.result);
  *measured = timed.measured;
  return outcome;
}

CallResult Step::Impl::Call(EffectKind kind, const CallRequest& request, const LiveCall& live) {
  if (abandoned) return CallError{"cancelled", 0, "step " + Name() + " was given up", {}};
  if (!Recorded()) {
    ComplainEnded("made a call");
    return PassThrough(request, live);
  }
  CallInfo call;
  call.kind = kind;
  call.ordinal = effects_made++;
  if (hook() != nullptr && core->redactor() != nullptr) {
    core->Protect([&] { call.request_hash = RequestHash(*core->redactor(), kind, request); });
  }
  EffectRecord record;
  record.began_wall = core->clock().Now();
  record.began_virtual = VirtualNow();
  std::exception_ptr thrown;
  CallOutcome outcome = MakeCall(call, request, live, &record.measured, &thrown);
  if (!AskAbandoned()) {
    record.duration = outcome.duration.value_or(record.measured + outcome.injected_delay);
    calls += record.duration;
    AddFaults(std::move(outcome.faults));
    core->Protect([&] { RecordCall(call, request, outcome, std::move(record)); });
  }
  if (thrown) std::rethrow_exception(thrown);
  return std::move(outcome.result);
}

CallResult Step::CallLlm(const CallRequest& request, const LiveCall& live) {
  return impl_->Call(EffectKind::kLlm, request, live);
}

CallResult Step::CallTool(const CallRequest& request, const LiveCall& live) {
  return impl_->Call(EffectKind::kTool, request, live);
}

CallResult Step::Env(const CallRequest& request, const LiveCall& live) {
  return impl_->Call(EffectKind::kEnv, request, live);
}

TimeNs Step::Now() {
  Clock& clock = impl_->core != nullptr ? impl_->core->clock() : SystemClock();
  if (!impl_->Recorded()) return clock.Now();
  const CallResult result = impl_->Call(
      EffectKind::kClock, BareRequest("now"), [&clock](const CallRequest&, CallProgress&) {
        return NumberResult(static_cast<uint64_t>(clock.Now().ns));
      });
  const auto now = result.ok() ? ParseNumber(result.response().body.bytes) : std::nullopt;
  return now ? TimeNs{static_cast<int64_t>(*now)} : clock.Now();
}

uint64_t Step::Random() {
  Impl& step = *impl_;
  if (!step.Recorded()) return RandomNumber();
  const uint64_t drawn = MixSeed(step.core->seed(), step.info.agent.value, step.info.clock.value,
                                 step.effects_made);
  const CallResult result =
      step.Call(EffectKind::kRandom, BareRequest("random"),
                [drawn](const CallRequest&, CallProgress&) { return NumberResult(drawn); });
  const auto number = result.ok() ? ParseNumber(result.response().body.bytes) : std::nullopt;
  return number.value_or(drawn);
}

}  // namespace backstep::recorder
