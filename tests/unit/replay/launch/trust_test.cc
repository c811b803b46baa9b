#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "backstep/replay/launch.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/support/variables.h"

using namespace backstep;
using namespace backstep::replay;
using backstep::testing::TempDir;

namespace {

// A state directory of its own, and a binary that can be changed.
class Trust {
 public:
  Trust() {
    WriteBinary("one");
    header_.command = {"program", "--fast"};
    header_.executable = dir_ / "program";
    header_.working_directory = dir_.path();
  }

  void WriteBinary(const std::string& text) { std::ofstream(dir_ / "program") << text; }
  std::string recording() const { return dir_ / "a.backstep"; }
  std::string folder() const { return dir_ / "state/backstep/trusted"; }
  StatusCode Check() const { return CheckTrusted(recording(), header_).code(); }

  LogHeader header_;

 private:
  TempDir dir_;
  const testing::Variables state_folder_{"XDG_STATE_HOME", dir_ / "state"};
};

}  // namespace

TEST_CASE("a recording is trusted once it is remembered, by whatever path it is named") {
  Trust trust;
  CHECK(trust.Check() == StatusCode::kNotFound);
  REQUIRE(RememberTrusted(trust.recording(), trust.header_).ok());
  REQUIRE(RememberTrusted(trust.recording(), trust.header_).ok());
  CHECK(trust.Check() == StatusCode::kOk);
  const std::string roundabout = trust.folder() + "/../../../a.backstep";
  CHECK(CheckTrusted(roundabout, trust.header_).ok());
  CHECK(CheckTrusted(trust.recording() + "2", trust.header_).code() == StatusCode::kNotFound);
}

TEST_CASE("a changed binary is named, and remembering it anew trusts it") {
  Trust trust;
  REQUIRE(RememberTrusted(trust.recording(), trust.header_).ok());
  trust.WriteBinary("two");
  const Status status = CheckTrusted(trust.recording(), trust.header_);
  CHECK(status.code() == StatusCode::kInvalidArgument);
  CHECK(status.message().find(trust.header_.executable) != std::string::npos);
  REQUIRE(RememberTrusted(trust.recording(), trust.header_).ok());
  CHECK(trust.Check() == StatusCode::kOk);
}

TEST_CASE("another command line of the same binary is not trusted") {
  Trust trust;
  REQUIRE(RememberTrusted(trust.recording(), trust.header_).ok());
  trust.header_.command.push_back("--delete-everything");
  CHECK(trust.Check() == StatusCode::kNotFound);
}

TEST_CASE("the store is for its owner alone, and one that others can write says nothing") {
  Trust trust;
  REQUIRE(RememberTrusted(trust.recording(), trust.header_).ok());
  std::string file;
  for (const auto& entry : std::filesystem::directory_iterator(trust.folder())) {
    file = entry.path();
  }
  struct stat info;
  REQUIRE(stat(file.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  REQUIRE(chmod(file.c_str(), 0666) == 0);
  CHECK(trust.Check() == StatusCode::kNotFound);
}

TEST_CASE("damage in the store is no trust and no failure") {
  Trust trust;
  REQUIRE(RememberTrusted(trust.recording(), trust.header_).ok());
  for (const auto& entry : std::filesystem::directory_iterator(trust.folder())) {
    std::ofstream(entry.path()) << "{\"executable_hash\": 7}\n\xff\xfe not json\n[]\n";
  }
  CHECK(trust.Check() == StatusCode::kNotFound);
  REQUIRE(RememberTrusted(trust.recording(), trust.header_).ok());
  CHECK(trust.Check() == StatusCode::kOk);
}
