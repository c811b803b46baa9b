// Files made so that what they say once would have to be done for each of many: they take what
// their size takes, and what was not done is told. Quadratic in what they count, any of them would
// take minutes.
#include <sqlite3.h>

#include "backstep/recorder/adapters/deerflow/deerflow.h"
#include "backstep/recorder/adapters/inspect/inspect.h"
#include "backstep/recorder/adapters/mast/mast.h"
#include "backstep/recorder/adapters/tapeagents/tapeagents.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/adapters/conversations/telling.h"
#include "backstep/tests/unit/adapters/core/packed.h"

namespace backstep::adapters {
namespace {

Status TellText(std::unique_ptr<Importer> importer, const std::string& text, testing::Told* told) {
  const auto source = Source::OfBytes("in", text);
  Status status = importer->Read(*source, *told);
  if (status.ok()) status = importer->Finish(*told);
  return status;
}

bool Says(const testing::Told& told, const std::string& what) {
  return std::any_of(told.skipped.begin(), told.skipped.end(),
                     [&](const std::string& line) { return line.find(what) != line.npos; });
}

// A database of what the statements make.
std::string DatabaseOf(const std::string& statements) {
  const backstep::testing::TempDir folder;
  const std::string path = folder / "made.sqlite";
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  char* error = nullptr;
  const int made = sqlite3_exec(database, statements.c_str(), nullptr, nullptr, &error);
  INFO((error == nullptr ? "" : error));
  REQUIRE(made == SQLITE_OK);
  sqlite3_close(database);
  auto source = Source::Open(path);
  REQUIRE(source.ok());
  return std::move((*source)->ReadAll()).value();
}

constexpr const char* kColumns =
    "prompt_id, timestamp, prompt, output, prompt_length_tokens, output_length_tokens, llm_info, "
    "cost";

std::string Times(int count, const std::function<std::string(int)>& make) {
  std::string all;
  for (int i = 0; i < count; ++i) (all += i > 0 ? "," : "") += make(i);
  return all;
}

}  // namespace

TEST_CASE("a problem of a megabyte that every round poses anew is kept once") {
  constexpr size_t kProblem = 1u << 20;
  const std::string rounds = Times(20'000, [](int i) {
    const std::string reasoner = "Reasoner " + std::to_string(i % 3 + 1);
    return "\"***** " + reasoner + " output:\",\"x\",\"*****\",\"" + reasoner +
           ": Answer: y\",\"*****\"";
  });
  testing::Told told;
  REQUIRE(
      TellText(MakeMastImporter(),
               R"({"instance_id":"i","other_data":{},"note":{"options":{}},"problem_statement":")" +
                   std::string(kProblem, 'p') + R"(","trajectory":[)" + rounds + "]}",
               &told)
          .ok());
  REQUIRE(told.sessions.size() == 1);
  CHECK(told.sessions[0].steps.size() == 40'000);
  CHECK(told.kept.size() < 16 * kProblem);
}

