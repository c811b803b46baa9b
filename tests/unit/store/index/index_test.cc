#include "backstep/store/index/index.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "backstep/store/index/index_file.h"
#include "backstep/store/index/schema.h"
#include "backstep/store/index/sqlite.h"
#include "backstep/store/line.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/sample_recording.h"

namespace backstep::store {
namespace {

using testing::SampleShape;
using testing::TempDir;

std::unique_ptr<Recording> OpenAt(const std::string& path) {
  auto recording = Recording::Open(path);
  INFO(recording.status().ToString());
  REQUIRE(recording.ok());
  return std::move(recording).value();
}

uint64_t ReindexAt(const std::string& path) {
  const auto steps = Reindex(*OpenAt(path), {});
  INFO(steps.status().ToString());
  REQUIRE(steps.ok());
  return *steps;
}

std::string Compare(const std::string& path) {
  const auto differences = CompareIndex(*OpenAt(path));
  INFO(differences.status().ToString());
  REQUIRE(differences.ok());
  std::string text;
  for (const std::string& difference : *differences) text += difference + "\n";
  return text;
}

std::string Ask(const std::string& path, const std::string& sql) {
  const auto db = Database::Open(IndexPath(path), SQLITE_OPEN_READONLY);
  INFO(db.status().ToString() << " " << sql);
  REQUIRE(db.ok());
  const auto answer = (*db)->Query(sql);
  INFO(answer.status().ToString());
  REQUIRE(answer.ok());
  return answer->value_or("(no row)");
}

void Change(const std::string& path, const std::string& sql) {
  const auto db = Database::Open(IndexPath(path), SQLITE_OPEN_READWRITE);
  REQUIRE(db.ok());
  const Status status = (*db)->Exec(sql);
  INFO(status.ToString());
  REQUIRE(status.ok());
}

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Every file with its bytes and mode.
std::map<std::string, std::string> Contents(const std::string& path) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) contents[entry.path().string()] = ReadAll(entry.path().string());
  }
  return contents;
}

void WriteSample(const std::string& path) {
  REQUIRE(testing::WriteSampleSession(path, {}).ok());
  REQUIRE(testing::WriteSampleBranch(path, 5, 4, {}).ok());
}

TEST_CASE("an index holds what the logs hold, a branch's own steps only") {
  const TempDir dir;
  const std::string path = dir / "r";
  WriteSample(path);
  CHECK(ReindexAt(path) == 16);
  CHECK(Ask(path, "SELECT count(*) FROM steps WHERE log = 1") == "12");
  CHECK(Ask(path, "SELECT min(step) || max(step) || count(*) FROM steps WHERE log = 2") == "694");
  CHECK(Ask(path, "SELECT count(*) FROM messages WHERE log = 1") == "13");
  CHECK(Ask(path, "SELECT count(*) FROM takes") == "16");
  CHECK(Ask(path, "SELECT count(*) FROM effects") == "32");
  CHECK(Ask(path, "SELECT id FROM effects WHERE error_kind IS NOT NULL LIMIT 1") == "agent2/2#1");
  CHECK(Ask(path, "SELECT name || outcome || sealed FROM sessions") == "samplefailed1");
  CHECK(Ask(path, "SELECT name || parent || fork || result FROM branches") == "try15finished");
  CHECK(Ask(path, "SELECT kind || target FROM edits") == "replace_messageagent1/1.0");
  CHECK(Ask(path, "SELECT count(*) FROM agents WHERE log = 2") == "4");
  CHECK(Ask(path, "SELECT name FROM spans") == "load");
  CHECK(Ask(path, "SELECT name FROM events") == "ready");
  CHECK(Ask(path, "SELECT count(*) FROM faults_applied WHERE log = 1") == "4");
  CHECK(Ask(path, "SELECT cost_usd FROM steps WHERE log = 1 AND step = 3") == "0.25");
  CHECK(Compare(path) == "");
}

