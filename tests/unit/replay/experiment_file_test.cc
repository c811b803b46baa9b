#include "backstep/replay/experiment_file.h"

#include <fstream>

#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"

using namespace backstep;
using namespace backstep::replay;

namespace {

Experiment Read(const std::string& text, const std::string& origin = "e.yaml") {
  Experiment experiment;
  const Status status = ParseEditFile(text, origin, &experiment);
  INFO(status.ToString());
  REQUIRE(status.ok());
  return experiment;
}

std::string ErrorOf(const std::string& text) {
  Experiment experiment;
  experiment.seed = 77;
  const Status status = ParseEditFile(text, "e.yaml", &experiment);
  REQUIRE(status.code() == StatusCode::kInvalidArgument);
  // Nothing half read is left behind.
  CHECK(experiment.seed == 77);
  CHECK(experiment.edits.empty());
  return status.message();
}

}  // namespace

TEST_CASE("An edit file says what changes, what a miss does, and where to stop") {
  const Experiment e = Read(R"(
backstep: 1
edits:
  - message: planner/12.0
    body: "do it in C++"
  - drop: "team/lead/3.1"
  - response: coder/7#1
    body: {files: [a.cc, 2], ok: true}
  - message: "@outside/0.0"
    body: "<p>"
    media_type: text/html
on_miss: {llm: live, "tool:compile": substitute, env: "substitute:x=y",
          "tool:ask": {substitute: {a: 1}}}
limits: {steps: 50, live_calls: 3, cost_usd: 0.25, wall_s: 1.5}
seed: 18446744073709551615
)");
  REQUIRE(e.edits.size() == 4);
  CHECK(e.edits[0].kind == Edit::Kind::kReplaceMessage);
  CHECK(e.edits[0].target == "planner/12.0");
  CHECK(e.edits[0].text == "do it in C++");
  CHECK(e.edits[0].media_type.empty());
  CHECK(e.edits[0].origin == "e.yaml:4");
  CHECK(e.edits[1].kind == Edit::Kind::kDropMessage);
  CHECK(e.edits[1].target == "team/lead/3.1");
  CHECK(e.edits[2].kind == Edit::Kind::kReplaceResponse);
  CHECK(e.edits[2].text == R"({"files":["a.cc",2],"ok":true})");
  CHECK(e.edits[2].media_type == "application/json");
  CHECK(e.edits[3].media_type == "text/html");
  REQUIRE(e.on_miss.size() == 4);
  CHECK(e.on_miss[0].match == "llm");
  CHECK(e.on_miss[0].policy == MissPolicy::kLive);
  CHECK(e.on_miss[2].text == "x=y");
  CHECK(e.on_miss[3].text == R"({"a":1})");
  CHECK(e.limits.steps_max == 50);
  CHECK(e.limits.live_calls_max == 3);
  CHECK(e.limits.cost_usd_max == 0.25);
  CHECK(e.limits.wall_max == Milliseconds(1500));
  CHECK(e.seed == 18446744073709551615u);
}

TEST_CASE("An edit file may be JSON and its rules a list") {
  const Experiment e = Read(R"({"edits": [{"message": "a/1.0+2", "body": "\ud83d\ude00"}],
    "on_miss": ["llm=live", {"tool": "fail"},
                {"match": "tool:x", "policy": "substitute", "text": "t"}]})");
  CHECK(e.edits[0].text == "\xF0\x9F\x98\x80");
  REQUIRE(e.on_miss.size() == 3);
  CHECK(e.on_miss[2].match == "tool:x");
  CHECK(e.on_miss[2].text == "t");
}

TEST_CASE("A file adds to what the flags said and leaves the rest") {
  Experiment e;
  e.name = "b";
  e.seed = 5;
  e.edits.push_back({Edit::Kind::kDropMessage, "x/1.0", "", "", "--drop-message"});
  REQUIRE(ParseEditFile("edits: [{drop: y/1.0}]", "e.yaml", &e).ok());
  CHECK(e.edits.size() == 2);
  CHECK(e.seed == 5);
  CHECK(e.name == "b");
}

TEST_CASE("A body can come from a file beside the edit file, and from nowhere else") {
  testing::TempDir dir;
  std::ofstream(dir / "new.json") << "{\"a\": 1}";
  const Experiment e = Read("edits: [{message: a/1.0, body_file: new.json}]", dir / "e.yaml");
  CHECK(e.edits[0].text == "{\"a\": 1}");
  CHECK(e.edits[0].media_type == "application/json");
  for (const std::string path : {"/etc/passwd", "../x", "missing.txt", "."}) {
    Experiment none;
    const Status status = ParseEditFile("edits: [{message: a/1.0, body_file: " + path + "}]",
                                        dir / "e.yaml", &none);
    CHECK(status.code() == StatusCode::kInvalidArgument);
    CHECK(status.message().find("e.yaml:1: ") != std::string::npos);
  }
}

