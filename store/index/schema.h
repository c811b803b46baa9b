// The tables of index.sqlite. They are a public interface: docs/index.md explains every column,
// and a test holds the two together. Private header of store/index.
#pragma once

#include <cstddef>
#include <string>

#include "backstep/base/status.h"
#include "backstep/store/index/sqlite.h"

namespace backstep::store {

// Changes with any change to a table. An index of another version is dropped and built again.
inline constexpr char kSchemaVersion[] = "1";

struct TableSql {
  const char* name;
  const char* columns;   // what stands between the parentheses of CREATE TABLE
  const char* options;   // behind them
  bool derived;          // rows come from the logs; `log` is a column
};
extern const TableSql kTables[];
extern const size_t kTableCount;

struct SecondaryIndexSql {
  const char* name;
  const char* on;        // table, columns, condition
};
extern const SecondaryIndexSql kSecondaryIndexes[];
extern const size_t kSecondaryIndexCount;

std::string CreateTableSql(const TableSql& table);
std::string CreateIndexSql(const SecondaryIndexSql& index);

// Makes what is missing: tables (and the version in `meta`), secondary indexes.
Status CreateTables(Database& db);
Status CreateSecondaryIndexes(Database& db);
Status DropSecondaryIndexes(Database& db);

// Corruption: `db` does not hold exactly the tables, secondary indexes and version of this header.
Status CheckSchema(Database& db);

}  // namespace backstep::store
