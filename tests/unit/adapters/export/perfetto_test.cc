// The trace for Perfetto against the rules of the Trace Event Format.
#include <map>
#include <set>

#include "backstep/recorder/adapters/export/export.h"
#include "backstep/tests/unit/adapters/conversations/telling.h"
#include "backstep/tests/unit/adapters/random_draft.h"

namespace backstep::adapters {
namespace {

struct Slice {
  double began, ended;
};
struct Trace {
  std::map<int, std::string> tracks;           // by thread
  std::map<int, std::vector<Slice>> slices;    // likewise
  std::map<uint64_t, std::vector<Json>> flows; // by id
  int instants = 0;
};

Trace Read(store::Line& line, StepNumber from) {
  std::string text;
  const Status done = Export(line, {.format = ExportFormat::kPerfetto, .from = from},
                             [&](std::string_view bytes) {
                               text += bytes;
                               return Status();
                             });
  INFO(done.ToString());
  REQUIRE(done.ok());
  const Result<Json> json = ParseJson(text);
  REQUIRE(json.ok());
  Trace trace;
  bool process = false;
  for (const Json& event : (*json)["traceEvents"]) {
    const std::string phase = event["ph"];
    const int track = event["tid"];
    if (event["pid"] != 1) FAIL("another process");
    if (phase == "M") {
      process = process || event["name"] == "process_name";
      if (event["name"] == "thread_name") trace.tracks[track] = event["args"]["name"];
      continue;
    }
    const double at = event["ts"];
    if (phase == "X") trace.slices[track].push_back({at, at + event["dur"].get<double>()});
    else if (phase == "i") ++trace.instants;
    else if (phase == "s" || phase == "f") trace.flows[event["id"]].push_back(event);
    else FAIL("a phase that is not known: " + phase);
    if (at < 0) FAIL("before the beginning");
  }
  CHECK(process);
  return trace;
}

bool InSlice(const Trace& trace, const Json& end) {
  const double at = end["ts"];
  const auto& slices = trace.slices.at(end["tid"]);
  return std::any_of(slices.begin(), slices.end(),
                     [&](const Slice& s) { return s.began <= at + 1e-3 && at <= s.ended + 1e-3; });
}

void CheckRules(const Trace& trace) {
  for (const auto& [track, slices] : trace.slices) {
    if (!trace.tracks.contains(track)) FAIL("a track without a name");
    for (const Slice& slice : slices) {
      if (slice.ended < slice.began) FAIL("a slice below zero");
    }
  }
  for (const auto& [id, ends] : trace.flows) {
    if (ends.size() != 2 || ends[0]["ph"] != "s" || ends[1]["ph"] != "f") FAIL("no pair");
    if (ends[0]["ts"] > ends[1]["ts"]) FAIL("taken before it was sent");
    if (ends[1]["bp"] != "e") FAIL("an end that binds to the next slice");
    for (const Json& end : ends) {
      INFO(end.dump());
      if (!InSlice(trace, end)) FAIL("a flow's end outside of every slice of its track");
    }
  }
}

uint64_t MessagesTaken(store::Line& line) {
  uint64_t count = 0;
  REQUIRE(line.ScanSteps(StepNumber(1), line.last(), [&](const StepRecord& step) {
                count += step.took.size();
                return true;
              }).ok());
  return count;
}

}  // namespace

TEST_CASE(
    "a trace for Perfetto has a track an agent, a slice a step and call, a flow a message taken") {
  testing::Imported imported;
  imported.Import([&](Sink& sink) {
    for (uint64_t seed = 200; seed < 215; ++seed) {
      BACKSTEP_RETURN_IF_ERROR(sink.Session(testing::RandomDraft(seed, &sink).Make(40)));
    }
    return Status();
  });
  for (uint32_t log = 1; log <= 15; ++log) {
    INFO("log " << log);
    const auto line = imported.Read(log);
    const Trace trace = Read(*line, StepNumber(1));
    CheckRules(trace);
    CHECK(trace.tracks.size() == line->agents().size());
    CHECK(trace.flows.size() == MessagesTaken(*line));
    // Of a part: no flow from what is not there.
    CheckRules(Read(*line, StepNumber(line->last().value / 2 + 1)));
  }
}

TEST_CASE("real runs become traces that keep the rules", "[data]") {
  const std::pair<const char*, const char*> kinds[] = {
      {"who_when", ".json"}, {"otlp", ".json"}, {"llmmas_otel/Sudoku", ""}, {"mast", ".json"}};
  for (const auto& [folder, ending] : kinds) {
    std::vector<std::string> files = testing::RealFiles(folder, ending);
    if (files.empty()) continue;
    if (*ending != 0) files.resize(std::min<size_t>(files.size(), 3));
    INFO(folder);
    testing::Imported imported;
    ImportOptions options;
    options.files = files;
    options.recording = imported.path();
    REQUIRE(Import(options).ok());
    imported.Open();
    const auto logs = imported.recording().Logs();
    REQUIRE(logs.ok());
    for (const auto& log : *logs) {
      const auto line = imported.Read(log.id.value);
      const Trace trace = Read(*line, StepNumber(1));
      CheckRules(trace);
      CHECK(trace.flows.size() == MessagesTaken(*line));
    }
  }
}

}  // namespace backstep::adapters
