#include "backstep/store/index/sqlite.h"

#include <limits>

namespace backstep::store {
namespace {

Status FromSqlite(sqlite3* db, int code) {
  const char* file = db == nullptr ? nullptr : sqlite3_db_filename(db, "main");
  std::string message = file != nullptr && *file != '\0' ? std::string(file) + ": " : "index: ";
  message += db == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(db);
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT: return Status::Corruption(std::move(message));
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Status::Unavailable(std::move(message));
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_NOMEM: return Status::Io(std::move(message));
    default: return Status::Internal(std::move(message));
  }
}

}  // namespace

Statement& Statement::Bound(int code) {
  if (code != SQLITE_OK && bind_failure_ == SQLITE_OK) bind_failure_ = code;
  ++next_;
  return *this;
}

Statement& Statement::AddNumber(uint64_t value) {
  constexpr auto kMax = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  return AddSigned(static_cast<int64_t>(value < kMax ? value : kMax));
}

Statement& Statement::AddSigned(int64_t value) {
  return Bound(sqlite3_bind_int64(stmt_.get(), next_, value));
}

Statement& Statement::AddReal(double value) {
  return Bound(sqlite3_bind_double(stmt_.get(), next_, value));
}

Statement& Statement::AddText(std::string_view value) {
  return Bound(sqlite3_bind_text64(stmt_.get(), next_, value.data() == nullptr ? "" : value.data(),
                                   value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

Statement& Statement::AddTextOrNull(std::string_view value) {
  return value.empty() ? AddNull() : AddText(value);
}

Statement& Statement::AddHash(const Hash128& hash, size_t size) {
  if (hash.IsZero()) return AddNull();
  unsigned char bytes[16];
  for (int i = 0; i < 8; ++i) {
    bytes[i] = static_cast<unsigned char>(hash.high >> (56 - 8 * i));
    bytes[8 + i] = static_cast<unsigned char>(hash.low >> (56 - 8 * i));
  }
  return Bound(sqlite3_bind_blob(stmt_.get(), next_, bytes, static_cast<int>(size),
                                 SQLITE_TRANSIENT));
}

Statement& Statement::AddBlob(std::string_view bytes) {
  return Bound(sqlite3_bind_blob64(stmt_.get(), next_, bytes.data() == nullptr ? "" : bytes.data(),
                                   bytes.size(), SQLITE_TRANSIENT));
}

Statement& Statement::AddNull() { return Bound(sqlite3_bind_null(stmt_.get(), next_)); }

Statement& Statement::AddValue(const sqlite3_value* value) {
  return Bound(sqlite3_bind_value(stmt_.get(), next_, value));
}

void Statement::Ready() {
  sqlite3_reset(stmt_.get());
  next_ = 1;
  bind_failure_ = SQLITE_OK;
}

Status Statement::Run() {
  const Result<bool> row = Next();
  if (!row.ok()) return row.status();
  Ready();
  return Status();
}

Result<bool> Statement::Next() {
  int code = bind_failure_;
  if (code == SQLITE_OK) code = sqlite3_step(stmt_.get());
  if (code == SQLITE_ROW) return true;
  Status status = code == SQLITE_DONE ? Status() : FromSqlite(db_, code);
  Ready();
  if (!status.ok()) return status;
  return false;
}

std::string Statement::Text(int column) const { return std::string(Bytes(column)); }

std::string_view Statement::Bytes(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(stmt_.get(), column));
  const auto size = static_cast<size_t>(sqlite3_column_bytes(stmt_.get(), column));
  return bytes == nullptr ? std::string_view() : std::string_view(bytes, size);
}

Result<std::unique_ptr<Database>> Database::Open(const std::string& name, int flags) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Database> database(new Database(raw));
  if (code != SQLITE_OK) return FromSqlite(raw, code);
  constexpr int kBusyMs = 5000;
  sqlite3_busy_timeout(raw, kBusyMs);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  BACKSTEP_RETURN_IF_ERROR(database->Exec("PRAGMA mmap_size=0; PRAGMA cell_size_check=ON"));
  return database;
}

Status Database::Exec(const std::string& sql) {
  const int code = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status() : FromSqlite(db_.get(), code);
}

Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* stmt = nullptr;
  const int code = sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &stmt, nullptr);
  if (code != SQLITE_OK) return FromSqlite(db_.get(), code);
  return Statement(db_.get(), stmt);
}

Result<std::optional<std::string>> Database::Query(std::string_view sql) {
  BACKSTEP_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  BACKSTEP_ASSIGN_OR_RETURN(const bool row, statement.Next());
  if (!row) return std::optional<std::string>();
  return std::optional<std::string>(statement.Text(0));
}

}  // namespace backstep::store
