// Records as OTLP spans, with the keys of llmmas-otel, OpenTelemetry GenAI and OpenInference, and
// what these cannot say under keys of our own (own_traces/keys.h).
#pragma once

#include <string>
#include <vector>

#include "backstep/recorder/adapters/export/out_span.h"
#include "backstep/store/line.h"

namespace backstep::adapters {

using Events = std::vector<EventRecord>;

// One thread, that of the line, which outlives it. Ids are made of what a span stands for: the same
// record twice gives the same. Errors: those of reading bodies.
class SpanMaker {
 public:
  explicit SpanMaker(store::Line& line);

  OutAttributes Resource() const;
  OutSpan Session(const Events& events) const;
  OutSpan Agent(const AgentRecord& agent) const;
  OutSpan Segment(const SegmentRecord& segment) const;
  OutSpan Step(const StepRecord& step, const Events& events) const;
  Result<OutSpan> Sent(const MessageRecord& message) const;
  Result<OutSpan> Took(const StepRecord& step, const MessageRecord& message) const;
  Result<OutSpan> Effect(const EffectRecord& effect) const;
  // Of an event that came too late to stand on its span.
  OutSpan Event(const EventRecord& event) const;

 private:
  std::string IdOf(uint64_t what, uint64_t a, uint64_t b, uint64_t c) const;
  std::string SessionId() const { return IdOf(0, 0, 0, 0); }
  std::string StepId(AgentId agent, AgentClock clock) const;
  std::string SegmentSpanId(SegmentId id) const { return IdOf(2, id.value, 0, 0); }
  OutSpan NewSpan(const char* kind, const std::string& name, std::string id, std::string parent,
                  TimeNs began, TimeNs ended) const;
  Status AddBody(const BodyRef& ref, const char* key, const char* media_key, OutSpan* span) const;
  Status AddMessage(const MessageRecord& message, OutSpan* span) const;
  void AddModel(const EffectRecord& effect, OutSpan* span) const;

  store::Line& line_;
  Hash128 trace_;
};

}  // namespace backstep::adapters