TEST_CASE("index files are the owner's alone and no side file stays behind") {
  const TempDir dir;
  const std::string path = dir / "r";
  WriteSample(path);
  umask(0);
  ReindexAt(path);
  umask(022);
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("index.")) continue;
    ++files;
    struct stat info {};
    REQUIRE(stat(entry.path().c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
  }
  CHECK(files == 2);
}

TEST_CASE("an index catches up in parts with a session that is being written") {
  const TempDir dir;
  const std::string path = dir / "r";
  SampleShape shape;
  shape.seal = false;
  auto session = testing::WriteSampleSession(path, shape);
  REQUIRE(session.ok());
  LogWriter& writer = **session;
  auto line = writer.Read();
  REQUIRE(line.ok());
  {
    auto index = IndexWriter::Open(path);
    REQUIRE(index.ok());
    CHECK((*index)->CatchUp(**line, 5).value() == 5);
    CHECK((*index)->CatchUp(**line, 5).value() == 5);
    CHECK((*index)->CatchUp(**line, 5).value() == 2);
    CHECK((*index)->CatchUp(**line, 5).value() == 0);
    CHECK(Compare(path) == "");
    REQUIRE(testing::WriteSampleStep(writer, shape, 13).ok());
    REQUIRE(writer.Flush().ok());
    REQUIRE((*line)->Refresh().value());
    CHECK((*index)->CatchUp(**line).value() == 1);
    CHECK(Ask(path, "SELECT sealed || ' ' || steps FROM sessions") == "0 13");
  }
  line = Status::Internal("closed");
  REQUIRE(writer.Seal({}).ok());
  CHECK(Compare(path) == "");
  auto index = IndexWriter::Open(path);
  REQUIRE(index.ok());
  const auto reopened = OpenAt(path)->OpenLine(LogId(1));
  REQUIRE(reopened.ok());
  CHECK((*index)->CatchUp(**reopened).value() == 0);
  CHECK(Ask(path, "SELECT sealed || ' ' || steps FROM sessions") == "1 13");
}

TEST_CASE("there is one writer at a time, and the next one may follow") {
  const TempDir dir;
  const std::string path = dir / "r";
  WriteSample(path);
  {
    const auto first = IndexWriter::Open(path);
    REQUIRE(first.ok());
    CHECK(IndexWriter::Open(path).status().code() == StatusCode::kUnavailable);
    CHECK(Compare(path) == "");
  }
  CHECK(IndexWriter::Open(path).ok());
}

TEST_CASE("rows beyond the end of a log are dropped and the rest stays") {
  const TempDir dir;
  const std::string path = dir / "r";
  SampleShape shape;
  shape.seal = false;
  auto session = testing::WriteSampleSession(path, shape);
  REQUIRE(session.ok());
  ReindexAt(path);
  // As after a power cut that took the newest steps: the index claims more than there is.
  Change(path,
         "INSERT INTO step_rows SELECT log, step + 100, agent, clock + 100, segment, lag, "
         "began_virtual_ns, duration_ns, wall_shift_ns, wall_excess_ns, flags, state_bytes, "
         "state_hash, sent_to, took FROM step_rows;"
         "INSERT INTO message_rows SELECT log, sender, receiver, clock + 100, ordinal, copy, "
         "sent_step + 100, lag, wall_after_ns, virtual_after_ns, form, bytes FROM message_rows "
         "WHERE sent_step IS NOT NULL;"
         "INSERT INTO message_details SELECT log, sender, receiver, clock, ordinal, copy, 'x', "
         "NULL, NULL, 0, 0, 0 FROM message_rows WHERE sent_step > 100;"
         "UPDATE watermarks SET steps = 112, events = 50");
  CHECK(Compare(path) != "");
  auto line = OpenAt(path)->OpenLine(LogId(1));
  REQUIRE(line.ok());
  {
    auto index = IndexWriter::Open(path);
    REQUIRE(index.ok());
    REQUIRE((*index)->CatchUp(**line).ok());
  }
  CHECK(Ask(path, "SELECT count(*) || ' ' || max(step) FROM steps") == "12 12");
  CHECK(Ask(path, "SELECT steps || ' ' || events FROM watermarks") == "12 2");
  CHECK(Ask(path, "SELECT count(*) FROM message_details WHERE program_id = 'x'") == "0");
  CHECK(Compare(path) == "");
}

