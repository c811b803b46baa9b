#include <cstdlib>
#include <filesystem>

#include "backstep/store/verify.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/random_log.h"
#include "backstep/tests/unit/store/small_log.h"

// Recordings of earlier formats, kept as they were written: they must stay readable for ever.
// A new format version gets a recording of its own beside them:
//   BACKSTEP_TEST_COMPAT=tests/compat/vN unit_store "write a recording to keep"
namespace backstep::testing {
namespace {

using store::LogState;
using store::Recording;

constexpr uint64_t kSeed = 1;

std::string CopyOf(const TempDir& dir, const std::string& version) {
  const std::string path = dir / version;
  std::filesystem::copy(std::string(BACKSTEP_SOURCE_DIR) + "/tests/compat/" + version, path,
                        std::filesystem::copy_options::recursive);
  return path;
}

}  // namespace

TEST_CASE("write a recording to keep", "[.]") {
  const char* path = std::getenv("BACKSTEP_TEST_COMPAT");
  if (path == nullptr) FAIL("BACKSTEP_TEST_COMPAT must say where to write it");
  auto recording = Must(Recording::Create(path));
  RandomLog main(kSeed, recording.get(), nullptr, StepNumber{});
  main.Write(300);
  main.Close(true);
  RandomLog branch(kSeed + 1, recording.get(), &main.model(), StepNumber{270});
  branch.Write(40);
  branch.Close(false);
  for (const RandomLog* log : {&main, &branch}) {
    WARN(Must(Must(recording->OpenLine(log->model().id))->Digest()).ToHex());
  }
}

TEST_CASE("a recording of format 1 is read as it was written") {
  TempDir dir;
  auto recording = Must(Recording::Open(CopyOf(dir, "v1")));
  const auto logs = Must(recording->Logs());
  REQUIRE(logs.size() == 2);
  CHECK(logs[0].state == LogState::kSealed);
  CHECK(logs[1].state == LogState::kCrashed);
  CHECK(Must(Must(recording->OpenLine(LogId{1}))->Digest()).ToHex() ==
        "7829bedde340611fa39e4587e277e892");
  auto branch = Must(recording->OpenLine(LogId{2}));
  CHECK(branch->last() == StepNumber{310});
  CHECK(Must(branch->Digest()).ToHex() == "11ba5a3a8c8c0eed00a24aa2e8e81ad0");
  uint64_t bodies = 0;
  REQUIRE(branch->ScanEffects(StepNumber{0}, [&](const EffectRecord& effect) {
    if (Must(branch->ReadBody(effect.request)).bytes.starts_with("request ")) ++bodies;
    return true;
  }) == Status());
  CHECK(bodies > 50);
  const store::VerifyReport report = Must(store::Verify(*recording, nullptr));
  for (const store::Finding& finding : report.findings) {
    // The index is not part of the format, and the recording was kept without one.
    CHECK(finding.where + ": " + finding.what == "");
  }
}

}  // namespace backstep::testing