TEST_CASE("of a hundred thousand peers only those that still speak are asked") {
  const std::string one = R"([{"role":"user","content":"a"}])";
  const std::string peers =
      Times(50'000, [&](int i) { return "\"" + std::to_string(i) + "\":" + one; });
  const std::string many =
      "[" + Times(50'000, [](int) { return R"({"role":"assistant","content":"b"})"; }) + "]";
  testing::Told told;
  REQUIRE(TellText(MakeMastImporter(),
                   R"({"instance_id":"i","problem_statement":"p","other_data":{},"trajectory":{)" +
                       peers + ",\"last\":" + many + "}}",
                   &told)
              .ok());
  CHECK(told.sessions.at(0).steps.size() == 100'000);
}

TEST_CASE("a view in a database of tapes is refused, whatever it would give") {
  testing::Told told;
  const Status status = TellText(
      MakeTapeAgentsImporter(),
      DatabaseOf(std::string("CREATE VIEW LLMCalls(") + kColumns +
                 ") AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                 "SELECT i, '', printf('%100000s', i), '', 1, 1, '{}', 0 FROM n;"),
      &told);
  CHECK(status.code() == StatusCode::kCorruption);
  CHECK(status.message().find("LLMCalls is no table but a view") != std::string::npos);
  CHECK(told.kept.empty());

  // Looked into, it would be 2^40 views.
  std::string nested = "CREATE VIEW v0 AS SELECT 1 AS c;";
  for (int i = 1; i <= 40; ++i) {
    const std::string inner = "v" + std::to_string(i - 1);
    nested += "CREATE VIEW " + (i == 40 ? std::string("LLMCalls") : "v" + std::to_string(i)) +
              " AS SELECT a.c FROM " + inner + " a, " + inner + " b;";
  }
  CHECK(TellText(MakeTapeAgentsImporter(), DatabaseOf(nested), &told).message().find(
            "LLMCalls is no table but a view") != std::string::npos);
}

TEST_CASE("a table whose columns are computed gives no more than its file can hold") {
  testing::Told told;
  const Status status = TellText(
      MakeTapeAgentsImporter(),
      DatabaseOf("CREATE TABLE LLMCalls(prompt_id, prompt AS (printf('%9000s', prompt_id)));"
                 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50000) "
                 "INSERT INTO LLMCalls SELECT i FROM n;"),
      &told);
  CHECK(status.code() == StatusCode::kCorruption);
  CHECK(status.message().find("gives more than the file can hold") != std::string::npos);
  CHECK(told.kept.size() < (64u << 20));
}

TEST_CASE("counts and times of a database of tapes that cannot be are told") {
  testing::Told told;
  REQUIRE(TellText(
              MakeTapeAgentsImporter(),
              DatabaseOf(std::string("CREATE TABLE llmcalls(") + kColumns +
                         "); INSERT INTO llmcalls VALUES('p', 'never', '[]', '', -4, 2, '{}', 0);"),
              &told)
              .ok());
  CHECK(Says(told, "prompt_length_tokens is left out"));
  CHECK(Says(told, "timestamp is left out"));
  CHECK(told.sessions.at(0).effects.at(0).usage.output_tokens == 2);
}

TEST_CASE("a long tape with thousands of forks is looked at once") {
  const std::string steps = Times(20'000, [](int) { return R"({"kind":"thought","text":"t"})"; });
  const std::string forks = Times(5'000, [](int i) {
    return R"({"metadata":{"id":"f)" + std::to_string(i) +
           R"(","parent_id":"p","n_added_steps":1},"steps":[{"kind":"thought","text":"t"},)"
           R"({"kind":"thought","text":"t"}]})";
  });
  testing::Told told;
  REQUIRE(TellText(MakeTapeAgentsImporter(),
                   R"([{"metadata":{"id":"p","n_added_steps":1},"steps":[)" + steps + "]}," +
                       forks + "]",
                   &told)
              .ok());
  REQUIRE(told.sessions.size() == 5'001);
  CHECK(told.sessions.back().shared_steps == 1);
}

TEST_CASE("patches that look for the last of many members are stopped, and that is told") {
  const std::string members =
      Times(100'000, [](int i) { return "\"k" + std::to_string(100'000 + i) + "\":0"; });
  const std::string changes = Times(100'000, [](int i) {
    return R"({"op":"replace","path":"/a~1b/k199999","value":)" + std::to_string(i) + "}";
  });
  testing::Told told;
  REQUIRE(TellText(MakeInspectImporter(),
                   R"({"version":2,"status":"s","eval":{"task":"t"},"samples":[{"id":1,"events":[)"
                   R"({"event":"sample_init","state":{"a/b":{)" +
                       members + R"(}}},{"event":"state","changes":[)" + changes + "]}]}]}",
                   &told)
              .ok());
  CHECK(Says(told, "changes of a state event do not fit"));
}

TEST_CASE("pieces of one call under a hundred thousand numbers are one call") {
  std::string stream;
  for (int i = 0; i < 100'000; ++i) {
    stream +=
        "event: messages\ndata: "
        "{\"thread_id\":\"t\",\"id\":\"1\",\"agent\":\"a\",\"tool_call_chunks\":"
        "[{\"args\":\"x\",\"id\":\"c\",\"index\":" +
        std::to_string(i) + "}]}\n\n";
  }
  testing::Told told;
  REQUIRE(TellText(MakeLangGraphStreamImporter(), stream, &told).ok());
  REQUIRE(told.sessions.at(0).effects.size() == 1);
  CHECK(told.sessions[0].effects[0].request.size == 100'000);
}

}  // namespace backstep::adapters
