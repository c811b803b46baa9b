#include "backstep/replay/host/position_page.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"

using namespace backstep;
using replay::host::PositionPage;
using replay::host::PositionWriter;
using testing::TempDir;

namespace {

Position Somewhere() {
  return {
      StepNumber(12),
      {{"planner", AgentClock(4), {"@outside/0.0", "coder/3.1"}}, {"co\nder", AgentClock(5), {}}}};
}

}  // namespace

TEST_CASE("what a host writes into its page its debugger reads, the newest each time") {
  TempDir dir;
  auto page = PositionPage::Create(dir / "page");
  REQUIRE(page.ok());
  CHECK((*page)->Read() == Position());
  {
    auto host = PositionWriter::Open(dir / "page");
    REQUIRE(host.ok());
    for (uint64_t step = 1; step < 10; ++step) {
      Position position = Somewhere();
      position.committed = StepNumber(step);
      (*host)->Write(position);
      CHECK((*page)->Read() == position);
    }
    (*host)->Write({StepNumber(13), {}});
  }
  CHECK((*page)->Read() == Position{StepNumber(13), {}});
}

TEST_CASE("each position and each live call that begins or ends is a sign of life") {
  TempDir dir;
  auto page = PositionPage::Create(dir / "page");
  REQUIRE(page.ok());
  auto host = PositionWriter::Open(dir / "page");
  REQUIRE(host.ok());
  CHECK_FALSE((*page)->Signs().running());
  (*host)->Write(Somewhere());
  auto last = (*page)->Signs();
  CHECK(last.running());
  CHECK_FALSE(last.in_live_call());
  const std::vector<std::pair<bool, bool>> nested{
      {true, true}, {true, true}, {false, true}, {false, false}};
  for (const auto& [begins, in_call] : nested) {
    (*host)->CountLiveCall(begins);
    const auto signs = (*page)->Signs();
    CHECK(signs.in_live_call() == in_call);
    CHECK_FALSE(signs == last);
    last = signs;
  }
  CHECK((*page)->Read() == Somewhere());
}

TEST_CASE("a page keeps the innermost activations and bounds what it keeps of each") {
  TempDir dir;
  auto page = PositionPage::Create(dir / "page");
  REQUIRE(page.ok());
  Position deep;
  for (uint64_t i = 0; i < 100; ++i) {
    deep.open.push_back({std::string(1000, 'a'), AgentClock(i), {}});
    deep.open.back().took.assign(50, std::string(1000, 'm'));
  }
  auto host = PositionWriter::Open(dir / "page");
  REQUIRE(host.ok());
  (*host)->Write(deep);
  const Position read = (*page)->Read();
  REQUIRE_FALSE(read.open.empty());
  CHECK(read.open.back().clock == AgentClock(99));
  CHECK(read.open.size() < 100);
  CHECK(read.open.back().took.size() < 50);
}

TEST_CASE("a page that holds anything else says nothing") {
  TempDir dir;
  auto page = PositionPage::Create(dir / "page");
  REQUIRE(page.ok());
  PositionWriter::Open(dir / "page").value()->Write(Somewhere());
  CHECK((*page)->Read() == Somewhere());
  const auto size = std::filesystem::file_size(dir / "page");
  for (size_t at = 8; at < 400; ++at) {
    std::fstream file(dir / "page", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at < 12 ? at : at + size / 2));
    file << '\xff' << '\xff' << '\xff' << '\xff';
    file.close();
    CHECK((*page)->Read().open.size() <= 4);
  }
  std::filesystem::resize_file(dir / "page", 3);
  CHECK((*page)->Read() == Position());
}

TEST_CASE("a host takes no file for its page that is none") {
  TempDir dir;
  CHECK(PositionWriter::Open(dir / "none").status().code() == StatusCode::kNotFound);
  std::ofstream(dir / "short") << "bsplace1";
  CHECK(PositionWriter::Open(dir / "short").status().code() == StatusCode::kInvalidArgument);
  REQUIRE(mkfifo((dir / "pipe").c_str(), 0600) == 0);
  CHECK_FALSE(PositionWriter::Open(dir / "pipe").ok());
  REQUIRE(PositionPage::Create(dir / "page").ok());
  CHECK_FALSE(PositionPage::Create(dir / "page").ok());
  std::ofstream(dir / "page", std::ios::in | std::ios::out | std::ios::binary) << "another";
  CHECK(PositionWriter::Open(dir / "page").status().code() == StatusCode::kInvalidArgument);
}
