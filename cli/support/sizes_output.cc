#include "backstep/cli/support/sizes_output.h"

#include "backstep/cli/support/present.h"
#include "backstep/cli/terminal/table.h"
#include "backstep/replay/view/text.h"

namespace backstep::cli {
namespace {

using replay::FormatBytes;

std::string Size(uint64_t bytes) { return bytes == 0 ? "" : FormatBytes(bytes); }

// "3.2 MB of 9.1 MB", where compression shows.
std::string KindText(const store::KindBytes& kind) {
  return FormatBytes(kind.stored) + " for " + FormatBytes(kind.content) + " of content";
}

Table SizesTable(const std::string& first) {
  std::vector<Column> columns = {{first, false, 32, 8}, {"LOG", true, 6, 0}, {"DISK", true, 10, 0}};
  for (const char* kind : {"STATES", "REQUESTS", "ANSWERS", "MESSAGES", "RECORDS", "OTHER"}) {
    columns.push_back({kind, true, 10, 0});
  }
  return Table(std::move(columns));
}

void AddRow(const replay::SizesRow& row, Table* table) {
  std::vector<Cell> cells = {row.name,
                             row.log.value == 0 ? "" : "#" + std::to_string(row.log.value),
                             FormatBytes(row.disk_bytes)};
  for (const store::KindBytes& kind : row.kinds) cells.push_back(Size(kind.stored));
  cells.push_back(Size(row.other_bytes));
  table->Add(std::move(cells));
}

}  // namespace

void PrintSizes(Console& console, const replay::SizesView& view) {
  uint64_t logs = 0;
  for (const replay::SizesRow& row : view.logs) logs += row.disk_bytes;
  console.Line(replay::OneLine(view.path), Paint::kBold);
  PrintField(console, "disk",
             FormatBytes(view.disk_bytes) + ": logs " + FormatBytes(logs) + ", index " +
                 FormatBytes(view.index_bytes) + ", other " + FormatBytes(view.other_bytes));
  for (size_t i = 0; i < view.kinds.size(); ++i) {
    if (view.kinds[i].content == 0) continue;
    PrintField(console, store::SizeKindName(static_cast<store::SizeKind>(i)),
               KindText(view.kinds[i]));
  }
  Table branches = SizesTable("BRANCH"), agents = SizesTable("AGENT");
  for (const replay::SizesRow& row : view.logs) AddRow(row, &branches);
  for (const replay::SizesRow& row : view.agents) AddRow(row, &agents);
  console.Heading("Logs");
  branches.Print(console);
  console.Heading("Agents");
  agents.Print(console);
  for (const replay::SizesRow& row : view.logs) {
    if (row.error.empty()) continue;
    console.Error("log " + std::to_string(row.log.value) + " cannot be read: " + row.error);
  }
}

}  // namespace backstep::cli
