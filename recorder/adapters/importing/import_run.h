// One import, from its first file to its summary. Private to Import.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "backstep/recorder/adapters/core/body_file.h"
#include "backstep/recorder/adapters/core/source.h"
#include "backstep/recorder/adapters/import.h"
#include "backstep/recorder/adapters/writing/session_writer.h"
#include "backstep/store/recording.h"

namespace backstep::adapters {

// One thread; used once. `options` outlives it.
class ImportRun final : public Sink {
 public:
  ImportRun(const ImportOptions& options, std::vector<std::unique_ptr<Importer>> importers);
  ~ImportRun() override;

  Status Run();
  ImportSummary TakeSummary() { return std::move(summary_); }
  // After a failure: removes what was made, unless that is to be kept.
  void Undo();

  KeptBody Keep(std::string_view bytes, Media media) override;
  Result<std::string> Read(const KeptBody& body) override;
  Status Session(SessionDraft draft) override;
  Result<std::unique_ptr<ExactLog>> OpenLog(LogHeader header) override;
  void Skip(const Place& place, const std::string& reason) override;
  const std::vector<std::string>& label_files() const override { return options_.labels; }
  void LabelUsed(const std::string& file) override { labels_used_.insert(file); }

 private:
  struct Chosen {
    Importer* importer = nullptr;
    std::vector<std::string> files;
  };

  Status CheckOptions();
  Status OneFile(const std::string& path);
  Result<Importer*> Choose(Source& source);
  Status ClaimRecording();
  Status OpenRecording();
  Status GoOn();
  void TellUnusedLabels();
  Status CheckAnything() const;

  const ImportOptions& options_;
  std::vector<std::unique_ptr<Importer>> importers_;
  std::vector<Chosen> chosen_;              // those that were given files, in order
  const Chosen* current_ = nullptr;
  ImportSummary summary_;
  std::set<std::string> labels_used_;
  std::shared_ptr<const recorder::Redactor> redactor_;
  std::unique_ptr<BodyFile> bodies_;
  std::unique_ptr<store::Recording> recording_;
  std::unique_ptr<SessionWriter> writer_;
  bool was_there_ = false;    // the recording, before this import
  uint64_t bytes_done_ = 0, bytes_total_ = 0, bytes_of_file_ = 0;
};

}  // namespace backstep::adapters
