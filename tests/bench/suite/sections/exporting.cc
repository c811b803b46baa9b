// A run of growing states taken out in each format, against looking at all that goes out.
#include "backstep/recorder/adapters/export/export.h"

#include <malloc.h>

#include <filesystem>

#include "backstep/base/hash.h"
#include "backstep/store/line.h"
#include "backstep/store/recording.h"
#include "backstep/tests/bench/corpus.h"
#include "backstep/tests/bench/suite/process.h"
#include "backstep/tests/bench/suite/recorded.h"

namespace backstep::bench {
namespace {

using adapters::ExportFormat;

constexpr size_t kStateBytesMin = 64 << 10, kStateBytesMax = 256 << 10;
constexpr double kMegabyte = 1 << 20;

struct Formats {
  ExportFormat format;
  const char* name;
};
constexpr Formats kFormats[] = {{ExportFormat::kJsonl, "jsonl"},
                                {ExportFormat::kOtlpJson, "otlp-json"},
                                {ExportFormat::kOtlpProto, "otlp-proto"},
                                {ExportFormat::kPerfetto, "perfetto"}};

// Every state grows by what its agent wrote; of one that is full the oldest goes.
void RecordGrowing(const recorder::SessionOptions& options, uint64_t steps, size_t agents) {
  const auto session = recorder::Session::Open(options);
  Corpus corpus(23);
  std::vector<size_t> sizes(agents, kStateBytesMin);
  std::vector<std::vector<Message>> inboxes(agents);
  const auto name = [](size_t agent) { return "agent" + std::to_string(agent); };
  for (size_t i = 0; i < agents; ++i) {
    session->AddAgent({.name = name(i), .initial_state = {corpus.Text(sizes[i]), "text/plain"}});
  }
  for (uint64_t number = 1; number <= steps; ++number) {
    const size_t agent = number % agents, next = (number + 1) % agents;
    const auto step = session->BeginStep(name(agent), std::exchange(inboxes[agent], {}));
    const std::string added = corpus.Text(400 + number % 1200);
    Message message;
    message.to = name(next);
    message.body = {added, "text/plain"};
    inboxes[next] = step->Send(std::move(message));
    StateEdit edit;
    if (sizes[agent] + added.size() > kStateBytesMax) {
      const size_t gone = sizes[agent] - kStateBytesMin;
      edit.splices.push_back({0, gone, ""});
      edit.splices.push_back({sizes[agent], 0, added});
      sizes[agent] -= gone;
    } else {
      edit = StateEdit::Append(sizes[agent], added);
    }
    sizes[agent] += added.size();
    Need(step->Commit(std::move(edit)));
  }
  Need(session->Close());
}

// Steps a second.
double LookAtAll(store::Line& line) {
  const double begin = WallNs();
  uint64_t bytes = 0;
  const auto look = [&](const BodyRef& ref) {
    Need(line.VisitBody(ref, [&](std::string_view body) { bytes += body.size(); }));
  };
  Need(line.ScanStepsInFull(StepNumber(1), line.last(),
                            [&](const auto& step, const auto&, const auto& sent) {
                              look(step.state);
                              for (const MessageRecord& message : sent) look(message.body);
                              return true;
                            }));
  return static_cast<double>(line.last().value) / (WallNs() - begin) * 1e9;
}

void MeasureFormat(Context& context, const std::string& path, const Formats& format,
                   double looked_at) {
  const auto recording = Need(store::Recording::Open(path));
  const auto line = Need(recording->OpenLine(LogId(1)));
  malloc_trim(0);  // what recording left would hide what the export takes
  ForgetPeak();
  const double before = StatusBytes("VmRSS"), begin = WallNs();
  uint64_t bytes = 0;
  Hasher hasher;
  Need(adapters::Export(*line, {.format = format.format}, [&](std::string_view piece) {
    bytes += piece.size();
    hasher.Add(piece);
    return Status();
  }));
  const double seconds = (WallNs() - begin) / 1e9;
  context.add(Figure{format.name, static_cast<double>(line->last().value) / seconds, "steps/s"}
                  .Against("looking at all", looked_at));
  context.add(Figure{"  memory beside the rest", StatusBytes("VmHWM") - before, "B"}
                  .AtMost(256 * kMegabyte));
  context.note("    " + FormatValue(static_cast<double>(bytes), "B") + " in " +
               FormatValue(seconds * 1e9, "ns") + ", hash " + hasher.Digest().ToHex());
}

void MeasureRun(Context& context, const std::string& name, uint64_t steps, size_t agents) {
  const auto options = RecordTo(context, name);
  RecordGrowing(options, steps, agents);
  context.note(std::to_string(steps) + " steps of " + std::to_string(agents) + " agents");
  double looked_at = 0;
  {
    const auto recording = Need(store::Recording::Open(options.path));
    looked_at = LookAtAll(*Need(recording->OpenLine(LogId(1))));
  }
  for (const Formats& format : kFormats) MeasureFormat(context, options.path, format, looked_at);
  std::filesystem::remove_all(options.path);
}

}  // namespace

void MeasureExport(Context& context) {
  const uint64_t steps = context.quick ? 4000 : 20000;
  MeasureRun(context, "exported", steps, 4);
  // More than a reader keeps of what it has read.
  MeasureRun(context, "exported-many", steps, 500);
}

}  // namespace backstep::bench
