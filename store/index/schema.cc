#include "backstep/store/index/schema.h"

#include <map>

namespace backstep::store {

const TableSql kTables[] = {
    {"meta", "key TEXT PRIMARY KEY, value TEXT NOT NULL", "WITHOUT ROWID", Rows::kOurs},
    {"watermarks",
     "log INTEGER PRIMARY KEY, header_hash BLOB NOT NULL, steps INTEGER NOT NULL, "
     "events INTEGER NOT NULL, outside_messages INTEGER NOT NULL, sealed INTEGER NOT NULL, "
     "began_wall_ns INTEGER NOT NULL",
     "", Rows::kOfLog},
    {"sessions",
     "log INTEGER PRIMARY KEY, name TEXT NOT NULL, tags TEXT NOT NULL, metadata TEXT NOT NULL, "
     "group_id TEXT, user_id TEXT, program TEXT, executable TEXT, command TEXT NOT NULL, "
     "working_directory TEXT, host TEXT, writer_version TEXT, process_id INTEGER, "
     "seed TEXT NOT NULL, faults TEXT, began_wall_ns INTEGER NOT NULL, ended_wall_ns INTEGER, "
     "sealed INTEGER NOT NULL, steps INTEGER NOT NULL, outcome TEXT NOT NULL, score REAL, "
     "reason TEXT, dropped_bodies INTEGER NOT NULL, first_failure TEXT",
     "", Rows::kOfLog},
    {"branches",
     "log INTEGER PRIMARY KEY, session INTEGER NOT NULL, name TEXT NOT NULL, "
     "parent INTEGER NOT NULL, fork INTEGER NOT NULL, schedule TEXT, experiment TEXT, "
     "seed TEXT NOT NULL, began_wall_ns INTEGER NOT NULL, ended_wall_ns INTEGER, "
     "sealed INTEGER NOT NULL, steps INTEGER NOT NULL, outcome TEXT NOT NULL, score REAL, "
     "reason TEXT, result TEXT, result_detail TEXT, reused INTEGER NOT NULL, "
     "exact INTEGER NOT NULL, edited INTEGER NOT NULL, fault INTEGER NOT NULL, "
     "live INTEGER NOT NULL, miss INTEGER NOT NULL, divergences INTEGER NOT NULL, "
     "changes INTEGER NOT NULL",
     "", Rows::kOfLog},
    {"edits",
     "log INTEGER NOT NULL, ordinal INTEGER NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL, "
     "text TEXT, media_type TEXT, origin TEXT, PRIMARY KEY (log, ordinal)",
     "WITHOUT ROWID", Rows::kOfLog},
    {"segments",
     "log INTEGER NOT NULL, segment INTEGER NOT NULL, parent INTEGER, name TEXT NOT NULL, "
     "ordinal INTEGER NOT NULL, began_wall_ns INTEGER NOT NULL, ended_wall_ns INTEGER, "
     "began_after INTEGER NOT NULL, ended_after INTEGER, PRIMARY KEY (log, segment)",
     "WITHOUT ROWID", Rows::kOfLog},
    {"agents",
     "log INTEGER NOT NULL, agent INTEGER NOT NULL, name TEXT NOT NULL, role TEXT, "
     "implementation TEXT, model TEXT, attributes TEXT, registered_after INTEGER NOT NULL, "
     "PRIMARY KEY (log, agent)",
     "WITHOUT ROWID", Rows::kOfLog},
    {"step_rows",
     "log INTEGER NOT NULL, step INTEGER NOT NULL, agent INTEGER NOT NULL, "
     "clock INTEGER NOT NULL, segment INTEGER, lag INTEGER NOT NULL, "
     "began_virtual_ns INTEGER NOT NULL, duration_ns INTEGER NOT NULL, "
     "wall_shift_ns INTEGER NOT NULL, wall_excess_ns INTEGER NOT NULL, flags INTEGER NOT NULL, "
     "state_bytes INTEGER, state_hash BLOB, sent_to, took TEXT, PRIMARY KEY (log, step)",
     "WITHOUT ROWID", Rows::kOfLog},
    {"step_details",
     "log INTEGER NOT NULL, step INTEGER NOT NULL, caller_agent INTEGER, caller_clock INTEGER, "
     "name TEXT, program_index INTEGER, waited_ns INTEGER NOT NULL, effects INTEGER NOT NULL, "
     "faults INTEGER NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, "
     "cost_usd REAL NOT NULL, error_kind TEXT, error_message TEXT, outcome TEXT, "
     "PRIMARY KEY (log, step)",
     "WITHOUT ROWID", Rows::kOfLog},
    {"message_rows",
     "log INTEGER NOT NULL, sender INTEGER NOT NULL, receiver INTEGER NOT NULL, "
     "clock INTEGER NOT NULL, ordinal INTEGER NOT NULL, copy INTEGER NOT NULL, "
     "sent_step INTEGER, lag INTEGER NOT NULL, wall_after_ns INTEGER NOT NULL, "
     "virtual_after_ns INTEGER NOT NULL, form INTEGER NOT NULL, bytes INTEGER, "
     "PRIMARY KEY (log, sender, receiver, clock, ordinal, copy)",
     "WITHOUT ROWID", Rows::kOfLog},
    {"message_details",
     "log INTEGER NOT NULL, sender INTEGER NOT NULL, receiver INTEGER NOT NULL, "
     "clock INTEGER NOT NULL, ordinal INTEGER NOT NULL, copy INTEGER NOT NULL, program_id TEXT, "
     "edge_id TEXT, reply_to TEXT, delay_ns INTEGER NOT NULL, edited INTEGER NOT NULL, "
     "dropped INTEGER NOT NULL, PRIMARY KEY (log, sender, receiver, clock, ordinal, copy)",
     "WITHOUT ROWID", Rows::kOfLog},
    {"message_forms",
     "form INTEGER PRIMARY KEY, channel TEXT NOT NULL, kind TEXT NOT NULL, "
     "media_type TEXT NOT NULL, UNIQUE (channel, kind, media_type)",
     "", Rows::kShared},
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
     "WITHOUT ROWID", Rows::kOfLog},
    {"faults_applied",
     "log INTEGER NOT NULL, step INTEGER NOT NULL, ordinal INTEGER NOT NULL, "
     "spec_id TEXT NOT NULL, type TEXT NOT NULL, hook TEXT NOT NULL, decision TEXT, before TEXT, "
     "after TEXT, message TEXT, effect_ordinal INTEGER, hidden INTEGER NOT NULL, "
     "PRIMARY KEY (log, step, ordinal)",
     "WITHOUT ROWID", Rows::kOfLog},
    {"step_columns",
     "log INTEGER NOT NULL, first_step INTEGER NOT NULL, packed BLOB NOT NULL, "
     "PRIMARY KEY (log, first_step)",
     "WITHOUT ROWID", Rows::kOfLog},
    {"spans",
     "log INTEGER NOT NULL, sequence INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT, "
     "agent INTEGER, clock INTEGER, data TEXT, began_wall_ns INTEGER NOT NULL, "
     "duration_ns INTEGER NOT NULL, after INTEGER NOT NULL, PRIMARY KEY (log, sequence)",
     "WITHOUT ROWID", Rows::kOfLog},
    {"events",
     "log INTEGER NOT NULL, sequence INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, "
     "category TEXT, agent INTEGER, clock INTEGER, data TEXT, wall_ns INTEGER NOT NULL, "
     "after INTEGER NOT NULL, PRIMARY KEY (log, sequence)",
     "WITHOUT ROWID", Rows::kOfLog},
    {"annotations",
     "id INTEGER PRIMARY KEY, log INTEGER NOT NULL, step INTEGER, agent INTEGER, message TEXT, "
     "author TEXT, text TEXT NOT NULL, created_wall_ns INTEGER NOT NULL",
     "", Rows::kOurs},
};
const size_t kTableCount = std::size(kTables);

