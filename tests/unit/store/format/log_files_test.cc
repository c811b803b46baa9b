#include "backstep/store/format/log_files.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "backstep/store/format/files.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"

namespace backstep::store {
namespace {

using backstep::testing::TempDir;

void WriteText(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace

TEST_CASE("a seal says of every file its size and hash, and any change of it is noticed") {
  TempDir dir;
  const std::string log = dir / "1";
  std::filesystem::create_directory(log);
  WriteText(log + "/000001.sst", "data");
  WriteText(log + "/a name with spaces", std::string(300000, 'x'));
  WriteText(log + "/lock", "");
  CHECK(ReadSeal(log).status().code() == StatusCode::kNotFound);
  REQUIRE(WriteSeal(log) == Status());
  CHECK(IsSealed(log));
  const auto files = ReadSeal(log);
  REQUIRE(files.ok());
  REQUIRE(files->size() == 2);
  CHECK((*files)[0].name == "000001.sst");
  CHECK((*files)[0].size == 4);
  CHECK((*files)[0].hash == HashBytes("data"));
  CHECK((*files)[1].name == "a name with spaces");
  CHECK(WriteSeal(log).code() == StatusCode::kIo);
  std::ifstream in(log + "/seal");
  const std::string sound{std::istreambuf_iterator<char>(in), {}};
  for (size_t i = 0; i < sound.size(); ++i) {
    INFO("byte " << i);
    std::string text = sound;
    text[i] = static_cast<char>(text[i] ^ 1);
    WriteText(log + "/seal", text);
    CHECK(ReadSeal(log).status().code() == StatusCode::kCorruption);
    WriteText(log + "/seal", sound.substr(0, i));
    CHECK(ReadSeal(log).status().code() == StatusCode::kCorruption);
  }
}

TEST_CASE("a lock is seen while it is held and taken once") {
  TempDir dir;
  CHECK(IsLocked(dir.path()).status().code() == StatusCode::kNotFound);
  auto lock = WriterLock::Take(dir.path());
  REQUIRE(lock.ok());
  CHECK(*IsLocked(dir.path()));
  CHECK(WriterLock::Take(dir.path()).status().code() == StatusCode::kUnavailable);
  CHECK(*IsLocked(dir.path()));
  lock->reset();
  CHECK_FALSE(*IsLocked(dir.path()));
  CHECK(WriterLock::Take(dir.path()).ok());
}

TEST_CASE("log numbers go up and a removed log's is not given again") {
  TempDir dir;
  CHECK(ListLogs(dir.path())->empty());
  CHECK(*ClaimLog(dir.path()) == LogId{1});
  CHECK(*ClaimLog(dir.path()) == LogId{2});
  WriteText(LogPath(dir.path(), LogId{2}) + "/data", "x");
  REQUIRE(RemoveLog(dir.path(), LogId{2}) == Status());
  CHECK(*ListLogs(dir.path()) == std::vector<LogId>{LogId{1}});
  CHECK(*ClaimLog(dir.path()) == LogId{3});
  std::filesystem::create_directory(LogsPath(dir.path()) + "/4294967295");
  CHECK(ClaimLog(dir.path()).status().code() == StatusCode::kIo);
}

TEST_CASE("only plain numbers name logs") {
  CHECK(ParseLogName("7") == LogId{7});
  for (const char* name : {"", "0", "07", "-1", "+1", "1 ", "4294967296", "1.deleted", "x"}) {
    INFO(name);
    CHECK(ParseLogName(name) == LogId{0});
  }
}

TEST_CASE("a file is created whole, once, and for its owner alone") {
  TempDir dir;
  const mode_t before = umask(0);
  CHECK(*CreateFileWhole(dir / "file", "first"));
  umask(before);
  CHECK_FALSE(*CreateFileWhole(dir / "file", "second"));
  CHECK(*ReadFile(dir / "file", 100) == "first");
  CHECK(ReadFile(dir / "file", 4).status().code() == StatusCode::kCorruption);
  CHECK(ReadFile(dir / "none", 4).status().code() == StatusCode::kNotFound);
  CHECK(ReadFile(dir.path(), 4).status().code() == StatusCode::kCorruption);
  struct stat info;
  REQUIRE(stat((dir / "file").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(ListDirectory(dir.path())->size() == 1);
  const Status refused = CreateFileWhole(dir / "none/file", "x").status();
  CHECK(refused.code() == StatusCode::kIo);
  CHECK(refused.message().find("No such file or directory") != std::string::npos);
  mkfifo((dir / "pipe").c_str(), 0600);
  CHECK(ReadFile(dir / "pipe", 4).status().code() == StatusCode::kCorruption);
}

}  // namespace backstep::store
