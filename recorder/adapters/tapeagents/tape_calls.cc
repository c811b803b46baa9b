#include "backstep/recorder/adapters/tapeagents/tape_calls.h"

#include <sqlite3.h>

#include <algorithm>
#include <memory>

#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/odd_parts.h"

namespace backstep::adapters {
namespace {

constexpr int kInstructionsBetween = 100'000;  // of SQLite's machine, between looks at the limit
constexpr uint64_t kLooksFree = 1'000;         // what any database may take,
constexpr uint64_t kLooksPerMiB = 100;         // and for each of its mebibytes
// Texts come from bytes that are there: in UTF-16 half of them, numbers as a few.
constexpr uint64_t kBytesFree = 1u << 20, kBytesPerByte = 8;

using Database = std::unique_ptr<sqlite3, int (*)(sqlite3*)>;
using Statement = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;

// What a database may still cost.
struct Purse {
  explicit Purse(uint64_t size)
      : looks(kLooksFree + (size >> 20) * kLooksPerMiB), bytes(kBytesFree + size * kBytesPerByte) {}
  uint64_t looks, bytes;
};

int CountLooks(void* purse) { return --static_cast<Purse*>(purse)->looks == 0 ? 1 : 0; }

Result<Database> OpenBytes(const std::string& bytes, const std::string& path, Purse* purse) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(":memory:", &raw, SQLITE_OPEN_READWRITE, nullptr);
  Database database(raw, &sqlite3_close);
  auto* copy = static_cast<unsigned char*>(sqlite3_malloc64(bytes.size() + 1));
  if (opened != SQLITE_OK || copy == nullptr) {
    sqlite3_free(copy);
    return Status::Io(path + ": no memory for the database");
  }
  bytes.copy(reinterpret_cast<char*>(copy), bytes.size());
  const auto size = static_cast<sqlite3_int64>(bytes.size());
  if (sqlite3_deserialize(raw, "main", copy, size, size,
                          SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_READONLY) !=
      SQLITE_OK) {
    return Status::Corruption(path + ": " + sqlite3_errmsg(raw));
  }
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  // No text is longer than the file; what a column is computed of might be.
  sqlite3_limit(raw, SQLITE_LIMIT_LENGTH,
                static_cast<int>(std::clamp<size_t>(2 * bytes.size(), 1u << 16, 512u << 20)));
  sqlite3_progress_handler(raw, kInstructionsBetween, &CountLooks, purse);
  return database;
}

// Columns of the row a statement stands on, by name.
class Row {
 public:
  Row(sqlite3_stmt* statement, Purse* purse) : statement_(statement), purse_(purse) {}
  std::string Text(const char* name) const {
    for (int i = 0; i < sqlite3_column_count(statement_); ++i) {
      if (std::string_view(name) != sqlite3_column_name(statement_, i)) continue;
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, i));
      const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, i));
      if (text == nullptr || size > purse_->bytes) {
        purse_->bytes = text == nullptr ? purse_->bytes : 0;
        return {};
      }
      purse_->bytes -= size;
      return std::string(text, size);
    }
    return {};
  }
  double Number(const char* name) const {
    return NumberAt(Json{{"it", Text(name)}}, "it").value_or(0);
  }

 private:
  sqlite3_stmt* statement_;
  Purse* purse_;
};

EffectDraft CallOf(const Row& row, const Place& place, const std::string& id, Sink& sink) {
  EffectDraft effect{.step = {}, .kind = EffectKind::kLlm};
  if (Result<Json> info = ParseJson(row.Text("llm_info")); info.ok()) {
    effect.name = TextAt(*info, "model_name");
    if (const Json* parameters = Find(*info, "parameters")) {
      effect.parameters = JsonText(*parameters);
    }
  }
  if (effect.name.empty()) effect.name = "unknown";
  const std::string prompt = row.Text("prompt"), output = row.Text("output");
  effect.request = sink.Keep(prompt, MediaOf(prompt));
  if (!output.empty()) effect.response = sink.Keep(output, MediaOf(output));
  const Json counts{{"prompt_length_tokens", row.Text("prompt_length_tokens")},
                    {"output_length_tokens", row.Text("output_length_tokens")},
                    {"timestamp", row.Text("timestamp")}};
  effect.usage = {.input_tokens = TokensAt(counts, "prompt_length_tokens"),
                  .output_tokens = TokensAt(counts, "output_length_tokens"),
                  .cost_usd = std::max(0.0, row.Number("cost"))};
  effect.began = TimeOf(counts["timestamp"]);
  OddParts odd;
  odd.Tokens(&counts);
  odd.Time(counts, "timestamp");
  odd.Tell(place, "LLMCalls: prompt_id \"" + id + "\"", sink);
  return effect;
}

