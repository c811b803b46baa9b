#include "backstep/store/recording.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "backstep/store/format/log_files.h"
#include "backstep/store/format/manifest.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/small_log.h"

namespace backstep::testing {
namespace {

namespace fs = std::filesystem;
using store::LogState;
using store::LogWriter;
using store::Recording;

std::string ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void WriteText(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::unique_ptr<LogWriter> NewSession(Recording* recording, const std::string& name,
                                      uint64_t steps) {
  auto writer = Must(recording->NewLog(SessionHeader(name), {}));
  PutAgents(writer.get(), {"planner", "coder"});
  WriteSteps(writer.get(), 1, steps);
  return writer;
}

LogId NewBranch(Recording* recording, const std::string& name, LogId parent, uint64_t fork,
                uint64_t steps) {
  auto writer = Must(recording->NewLog(BranchHeader(name, parent, fork), {}));
  WriteSteps(writer.get(), fork + 1, fork + steps);
  REQUIRE(writer->Seal({}) == Status());
  return writer->id();
}

std::string Resolved(const Recording& recording, const std::string& text) {
  const auto moment = recording.ResolveMoment(text);
  if (!moment.ok()) return std::string(moment.status().message());
  return recording.FormatMoment(*moment);
}

// Every file and directory with size and times.
std::map<std::string, std::string> Listing(const std::string& path) {
  std::map<std::string, std::string> out;
  const auto add = [&](const fs::path& entry) {
    struct stat info;
    REQUIRE(lstat(entry.c_str(), &info) == 0);
    out[entry.string()] = std::to_string(info.st_size) + " " +
                          std::to_string(info.st_mtim.tv_sec) + "." +
                          std::to_string(info.st_mtim.tv_nsec) + " " +
                          std::to_string(info.st_ctim.tv_nsec);
  };
  add(path);
  for (const auto& entry : fs::recursive_directory_iterator(path)) add(entry.path());
  return out;
}

}  // namespace

TEST_CASE("creating a recording twice opens it, and its manifest never changes") {
  TempDir dir;
  const std::string path = dir / "a.backstep";
  Must(Recording::Create(path));
  const std::string manifest = ReadText(path + "/manifest.json");
  const auto parsed = Must(store::ParseManifest(manifest, path));
  CHECK(parsed.version == store::kFormatVersion);
  CHECK(parsed.created.size() == 20);
  Must(Recording::Create(path + "/"));
  CHECK(ReadText(path + "/manifest.json") == manifest);
  CHECK(Must(Must(Recording::Open(path))->Logs()).empty());
}

TEST_CASE("what is no recording is refused with what it is") {
  TempDir dir;
  CHECK(Recording::Open(dir / "none").status().code() == StatusCode::kNotFound);
  CHECK(Recording::Open("").status().code() == StatusCode::kInvalidArgument);
  WriteText(dir / "file", "x");
  const Status file = Recording::Open(dir / "file").status();
  CHECK(file.code() == StatusCode::kInvalidArgument);
  CHECK(file.message().find("it is a file") != std::string::npos);
  CHECK(Recording::Create(dir / "file").status().code() == StatusCode::kInvalidArgument);
  CHECK(Recording::Open(dir.path()).status().code() == StatusCode::kInvalidArgument);
  CHECK(Recording::Create(dir.path()).status().code() == StatusCode::kInvalidArgument);
  CHECK(Recording::Create((dir / "file") + "/inside").status().code() == StatusCode::kIo);
  CHECK(Recording::Create(dir / "no/such/parent").status().code() == StatusCode::kIo);
  fs::create_directory(dir / "empty");
  CHECK(Recording::Open(dir / "empty").status().code() == StatusCode::kInvalidArgument);
  CHECK(Recording::Create(dir / "empty").ok());
}

TEST_CASE("a damaged manifest and one of a newer format are refused") {
  TempDir dir;
  const std::string path = dir / "a.backstep";
  Must(Recording::Create(path));
  const std::string file = path + "/manifest.json";
  const std::string sound = ReadText(file);
  const auto code_of = [&](const std::string& text) {
    WriteText(file, text);
    return Recording::Open(path).status().code();
  };
  CHECK(code_of("") == StatusCode::kCorruption);
  CHECK(code_of("[]") == StatusCode::kCorruption);
  CHECK(code_of(std::string(1 << 20, ' ')) == StatusCode::kCorruption);
  CHECK(code_of("{\"name\":\"another program's\"}") == StatusCode::kInvalidArgument);
  std::string newer = sound;
  newer.replace(newer.find("\"version\": 1"), 12, "\"version\": 7");
  CHECK(code_of(newer) == StatusCode::kVersionMismatch);
  CHECK(Recording::Open(path).status().message().find("format 7") != std::string::npos);
  for (size_t i = 0; i < sound.size(); ++i) {
    std::string cut = sound.substr(0, i);
    INFO("cut to " << i);
    CHECK((code_of(cut) == StatusCode::kCorruption || i + 1 == sound.size()));
    std::string flipped = sound;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    const StatusCode code = code_of(flipped);
    INFO("bit of byte " << i);
    // White space may become other white space; anything else is told.
    if (sound[i] != ' ' && sound[i] != '\n') CHECK(code != StatusCode::kOk);
  }
  CHECK(code_of(sound) == StatusCode::kOk);
}

TEST_CASE("logs are listed with how they stand, and one that is broken hides no other") {
  TempDir dir;
  auto recording = Must(Recording::Create(dir / "a.backstep"));
  auto live = NewSession(recording.get(), "live", 3);
  NewSession(recording.get(), "crashed", 4).reset();
  REQUIRE(NewSession(recording.get(), "sealed", 5)->Seal({}) == Status());
  const LogId branch = NewBranch(recording.get(), "retry", LogId{3}, 2, 2);
  const std::string logs = recording->path() + "/logs";
  fs::create_directory(logs + "/9");
  fs::create_directory(logs + "/notes");
  WriteText(logs + "/10", "a file");
  const auto infos = Must(recording->Logs());
  REQUIRE(infos.size() == 6);
  CHECK(infos[0].state == LogState::kLive);
  CHECK(infos[0].last == StepNumber{3});
  CHECK(infos[1].state == LogState::kCrashed);
  CHECK(infos[2].state == LogState::kSealed);
  CHECK(infos[2].end.has_value());
  CHECK(infos[3].session == LogId{3});
  CHECK(infos[3].last == StepNumber{4});
  CHECK(infos[4].error.code() == StatusCode::kIncomplete);
  CHECK_FALSE(infos[5].error.ok());
  CHECK(Must(recording->Branches(LogId{3}))[0].id == branch);
  CHECK(recording->OpenLine(LogId{9}).status().code() == StatusCode::kIncomplete);
  CHECK(recording->OpenLine(LogId{8}).status().message().find("nearest is '#") !=
        std::string::npos);
  // The next log takes a number nobody has.
  CHECK(NewSession(recording.get(), "next", 1)->id() == LogId{11});
}

TEST_CASE("moments are resolved by name, number, share and session") {
  TempDir dir;
  auto recording = Must(Recording::Create(dir / "a.backstep"));
  CHECK(recording->ResolveMoment("last").status().code() == StatusCode::kNotFound);
  NewSession(recording.get(), "first run", 12).reset();
  NewBranch(recording.get(), "retry", LogId{1}, 6, 4);
  CHECK(Resolved(*recording, "main:8") == "main:8");
  CHECK(Resolved(*recording, "8") == "main:8");
  CHECK(Resolved(*recording, "first") == "main:0");
  CHECK(Resolved(*recording, "last") == "main:12");
  CHECK(Resolved(*recording, "50%") == "main:6");
  CHECK(Resolved(*recording, "retry:99.9%") == "retry:9");
  CHECK(Resolved(*recording, "retry") == "retry:10");
  CHECK(Resolved(*recording, "#2:first") == "retry:0");
  CHECK(Resolved(*recording, "first run:main:3") == "main:3");
  CHECK(Resolved(*recording, "first run:retry:3") == "retry:3");
  CHECK(Resolved(*recording, "first run") == "main:12");
  CHECK(Resolved(*recording, "man") == "no branch 'man'; nearest is 'main'");
  CHECK(Resolved(*recording, "rety:3") == "no branch 'rety'; nearest is 'retry'");
  CHECK(Resolved(*recording, "1300") == "step 1300 does not exist; the last is main:12");
  CHECK(Resolved(*recording, "retry:11") == "step 11 does not exist; the last is retry:10");
  CHECK(Resolved(*recording, "99999999999999999999999") ==
        "step 18446744073709551615 does not exist; the last is main:12");
  CHECK(Resolved(*recording, "main:lst").find("'lst' is no step of main") == 0);
  CHECK(Resolved(*recording, "frist run:main:1").find("nearest is 'first run'") !=
        std::string::npos);
  CHECK(recording->ResolveMoment("101%").status().code() == StatusCode::kNotFound);
  CHECK(recording->ResolveMoment("").status().code() == StatusCode::kNotFound);
  CHECK(recording->ResolveMoment(":").status().code() == StatusCode::kNotFound);
  CHECK(recording->BranchName(LogId{1}) == "main");
  CHECK(recording->BranchName(LogId{2}) == "retry");
  CHECK(recording->BranchName(LogId{77}) == "#77");
}

TEST_CASE("with several sessions the newest is meant, or one must be named") {
  TempDir dir;
  auto recording = Must(Recording::Create(dir / "a.backstep"));
  NewSession(recording.get(), "run 12:30", 3).reset();
  NewSession(recording.get(), "later", 5).reset();
  NewBranch(recording.get(), "retry", LogId{1}, 1, 1);
  NewBranch(recording.get(), "retry", LogId{1}, 1, 2);
  CHECK(Resolved(*recording, "last") == "later:main:5");
  CHECK(Resolved(*recording, "run 12:30:main:2") == "run 12:30:main:2");
  CHECK(recording->ResolveMoment("last", false).status().code() == StatusCode::kInvalidArgument);
  CHECK(Must(recording->ResolveMoment("later:main:1", false)).log == LogId{2});
  // Two branches of one name are told apart by number; the name alone means the newer.
  CHECK(Resolved(*recording, "run 12:30:retry:2") == "run 12:30:#4:2");
  CHECK(Resolved(*recording, "run 12:30:#3:2") == "run 12:30:#3:2");
  CHECK(Resolved(*recording, "#3:2") == "run 12:30:#3:2");
}

TEST_CASE("a branch is deleted with its children or not at all, and its number stays taken") {
  TempDir dir;
  auto recording = Must(Recording::Create(dir / "a.backstep"));
  NewSession(recording.get(), "run", 8).reset();
  const LogId branch = NewBranch(recording.get(), "retry", LogId{1}, 4, 3);
  const LogId child = NewBranch(recording.get(), "again", branch, 6, 2);
  CHECK(recording->DeleteBranch(LogId{1}, true).code() == StatusCode::kInvalidArgument);
  CHECK(recording->DeleteBranch(LogId{77}, true).code() == StatusCode::kNotFound);
  const Status refused = recording->DeleteBranch(branch, false);
  CHECK(refused.code() == StatusCode::kInvalidArgument);
  CHECK(refused.message().find("again") != std::string::npos);
  {
    auto writer = Must(recording->NewLog(BranchHeader("live", child, 7), {}));
    CHECK(recording->DeleteBranch(branch, true).code() == StatusCode::kUnavailable);
  }
  REQUIRE(recording->DeleteBranch(branch, true) == Status());
  CHECK(Must(recording->Logs()).size() == 1);
  CHECK(NewBranch(recording.get(), "new", LogId{1}, 4, 1) == LogId{5});
}

TEST_CASE("what was seen of a crash is kept beside its log, and beside no other") {
  TempDir dir;
  auto recording = Must(Recording::Create(dir / "a.backstep"));
  auto live = NewSession(recording.get(), "live", 2);
  NewSession(recording.get(), "crashed", 2).reset();
  REQUIRE(NewSession(recording.get(), "sealed", 2)->Seal({}) == Status());
  CutOff seen{"cancelled", "it hung", {}, {StepNumber(3), {{"coder", AgentClock(2), {"a/1.0"}}}}};
  seen.summary.exact = 7;
  for (const uint32_t id : {1, 2, 3}) REQUIRE(recording->KeepCutOff(LogId{id}, seen) == Status());
  CutOff later = seen;
  later.result = "crashed";
  REQUIRE(recording->KeepCutOff(LogId{2}, later) == Status());
  const auto logs = Must(recording->Logs());
  CHECK_FALSE(logs[0].cut_off);
  CHECK(logs[1].cut_off == seen);
  CHECK_FALSE(logs[2].cut_off);
  CHECK_FALSE(fs::exists(recording->path() + "/logs/1/cut_off"));
  CHECK_FALSE(fs::exists(recording->path() + "/logs/3/cut_off"));
}

TEST_CASE("what is said of a crash may be anything and takes nothing from its log") {
  TempDir dir;
  auto recording = Must(Recording::Create(dir / "a.backstep"));
  NewSession(recording.get(), "crashed", 2).reset();
  for (const char* text :
       {"", "{}", "[1]", "{\"checksum\":4}", "\xff\xfe", "{\"result\":\"crashed\"}"}) {
    WriteText(recording->path() + "/logs/1/cut_off", text);
    const auto logs = Must(recording->Logs());
    CHECK_FALSE(logs[0].cut_off);
    CHECK(logs[0].error == Status());
    CHECK(logs[0].last == StepNumber(2));
  }
}

TEST_CASE("reading creates and changes nothing inside a recording") {
  TempDir dir;
  auto recording = Must(Recording::Create(dir / "a.backstep"));
  auto live = NewSession(recording.get(), "live", 30);
  NewSession(recording.get(), "crashed", 30).reset();
  REQUIRE(NewSession(recording.get(), "sealed", 30)->Seal({}) == Status());
  NewBranch(recording.get(), "retry", LogId{3}, 10, 5);
  fs::copy(recording->path(), dir / "copy.backstep", fs::copy_options::recursive);
  const auto remove_write = [&](fs::perms perms, fs::perm_options how) {
    for (const auto& entry : fs::recursive_directory_iterator(dir / "copy.backstep")) {
      fs::permissions(entry.path(), perms, how);
    }
    fs::permissions(dir / "copy.backstep", perms, how);
  };
  const auto write = fs::perms::owner_write | fs::perms::group_write | fs::perms::others_write;
  remove_write(write, fs::perm_options::remove);
  for (const std::string& path : {recording->path(), dir / "copy.backstep"}) {
    const auto before = Listing(path);
    auto reader = Must(Recording::Open(path));
    CHECK(Must(reader->Logs()).size() == 4);
    CHECK(Resolved(*reader, "sealed:main:2") == "sealed:main:2");
    for (const uint32_t id : {1, 2, 3, 4}) {
      auto line = Must(reader->OpenLine(LogId{id}));
      Must(line->Refresh());
      Must(line->CutAt(line->last()));
      Must(line->Digest());
      CHECK(Must(line->State(AgentId{1}, StepNumber{9})).bytes == StateText(9));
    }
    CHECK(Listing(path) == before);
  }
  remove_write(fs::perms::owner_write, fs::perm_options::add);
}

TEST_CASE("a log claimed by one recorder is not another's") {
  TempDir dir;
  auto recording = Must(Recording::Create(dir / "a.backstep"));
  auto first = NewSession(recording.get(), "first", 1);
  auto second = NewSession(recording.get(), "second", 1);
  CHECK(first->id() == LogId{1});
  CHECK(second->id() == LogId{2});
  CHECK(store::WriterLock::Take(recording->path() + "/logs/1").status().code() ==
        StatusCode::kUnavailable);
}

TEST_CASE("a branch that cannot be is refused before it takes a number") {
  TempDir dir;
  auto recording = Must(Recording::Create(dir / "a.backstep"));
  NewSession(recording.get(), "run", 3).reset();
  CHECK(recording->NewLog(BranchHeader("b", LogId{1}, 4), {}).status().code() ==
        StatusCode::kNotFound);
  CHECK_FALSE(recording->NewLog(BranchHeader("b", LogId{2}, 1), {}).ok());
  CHECK(Must(recording->Logs()).size() == 1);
}

TEST_CASE("a log moved into another place, and ancestors that are gone or in a circle, are told") {
  TempDir dir;
  auto recording = Must(Recording::Create(dir / "a.backstep"));
  NewSession(recording.get(), "run", 3).reset();
  NewBranch(recording.get(), "b", LogId{1}, 2, 1);
  const std::string logs = recording->path() + "/logs/";
  fs::rename(logs + "2", logs + "5");
  CHECK(recording->OpenLine(LogId{5}).status().code() == StatusCode::kCorruption);
  fs::rename(logs + "5", logs + "2");
  // The branch takes its parent's place: it would be its own ancestor.
  fs::rename(logs + "1", logs + "7");
  fs::copy(logs + "2", logs + "1", fs::copy_options::recursive);
  CHECK(Must(Recording::Open(recording->path()))->OpenLine(LogId{2}).status().code() ==
        StatusCode::kCorruption);
  fs::remove_all(logs + "1");
  auto reopened = Must(Recording::Open(recording->path()));
  CHECK_FALSE(reopened->OpenLine(LogId{2}).ok());
  const auto infos = Must(reopened->Logs());
  REQUIRE(infos.size() == 2);
  CHECK_FALSE(infos[0].error.ok());
}

TEST_CASE("data files that are missing, empty, cut or flipped give errors and no crash") {
  TempDir dir;
  auto recording = Must(Recording::Create(dir / "a.backstep"));
  NewSession(recording.get(), "crashed", 20).reset();
  REQUIRE(NewSession(recording.get(), "sealed", 20)->Seal({}) == Status());
  const Hash128 sealed = Must(Must(recording->OpenLine(LogId{2}))->Digest());
  int told = 0;
  const auto read_all = [&] {
    auto copy = Must(Recording::Open(dir / "copy.backstep"));
    static_cast<void>(copy->Logs());
    for (const uint32_t id : {1, 2}) {
      auto line = copy->OpenLine(LogId{id});
      if (!line.ok()) {
        ++told;
        continue;
      }
      const auto digest = (*line)->Digest();
      if (!digest.ok()) ++told;
      // What a crashed log has lost at its end it cannot know; a sealed one is whole or says so.
      if (digest.ok() && id == 2) CHECK(*digest == sealed);
      static_cast<void>((*line)->CutAt((*line)->last()));
      static_cast<void>((*line)->State(AgentId{1}, (*line)->last()));
    }
  };
  for (const auto& entry : fs::recursive_directory_iterator(recording->path() + "/logs")) {
    if (!entry.is_regular_file()) continue;
    const std::string relative = fs::relative(entry.path(), recording->path()).string();
    const std::string sound = ReadText(entry.path().string());
    for (int damage = 0; damage < 6; ++damage) {
      INFO(relative << " damage " << damage);
      fs::remove_all(dir / "copy.backstep");
      fs::copy(recording->path(), dir / "copy.backstep", fs::copy_options::recursive);
      const std::string target = (dir / "copy.backstep") + "/" + relative;
      std::string text = sound;
      if (damage == 0) fs::remove(target);
      if (damage == 1) text.clear();
      if (damage == 2) text.resize(text.size() / 2);
      if (damage > 2 && !text.empty()) text[text.size() * (damage - 2) / 4] ^= 0x10;
      if (damage > 0) WriteText(target, text);
      read_all();
    }
  }
  CHECK(told > 20);
}

}  // namespace backstep::testing
