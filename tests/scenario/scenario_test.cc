#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "backstep/tests/scenario/script.h"
#include "backstep/tests/scenario/stage.h"
#include "backstep/tests/support/catch.h"

namespace backstep::testing {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> Scripts() {
  std::vector<std::string> paths;
  for (const auto& entry : fs::directory_iterator(BACKSTEP_SOURCE_DIR "/tests/scenario/scripts")) {
    if (entry.path().extension() == ".txt") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void PlayScript(const std::string& path) {
  const std::string name = fs::path(path).filename().string();
  Stage stage;
  bool skip = false;
  for (const ScriptLine& line : ParseScript(ReadText(path), name)) {
    const std::string wrong = stage.Play(line, &skip);
    if (skip) {
      WARN(name << " was not played: there is no program " << line.text);
      return;
    }
    INFO(name << ":" << line.number << ": " << line.word << " " << line.text << "\n" << wrong);
    REQUIRE(wrong.empty());
  }
}

}  // namespace

TEST_CASE("every scenario goes as written") {
  REQUIRE_FALSE(Scripts().empty());
  for (const std::string& path : Scripts()) {
    DYNAMIC_SECTION(fs::path(path).stem().string()) { PlayScript(path); }
  }
}

TEST_CASE("a scenario that does not go as written is told with its line") {
  CHECK(Mismatch({"one", "took <dur>", "..."}, "one\ntook 1.2 ms\nmore\n").empty());
  CHECK(Mismatch({"...", "last  <n>"}, "a\nb\nlast 12\n").empty());
  CHECK(Mismatch({"one"}, "one\ntwo\n").find("first unexpected > two") != std::string::npos);
  CHECK(Mismatch({"one", "two"}, "one\n").find("nothing more") != std::string::npos);
  CHECK_FALSE(Mismatch({"took <dur>"}, "took long\n").empty());
  CHECK_THROWS(ParseScript("frobnicate x\n", "s.txt"));
}

}  // namespace backstep::testing
