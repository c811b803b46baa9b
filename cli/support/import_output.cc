#include "backstep/cli/support/import_output.h"

#include <map>
#include <nlohmann/json.hpp>

#include "backstep/cli/support/present.h"
#include "backstep/cli/terminal/table.h"
#include "backstep/recorder/adapters/core/importer.h"
#include "backstep/replay/view/text.h"

namespace backstep::cli {
namespace {

using ImportedJson = nlohmann::ordered_json;
using replay::FormatCount;

constexpr size_t kSkippedShown = 10;

std::string DumpImported(const ImportedJson& json) {
  return json.dump(2, ' ', false, ImportedJson::error_handler_t::replace) + "\n";
}

std::string FilesText(const adapters::ImportSummary& summary) {
  std::map<std::string, size_t> formats;
  uint64_t bytes = 0;
  for (const auto& file : summary.files) {
    ++formats[file.format];
    bytes += file.bytes;
  }
  std::string text;
  for (const auto& [format, count] : formats) {
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + format;
  }
  return text + "; " + replay::FormatBytes(bytes);
}

std::string CallsOf(const adapters::ImportSummary& summary) {
  std::string text = std::to_string(summary.llm_calls) + " llm, " +
                     std::to_string(summary.tool_calls) + " tool";
  const std::string usage = UsageText(summary.usage);
  return usage.empty() ? text : text + "; " + usage;
}

void PrintSkipped(Console& console, const adapters::ImportSummary& summary) {
  if (summary.skipped_count == 0) return;
  console.Heading("Left out or changed: " + FormatCount(summary.skipped_count, "record"));
  for (size_t i = 0; i < summary.skipped.size() && i < kSkippedShown; ++i) {
    const adapters::SkippedRecord& skipped = summary.skipped[i];
    console.Wrapped(replay::OneLine(adapters::FormatPlace(skipped.place) + ": " + skipped.reason),
                    2, Paint::kYellow);
  }
  if (summary.skipped_count > kSkippedShown) {
    console.Line("  " + std::to_string(kSkippedShown) + " of " +
                 std::to_string(summary.skipped_count) + "; --json has more");
  }
}

}  // namespace

void PrintFormats(Console& console) {
  for (const auto& importer : adapters::AllImporters()) {
    const adapters::FormatInfo& info = importer->info();
    console.Heading(info.name + ": " + info.title);
    console.Wrapped("brings " + info.brings, 2);
    console.Wrapped("lacks " + info.lacks, 2, Paint::kDim);
  }
}

std::string FormatsJson() {
  ImportedJson formats = ImportedJson::array();
  for (const auto& importer : adapters::AllImporters()) {
    const adapters::FormatInfo& info = importer->info();
    formats.push_back({{"name", info.name},
                       {"title", info.title},
                       {"brings", info.brings},
                       {"lacks", info.lacks}});
  }
  return DumpImported({{"formats", formats}});
}

void PrintImport(Console& console, const adapters::ImportSummary& summary,
                 const std::string& recording, const std::string& paste) {
  std::string title = FormatCount(summary.sessions, "session");
  if (summary.branches > 0) title += " and " + std::to_string(summary.branches) + " branches";
  console.Line(replay::OneLine(title + " imported into " + recording), Paint::kBold);
  PrintField(console, "files", FilesText(summary));
  PrintField(console, "agents", std::to_string(summary.agents));
  std::string steps = std::to_string(summary.steps) + "; " +
                      FormatCount(summary.messages, "message");
  if (summary.segments > 0) steps += "; " + FormatCount(summary.segments, "segment");
  if (summary.errors > 0) steps += "; " + FormatCount(summary.errors, "error");
  PrintField(console, "steps", steps);
  PrintField(console, "calls", CallsOf(summary));
  if (summary.events > 0) PrintField(console, "events", std::to_string(summary.events));
  if (summary.annotations > 0) {
    PrintField(console, "labels", std::to_string(summary.annotations));
  }
  if (summary.links_dropped > 0) {
    PrintField(console, "links cut", std::to_string(summary.links_dropped) +
                                         ", of causes that go in a circle");
  }
  PrintSkipped(console, summary);
  console.Heading("Next");
  console.Command("backstep info " + paste);
}

std::string ImportJson(const adapters::ImportSummary& summary, const std::string& recording) {
  ImportedJson files = ImportedJson::array(), skipped = ImportedJson::array();
  for (const auto& file : summary.files) {
    files.push_back({{"path", file.path}, {"format", file.format}, {"bytes", file.bytes}});
  }
  for (const adapters::SkippedRecord& record : summary.skipped) {
    ImportedJson entry{{"file", record.place.file}, {"line", nullptr}, {"offset", nullptr},
                       {"reason", record.reason}};
    if (record.place.line != 0) entry["line"] = record.place.line;
    if (record.place.line == 0) entry["offset"] = record.place.offset;
    skipped.push_back(std::move(entry));
  }
  const Usage& usage = summary.usage;
  return DumpImported({{"recording", recording},
                       {"files", files},
                       {"sessions", summary.sessions},
                       {"branches", summary.branches},
                       {"agents", summary.agents},
                       {"segments", summary.segments},
                       {"steps", summary.steps},
                       {"messages", summary.messages},
                       {"llm_calls", summary.llm_calls},
                       {"tool_calls", summary.tool_calls},
                       {"events", summary.events},
                       {"annotations", summary.annotations},
                       {"labels", summary.labels},
                       {"labels_landed", summary.labels_landed},
                       {"errors", summary.errors},
                       {"usage",
                        {{"input_tokens", usage.input_tokens},
                         {"output_tokens", usage.output_tokens},
                         {"cached_tokens", usage.cached_tokens},
                         {"reasoning_tokens", usage.reasoning_tokens},
                         {"cost_usd", usage.cost_usd}}},
                       {"links_dropped", summary.links_dropped},
                       {"skipped_count", summary.skipped_count},
                       {"skipped", skipped}});
}

}  // namespace backstep::cli
