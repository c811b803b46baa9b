#include <nlohmann/json.hpp>

#include "backstep/replay/view/json.h"
#include "backstep/replay/view/rows/body_view.h"
#include "backstep/replay/view/rows/branch_row.h"
#include "backstep/replay/view/session/session_view.h"
#include "backstep/replay/view/text.h"
#include "backstep/tests/support/catch.h"

using namespace backstep;
using namespace backstep::replay;

TEST_CASE("sizes and times are short and have a unit") {
  CHECK(FormatBytes(0) == "0 B");
  CHECK(FormatBytes(999) == "999 B");
  CHECK(FormatBytes(1234) == "1.2 KB");
  CHECK(FormatBytes(999'999) == "1.0 MB");
  CHECK(FormatBytes(UINT64_MAX).size() < 12);
  CHECK(FormatByteDelta(-1500) == "-1.5 KB");
  CHECK(FormatByteDelta(INT64_MIN).front() == '-');
  CHECK(FormatDuration({999}) == "999 ns");
  CHECK(FormatDuration({1'500'000}) == "1.5 ms");
  CHECK(FormatDuration({125'000'000'000}) == "2 min 5 s");
  CHECK(FormatDuration({-1'500'000}) == "-1.5 ms");
  CHECK(FormatDuration({INT64_MIN}).front() == '-');
  CHECK(FormatDuration({INT64_MAX}).size() < 24);
  CHECK(FormatCount(1, "step") == "1 step");
  CHECK(FormatCount(2, "step") == "2 steps");
}

TEST_CASE("text of a recording cannot write to the terminal") {
  CHECK(OneLine("a\x1b[2Jb\nc\td") == "a\\x1b[2Jb\\nc\\td");
  CHECK(OneLine("\xc2\x9b") == "\\x9b");              // the one-byte CSI, as UTF-8
  CHECK(OneLine("a\xe2\x80\xae" "b") == "a\\u202eb");  // turns the direction of what follows
  CHECK(OneLine("\xff\xfe") == "\\xff\\xfe");
  CHECK(OneLine("\xc0\x8a") == "\\xc0\\x8a");          // an overlong line feed
  CHECK(SafeLines("a\nb\x07") == "a\nb\\x07");
}

TEST_CASE("text is cut at characters and by the columns it takes") {
  CHECK(Elide("short", 10) == "short");
  CHECK(Elide("a longer text", 6) == "a lon…");
  CHECK(DisplayWidth("漢字") == 4);
  CHECK(Elide("漢字漢字", 5) == "漢字…");
  CHECK(DisplayWidth(Elide("漢字漢字", 4)) <= 4);
  CHECK(Elide("abc", 0).empty());
  CHECK(CutUtf8("aé", 2) == "a");
  CHECK(CutUtf8("aé", 3) == "aé");
}

TEST_CASE("words are quoted for a shell only where they need it") {
  CHECK(ShellQuote("team-1.backstep") == "team-1.backstep");
  CHECK(ShellQuote("a b") == "'a b'");
  CHECK(ShellQuote("it's") == "'it'\\''s'");
  CHECK(ShellQuote("") == "''");
  CHECK(ShellQuote("$(x)") == "'$(x)'");
}

namespace {

BranchRow Main() {
  BranchRow row;
  row.id = LogId(1);
  row.name = "main";
  row.executable_hash = "aa";
  row.result = "recorded";
  return row;
}

BranchRow Baseline(const std::string& hash, const std::string& schedule, uint64_t divergences) {
  BranchRow row;
  row.id = LogId(2);
  row.depth = 1;
  row.baseline = true;
  row.schedule = schedule;
  row.executable_hash = hash;
  row.result = "finished";
  row.summary.divergences = divergences;
  return row;
}

}  // namespace

TEST_CASE("a build is faithful when its served and its free baseline have passed") {
  CHECK_FALSE(Baselines({Main()}).front().faithful());
  CHECK_FALSE(Baselines({Main(), Baseline("aa", "served", 0)}).front().faithful());
  CHECK(Baselines({Main(), Baseline("aa", "served", 0), Baseline("aa", "free", 0)})
            .front().faithful());
  CHECK_FALSE(Baselines({Main(), Baseline("aa", "served", 0), Baseline("aa", "free", 1)})
                  .front().faithful());
}

TEST_CASE("a baseline counts for the build that ran it and for no other") {
  const auto states = Baselines({Main(), Baseline("bb", "served", 0), Baseline("bb", "free", 0)});
  REQUIRE(states.size() == 2);
  CHECK(states[0].recorded_build);
  CHECK_FALSE(states[0].faithful());
  CHECK(states[1].executable_hash == "bb");
  CHECK(states[1].faithful());
}

TEST_CASE("a baseline that was cancelled or paused proves nothing, and the newest try stands") {
  BranchRow cancelled = Baseline("aa", "served", 0);
  cancelled.result = "cancelled";
  CHECK_FALSE(Baselines({Main(), cancelled}).front().served.has_value());
  BranchRow paused = Baseline("aa", "served", 0);
  paused.result = "paused";
  CHECK(Baselines({Main(), Baseline("aa", "served", 0), paused}).front().served == false);
  CHECK(Baselines({Main(), paused, Baseline("aa", "served", 0)}).front().served == true);
}

TEST_CASE("an experiment is told in words") {
  Experiment experiment;
  CHECK(DescribeExperiment(experiment) == "no change");
  CHECK_FALSE(ChangesAnything(experiment));
  experiment.edits.push_back({Edit::Kind::kDropMessage, "planner/12.0", {}, {}, {}});
  experiment.on_miss.push_back({"llm", MissPolicy::kLive, {}});
  CHECK(DescribeExperiment(experiment) == "drop message planner/12.0; on miss llm=live");
  CHECK(ChangesAnything(experiment));
}

TEST_CASE("JSON of a view stays JSON whatever bytes a recording holds") {
  RecordingRow row;
  row.path = "a\xff\x1b.backstep";
  row.error = "\"quoted\"\n";
  SessionRow session;
  session.name = std::string("nul\0l", 5);
  row.sessions.push_back(session);
  const auto json = nlohmann::json::parse(ToJson(std::vector<RecordingRow>{row}));
  CHECK(json["recordings"][0]["error"] == "\"quoted\"\n");
  CHECK(json["recordings"][0]["sessions"][0]["name"] == std::string("nul\0l", 5));
  CHECK(json["recordings"][0]["sessions"][0]["outcome"]["score"].is_null());
}

TEST_CASE("a text with a byte that is no UTF-8 can be read, and its JSON stays UTF-8") {
  const BodyView text = ViewBytes({"caf\xe9 au lait", "text/plain"}, 100);
  CHECK(text.binary);
  CHECK_FALSE(text.whole);
  CHECK(text.text == "caf\xe9 au lait");
  CHECK(BodyJson(text)["text"].is_null());
  CHECK(ViewBytes({"caf\xe9 au lait", "text/plain"}, 3).text == "caf");
  CHECK(ViewBytes({"\xff\xfe", "application/octet-stream"}, 100).text.empty());
}
