// The index of a long run: built, and asked what a window asks.
#include <sqlite3.h>

#include <filesystem>

#include "backstep/base/hash.h"
#include "backstep/recorder/session.h"
#include "backstep/store/index/index.h"
#include "backstep/store/line.h"
#include "backstep/store/index/rows/log_rows.h"
#include "backstep/store/recording.h"
#include "backstep/store/search.h"
#include "backstep/tests/bench/corpus.h"
#include "backstep/tests/bench/suite/section.h"

namespace backstep::bench {
namespace {

class Query {
 public:
  Query(sqlite3* db, const char* sql) {
    if (sqlite3_prepare_v2(db, sql, -1, &statement_, nullptr) != SQLITE_OK) {
      Fail(std::string(sql) + ": " + sqlite3_errmsg(db));
    }
  }
  ~Query() { sqlite3_finalize(statement_); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  // Rows of the answer.
  int Run(std::initializer_list<uint64_t> arguments) {
    sqlite3_reset(statement_);
    int at = 0;
    for (const uint64_t argument : arguments) {
      sqlite3_bind_int64(statement_, ++at, static_cast<int64_t>(argument));
    }
    int rows = 0;
    int result = SQLITE_ROW;
    while ((result = sqlite3_step(statement_)) == SQLITE_ROW) ++rows;
    if (result != SQLITE_DONE) Fail("a query failed");
    return rows;
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
};

constexpr size_t kAgents = 50;
constexpr char kRareWord[] = "xylolith7";  // one message in the middle holds it

uint64_t StepsOf(const Context& context) { return context.quick ? 200000 : 1000000; }

// Every step takes what waits for its agent and sends one message on.
void Record(const Context& context, const std::string& path) {
  recorder::SessionOptions options;
  options.path = path;
  options.read_environment = false;
  options.block_max = Milliseconds(60000);
  const auto session = recorder::Session::Open(options);
  std::vector<std::string> names;
  std::vector<std::vector<Message>> inboxes(kAgents);
  for (size_t i = 0; i < kAgents; ++i) {
    names.push_back("agent" + std::to_string(i));
    session->AddAgent({.name = names.back(), .initial_state = {"", "text/plain"}});
  }
  Corpus corpus(29);
  const std::string text = corpus.Text(size_t{1} << 20);
  for (uint64_t i = 1; i <= StepsOf(context); ++i) {
    const size_t from = corpus.random().Next() % kAgents, to = corpus.random().Next() % kAgents;
    const auto step = session->BeginStep(names[from], std::move(inboxes[from]));
    inboxes[from].clear();
    Message message;
    message.to = names[to];
    message.kind = "note";
    const uint64_t draw = corpus.random().Next();
    message.body = {text.substr(draw % (text.size() / 2), 150 + draw % 1300), "text/plain"};
    if (i == StepsOf(context) / 2) message.body.bytes += std::string(" of the ") + kRareWord;
    for (Message& sent : step->Send(std::move(message))) inboxes[to].push_back(std::move(sent));
    Need(step->Commit(Body{"after step " + std::to_string(i), "text/plain"}));
  }
  Need(session->Close());
}

// All that the index asks of the log, and no index.
double ReadingNs(store::Line& line) {
  const double begin = WallNs();
  store::LogRows log(line);
  size_t messages = 0;
  for (uint64_t i = 1; i <= line.last().value; ++i) {
    messages += Need(log.Step(StepNumber(i))).messages.size();
  }
  if (messages != line.last().value) Fail("messages are missing");
  return WallNs() - begin;
}

void MeasureBuilding(Context& context, const std::string& path) {
  const std::string file = path + "/index.sqlite";
  std::filesystem::remove(file);
  const auto recording = Need(store::Recording::Open(path));
  const auto line = Need(recording->OpenLine(LogId(1)));
  const auto steps = static_cast<double>(line->last().value);
  if (line->last().value != StepsOf(context)) Fail("steps are missing");
  const double reading = ReadingNs(*line);
  const double begin = WallNs();
  {
    const auto writer = Need(store::IndexWriter::Open(path));
    while (Need(writer->CatchUp(*line)) > 0) {
    }
  }
  context.add(Figure{"indexed in batches", steps / (WallNs() - begin) * 1e9, "steps/s"}
                  .AtLeast(100000).Against("reading the log alone", steps / reading * 1e9));
  context.add(Figure{"index", static_cast<double>(std::filesystem::file_size(file)) / steps,
                     "B/step"}.AtMost(105));
  const auto differences = Need(store::CompareIndex(*recording));
  if (!differences.empty()) Fail("the index differs from the log: " + differences[0]);
}

void Measure(Context& context, const char* name, double limit, const std::function<int()>& ask) {
  std::vector<double> taken;
  int rows = 0;
  for (int i = 0; i < 1100; ++i) {
    const double begin = WallNs();
    rows += ask();
    if (i >= 100) taken.push_back(WallNs() - begin);
  }
  if (rows == 0) Fail(std::string(name) + ": the query finds nothing");
  context.add(Figure{name, Percentile(&taken, 0.99), "ns"}.AtMost(limit));
}

void MeasureQueries(Context& context, const std::string& path) {
  sqlite3* db = nullptr;
  if (sqlite3_open_v2((path + "/index.sqlite").c_str(), &db, SQLITE_OPEN_READONLY, nullptr) !=
      SQLITE_OK) {
    Fail("cannot open the index");
  }
  sqlite3_exec(db, "PRAGMA cache_size=-65536", nullptr, nullptr, nullptr);
  RandomStream random(23);
  const uint64_t steps = StepsOf(context);
  const auto agent = [&] { return 1 + random.Next() % kAgents; };
  const auto step = [&] { return 1 + random.Next() % steps; };
  Query latest(db, "SELECT step, state_hash FROM steps WHERE log = 1 AND agent = ? AND step <= ? "
                   "ORDER BY step DESC LIMIT 1");
  Measure(context, "latest step of an agent, p99", 20e3,
          [&] { return latest.Run({agent(), step()}); });
  Query range(db, "SELECT step, agent, clock, began_wall_ns, duration_ns FROM steps "
                  "WHERE log = 1 AND step >= ? ORDER BY step LIMIT 1000");
  Measure(context, "a range of 1,000 steps, p99", 0.5e6, [&] { return range.Run({step()}); });
  Query pair(db, "SELECT clock, ordinal, bytes FROM messages WHERE log = 1 AND sender = ? AND "
                 "receiver = ? ORDER BY clock, ordinal LIMIT 100");
  Measure(context, "messages from one to another, p99", 0.2e6,
          [&] { return pair.Run({agent(), agent()}); });
  sqlite3_close(db);
}

using Indexing = store::TextSearch::Indexing;

// A search that must find something; nothing of it stays open.
void AskOnce(const store::Recording& recording, store::Line& line, Indexing indexing,
             const std::string& word) {
  store::TextSearch search(recording, line, indexing);
  const auto query = Need(store::SearchQuery::Parse(word));
  if (Need(search.Find(query, {})).hits.empty()) Fail("nothing says " + word);
}

void MeasureQuery(Context& context, store::TextSearch& search, const std::string& what,
                  const std::string& words) {
  const auto query = Need(store::SearchQuery::Parse(words));
  std::vector<double> taken;
  for (int i = 0; i < 220; ++i) {
    const double begin = WallNs();
    const auto answer = Need(search.Find(query, {}));
    if (i >= 20) taken.push_back(WallNs() - begin);
    if (answer.hits.empty() || !answer.from_index) Fail("the index finds nothing of " + words);
  }
  context.add(Figure{what, Percentile(&taken, 0.99), "ns"}.AtMost(2e6));
}

void MeasureTexts(Context& context, const std::string& path) {
  const auto recording = Need(store::Recording::Open(path));
  const auto line = Need(recording->OpenLine(LogId(1)));
  double text = 0, messages = 0;
  Need(line->ScanMessages([&](const MessageRecord& message) {
    text += static_cast<double>(message.body.size);
    ++messages;
    return true;
  }));
  Need(store::DropTextIndex(*recording));
  const double scan_begin = WallNs();
  AskOnce(*recording, *line, Indexing::kNever, kRareWord);
  const double scan = text / (WallNs() - scan_begin);
  const double begin = WallNs();
  AskOnce(*recording, *line, Indexing::kAlways, kRareWord);
  const double building = WallNs() - begin;
  context.note("texts: " + std::to_string(static_cast<uint64_t>(messages)) + " messages of " +
               std::to_string(static_cast<uint64_t>(text / messages)) + " bytes");
  context.add(Figure{"texts indexed", messages / building * 1e9, "messages/s"}.AtLeast(60000));
  double bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path + "/text")) {
    bytes += static_cast<double>(entry.file_size());
  }
  context.add(Figure{"index of texts", bytes / messages, "B/message"}
                  .Against("the texts", text / messages));
  context.add(Figure{"texts read without an index", scan * 1e3, "MB/s"}.AtLeast(700));
  store::TextSearch search(*recording, *line);
  MeasureQuery(context, search, "a rare word, p99", kRareWord);
  MeasureQuery(context, search, "a common word, p99", "the");
  MeasureQuery(context, search, "a rare and a common word, p99", std::string("the ") + kRareWord);
  MeasureQuery(context, search, "words that begin so, p99", "xylo*");
  MeasureQuery(context, search, "two words in a row, p99", "\"of the\"");
}

}  // namespace

void MeasureIndex(Context& context) {
  const std::string path = context.folder + "/indexed.backstep";
  std::filesystem::remove_all(path);
  Record(context, path);
  MeasureBuilding(context, path);
  MeasureQueries(context, path);
  MeasureTexts(context, path);
}

}  // namespace backstep::bench
