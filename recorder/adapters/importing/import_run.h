// One import, from its first file to its summary. Private to Import.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "backstep/recorder/adapters/core/body_file.h"
#include "backstep/recorder/adapters/core/source.h"
#include "backstep/recorder/adapters/import.h"
#include "backstep/recorder/adapters/importing/staging.h"
#include "backstep/recorder/adapters/writing/session_writer.h"

namespace backstep::adapters {

// What CheckImport says, where these are the formats.
Status CheckOptions(const ImportOptions& options,
                    const std::vector<std::unique_ptr<Importer>>& importers);

// One thread; used once. `options` outlives it.
class ImportRun final : public Sink {
 public:
  ImportRun(const ImportOptions& options, std::vector<std::unique_ptr<Importer>> importers);
  ~ImportRun() override;

  Status Run();
  ImportSummary TakeSummary() { return std::move(summary_); }

  KeptBody Keep(std::string_view bytes, Media media) override;
  Result<std::string> Read(const KeptBody& body) override;
  Status Session(SessionDraft draft) override;
  Result<std::unique_ptr<ExactLog>> OpenLog(LogHeader header) override;
  void Skip(const Place& place, const std::string& reason) override;
  const std::vector<std::string>& label_files() const override { return label_files_; }
  void Holds() override { found_ = true; }
  void LabelUsed(const std::string& file, size_t number) override;
  void LabelTold(const std::string& file, size_t number) override {
    labels_seen_[file].insert(number);
  }

 private:
  struct Chosen {
    Importer* importer = nullptr;
    std::vector<std::string> files;
  };

  Status FindLabels() const;
  // Reads all labels before any run is read.
  Status CheckLabels(const std::string& argument);
  // False: it holds none.
  Result<bool> CheckLabelFile(const std::string& file, bool in_folder);
  Status OneFile(const std::string& path);
  Result<Importer*> Choose(Source& source);
  // Whether the import goes on after it: it does where what there is is to be kept.
  Status Survive(const std::string& file, Status status);
  Status OpenRecording();
  Status Publish();
  Status GoOn();
  std::string Told(uint64_t before) const;
  void TellUnusedLabels();
  Status CheckAnything() const;

  const ImportOptions& options_;
  ImportSummary summary_;
  std::vector<std::string> label_files_;         // sound ones
  std::map<std::string, size_t> label_counts_;   // by file
  std::map<std::string, std::set<size_t>> labels_seen_;  // landed or told
  std::shared_ptr<const recorder::Redactor> redactor_;
  std::unique_ptr<BodyFile> bodies_;
  std::unique_ptr<Staging> staging_;
  std::unique_ptr<SessionWriter> writer_;
  std::vector<std::unique_ptr<Importer>> importers_;  // gone before the writer of their logs
  std::vector<Chosen> chosen_;                        // those that were given files, in order
  const Chosen* current_ = nullptr;
  std::set<std::pair<std::string, size_t>> labels_landed_;
  bool found_ = false;      // a run, in the file at hand
  bool was_there_ = false;    // the recording, before this import
  uint64_t bytes_done_ = 0, bytes_total_ = 0, bytes_of_file_ = 0;
};

}  // namespace backstep::adapters
