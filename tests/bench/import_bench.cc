// How fast OTLP protobuf comes in against parsing it into protobuf's own objects, and against
// looking at its fields and nothing more, and in how much memory.
//
//   import_bench [--mb N] [--folder DIR]
//
// Writes N MB (64) of spans: sessions of 2,000 steps, each with a model call of a few KB. The
// import is timed from the file to a recording that is sealed and indexed.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "backstep/base/hash.h"
#include "backstep/recorder/adapters/export/out_span.h"
#include "backstep/recorder/adapters/import.h"
#include "backstep/recorder/adapters/otlp/wire.h"
#include "otlp_traces.pb.h"

namespace backstep::adapters {
namespace {

constexpr int kStepsPerSession = 2000, kAgents = 10;

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double PeakMegabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

std::string Words(RandomStream* random, size_t size) {
  static constexpr const char* kWords[] = {"plan ", "the ", "tool ", "returned ", "an ", "error ",
                                           "retry ", "file ", "passes ", "\"role\": ", "answer "};
  std::string text;
  while (text.size() < size) {
    text += kWords[random->Next() % 11] + std::to_string(random->Next() % 100);
  }
  return text;
}

std::string EightBytes(uint64_t number) {
  return std::string(reinterpret_cast<const char*>(&number), sizeof number);
}

// One session of steps, with a model call each.
void WriteSession(uint64_t session, RandomStream* random, std::ofstream* out) {
  std::vector<OutSpan> spans;
  OutSpan span;
  span.trace_id = EightBytes(session + 1) + EightBytes(7);
  for (int step = 0; step < kStepsPerSession; ++step) {
    span.attributes.clear();
    span.span_id = EightBytes(session << 32 | static_cast<uint64_t>(2 * step + 1));
    span.parent_id.clear();
    span.name = "agent_step";
    span.began.ns = 1700000000000000000 + int64_t{step} * 1000000;
    span.ended.ns = span.began.ns + 900000;
    span.Text("gen_ai.operation.name", "invoke_agent");
    span.Text("gen_ai.agent.name", "agent" + std::to_string(step % kAgents));
    spans.push_back(span);
    span.attributes.clear();
    span.parent_id = span.span_id;
    span.span_id = EightBytes(session << 32 | static_cast<uint64_t>(2 * step + 2));
    span.name = "chat model";
    span.Text("gen_ai.operation.name", "chat");
    span.Text("gen_ai.request.model", "model");
    span.Number("gen_ai.usage.input_tokens", 100);
    span.Text("input.value", Words(random, 500 + random->Next() % 3000));
    span.Text("output.value", Words(random, 200 + random->Next() % 1000));
    spans.push_back(span);
    if (spans.size() < 256 && step + 1 < kStepsPerSession) continue;
    *out << SpansProto({{"service.name", std::string("bench")}}, spans);
    spans.clear();
  }
}

// Handed to `take`, one message of resource_spans after the other.
template <typename Take>
void EachResource(const std::string& path, const Take& take) {
  std::ifstream in(path, std::ios::binary);
  std::string piece;
  while (in.get() != EOF) {  // the tag of TracesData.resource_spans
    uint64_t size = 0;
    for (int shift = 0;; shift += 7) {
      const int byte = in.get();
      size |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) break;
    }
    piece.resize(size);
    in.read(piece.data(), static_cast<std::streamsize>(size));
    take(piece);
  }
}

// Every field of every message, down to attributes.
uint64_t FieldsIn(std::string_view message, int depth) {
  uint64_t fields = 0;
  WireReader reader(message);
  while (reader.Next()) {
    ++fields;
    // ResourceSpans, ScopeSpans, Span, KeyValue, AnyValue.
    const bool inside = (depth == 0 && reader.field() == 2) ||
                        (depth == 1 && reader.field() == 2) ||
                        (depth == 2 && reader.field() == 9) || (depth == 3 && reader.field() == 2);
    if (inside && reader.wire() == Wire::kBytes) fields += FieldsIn(reader.bytes(), depth + 1);
  }
  return fields;
}

uint64_t Walk(const std::string& path) {
  uint64_t fields = 0;
  EachResource(path, [&](const std::string& bytes) { fields += FieldsIn(bytes, 0); });
  return fields;
}

uint64_t Parse(const std::string& path) {
  uint64_t spans = 0;
  EachResource(path, [&](const std::string& bytes) {
    bench::ResourceSpans resource;
    if (!resource.ParseFromString(bytes)) return;
    for (const auto& scope : resource.scope_spans()) {
      spans += static_cast<uint64_t>(scope.spans_size());
    }
  });
  return spans;
}

int Measure(const std::string& folder, uint64_t megabytes) {
  const std::string file = folder + "/import_bench.pb",
                    recording = folder + "/import_bench.backstep";
  std::filesystem::remove_all(recording);
  {
    std::ofstream out(file, std::ios::binary);
    RandomStream random(1);
    for (uint64_t session = 0; static_cast<uint64_t>(out.tellp()) < megabytes << 20; ++session) {
      WriteSession(session, &random, &out);
    }
  }
  const double size = static_cast<double>(std::filesystem::file_size(file)) / (1 << 20);
  double begun = Seconds();
  const uint64_t fields = Walk(file);
  const double walked = Seconds() - begun;
  begun = Seconds();
  const uint64_t spans = Parse(file);
  const double parsed = Seconds() - begun;
  begun = Seconds();
  ImportOptions options;
  options.files = {file};
  options.recording = recording;
  const auto summary = Import(options);
  const double took = Seconds() - begun;
  std::filesystem::remove(file);
  std::filesystem::remove_all(recording);
  if (!summary.ok()) return std::printf("%s\n", summary.status().ToString().c_str()), 1;
  std::printf("OTLP protobuf, %.0f MB, %llu spans, %llu fields, %llu sessions, %llu steps\n", size,
              static_cast<unsigned long long>(spans), static_cast<unsigned long long>(fields),
              static_cast<unsigned long long>(summary->sessions),
              static_cast<unsigned long long>(summary->steps));
  std::printf("fields looked at  %8.1f MB/s\n", size / walked);
  std::printf("protobuf's parse  %8.1f MB/s\n", size / parsed);
  std::printf("import            %8.1f MB/s, %.3f of the parse (target 0.3), %.4f of the look\n",
              size / took, parsed / took, walked / took);
  std::printf("peak memory       %8.0f MB, %.2f of the file\n", PeakMegabytes(),
              PeakMegabytes() / size);
  return 0;
}

}  // namespace
}  // namespace backstep::adapters

int main(int argc, char** argv) {
  uint64_t megabytes = 64;
  std::string folder = ".";
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string(argv[i]) == "--mb") megabytes = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::string(argv[i]) == "--folder") folder = argv[i + 1];
  }
  return backstep::adapters::Measure(folder, megabytes);
}
