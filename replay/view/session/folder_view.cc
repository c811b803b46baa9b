#include "backstep/replay/view/session/folder_view.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "backstep/base/paths.h"
#include "backstep/store/line.h"
#include "backstep/store/recording.h"

namespace backstep::replay {
namespace {

namespace fs = std::filesystem;

constexpr char kSuffix[] = ".backstep";
constexpr size_t kEntriesMax = 5000;
constexpr uint64_t kCountedStepsMax = 20'000;    // of a session
constexpr uint64_t kCountedTotalMax = 100'000;   // of a listing

bool NamedSo(const std::string& path) { return fs::path(path).extension() == kSuffix; }

// False: the directory is no recording.
bool AddRecording(const std::string& path, std::vector<RecordingRow>* rows) {
  auto recording = store::Recording::Open(path);
  if (recording.ok()) {
    rows->push_back(ViewRecording(**recording));
    return true;
  }
  const bool named_so = NamedSo(path);
  if (recording.status().code() == StatusCode::kInvalidArgument && !named_so) return false;
  rows->push_back({path, {}, {}, recording.status().message()});
  return named_so || recording.status().code() != StatusCode::kIo;
}

Result<SessionCounts> CountSession(const store::Recording& recording, LogId session) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto line, recording.OpenLine(session));
  SessionCounts counts;
  BACKSTEP_RETURN_IF_ERROR(
      line->ScanSteps(StepNumber(1), line->last(), [&](const StepRecord& step) {
        counts.errors += step.error.has_value();
        return true;
      }));
  BACKSTEP_RETURN_IF_ERROR(line->ScanEffects(StepNumber(0), [&](const EffectRecord& effect) {
    counts.errors += effect.error.has_value();
    counts.cost_usd += effect.usage.cost_usd;
    return true;
  }));
  return counts;
}

std::string Home() {
  const char* home = std::getenv("HOME");
  return home == nullptr ? "/" : home;
}

std::string Absolute(const std::string& folder) {
  std::string path = folder.empty() ? "." : folder;
  if (path == "~" || path.starts_with("~/")) path = Home() + path.substr(1);
  std::error_code ignored;
  const fs::path whole = fs::absolute(path, ignored);
  return WithoutSlashes(whole.lexically_normal().string());
}

bool IsRecording(const std::string& path) {
  return NamedSo(path) || access((path + "/manifest.json").c_str(), F_OK) == 0;
}

bool IsProgram(const fs::directory_entry& entry) {
  std::error_code ignored;
  return entry.is_regular_file(ignored) && access(entry.path().c_str(), X_OK) == 0;
}

FolderEntry EntryOf(const std::string& folder, std::string name) {
  FolderEntry entry;
  const std::string path = folder + "/" + name;
  struct stat facts{};
  if (stat(path.c_str(), &facts) == 0) {
    entry.changed_wall = TimeNs{facts.st_mtim.tv_sec * 1'000'000'000 + facts.st_mtim.tv_nsec};
  }
  entry.kind = !S_ISDIR(facts.st_mode) ? EntryKind::kProgram
               : IsRecording(path)     ? EntryKind::kRecording
                                       : EntryKind::kFolder;
  entry.name = std::move(name);
  return entry;
}

bool IsSought(const fs::directory_entry& entry, Sought sought) {
  if (entry.path().filename().string().starts_with(".")) return false;
  std::error_code ignored;
  if (!entry.is_directory(ignored)) return sought == Sought::kProgram && IsProgram(entry);
  return sought == Sought::kRecording || !IsRecording(entry.path().string());
}

}  // namespace

RecordingRow RowOfRecording(const std::string& path) {
  std::vector<RecordingRow> rows;
  if (!AddRecording(path, &rows) && rows.empty()) {
    rows.push_back({path, {}, {}, path + " is no recording"});
  }
  return rows.front();
}

Result<std::vector<RecordingRow>> ListRecordings(const std::string& folder,
                                                 const ListProgress& progress) {
  std::error_code error;
  std::vector<std::string> paths;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (!it->is_directory(ignored)) continue;
    paths.push_back(folder == "." ? it->path().filename().string() : it->path().string());
  }
  if (error) return Status::Io("cannot read " + folder + ": " + error.message());
  std::sort(paths.begin(), paths.end());
  std::vector<RecordingRow> rows;
  if (AddRecording(folder, &rows)) return rows;
  for (size_t i = 0; i < paths.size(); ++i) {
    AddRecording(paths[i], &rows);
    if (progress && !progress(rows, i + 1, paths.size())) break;
  }
  return rows;
}

void CountListed(std::vector<RecordingRow>* rows, const std::function<bool()>& go_on) {
  uint64_t left = kCountedTotalMax;
  for (RecordingRow& row : *rows) {
    const auto short_enough = [&](const SessionRow& session) {
      return session.last.value <= std::min(left, kCountedStepsMax);
    };
    if (std::none_of(row.sessions.begin(), row.sessions.end(), short_enough)) continue;
    if (go_on && !go_on()) return;
    const auto recording = store::Recording::Open(row.path);
    if (!recording.ok()) continue;
    for (SessionRow& session : row.sessions) {
      if (!short_enough(session)) continue;
      left -= session.last.value;
      const auto counts = CountSession(**recording, session.id);
      if (counts.ok()) session.counts = *counts;
    }
  }
}

Result<FolderView> ViewFolder(const std::string& folder, Sought sought) {
  FolderView view;
  view.path = Absolute(folder);
  std::error_code none;
  if (sought == Sought::kProgram && fs::is_regular_file(view.path, none)) {
    const fs::path file = view.path;
    if (access(file.c_str(), X_OK) != 0) {
      return Status::InvalidArgument(view.path + " cannot be run: it is not marked as a program");
    }
    view.named = file.filename().string();
    view.path = file.parent_path().string();
  }
  if (view.path != "/") view.parent = fs::path(view.path).parent_path().string();
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(view.path, error), end; !error && it != end;
       it.increment(error)) {
    if (IsSought(*it, sought)) names.push_back(it->path().filename().string());
  }
  if (error == std::errc::no_such_file_or_directory) {
    return Status::NotFound("there is no folder " + view.path);
  }
  if (error) return Status::Io("cannot read " + view.path + ": " + error.message());
  std::sort(names.begin(), names.end());
  view.total = names.size();
  names.resize(std::min(names.size(), kEntriesMax));
  for (std::string& name : names) view.entries.push_back(EntryOf(view.path, std::move(name)));
  return view;
}

}  // namespace backstep::replay
