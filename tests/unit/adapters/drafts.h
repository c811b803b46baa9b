// Drafts written into a recording and read back, for tests of what an import writes.
#pragma once

#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backstep/recorder/adapters/core/source.h"
#include "backstep/recorder/adapters/import.h"
#include "backstep/store/index/index.h"
#include "backstep/store/line.h"
#include "backstep/store/recording.h"
#include "backstep/store/verify.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"

namespace backstep::adapters::testing {

// Stands for a format: hands over what a test makes.
class DraftImporter final : public Importer {
 public:
  using Make = std::function<Status(Sink&)>;
  explicit DraftImporter(Make make) : make_(std::move(make)) {}
  const FormatInfo& info() const override { return info_; }
  int Detect(const Head& head) const override { return head.bytes.starts_with("draft") ? 90 : 0; }
  Status Read(Source& source, Sink& sink) override {
    BACKSTEP_RETURN_IF_ERROR(source.ReadAll().status());
    return make_(sink);
  }

 private:
  const FormatInfo info_{"draft", "Drafts of tests", "all", "nothing"};
  Make make_;
};

// A recording made of drafts, in a directory of its own.
class Imported {
 public:
  Imported() { std::ofstream(dir_ / "in") << "draft\n"; }

  ImportOptions Options() const {
    ImportOptions options;
    options.files = {dir_ / "in"};
    options.recording = path();
    return options;
  }
  std::string path() const { return dir_ / "out.backstep"; }
  const backstep::testing::TempDir& dir() const { return dir_; }

  Result<ImportSummary> TryImport(DraftImporter::Make make, const ImportOptions& options) {
    std::vector<std::unique_ptr<Importer>> importers;
    importers.push_back(std::make_unique<DraftImporter>(std::move(make)));
    return ImportWith(options, std::move(importers));
  }
  ImportSummary Import(DraftImporter::Make make) {
    auto summary = TryImport(std::move(make), Options());
    INFO(summary.status().ToString());
    REQUIRE(summary.ok());
    Open();
    return std::move(summary).value();
  }
  ImportSummary Import(SessionDraft draft) {
    return Import([&](Sink& sink) { return sink.Session(std::move(draft)); });
  }

  // After an import by other means.
  void Open() { recording_ = std::move(store::Recording::Open(path()).value()); }

  store::Recording& recording() { return *recording_; }
  std::unique_ptr<store::Line> Read(uint32_t log = 1) {
    auto line = recording_->OpenLine(LogId(log));
    INFO(line.status().ToString());
    REQUIRE(line.ok());
    return std::move(line).value();
  }
  // Sound, sealed, and the index agrees.
  void CheckSound() {
    const auto report = store::Verify(*recording_, {});
    REQUIRE(report.ok());
    for (const store::Finding& finding : report->findings) {
      UNSCOPED_INFO(finding.where << ": " << finding.what);
    }
    CHECK(report->findings.empty());
    const auto differences = store::CompareIndex(*recording_);
    REQUIRE(differences.ok());
    for (const std::string& difference : *differences) UNSCOPED_INFO(difference);
    CHECK(differences->empty());
    const auto logs = recording_->Logs();
    REQUIRE(logs.ok());
    for (const store::LogInfo& log : *logs) {
      CHECK(log.state == store::LogState::kSealed);
    }
  }

 private:
  backstep::testing::TempDir dir_;
  std::unique_ptr<store::Recording> recording_;
};

}  // namespace backstep::adapters::testing
