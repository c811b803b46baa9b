#include "backstep/store/log/rocks/database_check.h"

#include <algorithm>
#include <memory>
#include <optional>

#include <rocksdb/db.h>
#include <rocksdb/file_checksum.h>

#include "backstep/store/format/files.h"
#include "backstep/store/format/log_files.h"
#include "backstep/store/log/rocks/little_endian.h"
#include "backstep/store/log/rocks/record_file.h"
#include "backstep/store/log/rocks/rocks_options.h"
#include "backstep/store/log/rocks/table_check.h"

namespace backstep::store {
namespace {

constexpr uint64_t kSmallFileBytesMax = 4096;
constexpr size_t kBatchHeaderBytes = 12;
constexpr char kManifestPrefix[] = "MANIFEST-";

class Check {
 public:
  Check(std::string path, bool being_written, const std::function<bool(uint64_t)>& progress)
      : path_(std::move(path)), being_written_(being_written), progress_(progress) {}

  Status Run();
  std::vector<FileFinding> TakeFindings() { return std::move(findings_); }

 private:
  void Tell(const std::string& file, std::string what) {
    findings_.push_back({file, std::move(what)});
  }
  std::string Manifest();
  Status CheckManifest(const std::string& name);
  Status CheckLogs(const std::vector<std::string>& names);
  Status CheckTables();
  void CheckEmpty(const std::string& name);
  Status Walk(const std::string& name, const std::string& meaning,
              const std::function<bool(std::string_view)>& visit);

  const std::string path_;
  const bool being_written_;
  const std::function<bool(uint64_t)>& progress_;
  std::vector<FileFinding> findings_;
};

// The name of the manifest, or nothing when CURRENT is not to be read.
std::string Check::Manifest() {
  const Result<std::string> text = ReadFile(path_ + "/CURRENT", kSmallFileBytesMax);
  if (!text.ok()) {
    Tell("CURRENT", text.status().message());
    return {};
  }
  const bool sound = text->starts_with(kManifestPrefix) && text->ends_with('\n') &&
                     std::all_of(text->begin() + sizeof(kManifestPrefix) - 1, text->end() - 1,
                                 [](char c) { return c >= '0' && c <= '9'; });
  if (sound) return text->substr(0, text->size() - 1);
  Tell("CURRENT", "damaged: it does not name a manifest");
  return {};
}

Status Check::Walk(const std::string& name, const std::string& meaning,
                   const std::function<bool(std::string_view)>& visit) {
  const Result<RecordFileReport> report = WalkRecordFile(path_ + "/" + name, visit, progress_);
  if (report.status().code() == StatusCode::kCancelled) return report.status();
  if (!report.ok()) {
    if (!being_written_) Tell(name, report.status().message());
    return Status();
  }
  if (report->damage.empty() || (report->torn && being_written_)) return Status();
  const std::string at = " at byte " + std::to_string(report->damaged_at) + " (after " +
                         std::to_string(report->records) + " sound records)";
  if (report->torn) {
    Tell(name, "torn: " + report->damage + at +
                   ": its writer was killed in the middle of a write, or the file was cut; what "
                   "stands in front of it is whole, and no step after it can be read");
  } else {
    Tell(name, "damaged: " + report->damage + at + ": " + meaning);
  }
  return Status();
}

Status Check::CheckManifest(const std::string& name) {
  std::string all;
  BACKSTEP_RETURN_IF_ERROR(Walk(name, "RocksDB may miss data files", [&](std::string_view record) {
    all.append(record);
    return true;
  }));
  const Result<std::string> identity = ReadFile(path_ + "/IDENTITY", kSmallFileBytesMax);
  if (!identity.ok()) {
    Tell("IDENTITY", identity.status().message());
    return Status();
  }
  // The manifest holds it behind its length, which fits a byte.
  const std::string named = static_cast<char>(identity->size()) + *identity;
  if (all.find(named) == std::string::npos || identity->empty()) {
    Tell("IDENTITY", "damaged: it is not the identity that the manifest names");
  }
  return Status();
}

// Batches are numbered through, so that one missing in the middle, or a missing file, shows.
Status Check::CheckLogs(const std::vector<std::string>& names) {
  std::optional<uint64_t> next;
  for (const std::string& name : names) {
    if (!name.ends_with(".log")) continue;
    std::string gap;
    BACKSTEP_RETURN_IF_ERROR(
        Walk(name, "what was written after it is not read", [&](std::string_view batch) {
          if (batch.size() < kBatchHeaderBytes) return true;
          const uint64_t first = Little(batch, 0, 8);
          if (next && first != *next && gap.empty()) {
            gap = "damaged: writes " + std::to_string(*next) + " to " + std::to_string(first - 1) +
                  " are missing in front of it";
          }
          next = first + Little(batch, 8, 4);
          return true;
        }));
    if (!gap.empty() && !being_written_) Tell(name, gap);
  }
  return Status();
}

void Check::CheckEmpty(const std::string& name) {
  const Result<std::string> bytes = ReadFile(path_ + "/" + name, kSmallFileBytesMax);
  if (bytes.ok() && !bytes->empty()) Tell(name, "damaged: it should be empty");
}

Status Check::CheckTables() {
  if (const Status tails = store::CheckTables(path_); !tails.ok()) {
    if (!being_written_) Tell("", tails.message());
    return Status();
  }
  rocksdb::Options options = ReaderDbOptions();
  options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status opened = rocksdb::DB::OpenForReadOnly(options, path_, &raw);
  const std::unique_ptr<rocksdb::DB> db(raw);
  if (!opened.ok()) {
    if (!being_written_) Tell("", FromRocks(path_, opened).message());
    return Status();
  }
  std::vector<rocksdb::LiveFileMetaData> tables;
  db->GetLiveFilesMetaData(&tables);
  for (const auto& table : tables) {
    if (progress_ && !progress_(table.size)) return Status::Cancelled(path_ + ": stopped");
  }
  for (const bool whole_files : {true, false}) {
    const rocksdb::Status checked = whole_files ? db->VerifyFileChecksums(rocksdb::ReadOptions())
                                                : db->VerifyChecksum();
    if (!checked.ok() && !being_written_) {
      Tell("", "tables: " + FromRocks(path_, checked).message());
    }
    if (!checked.ok()) break;
  }
  return Status();
}

Status Check::Run() {
  BACKSTEP_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(path_));
  if (const Status regular = CheckDataFiles(path_); !regular.ok()) {
    Tell("", regular.message());
    return Status();
  }
  const std::string manifest = Manifest();
  if (!manifest.empty()) BACKSTEP_RETURN_IF_ERROR(CheckManifest(manifest));
  BACKSTEP_RETURN_IF_ERROR(CheckLogs(names));
  CheckEmpty("LOCK");
  CheckEmpty("lock");
  return CheckTables();
}

}  // namespace

Result<std::vector<FileFinding>> CheckDatabase(const std::string& path, bool being_written,
                                               const std::function<bool(uint64_t)>& progress) {
  Check check(path, being_written, progress);
  BACKSTEP_RETURN_IF_ERROR(check.Run());
  return check.TakeFindings();
}

}  // namespace backstep::store