TEST_CASE("rows that no watermark speaks of give way to those of the log") {
  const TempDir dir;
  const std::string path = dir / "r";
  SampleShape shape;
  shape.seal = false;
  auto session = testing::WriteSampleSession(path, shape);
  REQUIRE(session.ok());
  ReindexAt(path);
  Change(path, "UPDATE watermarks SET steps = 7, outside_messages = 0");
  auto line = OpenAt(path)->OpenLine(LogId(1));
  REQUIRE(line.ok());
  {
    auto index = IndexWriter::Open(path);
    REQUIRE(index.ok());
    CHECK((*index)->CatchUp(**line).value() == 5);
    CHECK((*index)->rebuilt() == "");
  }
  CHECK(Ask(path, "SELECT count(*) || ' ' || max(step) FROM steps") == "12 12");
  CHECK(Compare(path) == "");
}

TEST_CASE("any row that differs from the log is told") {
  const TempDir dir;
  const std::string path = dir / "r";
  WriteSample(path);
  for (const char* damage :
       {"DELETE FROM step_rows WHERE step = 3", "UPDATE step_rows SET agent = 2 WHERE step = 1",
        "DELETE FROM step_details", "UPDATE message_forms SET kind = kind || 'x'",
        "UPDATE effects SET status = 'live' WHERE step = 2 AND ordinal = 0",
        "DELETE FROM message_rows WHERE sender = 0", "UPDATE sessions SET outcome = 'ok'",
        "UPDATE agents SET name = 'x' WHERE agent = 1 AND log = 2",
        "UPDATE watermarks SET steps = 99 WHERE log = 1", "DELETE FROM events",
        "UPDATE step_rows SET took = NULL WHERE step = 4", "DROP VIEW takes",
        "UPDATE watermarks SET began_wall_ns = 77 WHERE log = 1", "DELETE FROM faults_applied",
        "UPDATE meta SET value = '7'", "DROP INDEX steps_by_agent", "DROP TABLE edits",
        "CREATE TRIGGER t AFTER INSERT ON step_rows BEGIN DELETE FROM edits; END"}) {
    INFO(damage);
    ReindexAt(path);
    CHECK(Compare(path) == "");
    Change(path, damage);
    CHECK(Compare(path) != "");
  }
}

TEST_CASE(
    "an index of another schema, or a damaged one, is built again and keeps its annotations") {
  const TempDir dir;
  const std::string path = dir / "r";
  WriteSample(path);
  for (const char* damage : {"UPDATE meta SET value = '99'", "DROP TABLE spans",
                             "ALTER TABLE step_rows ADD COLUMN extra", ""}) {
    INFO(damage);
    ReindexAt(path);
    Change(path,
           "INSERT OR REPLACE INTO annotations VALUES (1, 1, 4, NULL, NULL, 'me', 'look', 5)");
    ReindexAt(path);
    CHECK(Ask(path, "SELECT text FROM annotations") == "look");
    if (*damage != '\0') Change(path, damage);
    if (*damage == '\0') std::ofstream(IndexPath(path), std::ios::trunc) << "no database at all";
    {
      auto index = IndexWriter::Open(path);
      INFO(index.status().ToString());
      REQUIRE(index.ok());
      CHECK((*index)->rebuilt() != "");
    }
    CHECK(ReindexAt(path) == 16);
    CHECK(Compare(path) == "");
    if (*damage != '\0') CHECK(Ask(path, "SELECT text FROM annotations") == "look");
  }
}

