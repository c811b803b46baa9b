#include "backstep/recorder/adapters/otlp/otlp.h"

#include <algorithm>

#include "backstep/recorder/adapters/json/json_stream.h"
#include "backstep/recorder/adapters/otlp/otlp_json.h"
#include "backstep/recorder/adapters/otlp/otlp_proto.h"

namespace backstep::adapters {
namespace {

class OtlpImporter : public Importer {
 public:
  const FormatInfo& info() const override {
    static const FormatInfo kInfo{
        "otlp", "OpenTelemetry traces (OTLP as JSON or protobuf, also by lines or lengths)",
        "sessions of many traces; agents, graph nodes and their steps; model and tool calls with "
        "messages, tokens and errors; messages, handoffs, injected faults; every span with its "
        "attributes",
        "agents' states other than the conversations that model calls show"};
    return kInfo;
  }

  int Detect(const Head& head) const override {
    return std::max(DetectOtlpJson(head), DetectOtlpProto(head));
  }

  Status Read(Source& source, Sink& sink) override {
    const uint64_t before = collector_.span_count();
    std::string_view bytes;
    BACKSTEP_ASSIGN_OR_RETURN(bytes, source.Peek());
    const bool json = !FromFirstValue(bytes).empty() && DetectOtlpProto({bytes, false, {}}) == 0;
    BACKSTEP_RETURN_IF_ERROR(json ? ReadOtlpJson(source, collector_, sink)
                                  : ReadOtlpProto(source, collector_, sink));
    if (collector_.span_count() != before) return {};
    return NoRunIn(source.path(), "otlp");
  }

  Status Finish(Sink& sink) override { return collector_.Finish(sink); }

 private:
  SpanCollector collector_{"otlp"};
};

}  // namespace

std::unique_ptr<Importer> MakeOtlpImporter() { return std::make_unique<OtlpImporter>(); }

}  // namespace backstep::adapters
