#include <algorithm>

#include "backstep/store/index/catch_up.h"
#include "backstep/store/index/columns/outline_unpacker.h"
#include "backstep/store/index/index.h"
#include "backstep/store/index/index_file.h"
#include "backstep/store/index/rows/row_writer.h"
#include "backstep/store/index/schema.h"
#include "backstep/store/line.h"

namespace backstep::store {
namespace {

constexpr size_t kDifferencesMax = 100;
// Between two calls of `progress`.
constexpr uint64_t kStepsAtOnce = 16384;
// Its bytes may differ where the steps do not: another version of the library packs another way.
constexpr char kPackedTable[] = "step_columns";

// The rows the log calls for, in a database of our own, beside those the index has, attached as
// `found`. SQLite keeps our own in a temporary file that is gone with the connection.
class Comparison {
 public:
  static Result<std::unique_ptr<Comparison>> Make(const ReadableIndex& index) {
    BACKSTEP_ASSIGN_OR_RETURN(
        auto db, Database::Open("", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI));
    BACKSTEP_RETURN_IF_ERROR(CreateTables(*db));
    BACKSTEP_ASSIGN_OR_RETURN(Statement attach, db->Prepare("ATTACH ? AS found"));
    BACKSTEP_RETURN_IF_ERROR(attach.AddText(index.uri).Run());
    BACKSTEP_ASSIGN_OR_RETURN(auto rows, RowWriter::Make(*db));
    return std::unique_ptr<Comparison>(new Comparison(std::move(db), std::move(rows)));
  }

  // Told the steps there are rows of now; Cancelled ends the comparison.
  using GoOn = std::function<Status(uint64_t steps)>;

  Status CompareLog(Line& line, const GoOn& go_on, std::vector<std::string>* differences);

 private:
  Comparison(std::unique_ptr<Database> db, std::unique_ptr<RowWriter> rows)
      : db_(std::move(db)), rows_(std::move(rows)) {}

  Result<std::optional<Watermark>> Found(const Line& line, std::vector<std::string>* differences);
  Status TakeForms();
  Status MakeRows(Line& line, const Watermark& found, const GoOn& go_on);
  Status InTransaction(Line& line, const GoOn& go_on, std::vector<std::string>* differences);
  Status CompareTable(const std::string& name, const Line& line,
                      std::vector<std::string>* differences);
  Status ComparePacked(const Line& line, std::vector<std::string>* differences);

