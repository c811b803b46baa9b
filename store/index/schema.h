// The tables and views of index.sqlite. They are a public interface: docs/index.md explains every
// column, and a test holds the two together. Private header of store/index.
//
// Steps and messages are most of an index, so their tables hold what cannot be told from the rest
// in as few bytes as SQLite allows, and what most of them lack in a table of its own; the views
// `steps`, `takes` and `messages` show them whole.
#pragma once

#include <cstddef>
#include <string>

#include "backstep/base/status.h"
#include "backstep/store/index/sqlite.h"

namespace backstep::store {

// Changes with any change to a table. An index of another version is dropped and built again.
inline constexpr char kSchemaVersion[] = "3";

// Where the rows of a table come from.
enum class Rows {
  kOurs,    // not from the logs
  kOfLog,   // from one log each; `log` is a column
  kShared,  // from any log
};

struct TableSql {
  const char* name;
  const char* columns;   // what stands between the parentheses of CREATE TABLE
  const char* options;   // behind them
  Rows rows;
};
extern const TableSql kTables[];
extern const size_t kTableCount;

struct ViewSql {
  const char* name;
  const char* query;
};
extern const ViewSql kViews[];
extern const size_t kViewCount;

struct SecondaryIndexSql {
  const char* name;
  const char* on;        // table, columns, condition
};
extern const SecondaryIndexSql kSecondaryIndexes[];
extern const size_t kSecondaryIndexCount;

std::string CreateTableSql(const TableSql& table);
std::string CreateIndexSql(const SecondaryIndexSql& index);
std::string CreateViewSql(const ViewSql& view);

// Makes what is missing: tables and views (and the version in `meta`), secondary indexes.
Status CreateTables(Database& db);
Status CreateSecondaryIndexes(Database& db);

// Corruption: `db` does not hold exactly the tables, views, secondary indexes and version of this
// header.
Status CheckSchema(Database& db);

}  // namespace backstep::store
