// The numbered semantics of re-execution (docs/concepts.md), held over random programs.
#include <algorithm>
#include <filesystem>
#include <set>

#include "backstep/replay/reexecute.h"
#include "backstep/store/line.h"
#include "backstep/tests/property/random_program.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/effort.h"
#include "backstep/tests/support/temp_dir.h"

namespace backstep {
namespace {

using replay::FormatSummary;
using replay::ReplayResult;
using testing::Plant;
using testing::RandomProgram;
using testing::RandomProgramOptions;
using testing::Rounds;
using testing::TempDir;

constexpr char kFaults[] = R"(backstep: 1
faults:
  - id: lose
    hook: a2a_send
    action: {type: a2a.drop}
    limits: {probability: 0.1}
  - id: late
    hook: a2a_send
    selector: {source_agent_id: a0}
    action: {type: a2a.delay, params: {delay_ms: 3}}
    limits: {probability: 0.3}
  - id: slow
    hook: llm_call
    action: {type: llm.delay, params: {delay_ms: 1}}
    limits: {probability: 0.2}
  - id: busy
    hook: llm_call
    action: {type: llm.rate_limit}
    limits: {probability: 0.2, max_times: 3}
  - id: broken
    hook: tool_call
    action: {type: tool.error, params: {message: broken}}
    limits: {probability: 0.2}
)";

std::unique_ptr<store::Recording> Record(RandomProgram& program, const std::string& path,
                                         int threads, const std::string& faults = {}) {
  replay::RunOptions options;
  options.session.path = path;
  options.session.read_environment = false;
  options.session.header.faults_text = faults;
  options.session.header.faults_origin = "faults.yaml";
  options.session.header.seed = 7;
  options.threads = threads;
  options.steps_max = 400;
  const auto run = RunLive(program, options);
  INFO(run.status().ToString());
  REQUIRE(run.ok());
  INFO(run->recording_status.ToString());
  REQUIRE(run->recording_status.ok());
  auto recording = store::Recording::Open(path);
  REQUIRE(recording.ok());
  return std::move(*recording);
}

ReplayResult MustReplay(RandomProgram& program, store::Recording& recording,
                        const Experiment& experiment) {
  auto result = Reexecute(program, recording, experiment, {});
  INFO(result.status().ToString());
  REQUIRE(result.ok());
  return std::move(*result);
}

Experiment From(uint64_t step) {
  Experiment experiment;
  experiment.parent = LogId{1};
  experiment.from = StepNumber{step};
  return experiment;
}

std::string Describe(const ReplayResult& result) {
  std::string text = result.result + " " + result.detail + " " + FormatSummary(result.summary);
  for (const auto& divergence : result.divergences) text += "\n" + divergence.ToString();
  for (const auto& warning : result.warnings) text += "\n" + warning;
  if (result.miss) text += "\nmiss: " + result.miss->request_excerpt;
  return text;
}

uint64_t LastStep(store::Recording& recording) {
  return (*recording.OpenLine(LogId{1}))->last().value;
}

Hash128 DigestOf(store::Recording& recording, LogId log) {
  const auto line = recording.OpenLine(log);
  REQUIRE(line.ok());
  const auto digest = (*line)->Digest();
  INFO(digest.status().ToString());
  REQUIRE(digest.ok());
  return *digest;
}

void RequireFaithful(RandomProgram& program, store::Recording& recording, Experiment experiment,
                     const Hash128& digest) {
  const uint64_t calls = program.calls_run;
  const ReplayResult result = MustReplay(program, recording, experiment);
  INFO("seed " << program.options().seed << " from " << experiment.from.value << " free "
               << experiment.free_schedule << " restore " << experiment.check_restore << ": "
               << Describe(result));
  REQUIRE(result.result == "finished");
  REQUIRE(result.summary.divergences == 0);
  REQUIRE(result.summary.changes == 0);
  REQUIRE(result.summary.miss == 0);
  REQUIRE(result.summary.live == 0);
  REQUIRE(result.summary.reused == experiment.from.value);
  REQUIRE(program.calls_run == calls);
  REQUIRE(result.digest == digest);
}

// From the start and from moments spread over the run, served and free, restored and not.
void RequireFaithfulFromManyMoments(const RandomProgramOptions& options, int threads,
                                    const std::string& faults) {
  const TempDir dir;
  RandomProgram program(options);
  const auto recording = Record(program, dir / "run.backstep", threads, faults);
  const Hash128 digest = DigestOf(*recording, LogId{1});
  const uint64_t last = LastStep(*recording);
  RandomStream random(options.seed);
  std::set<uint64_t> moments = {0, last};
  while (moments.size() < std::min<uint64_t>(last + 1, 7)) {
    moments.insert(random.Next() % (last + 1));
  }
  for (const uint64_t moment : moments) {
    Experiment experiment = From(moment);
    experiment.free_schedule = random.Next() % 2 == 0;
    experiment.check_restore = random.Next() % 2 == 0;
    RequireFaithful(program, *recording, experiment, digest);
    experiment.free_schedule = !experiment.free_schedule;
    RequireFaithful(program, *recording, experiment, digest);
  }
}

TEST_CASE("A run on one thread is reproduced from any moment, served and free") {
  for (uint64_t round = 0; round < Rounds(8, 40); ++round) {
    const uint64_t seed = 1000 + round;
    RandomProgramOptions options;
    options.seed = seed;
    RequireFaithfulFromManyMoments(options, 1, "");
  }
}

TEST_CASE("A run with joins and a scheduler state is reproduced from any moment") {
  for (uint64_t round = 0; round < Rounds(7, 40); ++round) {
    const uint64_t seed = 20000 + round;
    RandomProgramOptions options;
    options.seed = seed;
    options.joins = true;
    RequireFaithfulFromManyMoments(options, 1, "");
  }
}

TEST_CASE("A run on four threads is reproduced from any moment, open steps among them") {
  for (uint64_t round = 0; round < Rounds(10, 60); ++round) {
    const uint64_t seed = 40000 + round;
    RandomProgramOptions options;
    options.seed = seed;
    options.start_messages = 6;
    RequireFaithfulFromManyMoments(options, 4, "");
  }
}

TEST_CASE("A run with injected faults is reproduced from any moment") {
  for (uint64_t round = 0; round < Rounds(8, 40); ++round) {
    const uint64_t seed = 60000 + round;
    RandomProgramOptions options;
    options.seed = seed;
    options.joins = seed % 2 == 0;
    RequireFaithfulFromManyMoments(options, seed % 3 == 0 ? 4 : 1, kFaults);
  }
}

TEST_CASE("An unfaithful program is found where it is unfaithful") {
  const auto plant =
      GENERATE(Plant::kLostField, Plant::kUnrecordedClock, Plant::kChangedWord);
  int found = 0;
  for (uint64_t seed = 80; seed < 80 + Rounds(12, 24); ++seed) {
    const TempDir dir;
    RandomProgramOptions options;
    options.seed = seed;
    options.failing = false;
    options.nested = false;
    // A changed word is a change of the program after it was recorded.
    options.plant = plant == Plant::kChangedWord ? Plant::kNone : plant;
    RandomProgram program(options);
    const auto recording = Record(program, dir / "run.backstep", 1);
    options.plant = plant;
    RandomProgram again(options);
    Experiment experiment = From(0);
    experiment.check_restore = true;
    experiment.on_miss = {{"llm", MissPolicy::kLive, ""}};
    experiment.limits.steps_max = 500;
    const ReplayResult result = MustReplay(again, *recording, experiment);
    // The first step of the planted agent that asks the model is where it shows: a field that is
    // lost in the second step that asks, for in the first one nothing has been lost yet.
    const auto line = *recording->OpenLine(LogId{1});
    uint64_t clock = 0;
    REQUIRE(line->ScanSteps(StepNumber{1}, line->last(), [&](const StepRecord& step) {
      if (line->AgentName(step.agent) != "a1" || clock != 0) return true;
      const auto effects = *line->Effects(step.agent, step.clock);
      const bool asks = std::any_of(effects.begin(), effects.end(), [](const auto& effect) {
        return effect.kind == EffectKind::kLlm;
      });
      const bool shows = plant == Plant::kChangedWord  ? step.clock.value == 2
                         : plant == Plant::kLostField  ? step.clock.value > 1
                                                       : true;
      if (asks && shows) clock = step.clock.value;
      return true;
    }).ok());
    if (clock == 0) continue;
    ++found;
    INFO("seed " << seed << ": " << Describe(result));
    REQUIRE(!result.divergences.empty());
    REQUIRE(result.divergences[0].agent == "a1");
    REQUIRE(result.divergences[0].clock.value == clock);
    REQUIRE(result.divergences[0].what == "request");
  }
  REQUIRE(found > 0);
}

TEST_CASE("A counter shared by the process is found from a later moment") {
  int found = 0;
  for (uint64_t seed = 90; seed <= 96; ++seed) {
    const TempDir dir;
    RandomProgramOptions options;
    options.seed = seed;
    options.failing = false;
    options.plant = Plant::kGlobalCounter;
    RandomProgram program(options);
    const auto recording = Record(program, dir / "run.backstep", 1);
    RandomProgram again(options);
    const uint64_t last = LastStep(*recording);
    if (last < 4) continue;
    const ReplayResult result = MustReplay(again, *recording, From(last / 2));
    if (result.summary.divergences == 0) continue;
    ++found;
    INFO(Describe(result));
    REQUIRE(result.divergences[0].agent == "a1");
    REQUIRE(result.divergences[0].what == "request");
  }
  REQUIRE(found > 0);
}

TEST_CASE("The same experiment twice has the same digest") {
  for (uint64_t seed = 100; seed <= 104; ++seed) {
    const TempDir dir;
    RandomProgramOptions options;
    options.seed = seed;
    RandomProgram program(options);
    const auto recording = Record(program, dir / "run.backstep", 1);
    Experiment experiment = From(0);
    experiment.edits = {{Edit::Kind::kReplaceMessage, "@outside/0.0",
                         R"({"ttl": 4, "text": "something else"})", "", ""}};
    for (const char* match : {"llm", "tool", "env"}) {
      experiment.on_miss.push_back({match, MissPolicy::kSubstitute, "the same"});
    }
    experiment.seed = seed;
    const ReplayResult first = MustReplay(program, *recording, experiment);
    const ReplayResult second = MustReplay(program, *recording, experiment);
    INFO(Describe(first) << "\n" << Describe(second));
    REQUIRE(first.summary.divergences == 0);
    REQUIRE(first.summary.edited > 0);
    REQUIRE(first.digest == second.digest);
    REQUIRE(first.digest != DigestOf(*recording, LogId{1}));
    REQUIRE(first.branch != second.branch);
  }
}

}  // namespace
}  // namespace backstep
