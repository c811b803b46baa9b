#include "backstep/tests/bench/suite/baselines/peers.h"

#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <map>

#include <nlohmann/json.hpp>

#include "backstep/tests/bench/measure.h"

namespace backstep::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kUpdatesASnapshot = 1000;

class Database {
 public:
  explicit Database(const std::string& path) {
    if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) Fail("cannot open " + path);
    Run("PRAGMA journal_mode=WAL");
    // Like ours: a killed process loses nothing, a power cut the last moments.
    Run("PRAGMA synchronous=NORMAL");
  }
  ~Database() {
    for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
    sqlite3_close(db_);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void Run(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
      Fail(std::string(sql) + ": " + sqlite3_errmsg(db_));
    }
  }
  // Numbers, then perhaps a blob; ready to be stepped.
  sqlite3_stmt* Bind(const char* sql, std::initializer_list<uint64_t> numbers,
                     const std::string* blob) {
    sqlite3_stmt*& statement = statements_[sql];
    if (statement == nullptr &&
        sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) != SQLITE_OK) {
      Fail(std::string(sql) + ": " + sqlite3_errmsg(db_));
    }
    sqlite3_reset(statement);
    int at = 0;
    for (const uint64_t number : numbers) {
      sqlite3_bind_int64(statement, ++at, static_cast<int64_t>(number));
    }
    if (blob != nullptr) {
      sqlite3_bind_blob64(statement, ++at, blob->data(), blob->size(), SQLITE_STATIC);
    }
    return statement;
  }
  void Do(const char* sql, std::initializer_list<uint64_t> numbers, const std::string* blob) {
    if (sqlite3_step(Bind(sql, numbers, blob)) != SQLITE_DONE) Fail(sqlite3_errmsg(db_));
  }

 private:
  sqlite3* db_ = nullptr;
  std::map<std::string, sqlite3_stmt*> statements_;
};

std::string Blob(sqlite3_stmt* row, int column) {
  return {static_cast<const char*>(sqlite3_column_blob(row, column)),
          static_cast<size_t>(sqlite3_column_bytes(row, column))};
}

class Rows : public Peer {
 public:
  Rows(const std::string& path, bool deltas) : path_(path + "/states.sqlite"), deltas_(deltas) {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
    folder_ = path;
    db_ = std::make_unique<Database>(path_);
    db_->Run("CREATE TABLE checkpoints (thread INTEGER, id INTEGER, parent INTEGER, whole INTEGER, "
             "checkpoint BLOB, PRIMARY KEY (thread, id)) WITHOUT ROWID");
  }
  ~Rows() override {
    db_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Put(const PeerStep& step) override {
    const bool whole = !deltas_ || updates_[step.agent]++ % kUpdatesASnapshot == 0;
    db_->Do("INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?)",
            {step.agent, step.number, last_[step.agent], whole},
            whole ? &step.state : &step.added);
    last_[step.agent] = step.number;
  }
  void Finish() override { db_->Run("PRAGMA wal_checkpoint(TRUNCATE)"); }

  std::string Read(uint64_t number, size_t agent) override {
    Database db(path_);
    sqlite3_stmt* from = db.Bind("SELECT id FROM checkpoints WHERE thread = ? AND id <= ? "
                                 "AND whole ORDER BY id DESC LIMIT 1", {agent, number}, nullptr);
    if (sqlite3_step(from) != SQLITE_ROW) return {};
    const auto first = static_cast<uint64_t>(sqlite3_column_int64(from, 0));
    sqlite3_stmt* rows = db.Bind("SELECT checkpoint FROM checkpoints WHERE thread = ? AND id >= ? "
                                 "AND id <= ? ORDER BY id", {agent, first, number}, nullptr);
    std::string state;
    while (sqlite3_step(rows) == SQLITE_ROW) state += Blob(rows, 0);
    return state;
  }
  uint64_t Bytes() const override { return FolderBytes(folder_); }

 private:
  const std::string path_;
  std::string folder_;
  const bool deltas_;
  std::unique_ptr<Database> db_;
  std::map<size_t, uint64_t> updates_, last_;
};

class Lines : public Peer {
 public:
  explicit Lines(const std::string& path) : path_(path) {
    std::filesystem::create_directories(path);
    out_.open(path + "/steps.jsonl", std::ios::trunc);
  }
  ~Lines() override { std::filesystem::remove_all(path_); }

  void Put(const PeerStep& step) override {
    const Json line = {{"step", step.number}, {"agent", step.agent}, {"added", step.added}};
    out_ << line.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n" << std::flush;
  }
  void Finish() override { out_.close(); }

  std::string Read(uint64_t number, size_t agent) override {
    std::ifstream in(path_ + "/steps.jsonl");
    std::string text, state;
    while (std::getline(in, text)) {
      const Json line = Json::parse(text);
      if (line["step"].get<uint64_t>() > number) break;
      if (line["agent"].get<size_t>() == agent) state += line["added"].get<std::string>();
    }
    return state;
  }
  uint64_t Bytes() const override { return FolderBytes(path_); }

 private:
  const std::string path_;
  std::ofstream out_;
};

}  // namespace

std::unique_ptr<Peer> MakeFullRows(const std::string& path) {
  return std::make_unique<Rows>(path, false);
}
std::unique_ptr<Peer> MakeDeltaRows(const std::string& path) {
  return std::make_unique<Rows>(path, true);
}
std::unique_ptr<Peer> MakeJsonLines(const std::string& path) {
  return std::make_unique<Lines>(path);
}

}  // namespace backstep::bench