TEST_CASE("no damage to the index file ever does more than have it built again") {
  const TempDir dir;
  const std::string path = dir / "r";
  WriteSample(path);
  ReindexAt(path);
  const std::string sound = ReadAll(IndexPath(path));
  RandomStream random(3);
  for (int round = 0; round < 60; ++round) {
    std::string damaged = sound;
    for (int hit = 0; hit < 20; ++hit) {
      damaged[random.Next() % damaged.size()] = static_cast<char>(random.Next());
    }
    if (round % 5 == 0) damaged.resize(random.Next() % damaged.size());
    std::ofstream(IndexPath(path), std::ios::trunc | std::ios::binary) << damaged;
    const auto differences = CompareIndex(*OpenAt(path));
    INFO(differences.status().ToString());
    CHECK(differences.ok());
    CHECK(ReindexAt(path) == 16);
    CHECK(Compare(path) == "");
  }
}

TEST_CASE("comparing changes no file, whatever a killed index writer left behind") {
  const TempDir dir;
  const std::string path = dir / "r";
  WriteSample(path);
  ReindexAt(path);
  const auto at_rest = Contents(path);
  CHECK(Compare(path) == "");
  CHECK(Contents(path) == at_rest);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto index = IndexWriter::Open(path);
    if (!index.ok() || !(*index)->Clear().ok()) _exit(1);
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  const auto left = Contents(path);
  REQUIRE(left.count(IndexPath(path) + "-wal") == 1);
  CHECK(Compare(path) == "");
  CHECK(Contents(path) == left);
  CHECK(ReindexAt(path) == 16);
  CHECK(Compare(path) == "");
}

TEST_CASE("comparing works where nothing may be written, and without an index") {
  const TempDir dir;
  const std::string path = dir / "a b%?#";
  WriteSample(path);
  CHECK(Compare(path) == "");
  ReindexAt(path);
  REQUIRE(chmod(path.c_str(), 0500) == 0);
  REQUIRE(chmod(IndexPath(path).c_str(), 0400) == 0);
  CHECK(Compare(path) == "");
  REQUIRE(chmod(path.c_str(), 0700) == 0);
}

TEST_CASE("an experiment that nests without end is indexed without what nests") {
  const TempDir dir;
  const std::string path = dir / "r";
  REQUIRE(testing::WriteSampleSession(path, {}).ok());
  constexpr size_t kDepth = 1'000'000;
  LogHeader header;
  header.name = "deep";
  const std::string deep = std::string(kDepth, '[') + std::string(kDepth, ']');
  header.origin = BranchOrigin{LogId(1), StepNumber(2),
                               R"({"edits":[{"kind":"drop_message","text":)" + deep + "}]}",
                               "served"};
  auto branch = OpenAt(path)->NewLog(header, {});
  REQUIRE(branch.ok());
  REQUIRE((*branch)->Seal({}) == Status());
  REQUIRE(ReindexAt(path) > 0);
  CHECK(Ask(path, "SELECT kind || ifnull(text, '-') FROM edits") == "drop_message-");
}

TEST_CASE("rows of logs that are gone are pruned") {
  const TempDir dir;
  const std::string path = dir / "r";
  WriteSample(path);
  ReindexAt(path);
  const auto recording = OpenAt(path);
  REQUIRE(recording->DeleteBranch(LogId(2), false).ok());
  {
    auto index = IndexWriter::Open(path);
    REQUIRE(index.ok());
    REQUIRE((*index)->Prune(*recording).ok());
  }
  CHECK(Ask(path, "SELECT count(*) FROM steps WHERE log = 2") == "0");
  CHECK(Ask(path, "SELECT count(*) FROM branches") == "0");
  CHECK(Ask(path, "SELECT count(*) FROM steps") == "12");
}