Json JsonOr(const std::string& text, Json otherwise) {
  Result<Json> value = ParseJson(text);
  return value.ok() ? std::move(*value) : std::move(otherwise);
}

Json TapeOf(const Row& row) {
  Json tape{{"metadata", JsonOr(row.Text("metadata"), Json::object())},
            {"context", JsonOr(row.Text("context"), nullptr)},
            {"steps", JsonOr(row.Text("steps"), Json::array())}};
  if (tape["metadata"].is_object()) tape["metadata"].emplace("id", row.Text("tape_id"));
  return tape;
}

// Whether the database has a table of that name. A view is none: what it gives is not in the file.
// "table", "view"; empty: there is nothing of that name.
Result<std::string> KindOf(sqlite3* database, const char* name, const std::string& path) {
  sqlite3_stmt* raw = nullptr;
  static constexpr char kQuery[] =
      "SELECT type FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?1 COLLATE NOCASE";
  const int prepared = sqlite3_prepare_v2(database, kQuery, -1, &raw, nullptr);
  const Statement statement(raw, &sqlite3_finalize);
  if (prepared != SQLITE_OK) return Status::Corruption(path + ": " + sqlite3_errmsg(database));
  sqlite3_bind_text(raw, 1, name, -1, SQLITE_STATIC);
  const int stepped = sqlite3_step(raw);
  if (stepped == SQLITE_DONE) return std::string();
  if (stepped != SQLITE_ROW) return Status::Corruption(path + ": " + sqlite3_errmsg(database));
  return std::string(reinterpret_cast<const char*>(sqlite3_column_text(raw, 0)));
}

// Calls `take` for every row of a table; a table that is not there has none.
template <typename Take>
Status EachRow(sqlite3* database, const char* table, const std::string& path, Purse* purse,
               const Take& take) {
  // Asked before the query is prepared: views within views could make that take for ever.
  BACKSTEP_ASSIGN_OR_RETURN(const std::string kind, KindOf(database, table, path));
  if (kind.empty()) return {};
  if (kind != "table") {
    return Status::Corruption(path + ": " + table + " is no table but a view: a tapedata.sqlite "
                              "holds its rows itself");
  }
  sqlite3_stmt* raw = nullptr;
  const std::string query = std::string("SELECT * FROM ") + table;
  const int prepared = sqlite3_prepare_v2(database, query.c_str(), -1, &raw, nullptr);
  const Statement statement(raw, &sqlite3_finalize);
  if (prepared != SQLITE_OK) return Status::Corruption(path + ": " + sqlite3_errmsg(database));
  int stepped = SQLITE_DONE;
  while (purse->bytes > 0 && (stepped = sqlite3_step(raw)) == SQLITE_ROW) take(Row(raw, purse));
  if (purse->bytes == 0 || stepped == SQLITE_INTERRUPT) {
    return Status::Corruption(path + ": table " + table + ": gives more than the file can hold");
  }
  if (stepped == SQLITE_DONE) return {};
  return Status::Corruption(path + ": table " + table + ": " + sqlite3_errmsg(database));
}

}  // namespace

Status ReadTapeData(const std::string& bytes, const std::string& path, Sink& sink,
                    TapeData* data) {
  Purse purse(bytes.size());
  Result<Database> database = OpenBytes(bytes, path, &purse);
  if (!database.ok()) return database.status();
  Status read = EachRow(database->get(), "LLMCalls", path, &purse, [&](const Row& row) {
    const std::string id = row.Text("prompt_id");
    if (id.empty() || data->calls.contains(id)) {
      sink.Skip({.file = path}, "LLMCalls: prompt_id \"" + id + "\" " +
                                    (id.empty() ? "is empty" : "was there before"));
      return;
    }
    data->calls.emplace(id, TapeCall{.effect = CallOf(row, {.file = path}, id, sink)});
    data->order.push_back(id);
  });
  if (!read.ok()) return read;
  return EachRow(database->get(), "Tapes", path, &purse,
                 [&](const Row& row) { data->tapes.push_back(TapeOf(row)); });
}

}  // namespace backstep::adapters
