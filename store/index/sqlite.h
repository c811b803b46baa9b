// SQLite's C interface as values with owners and Status. Private to store/index.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "backstep/base/hash.h"
#include "backstep/base/status.h"
#include "backstep/base/time.h"

namespace backstep::store {

// A prepared statement: Add the parameters in order, then Run (no rows) or Next (rows). One
// thread; must not outlive its database.
class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* db, sqlite3_stmt* stmt) : db_(db), stmt_(stmt) {}

  Statement& AddNumber(uint64_t value);  // values over 2^63 - 1 are stored as that
  Statement& AddSigned(int64_t value);
  Statement& AddReal(double value);
  Statement& AddBool(bool value) { return AddSigned(value ? 1 : 0); }
  Statement& AddText(std::string_view value);
  // NULL when empty.
  Statement& AddTextOrNull(std::string_view value);
  // Its first `size` of 16 bytes, high word first; NULL when zero.
  Statement& AddHash(const Hash128& hash, size_t size = 16);
  Statement& AddBlob(std::string_view bytes);
  Statement& AddNull();

  // Makes the statement ready for the next parameters although there may be more rows.
  void Stop() { Ready(); }
  // Runs to the end and makes the statement ready for the next parameters, failed or not.
  Status Run();
  // The next row; false: there is none, and the statement is ready for the next parameters.
  Result<bool> Next();

  int64_t Integer(int column) const { return sqlite3_column_int64(stmt_.get(), column); }
  std::string Text(int column) const;
  // The bytes of a text or blob, good until the statement goes on.
  std::string_view Bytes(int column) const;
  bool IsNull(int column) const { return sqlite3_column_type(stmt_.get(), column) == SQLITE_NULL; }
  sqlite3_value* Value(int column) const { return sqlite3_column_value(stmt_.get(), column); }
  Statement& AddValue(const sqlite3_value* value);

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* stmt) const { sqlite3_finalize(stmt); }
  };
  Statement& Bound(int code);
  void Ready();

  sqlite3* db_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> stmt_;
  int next_ = 1;
  int bind_failure_ = SQLITE_OK;
};

// One connection. One thread.
class Database {
 public:
  // `flags` as of sqlite3_open_v2; close-on-exec always. Untrusted schemas run nothing of ours.
  static Result<std::unique_ptr<Database>> Open(const std::string& name, int flags);

  // Corruption: the file is damaged or no database. Unavailable: locked. Io: path and reason.
  Status Exec(const std::string& sql);
  Result<Statement> Prepare(std::string_view sql);
  // The first column of the first row; nullopt: no row.
  Result<std::optional<std::string>> Query(std::string_view sql);

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  explicit Database(sqlite3* db) : db_(db) {}

  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace backstep::store
