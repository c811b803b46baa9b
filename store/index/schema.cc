#include "backstep/store/index/schema.h"

#include <map>

namespace backstep::store {

const TableSql kTables[] = {
    {"meta", "key TEXT PRIMARY KEY, value TEXT NOT NULL", "WITHOUT ROWID", false},
    {"watermarks",
     "log INTEGER PRIMARY KEY, header_hash BLOB NOT NULL, steps INTEGER NOT NULL, "
     "events INTEGER NOT NULL, outside_messages INTEGER NOT NULL, sealed INTEGER NOT NULL",
     "", true},
    {"sessions",
     "log INTEGER PRIMARY KEY, name TEXT NOT NULL, tags TEXT NOT NULL, metadata TEXT NOT NULL, "
     "group_id TEXT, user_id TEXT, program TEXT, executable TEXT, command TEXT NOT NULL, "
     "working_directory TEXT, host TEXT, writer_version TEXT, process_id INTEGER, "
     "seed TEXT NOT NULL, faults TEXT, began_wall_ns INTEGER NOT NULL, ended_wall_ns INTEGER, "
     "sealed INTEGER NOT NULL, steps INTEGER NOT NULL, outcome TEXT NOT NULL, score REAL, "
     "reason TEXT, dropped_bodies INTEGER NOT NULL, first_failure TEXT",
     "", true},
    {"branches",
     "log INTEGER PRIMARY KEY, session INTEGER NOT NULL, name TEXT NOT NULL, "
     "parent INTEGER NOT NULL, fork INTEGER NOT NULL, schedule TEXT, experiment TEXT, "
     "seed TEXT NOT NULL, began_wall_ns INTEGER NOT NULL, ended_wall_ns INTEGER, "
     "sealed INTEGER NOT NULL, steps INTEGER NOT NULL, outcome TEXT NOT NULL, score REAL, "
     "reason TEXT, result TEXT, result_detail TEXT, reused INTEGER NOT NULL, "
     "exact INTEGER NOT NULL, edited INTEGER NOT NULL, fault INTEGER NOT NULL, "
     "live INTEGER NOT NULL, miss INTEGER NOT NULL, divergences INTEGER NOT NULL, "
     "changes INTEGER NOT NULL",
     "", true},
    {"edits",
     "log INTEGER NOT NULL, ordinal INTEGER NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL, "
     "text TEXT, media_type TEXT, origin TEXT, PRIMARY KEY (log, ordinal)",
     "WITHOUT ROWID", true},
    {"segments",
     "log INTEGER NOT NULL, segment INTEGER NOT NULL, parent INTEGER, name TEXT NOT NULL, "
     "ordinal INTEGER NOT NULL, began_wall_ns INTEGER NOT NULL, ended_wall_ns INTEGER, "
     "began_after INTEGER NOT NULL, ended_after INTEGER, PRIMARY KEY (log, segment)",
     "WITHOUT ROWID", true},
    {"agents",
     "log INTEGER NOT NULL, agent INTEGER NOT NULL, name TEXT NOT NULL, role TEXT, "
     "implementation TEXT, model TEXT, attributes TEXT, registered_after INTEGER NOT NULL, "
     "PRIMARY KEY (log, agent)",
     "WITHOUT ROWID", true},
    {"steps",
     "log INTEGER NOT NULL, step INTEGER NOT NULL, agent INTEGER NOT NULL, "
     "clock INTEGER NOT NULL, segment INTEGER, caller_agent INTEGER, caller_clock INTEGER, "
     "name TEXT, program_index INTEGER, begin_after INTEGER NOT NULL, "
     "began_wall_ns INTEGER NOT NULL, ended_wall_ns INTEGER NOT NULL, "
     "began_virtual_ns INTEGER NOT NULL, duration_ns INTEGER NOT NULL, own_ns INTEGER NOT NULL, "
     "taken INTEGER NOT NULL, sent INTEGER NOT NULL, effects INTEGER NOT NULL, "
     "faults INTEGER NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, "
     "cost_usd REAL NOT NULL, state_bytes INTEGER, state_hash BLOB, "
     "state_changed INTEGER NOT NULL, error_kind TEXT, error_message TEXT, outcome TEXT, "
     "incomplete INTEGER NOT NULL, PRIMARY KEY (log, step)",
     "WITHOUT ROWID", true},
    {"messages",
     "log INTEGER NOT NULL, sender INTEGER NOT NULL, clock INTEGER NOT NULL, "
     "ordinal INTEGER NOT NULL, copy INTEGER NOT NULL, id TEXT NOT NULL, "
     "receiver INTEGER NOT NULL, sent_step INTEGER, channel TEXT, kind TEXT, program_id TEXT, "
     "edge_id TEXT, reply_to TEXT, sent_after INTEGER NOT NULL, sent_wall_ns INTEGER NOT NULL, "
     "sent_virtual_ns INTEGER NOT NULL, delay_ns INTEGER NOT NULL, bytes INTEGER, "
     "media_type TEXT, body_hash BLOB, offered_hash BLOB, edited INTEGER NOT NULL, "
     "dropped INTEGER NOT NULL, PRIMARY KEY (log, sender, clock, ordinal, copy)",
     "WITHOUT ROWID", true},
    {"takes",
     "log INTEGER NOT NULL, step INTEGER NOT NULL, position INTEGER NOT NULL, "
     "sender INTEGER NOT NULL, clock INTEGER NOT NULL, ordinal INTEGER NOT NULL, "
     "copy INTEGER NOT NULL, early INTEGER NOT NULL, PRIMARY KEY (log, step, position)",
     "WITHOUT ROWID", true},
    {"effects",
     "log INTEGER NOT NULL, agent INTEGER NOT NULL, clock INTEGER NOT NULL, "
     "ordinal INTEGER NOT NULL, id TEXT NOT NULL, step INTEGER NOT NULL, kind TEXT NOT NULL, "
     "name TEXT NOT NULL, provider TEXT, tool_type TEXT, tool_call_id TEXT, request_hash BLOB, "
     "request_bytes INTEGER, response_bytes INTEGER, response_hash BLOB, status TEXT NOT NULL, "
     "moved INTEGER NOT NULL, substituted INTEGER NOT NULL, error_kind TEXT, error_code INTEGER, "
     "error_message TEXT, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, "
     "cached_tokens INTEGER NOT NULL, reasoning_tokens INTEGER NOT NULL, "
     "cost_usd REAL NOT NULL, first_token_ns INTEGER NOT NULL, finish_reason TEXT, "
     "began_wall_ns INTEGER NOT NULL, began_virtual_ns INTEGER NOT NULL, "
     "duration_ns INTEGER NOT NULL, injected_delay_ns INTEGER NOT NULL, "
     "measured_ns INTEGER NOT NULL, finished_after INTEGER NOT NULL, "
     "PRIMARY KEY (log, agent, clock, ordinal)",
     "WITHOUT ROWID", true},
    {"faults_applied",
     "log INTEGER NOT NULL, step INTEGER NOT NULL, ordinal INTEGER NOT NULL, "
     "spec_id TEXT NOT NULL, type TEXT NOT NULL, hook TEXT NOT NULL, decision TEXT, before TEXT, "
     "after TEXT, message TEXT, effect_ordinal INTEGER, hidden INTEGER NOT NULL, "
     "PRIMARY KEY (log, step, ordinal)",
     "WITHOUT ROWID", true},
    {"spans",
     "log INTEGER NOT NULL, sequence INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT, "
     "agent INTEGER, clock INTEGER, data TEXT, began_wall_ns INTEGER NOT NULL, "
     "duration_ns INTEGER NOT NULL, after INTEGER NOT NULL, PRIMARY KEY (log, sequence)",
     "WITHOUT ROWID", true},
    {"events",
     "log INTEGER NOT NULL, sequence INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, "
     "category TEXT, agent INTEGER, clock INTEGER, data TEXT, wall_ns INTEGER NOT NULL, "
     "after INTEGER NOT NULL, PRIMARY KEY (log, sequence)",
     "WITHOUT ROWID", true},
    {"annotations",
     "id INTEGER PRIMARY KEY, log INTEGER NOT NULL, step INTEGER, agent INTEGER, message TEXT, "
     "author TEXT, text TEXT NOT NULL, created_wall_ns INTEGER NOT NULL",
     "", false},
};
const size_t kTableCount = std::size(kTables);

const SecondaryIndexSql kSecondaryIndexes[] = {
    {"steps_by_agent", "steps (log, agent, step)"},
    {"steps_with_error", "steps (log, step) WHERE error_kind IS NOT NULL"},
    {"messages_by_route", "messages (log, sender, receiver)"},
    {"messages_by_receiver", "messages (log, receiver)"},
    {"takes_by_message", "takes (log, sender, clock, ordinal, copy)"},
    {"effects_by_step", "effects (log, step)"},
    {"effects_with_error", "effects (log, step) WHERE error_kind IS NOT NULL"},
};
const size_t kSecondaryIndexCount = std::size(kSecondaryIndexes);

std::string CreateTableSql(const TableSql& table) {
  std::string sql = std::string("CREATE TABLE ") + table.name + " (" + table.columns + ")";
  if (*table.options != '\0') sql += std::string(" ") + table.options;
  return sql;
}

std::string CreateIndexSql(const SecondaryIndexSql& index) {
  return std::string("CREATE INDEX ") + index.name + " ON " + index.on;
}

Status CreateTables(Database& db) {
  for (const TableSql& table : kTables) BACKSTEP_RETURN_IF_ERROR(db.Exec(CreateTableSql(table)));
  return db.Exec(std::string("INSERT INTO meta VALUES ('schema_version', '") + kSchemaVersion +
                 "')");
}

Status CreateSecondaryIndexes(Database& db) {
  for (const SecondaryIndexSql& index : kSecondaryIndexes) {
    BACKSTEP_RETURN_IF_ERROR(db.Exec(CreateIndexSql(index)));
  }
  return Status();
}

Status DropSecondaryIndexes(Database& db) {
  for (const SecondaryIndexSql& index : kSecondaryIndexes) {
    BACKSTEP_RETURN_IF_ERROR(db.Exec(std::string("DROP INDEX ") + index.name));
  }
  return Status();
}

Status CheckSchema(Database& db) {
  std::map<std::string, std::string> expected;
  for (const TableSql& table : kTables) expected[table.name] = CreateTableSql(table);
  for (const SecondaryIndexSql& index : kSecondaryIndexes) {
    expected[index.name] = CreateIndexSql(index);
  }
  BACKSTEP_ASSIGN_OR_RETURN(
      Statement rows,
      db.Prepare("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"));
  while (true) {
    BACKSTEP_ASSIGN_OR_RETURN(const bool more, rows.Next());
    if (!more) break;
    const auto found = expected.find(rows.Text(0));
    if (found == expected.end() || found->second != rows.Text(1)) {
      return Status::Corruption("the schema of the index differs at " + rows.Text(0));
    }
    expected.erase(found);
  }
  if (!expected.empty()) {
    return Status::Corruption("the index lacks " + expected.begin()->first);
  }
  BACKSTEP_ASSIGN_OR_RETURN(const auto version,
                            db.Query("SELECT value FROM meta WHERE key = 'schema_version'"));
  if (version != std::string(kSchemaVersion)) {
    return Status::Corruption("the index has schema version " + version.value_or("(none)") +
                              ", this Backstep writes " + kSchemaVersion);
  }
  return Status();
}

}  // namespace backstep::store
