#include "backstep/store/verify.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <set>

#include "backstep/base/beside.h"
#include "backstep/store/format/cut_off_file.h"
#include "backstep/store/format/files.h"
#include "backstep/store/format/log_files.h"
#include "backstep/store/format/manifest.h"
#include "backstep/store/index/index.h"
#include "backstep/store/log/rocks/database_check.h"
#include "backstep/store/verify/verify_log.h"

namespace backstep::store {

namespace {

constexpr size_t kFindingsMax = 1000;
constexpr size_t kWhatBytesMax = 500;

// Half of the work is the bytes of the files, the other half the records in them.
class Meter {
 public:
  Meter(const std::function<bool(uint64_t, uint64_t)>& report, uint64_t file_bytes)
      : report_(report), total_(2 * file_bytes) {}
  bool Add(uint64_t bytes) {
    done_ = std::min(done_ + bytes, total_);
    return !report_ || report_(done_, total_);
  }

 private:
  const std::function<bool(uint64_t, uint64_t)>& report_;
  uint64_t total_;
  uint64_t done_ = 0;
};

struct LogFiles {
  LogId log;
  std::string path;
  uint64_t files = 0, bytes = 0;
};

LogFiles Measure(const std::string& recording, LogId log) {
  LogFiles files{log, LogPath(recording, log)};
  const Result<std::vector<std::string>> names = ListDirectory(files.path);
  if (!names.ok()) return files;
  for (const std::string& name : *names) {
    struct stat info {};
    if (lstat((files.path + "/" + name).c_str(), &info) != 0) continue;
    ++files.files;
    files.bytes += static_cast<uint64_t>(info.st_size);
  }
  return files;
}

using Differences = Result<std::vector<std::string>>;

// Compares the index with the logs beside the other checks, which take about as long.
class IndexComparison {
 public:
  explicit IndexComparison(const Recording& recording) {
    compared_ = StartBeside([this, &recording] {
      return CompareIndex(recording, [this](uint64_t, uint64_t) { return !cancelled_; });
    });
  }
  ~IndexComparison() { cancelled_ = true; }  // the future waits
  IndexComparison(const IndexComparison&) = delete;
  IndexComparison& operator=(const IndexComparison&) = delete;

  // Waits for it. Cancelled: `go_on`, which is asked meanwhile, returned false.
  Differences Take(const std::function<bool()>& go_on) {
    constexpr auto kPatience = std::chrono::milliseconds(50);
    while (compared_.wait_for(kPatience) == std::future_status::timeout) {
      if (!go_on()) return Status::Cancelled("verify was cancelled");
    }
    return compared_.get();
  }

 private:
  std::atomic<bool> cancelled_ = false;
  std::future<Differences> compared_;
};

class Verifier {
 public:
  Verifier(const std::string& path, const std::function<bool(uint64_t, uint64_t)>& progress,
           VerifyReport* report)
      : path_(path), progress_(progress), findings_(report) {}

  Status Run(const Recording& recording);

 private:
  void CheckManifest();
  Status CheckLog(const LogFiles& log);
  Status CheckFiles(const LogFiles& log, LogState state);
  // False: the seal itself is damaged.
  Result<bool> CheckSeal(const LogFiles& log);
  Status CheckSealedFile(const LogFiles& log, const SealedFile& sealed);
  Status CheckRecords(const LogFiles& log);
  Status CheckIndex(IndexComparison* comparison);