// An opened index trusts its schema with nothing, and SQLite counts its JSON functions among what
// takes trust; json_each it does not. So lists are taken apart as texts.
const ViewSql kViews[] = {
    {"steps",
     "SELECT r.log, r.step, r.agent, r.clock, r.segment, d.caller_agent, d.caller_clock, d.name, "
     "d.program_index, r.step - 1 - r.lag AS begin_after, "
     "w.began_wall_ns + r.began_virtual_ns + r.wall_shift_ns AS began_wall_ns, "
     "w.began_wall_ns + r.began_virtual_ns + r.wall_shift_ns + r.duration_ns + r.wall_excess_ns "
     "AS ended_wall_ns, "
     "r.began_virtual_ns, r.duration_ns, r.duration_ns - ifnull(d.waited_ns, 0) AS own_ns, "
     "ifnull(length(r.took) - length(replace(r.took, '[', '')) - 1, 0) AS taken, "
     "ifnull(length(r.sent_to) - length(replace(r.sent_to, ',', '')) + 1, 0) AS sent, r.sent_to, "
     "ifnull(d.effects, 0) AS effects, ifnull(d.faults, 0) AS faults, "
     "ifnull(d.input_tokens, 0) AS input_tokens, ifnull(d.output_tokens, 0) AS output_tokens, "
     "ifnull(d.cost_usd, 0.0) AS cost_usd, r.state_bytes, r.state_hash, "
     "r.flags & 1 AS state_changed, d.error_kind, d.error_message, d.outcome, "
     "(r.flags >> 1) & 1 AS incomplete "
     "FROM step_rows r LEFT JOIN watermarks w ON w.log = r.log "
     "LEFT JOIN step_details d ON d.log = r.log AND d.step = r.step"},
    {"takes",
     "SELECT log, step, position, CAST(substr(v, 2) AS INTEGER) AS sender, "
     "CAST(a AS INTEGER) AS clock, CAST(b AS INTEGER) AS ordinal, CAST(c AS INTEGER) AS copy, "
     "CAST(iif(instr(c, ','), substr(c, instr(c, ',') + 1), 0) AS INTEGER) AS early FROM ("
     "SELECT log, step, position, v, a, b, iif(instr(b, ','), substr(b, instr(b, ',') + 1), '0') "
     "AS c FROM ("
     "SELECT log, step, position, v, a, iif(instr(a, ','), substr(a, instr(a, ',') + 1), '0') "
     "AS b FROM ("
     "SELECT r.log, r.step, t.key AS position, t.value AS v, "
     "substr(t.value, instr(t.value, ',') + 1) AS a FROM step_rows r, json_each(r.took) t)))"},
    {"messages",
     "SELECT m.log, m.sender, m.receiver, m.clock, m.ordinal, m.copy, "
     "ifnull(a.name, 'agent#' || m.sender) || '/' || m.clock || '.' || m.ordinal || "
     "CASE m.copy WHEN 0 THEN '' ELSE '+' || m.copy END AS id, m.sent_step, "
     "nullif(f.channel, '') AS channel, nullif(f.kind, '') AS kind, d.program_id, d.edge_id, "
     "d.reply_to, CASE WHEN m.sent_step IS NULL THEN m.lag ELSE m.sent_step - 1 - m.lag END "
     "AS sent_after, w.began_wall_ns + ifnull(s.began_virtual_ns + s.wall_shift_ns, 0) + "
     "m.wall_after_ns AS sent_wall_ns, "
     "ifnull(s.began_virtual_ns, 0) + m.virtual_after_ns AS sent_virtual_ns, "
     "ifnull(d.delay_ns, 0) AS delay_ns, m.bytes, nullif(f.media_type, '') AS media_type, "
     "ifnull(d.edited, 0) AS edited, ifnull(d.dropped, 0) AS dropped "
     "FROM message_rows m LEFT JOIN watermarks w ON w.log = m.log "
     "LEFT JOIN step_rows s ON s.log = m.log AND s.step = m.sent_step "
     "LEFT JOIN agents a ON a.log = m.log AND a.agent = m.sender "
     "LEFT JOIN message_forms f ON f.form = m.form "
     "LEFT JOIN message_details d ON d.log = m.log AND d.sender = m.sender "
     "AND d.receiver = m.receiver AND d.clock = m.clock AND d.ordinal = m.ordinal "
     "AND d.copy = m.copy"},
};
const size_t kViewCount = std::size(kViews);

