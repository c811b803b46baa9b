// The OpenAI Agents SDK's own export of traces: items {"object": "trace" | "trace.span", …}, in a
// list or one a line, as it sends them to …/v1/traces/ingest.
#pragma once

#include <memory>
#include <string>

#include "backstep/recorder/adapters/assembly/collector.h"
#include "backstep/recorder/adapters/core/importer.h"
#include "backstep/recorder/adapters/core/json_text.h"

namespace backstep::adapters {

// Takes items wherever they lie; one session a trace. One thread.
class OpenAiTraces {
 public:
  // `calls_beside`: the model calls that "response" spans only name stand in the same file, and are
  // counted there.
  void Take(const Json& item, bool calls_beside, const Place& place, Sink& sink);
  Status Finish(Sink& sink) { return collector_.Finish(sink); }
  uint64_t span_count() const { return collector_.span_count(); }

 private:
  SpanCollector collector_{"openai_traces"};
  Span span_;
};

std::unique_ptr<Importer> MakeOpenAiTracesImporter();

}  // namespace backstep::adapters
