#include "backstep/recorder/adapters/tapeagents/tape_calls.h"

#include <sqlite3.h>

#include <memory>

#include "backstep/recorder/adapters/conversations/fields.h"

namespace backstep::adapters {
namespace {

constexpr int kInstructionsBetween = 100'000;  // of SQLite's machine, between looks at the limit
constexpr int kLooksMax = 20'000;              // views that never end are given up here

using Database = std::unique_ptr<sqlite3, int (*)(sqlite3*)>;
using Statement = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;

int CountLooks(void* looks) { return ++*static_cast<int*>(looks) > kLooksMax ? 1 : 0; }

Result<Database> OpenBytes(const std::string& bytes, const std::string& path, int* looks) {
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
  sqlite3_limit(raw, SQLITE_LIMIT_LENGTH, 256 << 20);
  sqlite3_progress_handler(raw, kInstructionsBetween, &CountLooks, looks);
  return database;
}

// Columns of the row a statement stands on, by name.
class Row {
 public:
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
  std::string Text(const char* name) const {
    for (int i = 0; i < sqlite3_column_count(statement_); ++i) {
      if (std::string_view(name) != sqlite3_column_name(statement_, i)) continue;
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, i));
      const int size = sqlite3_column_bytes(statement_, i);
      return text == nullptr ? "" : std::string(text, static_cast<size_t>(size));
    }
    return {};
  }
  double Number(const char* name) const {
    return NumberAt(Json{{"it", Text(name)}}, "it").value_or(0);
  }

 private:
  sqlite3_stmt* statement_;
};

uint64_t TokensOf(double count) {
  return count > 0 && count < 1e15 ? static_cast<uint64_t>(count) : 0;
}

EffectDraft CallOf(const Row& row, Sink& sink) {
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
  effect.usage = {.input_tokens = TokensOf(row.Number("prompt_length_tokens")),
                  .output_tokens = TokensOf(row.Number("output_length_tokens")),
                  .cost_usd = row.Number("cost")};
  effect.began = TimeOf(Json(row.Text("timestamp")));
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

// Calls `take` for every row of a table; a table that is not there has none.
template <typename Take>
Status EachRow(sqlite3* database, const char* table, const std::string& path, const Take& take) {
  sqlite3_stmt* raw = nullptr;
  const std::string query = std::string("SELECT * FROM ") + table;
  if (sqlite3_prepare_v2(database, query.c_str(), -1, &raw, nullptr) != SQLITE_OK) {
    const std::string reason = sqlite3_errmsg(database);
    if (reason.starts_with("no such table")) return {};
    return Status::Corruption(path + ": " + reason);
  }
  const Statement statement(raw, &sqlite3_finalize);
  int stepped = SQLITE_DONE;
  while ((stepped = sqlite3_step(raw)) == SQLITE_ROW) take(Row(raw));
  if (stepped == SQLITE_DONE) return {};
  return Status::Corruption(path + ": table " + table + ": " + sqlite3_errmsg(database));
}

}  // namespace

Status ReadTapeData(const std::string& bytes, const std::string& path, Sink& sink,
                    TapeData* data) {
  int looks = 0;
  Result<Database> database = OpenBytes(bytes, path, &looks);
  if (!database.ok()) return database.status();
  Status read = EachRow(database->get(), "LLMCalls", path, [&](const Row& row) {
    const std::string id = row.Text("prompt_id");
    if (id.empty() || data->calls.contains(id)) {
      sink.Skip({.file = path}, "LLMCalls: prompt_id \"" + id + "\" " +
                                    (id.empty() ? "is empty" : "was there before"));
      return;
    }
    data->calls.emplace(id, TapeCall{.effect = CallOf(row, sink)});
    data->order.push_back(id);
  });
  if (!read.ok()) return read;
  return EachRow(database->get(), "Tapes", path,
                 [&](const Row& row) { data->tapes.push_back(TapeOf(row)); });
}

}  // namespace backstep::adapters