const SecondaryIndexSql kSecondaryIndexes[] = {
    {"steps_by_agent", "step_rows (log, agent, step)"},
    {"steps_with_error", "step_details (log, step) WHERE error_kind IS NOT NULL"},
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

std::string CreateViewSql(const ViewSql& view) {
  return std::string("CREATE VIEW ") + view.name + " AS " + view.query;
}

namespace {

// What ANALYZE would find in the index of a long run. Without it SQLite takes any equality for as
// good as another, and walks all steps for the newest one of an agent.
struct ExpectedRows {
  const char* table;
  const char* index;  // of a table without rowid its own name stands for its key; null: no index
  const char* rows;   // in all, then those that agree in the first column, in the first two, ...
};
constexpr ExpectedRows kExpectedRows[] = {
    {"branches", nullptr, "10"},
    {"agents", "agents", "500 50 1"},
    {"step_rows", "step_rows", "1000000 1000000 1"},
    {"step_rows", "steps_by_agent", "1000000 1000000 20000 1"},
    {"step_details", "step_details", "500000 500000 1"},
    {"step_details", "steps_with_error", "5000 5000 1"},
    {"message_rows", "message_rows", "1000000 1000000 20000 400 2 1 1"},
    {"message_details", "message_details", "200000 200000 5000 200 2 1 1"},
    {"effects", "effects", "1000000 1000000 20000 2 1"},
    {"effects", "effects_by_step", "1000000 1000000 2"},
    {"effects", "effects_with_error", "5000 5000 2"},
};

Status TellPlanner(Database& db) {
  BACKSTEP_RETURN_IF_ERROR(db.Exec("ANALYZE annotations"));  // makes the table, and no row
  BACKSTEP_ASSIGN_OR_RETURN(Statement row, db.Prepare("INSERT INTO sqlite_stat1 VALUES (?,?,?)"));
  for (const ExpectedRows& expected : kExpectedRows) {
    row.AddText(expected.table);
    expected.index != nullptr ? row.AddText(expected.index) : row.AddNull();
    BACKSTEP_RETURN_IF_ERROR(row.AddText(expected.rows).Run());
  }
  return Status();
}

}  // namespace

Status CreateTables(Database& db) {
  for (const TableSql& table : kTables) BACKSTEP_RETURN_IF_ERROR(db.Exec(CreateTableSql(table)));
  for (const ViewSql& view : kViews) BACKSTEP_RETURN_IF_ERROR(db.Exec(CreateViewSql(view)));
  BACKSTEP_RETURN_IF_ERROR(TellPlanner(db));
  return db.Exec(std::string("INSERT INTO meta VALUES ('schema_version', '") + kSchemaVersion +
                 "')");
}

Status CreateSecondaryIndexes(Database& db) {
  for (const SecondaryIndexSql& index : kSecondaryIndexes) {
    BACKSTEP_RETURN_IF_ERROR(db.Exec(CreateIndexSql(index)));
  }
  return Status();
}

Status CheckSchema(Database& db) {
  std::map<std::string, std::string> expected;
  for (const TableSql& table : kTables) expected[table.name] = CreateTableSql(table);
  for (const SecondaryIndexSql& index : kSecondaryIndexes) {
    expected[index.name] = CreateIndexSql(index);
  }
  for (const ViewSql& view : kViews) expected[view.name] = CreateViewSql(view);
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
