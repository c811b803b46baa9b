#include "backstep/store/log/rocks/table_copy.h"

#include <memory>
#include <vector>

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/sst_file_writer.h>

#include "backstep/store/format/files.h"
#include "backstep/store/log/rocks/kv_store.h"
#include "backstep/store/log/rocks/rocks_options.h"

namespace backstep::store {
namespace {

constexpr uint64_t kTableBytes = uint64_t{64} << 20;
constexpr uint64_t kReportBytes = 1 << 20;

// Gathers what is in key order, and reports it in parts.
class Tally {
 public:
  explicit Tally(const CopyProgress& progress) : progress_(progress) {}

  Status Add(std::string_view key, std::string_view value) {
    ++contents_.keys;
    contents_.bytes += key.size() + value.size();
    hasher_.AddField(key);
    hasher_.AddField(value);
    unreported_ += key.size() + value.size();
    return unreported_ < kReportBytes ? Status() : Report();
  }
  Result<Contents> Finish() {
    BACKSTEP_RETURN_IF_ERROR(Report());
    contents_.hash = hasher_.Digest();
    return contents_;
  }

 private:
  Status Report() {
    const bool go_on = progress_(unreported_);
    unreported_ = 0;
    return go_on ? Status() : Status::Cancelled("cancelled; the log is as it was");
  }

  const CopyProgress& progress_;
  Contents contents_;
  Hasher hasher_;
  uint64_t unreported_ = 0;
};

// Tables beside each other, filled in key order.
class Tables {
 public:
  Tables(const std::string& folder, const rocksdb::Options& options)
      : folder_(folder), options_(options) {}

  Status Put(std::string_view key, std::string_view value) {
    if (writer_ == nullptr) BACKSTEP_RETURN_IF_ERROR(Begin());
    BACKSTEP_RETURN_IF_ERROR(FromRocks(
        paths_.back(), writer_->Put({key.data(), key.size()}, {value.data(), value.size()})));
    return writer_->FileSize() < kTableBytes ? Status() : End();
  }
  Status End() {
    if (writer_ == nullptr) return {};
    const Status ended = FromRocks(paths_.back(), writer_->Finish());
    writer_.reset();
    return ended;
  }
  const std::vector<std::string>& paths() const { return paths_; }

 private:
  Status Begin() {
    paths_.push_back(folder_ + "/table-" + std::to_string(paths_.size()));
    writer_ = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(), options_);
    return FromRocks(paths_.back(), writer_->Open(paths_.back()));
  }

  const std::string folder_;
  const rocksdb::Options& options_;
  std::vector<std::string> paths_;
  std::unique_ptr<rocksdb::SstFileWriter> writer_;
};

Result<rocksdb::Options> TightOptions(rocksdb::Env* env, uint64_t content_bytes, int level) {
  rocksdb::Options options = WriterDbOptions(env, true);
  const rocksdb::ColumnFamilyOptions ordinary(options);
  rocksdb::ColumnFamilyOptions tight;
  BACKSTEP_RETURN_IF_ERROR(FromRocks(
      "options of tight tables",
      rocksdb::GetColumnFamilyOptionsFromMap(rocksdb::ConfigOptions(), ordinary,
                                             SealedTableOptions(content_bytes, level), &tight)));
  return rocksdb::Options(options, tight);
}

Status Merge(const KvReader& from, const std::map<std::string, std::string>& more, Tables* tables,
             Tally* tally) {
  const auto put = [&](std::string_view key, std::string_view value) {
    BACKSTEP_RETURN_IF_ERROR(tally->Add(key, value));
    return tables->Put(key, value);
  };
  const auto cursor = from.NewCursor();
  auto next = more.begin();
  for (cursor->Seek(""); cursor->Valid(); cursor->Next()) {
    for (; next != more.end() && next->first < cursor->key(); ++next) {
      BACKSTEP_RETURN_IF_ERROR(put(next->first, next->second));
    }
    BACKSTEP_RETURN_IF_ERROR(put(cursor->key(), cursor->value()));
  }
  BACKSTEP_RETURN_IF_ERROR(cursor->status());
  for (; next != more.end(); ++next) BACKSTEP_RETURN_IF_ERROR(put(next->first, next->second));
  return tables->End();
}

Status Adopt(const std::string& folder, const std::vector<std::string>& tables,
             const rocksdb::Options& options) {
  rocksdb::DB* opened = nullptr;
  BACKSTEP_RETURN_IF_ERROR(FromRocks(folder, rocksdb::DB::Open(options, folder, &opened)));
  const std::unique_ptr<rocksdb::DB> db(opened);
  rocksdb::IngestExternalFileOptions ingest;
  ingest.move_files = true;
  BACKSTEP_RETURN_IF_ERROR(FromRocks(folder, db->IngestExternalFile(tables, ingest)));
  return FromRocks(folder, db->Close());
}

}  // namespace

Result<Contents> CopyToTables(const KvReader& from, const std::map<std::string, std::string>& more,
                              const std::string& to, uint64_t content_bytes, int level,
                              const CopyProgress& progress) {
  const std::unique_ptr<rocksdb::Env> env = OwnerOnlyEnv(true);
  BACKSTEP_ASSIGN_OR_RETURN(const rocksdb::Options options,
                            TightOptions(env.get(), content_bytes, level));
  Tables tables(to, options);
  Tally tally(progress);
  BACKSTEP_RETURN_IF_ERROR(Merge(from, more, &tables, &tally));
  BACKSTEP_ASSIGN_OR_RETURN(const Contents contents, tally.Finish());
  BACKSTEP_RETURN_IF_ERROR(Adopt(to, tables.paths(), options));
  BACKSTEP_RETURN_IF_ERROR(DropOptionsFiles(to));
  BACKSTEP_RETURN_IF_ERROR(SyncDirectory(to));
  return contents;
}

Result<Contents> ReadContents(const KvReader& from, const CopyProgress& progress) {
  Tally tally(progress);
  const auto cursor = from.NewCursor();
  for (cursor->Seek(""); cursor->Valid(); cursor->Next()) {
    BACKSTEP_RETURN_IF_ERROR(tally.Add(cursor->key(), cursor->value()));
  }
  BACKSTEP_RETURN_IF_ERROR(cursor->status());
  return tally.Finish();
}

}  // namespace backstep::store
