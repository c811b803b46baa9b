// RocksDB by itself, as someone would use it who stores records and nothing more: the baseline.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace rocksdb {
class DB;
class WriteBatch;
}

namespace backstep::bench {

// Without compression, otherwise with the options of a recording's log. One thread.
class RawRocks {
 public:
  explicit RawRocks(const std::string& path);
  ~RawRocks();
  void Put(std::string_view key, std::string_view value);
  // Ends a step; every 64 of them are written together.
  void EndStep();
  // Writes what is left and moves all to files.
  void Finish();

 private:
  std::string path_;
  std::unique_ptr<rocksdb::DB> db_;
  std::unique_ptr<rocksdb::WriteBatch> batch_;
  int steps_ = 0;
};

}  // namespace backstep::bench
