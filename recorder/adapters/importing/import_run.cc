#include "backstep/recorder/adapters/importing/import_run.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "backstep/base/nearest.h"
#include "backstep/base/paths.h"
#include "backstep/recorder/adapters/conversations/label_files.h"
#include "backstep/recorder/adapters/importing/watched_source.h"

namespace backstep::adapters {
namespace {

namespace fs = std::filesystem;

constexpr size_t kSkippedMax = 1000;
constexpr size_t kReasonMax = 500;  // bytes

uint64_t SizeOf(const std::string& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return error ? 0 : size;
}

bool IsThere(const std::string& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

// What was said about a run afterwards makes none.
bool NothingHappens(const SessionDraft& draft) {
  const bool noted = std::any_of(draft.notes.begin(), draft.notes.end(), [](const NoteDraft& note) {
    return note.category != "annotation";
  });
  return !draft.restored && !noted && draft.agents.empty() && draft.steps.empty() &&
         draft.messages.empty() && draft.effects.empty();
}

}  // namespace

Status CheckOptions(const ImportOptions& options,
                    const std::vector<std::unique_ptr<Importer>>& importers) {
  if (options.files.empty()) {
    return Status::InvalidArgument("no file to import was named\nsee: backstep import --help");
  }
  if (options.recording.empty()) return Status::InvalidArgument("no recording was named");
  std::vector<std::string> names;
  for (const auto& importer : importers) names.push_back(importer->info().name);
  const std::string& format = options.format;
  if (!format.empty() && std::find(names.begin(), names.end(), format) == names.end()) {
    return Status::InvalidArgument("there is no format '" + format + "'" +
                                   NearestHint(format, names) +
                                   "\nsee: backstep import --list-formats");
  }
  if (!options.append && IsThere(options.recording)) {
    return Status::InvalidArgument(options.recording + ": exists already; -o REC names another "
                                   "recording, --append adds to this one");
  }
  return {};
}

ImportRun::ImportRun(const ImportOptions& options, std::vector<std::unique_ptr<Importer>> importers)
    : options_(options), importers_(std::move(importers)) {
  chosen_.reserve(importers_.size());
}

ImportRun::~ImportRun() = default;

Status ImportRun::FindLabels() const {
  std::error_code error;
  for (const std::string& file : options_.labels) {
    if (!fs::exists(file, error)) return Status::NotFound(file + ": no such file of labels");
  }
  return {};
}

Status ImportRun::CheckLabels(const std::string& argument) {
  const std::vector<std::string> files = LabelFilesOf(argument);
  std::error_code error;
  const bool folder = fs::is_directory(argument, error);
  bool any = false;
  for (const std::string& file : files) {
    const Result<bool> labels = CheckLabelFile(file, folder);
    any = any || !labels.ok() || *labels;
    if (!labels.ok()) BACKSTEP_RETURN_IF_ERROR(Survive(file, labels.status()));
  }
  if (!folder || any) return {};
  return Status::InvalidArgument(argument + ": no file of labels (*.json) in this folder");
}

// In a folder, files that hold no labels are passed over: other things may lie there.
Result<bool> ImportRun::CheckLabelFile(const std::string& file, bool in_folder) {
  if (label_counts_.contains(file)) return true;  // named twice
  if (fs::path(file).filename() != kLinksName) {
    const Result<std::vector<Json>> judgements = ReadJudgements(file);
    if (!judgements.ok()) {
      const bool none = judgements.status().code() == StatusCode::kInvalidArgument;
      if (!in_folder || !(none || !BeginsAsLabels(file))) return judgements.status();
      Skip({file}, "no labels in it");
      return false;
    }
    label_counts_[file] = judgements->size();
    summary_.labels += judgements->size();
  }
  label_files_.push_back(file);
  return true;
}

void ImportRun::LabelUsed(const std::string& file, size_t number) {
  if (label_counts_.contains(file) && labels_landed_.emplace(file, number).second) {
    ++summary_.labels_landed;
  }
  labels_seen_[file].insert(number);
}

Status ImportRun::GoOn() {
  if (bodies_ != nullptr) BACKSTEP_RETURN_IF_ERROR(bodies_->status());
  if (!options_.progress) return {};
  const uint64_t done = bytes_done_ + bytes_of_file_;
  return options_.progress(done, std::max(done, bytes_total_))
             ? Status()
             : Status::Cancelled("the import was cancelled");
}

Status ImportRun::Run() {
  BACKSTEP_RETURN_IF_ERROR(CheckOptions(options_, importers_));
  BACKSTEP_RETURN_IF_ERROR(FindLabels());
  was_there_ = IsThere(options_.recording);
  BACKSTEP_ASSIGN_OR_RETURN(redactor_, recorder::Redactor::Make(options_.redact));
  BACKSTEP_ASSIGN_OR_RETURN(bodies_, BodyFile::Create(FolderOf(options_.recording)));
  for (const std::string& argument : options_.labels) {
    BACKSTEP_RETURN_IF_ERROR(Survive(argument, CheckLabels(argument)));
  }
  for (const std::string& file : options_.files) bytes_total_ += SizeOf(file);
  for (const std::string& file : options_.files) {
    BACKSTEP_RETURN_IF_ERROR(Survive(file, OneFile(file)));
  }
  for (const Chosen& chosen : chosen_) {
    current_ = &chosen;
    BACKSTEP_RETURN_IF_ERROR(Survive(chosen.files.back(), chosen.importer->Finish(*this)));
  }
  BACKSTEP_RETURN_IF_ERROR(bodies_->status());
  TellUnusedLabels();
  BACKSTEP_RETURN_IF_ERROR(CheckAnything());
  return Publish();
}

// What the disk or the user ends is at its end.
Status ImportRun::Survive(const std::string& file, Status status) {
  const bool over = status.code() == StatusCode::kCancelled || !bodies_->status().ok() ||
                    (writer_ != nullptr && !writer_->status().ok());
  if (status.ok() || !options_.keep_partial || over) return status;
  if (summary_.failed.ok()) summary_.failed = status;
  bytes_done_ += std::exchange(bytes_of_file_, 0);
  Skip({file}, "what follows was not read: " + status.message());
  return {};
}

Status ImportRun::OneFile(const std::string& path) {
  BACKSTEP_ASSIGN_OR_RETURN(std::unique_ptr<Source> opened, Source::Open(path));
  const auto source = WatchedSource(std::move(opened), [this](uint64_t packed_offset) {
    bytes_of_file_ = packed_offset;
    return GoOn();
  });
  BACKSTEP_ASSIGN_OR_RETURN(Importer* const importer, Choose(*source));
  auto chosen = std::find_if(chosen_.begin(), chosen_.end(),
                             [&](const Chosen& c) { return c.importer == importer; });
  if (chosen == chosen_.end()) chosen = chosen_.insert(chosen_.end(), {importer, {}});
  chosen->files.push_back(path);
  current_ = &*chosen;
  found_ = false;
  const uint64_t told = summary_.skipped_count;
  const Status read = importer->Read(*source, *this);
  const Status no_run = NoRunIn(path, importer->info().name);
  if ((read.ok() && !found_) || read == no_run) {
    return Status::Corruption(no_run.message() + Told(told));
  }
  if (!read.ok() && read.message().find(path) == std::string::npos) return read.WithContext(path);
  BACKSTEP_RETURN_IF_ERROR(read);
  bytes_done_ += source->packed_size();
  bytes_of_file_ = 0;
  summary_.files.push_back({path, importer->info().name, source->offset()});
  return bodies_->status();
}

// How much was not understood, after the first `before` records that were told.
std::string ImportRun::Told(uint64_t before) const {
  const uint64_t count = summary_.skipped_count - before;
  if (count == 0) return {};
  std::string text = "; " +
                     (count == 1 ? "1 record was" : std::to_string(count) + " records were") +
                     " not understood";
  if (before >= summary_.skipped.size()) return text;
  const SkippedRecord& first = summary_.skipped[before];
  return text + (count == 1 ? ": " : ", the first: ") + FormatPlace(first.place) + ": " +
         first.reason;
}

Result<Importer*> ImportRun::Choose(Source& source) {
  BACKSTEP_ASSIGN_OR_RETURN(const std::string_view bytes, source.Peek());
  const std::string name = source.name();
  const Head head{bytes, bytes.size() < kPeekBytes, name};
  if (bytes.empty()) return Status::Corruption(source.path() + ": the file is empty");
  Importer* best = nullptr;
  int best_sure = 0;
  for (const auto& importer : importers_) {
    if (!options_.format.empty()) {
      if (importer->info().name == options_.format) return importer.get();
      continue;
    }
    const int sure = importer->Detect(head);
    if (sure > best_sure) {
      best = importer.get();
      best_sure = sure;
    }
  }
  if (best != nullptr) return best;
  if (options_.format.empty() && IsLabelFile(head)) {
    return Status::InvalidArgument(source.path() + ": holds labels and no run; give it by "
                                   "--labels, together with the file of its run");
  }
  return Status::InvalidArgument(source.path() +
                                 ": of no format that can be imported (--list-formats has them); "
                                 "--format F names one where its content does not tell");
}

KeptBody ImportRun::Keep(std::string_view bytes, Media media) {
  return bodies_->Keep(bytes, media);
}

Result<std::string> ImportRun::Read(const KeptBody& body) { return bodies_->Read(body); }

Status ImportRun::OpenRecording() {
  if (writer_ != nullptr) return {};
  BACKSTEP_ASSIGN_OR_RETURN(staging_, Staging::Begin(options_.recording, was_there_));
  SessionWriterOptions writer_options;
  writer_options.redactor = redactor_;
  writer_options.bodies = bodies_.get();
  writer_options.clock = &SystemClock();
  writer_options.go_on = [this] { return GoOn(); };
  writer_options.next_number = [this] { return staging_->NextNumber(); };
  writer_options.index = !staging_->appends();
  writer_ = std::make_unique<SessionWriter>(staging_->recording(), std::move(writer_options));
  return {};
}

Status ImportRun::Publish() {
  // An importer may hold a log that has not ended.
  current_ = nullptr;
  chosen_.clear();
  importers_.clear();
  BACKSTEP_RETURN_IF_ERROR(writer_->Finish());
  writer_.reset();
  return staging_->Publish();
}

Status ImportRun::Session(SessionDraft draft) {
  BACKSTEP_RETURN_IF_ERROR(GoOn());
  if (NothingHappens(draft)) {
    Skip({current_->files.back()}, draft.name + ": left out, nothing happens in it");
    return {};
  }
  found_ = true;
  BACKSTEP_RETURN_IF_ERROR(OpenRecording());
  const auto add = [&](const char* key, const std::string& value) {
    const auto has = [&](const auto& entry) { return entry.first == key; };
    if (std::none_of(draft.metadata.begin(), draft.metadata.end(), has)) {
      draft.metadata.emplace_back(key, value);
    }
  };
  add("import.format", current_->importer->info().name);
  add("import.file", current_->files.back());
  if (draft.name.empty()) draft.name = fs::path(current_->files.back()).stem().string();
  const std::string name = draft.name;
  BACKSTEP_ASSIGN_OR_RETURN(const WrittenSession written,
                            writer_->Write(std::move(draft), &summary_));
  ++(written.branch ? summary_.branches : summary_.sessions);
  summary_.links_dropped += written.links_dropped;
  for (const std::string& note : written.notes) Skip({current_->files.back()}, name + ": " + note);
  return {};
}

Result<std::unique_ptr<ExactLog>> ImportRun::OpenLog(LogHeader header) {
  BACKSTEP_RETURN_IF_ERROR(GoOn());
  found_ = true;
  BACKSTEP_RETURN_IF_ERROR(OpenRecording());
  header.metadata.emplace_back("export.file", current_->files.back());
  BACKSTEP_ASSIGN_OR_RETURN(auto log, writer_->OpenLog(std::move(header), &summary_));
  ++summary_.sessions;
  return log;
}

void ImportRun::Skip(const Place& place, const std::string& reason) {
  ++summary_.skipped_count;
  if (summary_.skipped.size() < kSkippedMax) {
    summary_.skipped.push_back({place, reason.substr(0, kReasonMax)});
  }
}

void ImportRun::TellUnusedLabels() {
  for (const auto& [file, count] : label_counts_) {
    const std::set<size_t>& seen = labels_seen_[file];
    if (seen.empty()) {
      Skip({file}, "its labels fit no run that came in");
      continue;
    }
    for (size_t i = 0; i < count; ++i) {
      if (seen.contains(i)) continue;
      Skip({file}, "the labels of [" + std::to_string(i) + "] in it fit no run that came in");
    }
  }
}

Status ImportRun::CheckAnything() const {
  if (summary_.sessions + summary_.branches > 0) return {};
  BACKSTEP_RETURN_IF_ERROR(summary_.failed);
  std::string text = options_.files.front() + ": no run was found in it";
  if (options_.files.size() > 1) {
    text = "no run was found in these " + std::to_string(options_.files.size()) + " files";
  }
  return Status::Corruption(text + Told(0));
}

}  // namespace backstep::adapters
