#include "backstep/recorder/adapters/inspect/inspect.h"

#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/head_shape.h"
#include "backstep/recorder/adapters/core/source.h"
#include "backstep/recorder/adapters/inspect/sample.h"
#include "backstep/recorder/adapters/inspect/zip_stream.h"

namespace backstep::adapters {
namespace {

constexpr char kInspect[] = "inspect";
constexpr std::string_view kZipMagic("PK\x03\x04", 4);
constexpr uint64_t kEntryMax = 256ull << 20;  // bytes of one sample

const FormatInfo kInspectInfo{
    .name = kInspect,
    .title = "Inspect evaluation logs (.json and .eval)",
    .brings = "a session a sample; solvers and agents, one step an event, the recorded state after "
              "each, model calls whole with tokens, tool calls, errors, scores as annotations",
    .lacks = "messages between agents"};

class InspectImporter : public Importer {
 public:
  const FormatInfo& info() const override { return kInspectInfo; }
  int Detect(const Head& head) const override;
  Status Read(Source& source, Sink& sink) override;

 private:
  Status ReadArchive(Source& source, Sink& sink);
  Status Sample(const Json& sample, const Json& log, const Source& source, Sink& sink);
  Status NoSamples(const Json& log, const Source& source, Sink& sink);
};

int InspectImporter::Detect(const Head& head) const {
  if (head.bytes.starts_with(kZipMagic)) {
    const bool inspect = head.bytes.find("_journal/start.json") != std::string_view::npos ||
                         head.bytes.find("samples/") != std::string_view::npos ||
                         head.bytes.find("header.json") != std::string_view::npos;
    return inspect ? 90 : 20;
  }
  const HeadShape shape(head.bytes);
  if (!shape.Has("eval.task") && !shape.Has("eval.run_id")) return 0;
  return shape.Has("version") && shape.Has("status") ? 95 : 70;
}

Status InspectImporter::Sample(const Json& sample, const Json& log, const Source& source,
                               Sink& sink) {
  SessionDraft draft;
  const Json* eval = Find(log, "eval");
  const std::string task = eval == nullptr ? "" : TextAt(*eval, "task");
  draft.name = (task.empty() ? FileStem(source.path()) : task) + " sample " +
               TextAt(sample, "id") + " epoch " + TextAt(sample, "epoch");
  KeepOrigin(&draft, kInspect, source);
  if (eval != nullptr) {
    draft.group_id = TextAt(*eval, "run_id");
    for (const char* key : {"run_id", "task", "task_id", "model", "created"}) {
      if (const Json* value = Find(*eval, key)) {
        KeepMeta(&draft, std::string("source.eval.") + key, *value);
      }
    }
  }
  KeepRest(&draft, "source.", sample,
           {"messages", "events", "attachments", "scores", "output", "store"});
  TellSample(sample, source.path(), sink, &draft);
  return sink.Session(std::move(draft));
}

// An evaluation that ended before its first sample: a session without steps, with how it ended.
Status InspectImporter::NoSamples(const Json& log, const Source& source, Sink& sink) {
  if (Find(log, "eval") == nullptr) return NoRunIn(source.path(), kInspect);
  SessionDraft draft;
  draft.name = FileStem(source.path());
  KeepOrigin(&draft, kInspect, source);
  KeepRest(&draft, "source.", log, {"samples"});
  draft.outcome.reason = "no samples; " + TextAt(log, "status");
  const Json* error = Find(log, "error");
  draft.notes.push_back(
      {.name = "no samples",
       .category = "warning",
       .kept_data = sink.Keep(error == nullptr ? "" : JsonText(*error), Media::kJson)});
  return sink.Session(std::move(draft));
}

Status InspectImporter::ReadArchive(Source& source, Sink& sink) {
  Json log = Json::object();
  const auto wanted = [](const std::string& name) {
    return name.ends_with(".json") &&
           (name.starts_with("samples/") || name == "_journal/start.json" || name == "header.json");
  };
  size_t samples = 0;
  Status read = EachZipEntry(source, kEntryMax, wanted, [&](const ZipEntry& entry) -> Status {
    Result<Json> value = ParseJson(entry.bytes);
    if (!value.ok()) {
      sink.Skip({.file = source.path() + ":" + entry.name}, value.status().message());
      return {};
    }
    if (!entry.name.starts_with("samples/")) {
      log = std::move(*value);
      return {};
    }
    ++samples;
    return Sample(*value, log, source, sink);
  });
  return read.ok() && samples == 0 ? NoSamples(log, source, sink) : read;
}

Status InspectImporter::Read(Source& source, Sink& sink) {
  Result<std::string_view> head = source.Peek();
  if (!head.ok()) return head.status();
  if (head->starts_with(kZipMagic)) return ReadArchive(source, sink);
  Result<Json> log = ReadDocument(source);
  if (!log.ok()) return log.status();
  const Json* samples = Find(*log, "samples");
  if (samples == nullptr || !samples->is_array() || samples->empty()) {
    return NoSamples(*log, source, sink);
  }
  for (const Json& sample : *samples) {
    Status status = Sample(sample, *log, source, sink);
    if (!status.ok()) return status;
  }
  return {};
}

}  // namespace

std::unique_ptr<Importer> MakeInspectImporter() { return std::make_unique<InspectImporter>(); }

}  // namespace backstep::adapters
