#include "backstep/cli/support/rewriting.h"

#include "backstep/cli/support/recordings.h"
#include "backstep/cli/terminal/interrupt.h"
#include "backstep/replay/view/text.h"
#include "backstep/store/index/index.h"

namespace backstep::cli {
namespace {

std::string LogName(LogId log) { return "log #" + std::to_string(log.value); }

// The rows of an end that the log did not have before. Without the index's lock whoever holds it
// adds them; a failure is told when the index is used.
void IndexEnd(const store::Recording& recording, LogId log) {
  const auto index = store::IndexWriter::Open(recording.path());
  const auto line = recording.OpenLine(log);
  if (!index.ok() || !line.ok()) return;
  for (;;) {
    const auto steps = (*index)->CatchUp(**line);
    if (!steps.ok() || *steps == 0) return;
  }
}

std::string SizeText(const store::Rewritten& rewritten) {
  const std::string before = replay::FormatBytes(rewritten.bytes_before);
  if (!rewritten.replaced) return before + ", no smaller any more: left as it was";
  return before + " -> " + replay::FormatBytes(rewritten.bytes_after);
}

// Those that stand as asked; tells of the others that it passes over.
Result<std::vector<LogId>> ChooseLogs(Console& console, const store::Recording& recording,
                                      std::optional<uint64_t> log, const RewriteVerb& verb) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto logs, recording.Logs());
  std::vector<LogId> chosen;
  for (const store::LogInfo& info : logs) {
    if (log && info.id.value != *log) continue;
    if (log) return std::vector<LogId>{info.id};
    if (!info.error.ok()) {
      console.Warning(LogName(info.id) +
                      " is left out, it cannot be read: " + info.error.message());
    } else if (info.state == verb.of) {
      chosen.push_back(info.id);
    } else if (info.state == store::LogState::kLive) {
      console.Note(LogName(info.id) + " is being written: left as it is");
    } else if (info.state == store::LogState::kCrashed) {
      console.Note(LogName(info.id) + " was not closed: backstep seal closes it");
    }
  }
  if (log) {
    return Status::NotFound(recording.path() + ": no log #" + std::to_string(*log) +
                            " (see: backstep branches)");
  }
  return chosen;
}

}  // namespace

int RewriteLogs(Console& console, const std::string& path, std::optional<uint64_t> log,
                const RewriteVerb& verb) {
  Opened opened = OpenRecording(console, path);
  if (opened.code != kDone) return opened.code;
  const auto logs = ChooseLogs(console, *opened.recording, log, verb);
  if (!logs.ok()) return console.Fail(logs.status());
  if (logs->empty()) console.Line(verb.nothing);
  const InterruptFlag interrupted;
  for (const LogId id : *logs) {
    ProgressLine progress(console, verb.doing + " " + LogName(id), "bytes");
    const auto rewritten =
        verb.rewrite(*opened.recording, id, [&](uint64_t done, uint64_t total) {
          progress.Update(done, total);
          return !interrupted.set();
        });
    progress.Clear();
    if (!rewritten.ok()) return console.Fail(rewritten.status());
    if (rewritten->replaced) IndexEnd(*opened.recording, id);
    console.Line(LogName(id) + " " + (rewritten->replaced ? verb.done : "looked at") + ": " +
                 SizeText(*rewritten));
  }
  return kDone;
}

}  // namespace backstep::cli
