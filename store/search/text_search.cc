#include <algorithm>
#include <chrono>
#include <map>

#include <sys/stat.h>

#include "backstep/store/format/files.h"
#include "backstep/store/format/log_files.h"
#include "backstep/store/line.h"
#include "backstep/store/recording.h"
#include "backstep/store/search/hit_source.h"

namespace backstep::store {
namespace {

// Text that is read rather than indexed: a few milliseconds' worth, or little beside what is.
constexpr uint64_t kReadBytes = uint64_t{4} << 20;
constexpr uint64_t kReadShare = 128;
// What text there is of data that no index has measured, about.
constexpr uint64_t kTextPerDataByte = 2;
constexpr uint64_t kOutsideBytes = 1024;

using Clock = std::chrono::steady_clock;
// A question spends on the index about as long as it takes to read what that lacks, or this where
// that is less: of a long run the first answers come soon, and each finds more in the index.
constexpr Clock::duration kIndexingMin = std::chrono::seconds(2);
constexpr uint64_t kReadBytesPerMs = 600000;
constexpr uint64_t kReadMsMax = 3600 * 1000;

uint64_t DataBytes(const std::string& log_path) {
  uint64_t bytes = 0;
  const auto names = ListDirectory(log_path);
  if (!names.ok()) return 0;
  for (const std::string& name : *names) {
    struct stat info {};
    if (lstat((log_path + "/" + name).c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    if (name.ends_with(".sst") || name.ends_with(".log")) {
      bytes += static_cast<uint64_t>(info.st_size);
    }
  }
  return bytes;
}

}  // namespace

struct TextSearch::Impl {
  Impl(const Recording& a_recording, Line& a_line, Indexing an_indexing)
      : recording(a_recording), line(a_line), indexing(an_indexing) {}

  // A log of the line's chain.
  struct Log {
    Line* line = nullptr;             // with the log as its own
    std::unique_ptr<Line> opened;     // of an ancestor
    uint64_t start = 0, limit = UINT64_MAX;  // the steps behind `start` and up to `limit` count
    std::map<Stream, std::unique_ptr<TextFile>> files;
  };

  Status OpenChain();
  Result<SearchAnswer> FindOnce(const SearchQuery& query, const SearchOptions& options,
                                const SearchProgress& progress, TextFile** damaged);
  Result<TextFile*> FileOf(Log* log, Stream stream, const SearchProgress& progress);
  // Of the text up to `newest` that the file does not cover, about.
  uint64_t LackingBytes(const TextFile& file, const Log& log, Stream stream,
                        uint64_t newest) const;
  Status AddStreams(size_t j, StepNumber last, const SearchQuery& query, HitTest* test,
                    const SearchProgress& progress);

  struct Asked {
    std::unique_ptr<HitSource> source;
    TextFile* file = nullptr;
    std::optional<PlacedHit> next;
  };
  Status Advance(Asked* asked, TextFile** damaged);

  const Recording& recording;
  Line& line;
  const Indexing indexing;
  Clock::duration indexed{0};  // so long, for one question
  std::vector<Log> logs;       // own first, the main line last
  std::vector<Asked> asked;    // of one question
};

Status TextSearch::Impl::OpenChain() {
  if (!logs.empty()) return {};
  std::vector<Log> opened;
  uint64_t limit = UINT64_MAX;
  for (const auto& [id, start] : line.Chain()) {
    Log log;
    log.start = start.value;
    log.limit = limit;
    limit = std::min(limit, start.value);
    if (opened.empty()) {
      log.line = &line;
    } else {
      BACKSTEP_ASSIGN_OR_RETURN(log.opened, recording.OpenLine(id));
      log.line = log.opened.get();
    }
    opened.push_back(std::move(log));
  }
  logs = std::move(opened);
  return {};
}

uint64_t TextSearch::Impl::LackingBytes(const TextFile& file, const Log& log, Stream stream,
                                        uint64_t newest) const {
  const uint64_t start = StreamStart(*log.line, stream);
  if (newest <= file.covered()) return 0;
  const uint64_t lacking = newest - file.covered();
  if (file.covered() > start) {
    return file.text_bytes() / (file.covered() - start) * lacking;
  }
  if (stream == Stream::kOutside) return lacking * kOutsideBytes;
  return DataBytes(LogPath(recording.path(), log.line->id())) * kTextPerDataByte;
}

// Caught up where that pays, as far as there is time for it. What it does not cover is to be read;
// null: all is.
Result<TextFile*> TextSearch::Impl::FileOf(Log* log, Stream stream,
                                           const SearchProgress& progress) {
  if (indexing == Indexing::kNever) return nullptr;
  std::unique_ptr<TextFile>& file = log->files[stream];
  if (file == nullptr) {
    file = std::make_unique<TextFile>(recording.path(), log->line, stream);
  }
  file->Load();
  BACKSTEP_ASSIGN_OR_RETURN(const uint64_t newest, StreamEnd(*log->line, stream));
  const bool always = indexing == Indexing::kAlways;
  const uint64_t lacking = LackingBytes(*file, *log, stream, newest);
  const bool pays = lacking >= std::max(kReadBytes, file->text_bytes() / kReadShare);
  if (newest <= file->covered() || (!pays && !always)) return file.get();
  const auto begin = Clock::now();
  const std::chrono::milliseconds reading(std::min(lacking / kReadBytesPerMs, kReadMsMax));
  const auto until = begin + std::max<Clock::duration>(kIndexingMin - indexed, reading);
  bool wanted = true;
  const Status extended = file->Extend(newest, [&](uint64_t number) {
    wanted = !progress || progress(number, newest);
    return wanted && (always || Clock::now() < until);
  });
  indexed += Clock::now() - begin;
  if (!wanted) return extended;
  // Whoever holds it, or whatever is in the way: what it covers it covers.
  return file.get();
}

Status TextSearch::Impl::AddStreams(size_t j, StepNumber last, const SearchQuery& query,
                                    HitTest* test, const SearchProgress& progress) {
  Log& log = logs[j];
  for (const Stream stream : {Stream::kSteps, Stream::kOutside}) {
    StreamPart part;
    part.line = log.line;
    part.stream = stream;
    part.sent_from = j == 0 ? 0 : log.start;
    part.sent_to = std::min(log.limit, last.value);
    BACKSTEP_ASSIGN_OR_RETURN(part.last, StreamEnd(*log.line, stream));
    if (stream == Stream::kSteps) part.last = std::min(part.last, part.sent_to);
    if (part.last <= StreamStart(*log.line, stream)) continue;
    for (size_t i = 0; i < j; ++i) part.nearer.push_back(logs[i].line);
    BACKSTEP_ASSIGN_OR_RETURN(part.file, FileOf(&log, stream, progress));
    const uint64_t total = part.last;
    asked.push_back({MakeStreamSource(part, query, test,
                                      [progress, total](uint64_t number) {
                                        return !progress || progress(number, total);
                                      }),
                     part.file, std::nullopt});
  }
  return {};
}

Status TextSearch::Impl::Advance(Asked* one, TextFile** damaged) {
  auto next = one->source->Next();
  if (!next.ok()) {
    if (one->source->index_damaged()) *damaged = one->file;
    return next.status();
  }
  one->next = std::move(next).value();
  return {};
}

Result<SearchAnswer> TextSearch::Impl::FindOnce(const SearchQuery& query,
                                                const SearchOptions& options,
                                                const SearchProgress& progress,
                                                TextFile** damaged) {
  SearchAnswer answer;
  HitTest test(query, options, &answer);
  const StepNumber last = std::min(line.last(), options.last.value_or(line.last()));
  asked.clear();
  std::vector<const Line*> nearer;
  for (size_t j = 0; j < logs.size(); ++j) {
    BACKSTEP_RETURN_IF_ERROR(AddStreams(j, last, query, &test, progress));
    if (logs[j].limit >= logs[j].start) {
      const StepNumber seen(std::min(last.value, logs[j].limit));
      BACKSTEP_ASSIGN_OR_RETURN(
          auto inherited, MakeInheritedSource(line, *logs[j].line, seen, nearer, &test));
      asked.push_back({std::move(inherited), nullptr, std::nullopt});
    }
    nearer.push_back(logs[j].line);
  }
  if (last == line.last()) {
    BACKSTEP_ASSIGN_OR_RETURN(auto open, MakeOpenSource(line, &test));
    asked.push_back({std::move(open), nullptr, std::nullopt});
  }
  std::vector<PlacedHit> hits;
  for (Asked& one : asked) BACKSTEP_RETURN_IF_ERROR(Advance(&one, damaged));
  while (true) {
    Asked* first = nullptr;
    for (Asked& one : asked) {
      if (one.next && (first == nullptr || one.next->place < first->next->place)) first = &one;
    }
    if (first == nullptr) break;
    if (hits.size() >= options.limit) {
      answer.more = true;
      break;
    }
    hits.push_back(std::move(*first->next));
    BACKSTEP_RETURN_IF_ERROR(Advance(first, damaged));
  }
  // What came from outside may be told a little late.
  std::stable_sort(hits.begin(), hits.end(), [](const PlacedHit& a, const PlacedHit& b) {
    return a.place < b.place;
  });
  for (PlacedHit& hit : hits) answer.hits.push_back(std::move(hit.hit));
  return answer;
}

TextSearch::TextSearch(const Recording& recording, Line& line, Indexing indexing)
    : impl_(std::make_unique<Impl>(recording, line, indexing)) {}
TextSearch::~TextSearch() = default;

Result<SearchAnswer> TextSearch::Find(const SearchQuery& query, const SearchOptions& options,
                                      const SearchProgress& progress) {
  BACKSTEP_RETURN_IF_ERROR(impl_->OpenChain());
  impl_->indexed = {};
  // A damaged file is begun anew, or not used again where that cannot be.
  const size_t tries = 2 * 2 * impl_->logs.size() + 1;
  for (size_t i = 0;; ++i) {
    TextFile* damaged = nullptr;
    Result<SearchAnswer> answer = impl_->FindOnce(query, options, progress, &damaged);
    impl_->asked.clear();
    if (answer.ok() || damaged == nullptr || i == tries) return answer;
    damaged->Distrust();
  }
}

}  // namespace backstep::store