TEST_CASE("Mistakes in an edit file are told with line and nearest name") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"edts: []", "e.yaml:1: unknown key 'edts'; nearest is 'edits'"},
      {"edits:\n- mesage: a/1.0\n  body: x",
       "e.yaml:2: unknown key 'mesage'; nearest is 'message'"},
      {"edits:\n- message: a/1.0\n  boddy: x", "e.yaml:3: unknown key 'boddy'; nearest is 'body'"},
      {"edits:\n- message: a/1\n  body: x",
       "e.yaml:2: 'message' must be a message like planner/12.0"},
      {"edits:\n- response: a/1.0\n  body: x",
       "e.yaml:2: 'response' must be a call like coder/7#1"},
      {"edits: [{message: /1.0, body: x}]", "must be a message"},
      {"edits: [{message: a/1.0}]", "needs a 'body'"},
      {"edits: [{message: a/1.0, body: x, body_file: y}]", "needs a 'body'"},
      {"edits: [{drop: a/1.0, body: x}]", "has no body"},
      {"edits: [{body: x}]", "needs one of 'message', 'drop' and 'response'"},
      {"edits: [{message: a/1.0, drop: a/1.0}]", "needs one of"},
      {"edits: [{drop: a/1.0}, {drop: a/1.0}]", "a second edit of a/1.0; the first is at line 1"},
      {"edits: {drop: a/1.0}", "must be a list"},
      {"edits: [a/1.0]", "an edit must be a map"},
      {"faults: []", "a file of their own"},
      {"backstep: 2", "'backstep' must be 1"},
      {"on_miss: {lm: live}", "unknown kind of call 'lm'; nearest is 'llm'"},
      {"on_miss: {llm: liv}", "unknown policy 'liv'; nearest is 'live'"},
      {"on_miss: {clock: live}", "never misses"},
      {"on_miss: {'tool:': live}", "needs the tool's name"},
      {"on_miss: {llm: 'live:x'}", "only 'substitute' takes a text"},
      {"on_miss: {llm: {live: x}}", "unknown key 'live'"},
      {"on_miss: [llm]", "is not KIND=POLICY"},
      {"on_miss: [{policy: live}]", "unknown kind of call 'policy'"},
      {"limits: {step: 1}", "unknown key 'step'; nearest is 'steps'"},
      {"limits: {steps: 0}", "whole number from 1"},
      {"limits: {live_calls: x}", "whole number from 1"},
      {"limits: {cost_usd: -1}", "number from 0"},
      {"limits: {wall_s: 0}", "seconds"},
      {"seed: -1", "'seed' must be"},
      {"", "expected a map with 'edits', not nothing"},
      {"[1]", "not a list"},
  };
  for (const auto& [text, words] : cases) {
    INFO(text);
    const std::string error = ErrorOf(text);
    INFO(error);
    CHECK(error.find(words) != std::string::npos);
    CHECK(error.rfind("e.yaml:", 0) == 0);
  }
}

TEST_CASE("A rule on the command line is KIND=POLICY") {
  auto rule = ParseMissRule("llm=substitute:a=b:c");
  REQUIRE(rule.ok());
  CHECK(rule->match == "llm");
  CHECK(rule->policy == MissPolicy::kSubstitute);
  CHECK(rule->text == "a=b:c");
  CHECK(ParseMissRule("tool:compile=live").ok());
  CHECK(ParseMissRule("env=fail")->policy == MissPolicy::kFail);
  CHECK_FALSE(ParseMissRule("llm").ok());
  CHECK_FALSE(ParseMissRule("=live").ok());
  CHECK(ParseMissRule("llm=lvie").status().message() ==
        "unknown policy 'lvie'; nearest is 'live'");
}

TEST_CASE("An experiment comes back from its JSON as it was") {
  Experiment e;
  e.name = "branch \"one\"";
  e.parent = LogId(3);
  e.from = StepNumber(812);
  e.edits = {{Edit::Kind::kReplaceMessage, "p/1.0", "raw \xFF\x00 bytes", "x/y", "f:1"},
             {Edit::Kind::kDropMessage, "p/2.0", "", "", "--drop-message"},
             {Edit::Kind::kReplaceResponse, "p/2#1", "{}", "application/json", ""}};
  e.faults_text = "faults: []\n";
  e.faults_origin = "faults.yaml";
  e.on_miss = {{"tool:x", MissPolicy::kSubstitute, "é"}, {"llm", MissPolicy::kLive, ""}};
  e.seed = 18446744073709551615u;
  e.limits = {7, 8, 0.1, DurationNs{9}};
  e.free_schedule = true;
  e.check_restore = true;
  const std::string json = ExperimentToJson(e);
  auto back = ExperimentFromJson(json);
  INFO(back.status().ToString());
  REQUIRE(back.ok());
  CHECK(ExperimentToJson(*back) == json);
  CHECK(back->edits[0].text == e.edits[0].text);
  CHECK(back->limits.cost_usd_max == 0.1);
  CHECK(ExperimentToJson(*ExperimentFromJson(ExperimentToJson({}))) == ExperimentToJson({}));
}

TEST_CASE("JSON that is no experiment is a corruption, a newer one a version mismatch") {
  const std::string good = ExperimentToJson({});
  for (const std::string bad : {"", "{", "[]", "3", "{\"format\":1}", "{\"format\":-1}"}) {
    CHECK(ExperimentFromJson(bad).status().code() == StatusCode::kCorruption);
  }
  auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
  };
  CHECK(ExperimentFromJson(with("\"format\":1", "\"format\":2")).status().code() ==
        StatusCode::kVersionMismatch);
  CHECK(ExperimentFromJson(with("\"parent\":0", "\"parent\":4294967296")).status().code() ==
        StatusCode::kCorruption);
  CHECK(ExperimentFromJson(with("\"seed\":0", "\"seed\":\"0\"")).status().code() ==
        StatusCode::kCorruption);
  CHECK(ExperimentFromJson(with("\"edits\":[]", "\"edits\":[{}]")).status().code() ==
        StatusCode::kCorruption);
  CHECK(ExperimentFromJson(with("\"text\":\"\"", "\"text\":{\"hex\":\"0g\"}")).status().code() ==
        StatusCode::kCorruption);
}
