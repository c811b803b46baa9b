#include "backstep/schemas/experiment.h"

#include "backstep/tests/support/catch.h"

namespace backstep {
namespace {

TEST_CASE("an experiment has one JSON text") {
  Experiment experiment;
  experiment.name = "tools";
  experiment.parent = LogId(2);
  experiment.from = StepNumber(812);
  experiment.edits.push_back(
      {Edit::Kind::kReplaceMessage, "planner/12.0", "say \"no\"\n", "text/plain", "edits.yaml:3"});
  experiment.edits.push_back({Edit::Kind::kDropMessage, "coder/1.0", "", "", "--drop-message"});
  experiment.faults_text = "faults: []";
  experiment.faults_origin = "f.yaml";
  experiment.on_miss.push_back({"tool:compile", MissPolicy::kSubstitute, "ok"});
  experiment.seed = 18446744073709551615ULL;
  experiment.limits.steps_max = 10;
  experiment.limits.cost_usd_max = 1.5;
  experiment.limits.wall_max = Milliseconds(3);
  experiment.free_schedule = true;
  CHECK(ExperimentToJson(experiment) ==
        R"({"format":1,"name":"tools","parent":2,"from":812,"edits":[)"
        R"({"kind":"replace_message","target":"planner/12.0","text":"say \"no\"\n",)"
        R"("media_type":"text/plain","origin":"edits.yaml:3"},)"
        R"({"kind":"drop_message","target":"coder/1.0","text":"","media_type":"",)"
        R"("origin":"--drop-message"}],"faults":{"text":"faults: []","origin":"f.yaml"},)"
        R"("on_miss":[{"match":"tool:compile","policy":"substitute","text":"ok"}],)"
        R"("seed":18446744073709551615,"limits":{"steps_max":10,"live_calls_max":0,)"
        R"("cost_usd_max":1.5,"wall_max_ns":3000000},"free_schedule":true,"check_restore":false})");
}

TEST_CASE("an edit with bytes that are no text keeps every byte") {
  Experiment experiment;
  experiment.name = "\xff";
  experiment.edits.push_back({Edit::Kind::kReplaceResponse, "coder/1#0", "\xc3\x28", "", ""});
  const std::string json = ExperimentToJson(experiment);
  CHECK(json.find(R"("text":{"hex":"c328"})") != std::string::npos);
  CHECK(json.find("\"name\":\"\xef\xbf\xbd\"") != std::string::npos);
}

}  // namespace
}  // namespace backstep