  std::unique_ptr<Database> db_;
  std::unique_ptr<RowWriter> rows_;
};

std::string LogText(const Line& line) { return "log " + std::to_string(line.id().value); }

void Tell(std::string difference, std::vector<std::string>* differences) {
  if (differences->size() < kDifferencesMax) differences->push_back(std::move(difference));
}

// Rows that change while a log grows, or that a call may have left for a later one, say nothing as
// long as the index is behind.
bool FollowsWatermark(const std::string& name) {
  return name == "step_rows" || name == "step_details" || name == "effects" ||
         name == "faults_applied" || name == kPackedTable;
}

std::vector<std::string> ComparedTables(bool sealed) {
  std::vector<std::string> names;
  for (size_t i = 0; i < kTableCount; ++i) {
    const std::string name = kTables[i].name;
    if (kTables[i].rows != Rows::kOfLog || (!sealed && !FollowsWatermark(name))) continue;
    names.push_back(name);
  }
  return names;
}

// How many rows of ours have none that is the same in what was found: each looks up the one of its
// key. Where both have as many rows, that is how many differ. (EXCEPT would sort them all.)
Result<std::string> DifferingSql(Database& db, const std::string& table) {
  BACKSTEP_ASSIGN_OR_RETURN(Statement columns,
                            db.Prepare("SELECT name, pk FROM pragma_table_info(?, 'main')"));
  columns.AddText(table);
  std::string key, rest;
  while (true) {
    BACKSTEP_ASSIGN_OR_RETURN(const bool more, columns.Next());
    if (!more) break;
    const std::string name = columns.Text(0);
    const bool of_key = columns.Integer(1) > 0;
    std::string& list = of_key ? key : rest;
    if (!list.empty()) list += of_key ? " AND " : " OR ";
    list += "o." + name + (of_key ? " = t." : " IS NOT t.") + name;
  }
  return "SELECT count(*) FROM main." + table + " o LEFT JOIN found." + table + " t ON " + key +
         " WHERE o.log = ? AND (t.log IS NULL" + (rest.empty() ? "" : " OR " + rest) + ")";
}

bool SamePacked(LogId log, StepNumber first, std::string_view ours, std::string_view theirs) {
  OutlineUnpacker a, b;
  if (!a.Open(log, first, ours).ok() || !b.Open(log, first, theirs).ok()) return false;
  if (a.steps() != b.steps()) return false;
  for (uint64_t i = 0; i < a.steps(); ++i) {
    const auto one = a.Next(), other = b.Next();
    if (!one.ok() || !other.ok() || **one != **other) return false;
  }
  return true;
}

// nullopt: nothing to compare.
Result<std::optional<Watermark>> Comparison::Found(const Line& line,
                                                   std::vector<std::string>* differences) {
  BACKSTEP_ASSIGN_OR_RETURN(
      Statement query,
      db_->Prepare("SELECT lower(hex(header_hash)), steps, events, outside_messages, sealed "
                   "FROM found.watermarks WHERE log = ?"));
  BACKSTEP_ASSIGN_OR_RETURN(const bool indexed, query.AddNumber(line.id().value).Next());
  if (!indexed) return std::optional<Watermark>();
  Watermark watermark = FreshWatermark(line);
  if (query.Text(0) != watermark.header_hash.ToHex()) {
    Tell(LogText(line) + ": the index was made from another log of that number", differences);
    return std::optional<Watermark>();
  }
  const int64_t steps = query.Integer(1);
  if (steps < 0 || StepNumber(static_cast<uint64_t>(steps)) > line.last()) {
    Tell(LogText(line) + ": the index is at step " + std::to_string(steps) + ", the log ends at " +
             std::to_string(line.last().value),
         differences);
    return std::optional<Watermark>();
  }
  watermark.steps = StepNumber(static_cast<uint64_t>(steps));
  watermark.events = static_cast<uint64_t>(query.Integer(2));
  watermark.outside_messages = static_cast<uint32_t>(query.Integer(3));
  watermark.sealed = query.Integer(4) != 0;
  return std::optional(watermark);
}

// Forms of messages are numbered as they came; the same texts get the same numbers here. The rows
// themselves are read and numbered anew: SQLite would copy a whole table with its index, as it is.
Status Comparison::TakeForms() {
  return db_->Exec("INSERT INTO main.message_forms SELECT form, channel, kind, media_type "
                   "FROM found.message_forms NOT INDEXED ORDER BY form");
}

Status Comparison::MakeRows(Line& line, const Watermark& found, const GoOn& go_on) {
  CatchUpLimits limits;
  limits.steps_max = kStepsAtOnce;
  limits.last = found.steps;
  limits.events_max = found.events;
  limits.outside_messages_max = found.outside_messages;
  limits.with_end = found.sealed;
  Watermark made = FreshWatermark(line);
  uint64_t steps = 0;
  do {
    bool changed = false;
    BACKSTEP_ASSIGN_OR_RETURN(steps, IndexSteps(line, *rows_, limits, &made, &changed));
    BACKSTEP_RETURN_IF_ERROR(go_on(steps));
  } while (steps > 0 && made.steps < found.steps);
  BACKSTEP_RETURN_IF_ERROR(rows_->PutOverview(line, found.sealed));
  return rows_->PutWatermark(line.id(), made);
}

Status Comparison::InTransaction(Line& line, const GoOn& go_on,
                                 std::vector<std::string>* differences) {
  // An index that is being written lies behind its log as long as it is looked at first.
  BACKSTEP_RETURN_IF_ERROR(db_->Query("SELECT count(*) FROM found.watermarks").status());
  BACKSTEP_RETURN_IF_ERROR(line.Refresh().status());
  BACKSTEP_ASSIGN_OR_RETURN(const auto found, Found(line, differences));
  if (!found) return Status();
  BACKSTEP_RETURN_IF_ERROR(TakeForms());
  BACKSTEP_RETURN_IF_ERROR(MakeRows(line, *found, go_on));
  for (const std::string& table : ComparedTables(found->sealed)) {
    BACKSTEP_RETURN_IF_ERROR(CompareTable(table, line, differences));
    BACKSTEP_RETURN_IF_ERROR(go_on(0));
  }
  return Status();
}

// All in one transaction: what is found is as it was at its begin, also where a recorder goes on
// indexing, and what was made for one log is gone before the next.
Status Comparison::CompareLog(Line& line, const GoOn& go_on,
                              std::vector<std::string>* differences) {
  BACKSTEP_RETURN_IF_ERROR(db_->Exec("BEGIN"));
  Status compared = InTransaction(line, go_on, differences);
  // A full disk has undone it already.
  const Status undone = db_->Exec("ROLLBACK");
  (void)undone;
  rows_->ForgetUndone();
  return compared;
}

Status Comparison::CompareTable(const std::string& name, const Line& line,
                                std::vector<std::string>* differences) {
  const auto count = [&](const std::string& side) {
    return db_->Query("SELECT count(*) FROM " + side + "." + name +
                      " WHERE log = " + std::to_string(line.id().value));
  };
  BACKSTEP_ASSIGN_OR_RETURN(const auto expected, count("main"));
  BACKSTEP_ASSIGN_OR_RETURN(const auto indexed, count("found"));
  if (expected != indexed) {
    Tell(LogText(line) + ": table " + name + " has " + indexed.value_or("0") +
             " rows, the log calls for " + expected.value_or("0"),
         differences);
    return Status();
  }
  if (name == kPackedTable) return ComparePacked(line, differences);
  BACKSTEP_ASSIGN_OR_RETURN(const std::string sql, DifferingSql(*db_, name));
  BACKSTEP_ASSIGN_OR_RETURN(Statement query, db_->Prepare(sql));
  BACKSTEP_ASSIGN_OR_RETURN(const bool counted, query.AddNumber(line.id().value).Next());
  const int64_t differing = counted ? query.Integer(0) : 0;
  if (differing > 0) {
    Tell(LogText(line) + ": table " + name + ": " + std::to_string(differing) +
             " rows differ from the log",
         differences);
  }
  return Status();
}

Status Comparison::ComparePacked(const Line& line, std::vector<std::string>* differences) {
  BACKSTEP_ASSIGN_OR_RETURN(
      Statement rows,
      db_->Prepare("SELECT o.first_step, o.packed, t.packed FROM main.step_columns o "
                   "LEFT JOIN found.step_columns t ON t.log = o.log AND "
                   "t.first_step = o.first_step WHERE o.log = ? AND o.packed IS NOT t.packed"));
  rows.AddNumber(line.id().value);
  while (true) {
    BACKSTEP_ASSIGN_OR_RETURN(const bool more, rows.Next());
    if (!more) return Status();
    const StepNumber first(static_cast<uint64_t>(rows.Integer(0)));
    if (!SamePacked(line.id(), first, rows.Bytes(1), rows.Bytes(2))) {
      Tell(LogText(line) + ": table " + kPackedTable + ": the packed steps from " +
               std::to_string(first.value) + " on differ from the log",
           differences);
    }
  }
}

// False: there is nothing to be compared; damage is told.
Result<bool> IsUsable(const ReadableIndex& index, std::vector<std::string>* differences) {
  Result<std::unique_ptr<Database>> db =
      Database::Open(index.uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
  Status usable = db.status();
  if (usable.ok()) {
    // A writer that died, or a disk that filled up, before the first transaction: an index that
    // lies behind its logs, and no more.
    const auto tables = (*db)->Query("SELECT count(*) FROM sqlite_schema");
    if (tables.ok() && *tables == std::string("0")) return false;
    usable = CheckSchema(**db);
  }
  if (usable.ok()) {
    const auto check = (*db)->Query("PRAGMA quick_check(1)");
    usable = check.status();
    if (check.ok() && *check != std::string("ok")) {
      usable = Status::Corruption(check->value_or("damaged"));
    }
  }
  if (usable.code() != StatusCode::kCorruption) return usable.ok() ? Result<bool>(true) : usable;
  differences->push_back(usable.message());
  return false;
}

}  // namespace

Result<std::vector<std::string>> CompareIndex(
    const Recording& recording, const std::function<bool(uint64_t, uint64_t)>& progress) {
  std::vector<std::string> differences;
  BACKSTEP_ASSIGN_OR_RETURN(const auto index, FindReadableIndex(recording.path()));
  if (!index) return differences;
  BACKSTEP_ASSIGN_OR_RETURN(const auto logs, recording.Logs());
  const uint64_t total = OwnSteps(logs);
  uint64_t done = 0;
  const auto go_on = [&](uint64_t steps) {
    done += steps;
    return !progress || progress(done, std::max(done, total))
               ? Status()
               : Status::Cancelled("comparing the index was cancelled");
  };
  BACKSTEP_RETURN_IF_ERROR(go_on(0));
  BACKSTEP_ASSIGN_OR_RETURN(const bool usable, IsUsable(*index, &differences));
  if (!usable) return differences;
  BACKSTEP_RETURN_IF_ERROR(go_on(0));
  const auto comparison = Comparison::Make(*index);
  if (comparison.status().code() == StatusCode::kCorruption) {
    differences.push_back(comparison.status().message());
    return differences;
  }
  BACKSTEP_RETURN_IF_ERROR(comparison.status());
  for (const LogInfo& log : logs) {
    if (!log.error.ok()) continue;
    BACKSTEP_ASSIGN_OR_RETURN(const auto line, recording.OpenLine(log.id));
    const Status compared = (*comparison)->CompareLog(*line, go_on, &differences);
    if (compared.code() == StatusCode::kCorruption) {
      Tell(LogText(*line) + ": cannot be compared: " + compared.message(), &differences);
    } else if (!compared.ok()) {
      return compared;
    }
  }
  return differences;
}

}  // namespace backstep::store
