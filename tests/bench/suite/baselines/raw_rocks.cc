#include "backstep/tests/bench/suite/baselines/raw_rocks.h"

#include <filesystem>

#include <rocksdb/db.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include "backstep/tests/bench/suite/section.h"

namespace backstep::bench {
namespace {

constexpr int kStepsABatch = 64;

void Check(const rocksdb::Status& status) {
  if (!status.ok()) Fail(status.ToString());
}

}  // namespace

RawRocks::RawRocks(const std::string& path)
    : path_(path), batch_(std::make_unique<rocksdb::WriteBatch>()) {
  std::filesystem::remove_all(path);
  rocksdb::Options options;
  options.create_if_missing = true;
  options.compression = rocksdb::kNoCompression;
  options.max_background_jobs = 2;
  options.write_buffer_size = 16 << 20;
  options.max_write_buffer_number = 4;
  options.level0_file_num_compaction_trigger = 16;
  options.max_total_wal_size = 32 << 20;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = 64 << 10;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  rocksdb::DB* db = nullptr;
  Check(rocksdb::DB::Open(options, path, &db));
  db_.reset(db);
}

RawRocks::~RawRocks() {
  db_.reset();
  std::filesystem::remove_all(path_);
}

void RawRocks::Put(std::string_view key, std::string_view value) {
  Check(batch_->Put({key.data(), key.size()}, {value.data(), value.size()}));
}

void RawRocks::EndStep() {
  if (++steps_ % kStepsABatch != 0) return;
  Check(db_->Write(rocksdb::WriteOptions(), batch_.get()));
  batch_->Clear();
}

void RawRocks::Finish() {
  Check(db_->Write(rocksdb::WriteOptions(), batch_.get()));
  batch_->Clear();
  Check(db_->Flush(rocksdb::FlushOptions()));
}

}  // namespace backstep::bench