TEST_CASE("another log of the same number replaces the rows of the first") {
  const TempDir dir;
  const std::string path = dir / "r", other = dir / "s";
  WriteSample(path);
  ReindexAt(path);
  SampleShape shape;
  shape.steps = 3;
  REQUIRE(testing::WriteSampleSession(other, shape).ok());
  std::filesystem::copy_file(IndexPath(path), IndexPath(other));
  CHECK(Compare(other) != "");
  {
    auto index = IndexWriter::Open(other);
    REQUIRE(index.ok());
    const auto recording = OpenAt(other);
    auto line = recording->OpenLine(LogId(1));
    REQUIRE(line.ok());
    REQUIRE((*index)->CatchUp(**line).ok());
    REQUIRE((*index)->Prune(*recording).ok());
  }
  CHECK(Ask(other, "SELECT count(*) FROM steps") == "3");
  CHECK(Compare(other) == "");
}

TEST_CASE("a reindex that is told to stop is cancelled and can be done again") {
  const TempDir dir;
  const std::string path = dir / "r";
  WriteSample(path);
  const auto stopped = Reindex(*OpenAt(path), [](uint64_t, uint64_t) { return false; });
  CHECK(stopped.status().code() == StatusCode::kCancelled);
  CHECK(Compare(path) == "");
  CHECK(ReindexAt(path) == 16);
}

// Words in code quotes of one line of the page.
std::set<std::string> CodeWords(const std::string& text) {
  std::set<std::string> words;
  for (size_t at = text.find('`'); at != std::string::npos;) {
    const size_t end = text.find('`', at + 1);
    if (end == std::string::npos) break;
    words.insert(text.substr(at + 1, end - at - 1));
    at = text.find('`', end + 1);
  }
  return words;
}

TEST_CASE("docs/index.md explains every table and column, and its queries run") {
  const TempDir dir;
  const std::string path = dir / "r";
  WriteSample(path);
  ReindexAt(path);
  const std::string page = ReadAll(std::string(BACKSTEP_SOURCE_DIR) + "/docs/index.md");
  CHECK(page.find(std::string("**") + kSchemaVersion + "**") != std::string::npos);
  const auto db = Database::Open(IndexPath(path), SQLITE_OPEN_READONLY);
  REQUIRE(db.ok());
  std::set<std::string> headings;
  for (size_t at = page.find("### "); at != std::string::npos; at = page.find("### ", at + 1)) {
    headings.insert(page.substr(at + 4, page.find('\n', at) - at - 4));
  }
  std::set<std::string> tables;
  std::vector<std::string> names;
  for (size_t i = 0; i < kTableCount; ++i) names.push_back(kTables[i].name);
  for (size_t i = 0; i < kViewCount; ++i) names.push_back(kViews[i].name);
  for (const std::string& name : names) {
    tables.insert(name);
    const size_t at = page.find("### " + name + "\n");
    INFO("table " << name);
    REQUIRE(at != std::string::npos);
    const std::set<std::string> words = CodeWords(page.substr(at, page.find("\n#", at + 1) - at));
    auto columns = (*db)->Prepare("SELECT name FROM pragma_table_info('" + name + "')");
    REQUIRE(columns.ok());
    while (columns->Next().value()) {
      INFO("column " << columns->Text(0));
      CHECK(words.count(columns->Text(0)) == 1);
    }
  }
  CHECK(headings == tables);
  size_t queries = 0;
  for (size_t at = page.find("```sql\n"); at != std::string::npos; at = page.find("```sql\n", at)) {
    at += 7;
    const std::string sql = page.substr(at, page.find("```", at) - at);
    const auto answer = (*db)->Query(sql);
    INFO(sql << answer.status().ToString());
    REQUIRE(answer.ok());
    ++queries;
  }
  CHECK(queries == 7);
}

}  // namespace
}  // namespace backstep::store
