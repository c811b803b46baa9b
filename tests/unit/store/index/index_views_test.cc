// What the views of an index show, against the records of the logs.
#include <map>
#include <string>
#include <vector>

#include "backstep/store/index/index.h"
#include "backstep/store/index/index_file.h"
#include "backstep/store/index/rows/row_writer.h"
#include "backstep/store/index/sqlite.h"
#include "backstep/store/line.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/random_log.h"
#include "backstep/tests/unit/store/sample_recording.h"

namespace backstep::store {
namespace {

using testing::LogModel;
using testing::RandomLog;
using testing::SampleShape;
using testing::TempDir;

// The second column by the first, each a text.
std::map<std::string, std::string> RowsOf(const std::string& path, const std::string& sql) {
  const auto db = Database::Open(IndexPath(path), SQLITE_OPEN_READONLY);
  REQUIRE(db.ok());
  auto rows = (*db)->Prepare(sql);
  INFO(rows.status().ToString() << " " << sql);
  REQUIRE(rows.ok());
  std::map<std::string, std::string> found;
  while (rows->Next().value()) found[rows->Text(0)] = rows->Text(1);
  return found;
}

std::string Join(std::initializer_list<int64_t> numbers) {
  std::string text;
  for (const int64_t number : numbers) text += std::to_string(number) + " ";
  return text;
}

std::string SqlJoin(std::initializer_list<const char*> columns) {
  std::string sql;
  for (const char* column : columns) {
    sql += (sql.empty() ? "" : " || ") + std::string("ifnull(") + column + ", -1) || ' '";
  }
  return sql;
}

int64_t Number(uint64_t value) { return static_cast<int64_t>(value); }

std::string StepText(const StepRecord& s, double cost) {
  return Join({Number(s.agent.value), Number(s.clock.value),
               s.segment.value == 0 ? -1 : Number(s.segment.value),
               s.caller ? Number(s.caller->first.value) : -1,
               s.caller ? Number(s.caller->second.value) : -1, Number(s.begin_after.value),
               s.began_wall.ns, s.ended_wall.ns, s.began_virtual.ns, s.duration.ns, s.own.ns,
               Number(s.took.size()), Number(s.sent.size()), s.effect_count,
               Number(s.faults.size()), static_cast<int64_t>(cost * 1000), s.state_changed,
               s.incomplete}) +
         (s.error ? s.error->kind : "-") +
         (s.state.hash.ToHex().substr(0, 2 * kIndexStateHashBytes));
}

const char kStepSql[] = " || ifnull(error_kind, '-') || lower(hex(state_hash)) FROM steps";

std::string MessageText(const Line& line, const MessageRecord& m, StepNumber sent_step) {
  return line.FormatMessageId(m.id) + " " + m.kind + m.channel + m.body.media_type + " " +
         Join({Number(m.to.value), sent_step.value == 0 ? -1 : Number(sent_step.value),
               Number(m.sent_after.value), m.sent_wall.ns, m.sent_virtual.ns, m.delay.ns,
               Number(m.body.size), m.edited, m.dropped});
}

struct Expected {
  std::map<std::string, std::string> steps, messages, takes;
};

Expected ExpectedOf(Line& line) {
  Expected expected;
  std::map<MessageId, StepNumber> sent_by;
  for (uint64_t n = line.fork().value + 1; n <= line.last().value; ++n) {
    const StepRecord step = line.Step(StepNumber(n)).value();
    double cost = 0;
    const std::vector<EffectRecord> effects = line.Effects(step.agent, step.clock).value();
    for (const EffectRecord& effect : effects) {
      cost += effect.usage.cost_usd;
    }
    expected.steps[std::to_string(n)] = StepText(step, cost);
    for (size_t i = 0; i < step.took.size(); ++i) {
      const MessageId& id = step.took[i].id;
      expected.takes[std::to_string(n) + "." + std::to_string(i)] =
          Join({Number(id.sender.value), Number(id.clock.value), id.ordinal, id.copy,
                step.took[i].early});
    }
    for (const SentMessage& sent : step.sent) {
      const MessageRecord message = line.FindMessage(sent.id).value();
      expected.messages[line.FormatMessageId(sent.id)] =
          MessageText(line, message, StepNumber(n));
    }
  }
  return expected;
}

void CheckViews(const std::string& path, Line& line) {
  const Expected expected = ExpectedOf(line);
  const std::string log = " WHERE log = " + std::to_string(line.id().value);
  INFO("log" << log);
  CHECK(RowsOf(path, "SELECT step, " +
                         SqlJoin({"agent", "clock", "segment", "caller_agent", "caller_clock",
                                  "begin_after", "began_wall_ns", "ended_wall_ns",
                                  "began_virtual_ns", "duration_ns", "own_ns", "taken", "sent",
                                  "effects", "faults", "CAST(cost_usd * 1000 AS INTEGER)",
                                  "state_changed", "incomplete"}) +
                         kStepSql + log) == expected.steps);
  CHECK(RowsOf(path, "SELECT step || '.' || position, " +
                         SqlJoin({"sender", "clock", "ordinal", "copy", "early"}) + "FROM takes" +
                         log) == expected.takes);
  CHECK(RowsOf(path, "SELECT id, id || ' ' || ifnull(kind, '') || ifnull(channel, '') || "
                     "ifnull(media_type, '') || ' ' || " +
                         SqlJoin({"receiver", "sent_step", "sent_after", "sent_wall_ns",
                                  "sent_virtual_ns", "delay_ns", "bytes", "edited", "dropped"}) +
                         "FROM messages" + log + " AND sent_step IS NOT NULL") ==
        expected.messages);
}

void IndexAndCheck(const std::string& path) {
  const auto recording = Recording::Open(path);
  REQUIRE(recording.ok());
  REQUIRE(Reindex(**recording, {}).ok());
  const auto logs = (*recording)->Logs();
  REQUIRE(logs.ok());
  for (const LogInfo& log : *logs) {
    const auto line = (*recording)->OpenLine(log.id);
    REQUIRE(line.ok());
    CheckViews(path, **line);
  }
}

TEST_CASE("the views of an index show the records of a session and of its branch") {
  const TempDir dir;
  const std::string path = dir / "r";
  REQUIRE(testing::WriteSampleSession(path, {}).ok());
  REQUIRE(testing::WriteSampleBranch(path, 5, 4, {}).ok());
  IndexAndCheck(path);
}

TEST_CASE("the views of an index show the records of random logs") {
  for (const uint64_t seed : {1, 2, 3}) {
    INFO("seed " << seed);
    const TempDir dir;
    const std::string path = dir / "r";
    auto recording = Recording::Create(path);
    REQUIRE(recording.ok());
    RandomLog session(seed, recording->get(), nullptr, StepNumber());
    session.Write(150);
    session.Close(true);
    RandomLog branch(seed + 100, recording->get(), &session.model(), StepNumber(60));
    branch.Write(60);
    branch.Close(true);
    IndexAndCheck(path);
  }
}

std::string PlanOf(const std::string& path, const std::string& sql) {
  const auto db = Database::Open(IndexPath(path), SQLITE_OPEN_READONLY);
  REQUIRE(db.ok());
  auto rows = (*db)->Prepare("EXPLAIN QUERY PLAN " + sql);
  INFO(rows.status().ToString() << " " << sql);
  REQUIRE(rows.ok());
  std::string plan;
  while (rows->Next().value()) plan += rows->Text(3) + "\n";
  return plan;
}

TEST_CASE(
    "questions for an agent, a pair of agents, errors and a step's messages walk no other rows") {
  const TempDir dir;
  const std::string path = dir / "r";
  REQUIRE(testing::WriteSampleSession(path, {}).ok());
  const auto recording = Recording::Open(path);
  REQUIRE(recording.ok());
  REQUIRE(Reindex(**recording, {}).ok());
  CHECK(PlanOf(path, "SELECT step, state_hash FROM steps WHERE log = 1 AND agent = 2 AND step <= 9 "
                     "ORDER BY step DESC LIMIT 1") ==
        "SEARCH r USING INDEX steps_by_agent (log=? AND agent=? AND step<?)\n");
  CHECK(PlanOf(path, "SELECT clock, bytes FROM messages WHERE log = 1 AND sender = 1 AND "
                     "receiver = 2 ORDER BY clock, ordinal LIMIT 100") ==
        "SEARCH m USING PRIMARY KEY (log=? AND sender=? AND receiver=?)\n");
  CHECK(PlanOf(path, "SELECT step FROM step_details WHERE log = 1 AND step > 3 AND "
                     "error_kind IS NOT NULL ORDER BY step LIMIT 100")
            .find("steps_with_error (log=? AND step>?)") != std::string::npos);
  CHECK(PlanOf(path, "SELECT m.bytes FROM steps s, json_each(s.sent_to) t JOIN messages m "
                     "ON m.log = s.log AND m.sender = s.agent AND m.receiver = t.value "
                     "AND m.clock = s.clock WHERE s.log = 1 AND s.step = 4")
            .find("(log=? AND sender=? AND receiver=? AND clock=?)") != std::string::npos);
}

TEST_CASE("a log that is read ahead of the index is indexed as one that is not") {
  const TempDir dir;
  const std::string path = dir / "r";
  SampleShape shape;
  shape.steps = 2500;
  shape.state_bytes = 20;
  REQUIRE(testing::WriteSampleSession(path, shape).ok());
  const auto recording = Recording::Open(path);
  REQUIRE(recording.ok());
  const auto line = (*recording)->OpenLine(LogId(1));
  REQUIRE(line.ok());
  const auto all = [&](const char* table) {
    return RowsOf(path, std::string("SELECT rowid_text, row FROM (SELECT step AS rowid_text, ") +
                            SqlJoin({"agent", "clock", "began_virtual_ns", "sent_to", "took"}) +
                            "AS row FROM " + table + ")");
  };
  REQUIRE(Reindex(**recording, {}).ok());
  const auto ahead = all("step_rows");
  CHECK(ahead.size() == 2500);
  {
    auto index = IndexWriter::Open(path);
    REQUIRE(index.ok());
    REQUIRE((*index)->Clear().ok());
    while ((*index)->CatchUp(**line, 1000).value() > 0) {
    }
  }
  CHECK(all("step_rows") == ahead);
  const auto differences = CompareIndex(**recording);
  REQUIRE(differences.ok());
  CHECK(differences->empty());
}

}  // namespace
}  // namespace backstep::store
