// Real runs of BACKSTEP_TEST_DATA as growing histories: each file's longest list of objects, an
// object more a step.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <nlohmann/json.hpp>

#include "backstep/tests/bench/suite/baselines/zstd_floor.h"
#include "backstep/tests/bench/suite/recorded.h"

namespace backstep::bench {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr size_t kObjectsMin = 5;
constexpr int kDepthMax = 6;

using History = std::vector<std::string>;

void LongestList(const Json& json, int depth, const Json** longest) {
  if (depth > kDepthMax || !json.is_structured()) return;
  const bool objects = json.is_array() && !json.empty() &&
                       std::all_of(json.begin(), json.end(),
                                   [](const Json& item) { return item.is_object(); });
  if (objects && (*longest == nullptr || json.size() > (*longest)->size())) *longest = &json;
  for (const Json& member : json) LongestList(member, depth + 1, longest);
}

// Empty: the file has no run in it.
History ReadRun(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  Json json = Json::parse(text.str(), nullptr, false);
  if (json.is_discarded()) {
    json = Json::array();
    for (std::string line; std::getline(text, line);) {
      Json item = Json::parse(line, nullptr, false);
      if (item.is_object()) json.push_back(std::move(item));
    }
  }
  const Json* longest = nullptr;
  LongestList(json, 0, &longest);
  History history;
  if (longest == nullptr || longest->size() < kObjectsMin) return history;
  for (const Json& item : *longest) {
    history.push_back(item.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  return history;
}

// By set: the first folder below the data.
std::map<std::string, std::vector<History>> ReadSets(const std::string& folder) {
  std::map<std::string, std::vector<History>> sets;
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string ending = entry.path().extension().string();
    const bool json = ending == ".json" || ending == ".jsonl" || ending == ".traj";
    if (json && entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) {
    History history = ReadRun(path);
    if (history.empty()) continue;
    sets[(*fs::relative(path, folder).begin()).string()].push_back(std::move(history));
  }
  return sets;
}

struct Sums {
  double steps = 0, full = 0, stored = 0, floor = 0;
  void Add(const Sums& more) {
    steps += more.steps;
    full += more.full;
    stored += more.stored;
    floor += more.floor;
  }
};

Sums RecordSet(const Context& context, const std::vector<History>& runs) {
  Sums sums;
  const auto options = RecordTo(context, "real");
  Floor floor;
  Samples samples(1);
  {
    const auto session = recorder::Session::Open(options);
    uint64_t step = 0;
    for (size_t run = 0; run < runs.size(); ++run) {
      const std::string agent = "run" + std::to_string(run);
      session->AddAgent({.name = agent, .initial_state = {"[]"}});
      std::string state = "[";
      for (const std::string& item : runs[run]) {
        state += (state.size() == 1 ? "" : ",") + item;
        floor.Add(item);
        const std::string whole = state + "]";
        sums.full += static_cast<double>(Compressed(whole));
        Need(session->BeginStep(agent)->Commit(Body{whole}));
        samples.Note(++step, agent, whole);
      }
    }
    sums.steps = static_cast<double>(step);
    Need(session->Close());
  }
  samples.Check(options.path);
  sums.stored = LogBytes(options.path);
  sums.floor = static_cast<double>(floor.Finish());
  return sums;
}

void AddSums(Context& context, const std::string& name, const Sums& sums) {
  context.add(Figure{name, sums.stored, "B"}.Against("full zstd-3 states", sums.full));
  context.add(Figure{"  " + std::to_string(static_cast<uint64_t>(sums.steps)) + " steps",
                     sums.stored / sums.steps, "B/step"}
                  .Against("zstd-3 stream", sums.floor / sums.steps));
}

}  // namespace

void MeasureRealRuns(Context& context) {
  const char* folder = std::getenv("BACKSTEP_TEST_DATA");
  if (folder == nullptr || !fs::is_directory(folder)) {
    context.note("not run: BACKSTEP_TEST_DATA names no folder of real runs");
    return;
  }
  Sums all;
  for (const auto& [name, runs] : ReadSets(folder)) {
    const Sums sums = RecordSet(context, runs);
    AddSums(context, name + ", " + std::to_string(runs.size()) + " runs", sums);
    all.Add(sums);
  }
  if (all.steps > 0) AddSums(context, "all of them", all);
}

}  // namespace backstep::bench