  const std::string path_;
  const std::function<bool(uint64_t, uint64_t)>& progress_;
  Findings findings_;
  std::unique_ptr<Meter> meter_;
};

void Verifier::CheckManifest() {
  const std::string path = path_ + "/" + kManifestName;
  const Result<std::string> text = ReadFile(path, kManifestBytesMax);
  const Status status = text.ok() ? ParseManifest(*text, path).status() : text.status();
  if (!status.ok()) findings_.Tell(LogId(), kManifestName, status.message());
}

Status Verifier::CheckSealedFile(const LogFiles& log, const SealedFile& sealed) {
  const Result<FileHash> file = HashFile(log.path + "/" + sealed.name,
                                         [&](uint64_t bytes) { return meter_->Add(bytes); });
  if (file.status().code() == StatusCode::kCancelled) return file.status();
  if (!file.ok()) {
    findings_.Tell(log.log, sealed.name, file.status().message());
  } else if (file->size != sealed.size) {
    findings_.Tell(log.log, sealed.name,
                   "damaged: it has " + std::to_string(file->size) + " bytes, " +
                       std::to_string(sealed.size) + " when the log was sealed");
  } else if (file->hash != sealed.hash) {
    findings_.Tell(log.log, sealed.name, "damaged: its checksum is not that of the seal");
  }
  return Status();
}

Result<bool> Verifier::CheckSeal(const LogFiles& log) {
  const Result<std::vector<SealedFile>> seal = ReadSeal(log.path);
  if (!seal.ok()) {
    findings_.Tell(log.log, kSealName, seal.status().message());
    return false;
  }
  std::set<std::string> known = {kLockName, kSealName};
  for (const SealedFile& file : *seal) {
    known.insert(file.name);
    BACKSTEP_RETURN_IF_ERROR(CheckSealedFile(log, file));
  }
  BACKSTEP_ASSIGN_OR_RETURN(const auto names, ListDirectory(log.path));
  for (const std::string& name : names) {
    if (!known.contains(name)) {
      findings_.Tell(log.log, name, "was not there when the log was sealed");
    }
  }
  const Result<std::string> lock = ReadFile(log.path + "/" + kLockName, kManifestBytesMax);
  if (lock.ok() && !lock->empty()) {
    findings_.Tell(log.log, kLockName, "damaged: it should be empty");
  }
  return true;
}

Status Verifier::CheckFiles(const LogFiles& log, LogState state) {
  if (state == LogState::kSealed) {
    BACKSTEP_ASSIGN_OR_RETURN(const bool checked, CheckSeal(log));
    if (checked) return Status();
  }
  const auto found = CheckDatabase(log.path, state == LogState::kLive,
                                   [&](uint64_t bytes) { return meter_->Add(bytes); });
  BACKSTEP_RETURN_IF_ERROR(found.status());
  for (const FileFinding& finding : *found) findings_.Tell(log.log, finding.file, finding.what);
  const auto cut_off = ReadCutOff(log.path);
  if (!cut_off.ok()) findings_.Tell(log.log, kCutOffName, cut_off.status().message());
  return Status();
}

Status Verifier::CheckRecords(const LogFiles& log) {
  // Of a log that is being written the line sees all that the reader sees: it is opened later.
  const auto reader = LogReader::Open(path_, log.log);
  if (!reader.ok()) {
    findings_.Tell(log.log, "log", reader.status().message());
    return Status();
  }
  const auto line = LineReader::Open(path_, log.log, nullptr);
  if (!line.ok()) {
    findings_.Tell(log.log, "log", line.status().message());
    return Status();
  }
  const std::function<bool(double)> advance = [&](double share) {
    return meter_->Add(static_cast<uint64_t>(share * static_cast<double>(log.bytes)));
  };
  const LogCheck check{**line, **reader, findings_, advance};
  BACKSTEP_RETURN_IF_ERROR(CheckKeys(check));
  BACKSTEP_RETURN_IF_ERROR(CheckSteps(check));
  return CheckCuts(check);
}

Status Verifier::CheckLog(const LogFiles& log) {
  findings_.report().files += log.files;
  findings_.report().bytes += log.bytes;
  const Result<LogState> state = AskLogState(log.path);
  if (!state.ok()) findings_.Tell(log.log, "log", state.status().message());
  BACKSTEP_RETURN_IF_ERROR(CheckFiles(log, state.ok() ? *state : LogState::kCrashed));
  return CheckRecords(log);
}

Status Verifier::CheckIndex(IndexComparison* comparison) {
  const Differences differences = comparison->Take([this] { return meter_->Add(0); });
  if (differences.status().code() == StatusCode::kCancelled) return differences.status();
  if (!differences.ok()) {
    findings_.Tell(LogId(), "index", differences.status().message());
    return Status();
  }
  for (const std::string& difference : *differences) {
    findings_.Tell(LogId(), "index", difference);
  }
  return Status();
}

Status Verifier::Run(const Recording& recording) {
  CheckManifest();
  BACKSTEP_ASSIGN_OR_RETURN(const auto logs, ListLogs(path_));
  std::vector<LogFiles> all;
  uint64_t bytes = 0;
  for (const LogId log : logs) {
    all.push_back(Measure(path_, log));
    bytes += all.back().bytes;
  }
  meter_ = std::make_unique<Meter>(progress_, bytes);
  if (!meter_->Add(0)) return Status::Cancelled("verify was cancelled");
  IndexComparison comparison(recording);
  for (const LogFiles& log : all) BACKSTEP_RETURN_IF_ERROR(CheckLog(log));
  return CheckIndex(&comparison);
}

}  // namespace

void Findings::Tell(LogId log, std::string where, std::string what) {
  if (full()) return;
  if (what.size() > kWhatBytesMax) what.resize(kWhatBytesMax);
  std::replace(what.begin(), what.end(), '\n', ' ');
  report_->findings.push_back({log, std::move(where), std::move(what)});
}

bool Findings::full() const { return report_->findings.size() >= kFindingsMax; }

Status LogCheck::Told(const Status& status, const std::string& where) const {
  if (status.ok() || status.code() == StatusCode::kCancelled) return status;
  Tell(where, status.message());
  return Status();
}

Status LogCheck::CheckBody(const BodyRef& ref, const std::string& where) const {
  if (ref.where == BodyRef::Where::kNone || ref.where == BodyRef::Where::kDropped) return Status();
  ++findings.report().bodies;
  return Told(line.VisitBody(ref, [](std::string_view) {}), where);  // checks size and hash
}

Result<VerifyReport> Verify(const Recording& recording,
                            const std::function<bool(uint64_t, uint64_t)>& progress) {
  VerifyReport report;
  Verifier verifier(recording.path(), progress, &report);
  BACKSTEP_RETURN_IF_ERROR(verifier.Run(recording));
  return report;
}

}  // namespace backstep::store
