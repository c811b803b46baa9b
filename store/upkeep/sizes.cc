#include "backstep/store/sizes.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "backstep/schemas/codec/codec.h"
#include "backstep/store/format/files.h"
#include "backstep/store/format/keys.h"
#include "backstep/store/format/log_files.h"
#include "backstep/store/line.h"
#include "backstep/store/log/log_reader.h"
#include "backstep/store/log/rocks/kv_store.h"
#include "backstep/store/search/text_file.h"
#include "backstep/store/state/literals/unescaped_chunk.h"
#include "backstep/store/state/operations.h"
#include "backstep/store/upkeep/literal_owners.h"

namespace backstep::store {
namespace {

// Below this a table holds few blocks, and what lies in which says little.
constexpr uint64_t kManyBlocksBytes = 4 << 20;
constexpr uint64_t kReportBytes = 1 << 20;
constexpr size_t kAgentPrefix = 5, kStreamPrefix = 9;

// Whose the bytes of some keys are, and what for. Agent UINT32_MAX: nobody's.
using Share = std::pair<uint32_t, SizeKind>;
constexpr uint32_t kNobody = UINT32_MAX;

// The keys that start with one prefix.
struct Cell {
  uint64_t content = 0;
  std::map<Share, uint64_t> shares;  // how the content is shared out; sums to it
};

size_t PrefixOf(std::string_view key) {
  switch (key[0]) {
    case 'O':
    case 'P': return kStreamPrefix;
    case 'A':
    case 'K':
    case 'T':
    case 'X':
    case 'M':
    case 'F':
    case 'L': return kAgentPrefix;
    default: return 1;
  }
}

std::string EndOfPrefix(std::string prefix) {
  while (!prefix.empty() && static_cast<uint8_t>(prefix.back()) == UINT8_MAX) prefix.pop_back();
  if (!prefix.empty()) ++prefix.back();
  return prefix;
}

// Shares out whole numbers so that they sum up.
class Portions {
 public:
  Portions(uint64_t bytes, double weights) : bytes_(bytes), weights_(weights) {}
  uint64_t Next(double weight) {
    so_far_ += weight;
    const double due = weights_ <= 0 ? 0 : static_cast<double>(bytes_) * so_far_ / weights_;
    const uint64_t upto = std::min(bytes_, static_cast<uint64_t>(due + 0.5));
    const uint64_t portion = upto - std::min(upto, given_);
    given_ = std::max(given_, upto);
    return portion;
  }

 private:
  const uint64_t bytes_;
  const double weights_;
  double so_far_ = 0;
  uint64_t given_ = 0;
};

class LogMeasure {
 public:
  LogMeasure(const Recording& recording, LogId log, const std::function<bool(uint64_t)>& advance)
      : path_(LogPath(recording.path(), log)), advance_(advance) {
    sizes_.log = log;
    // Those of a branch are in its ancestors' logs too.
    const auto line = recording.OpenLine(log);
    if (!line.ok()) return;
    for (const AgentRecord& agent : (*line)->agents()) names_[agent.id.value] = agent.name;
  }

  Result<LogSizes> Run() {
    Files();
    const Status read = Read();
    if (read.code() == StatusCode::kCancelled) return read;
    sizes_.error = read;
    if (!read.ok()) sizes_.agents.clear();
    return std::move(sizes_);
  }

 private:
  void Files();
  Status Read();
  Status Scan(const KvReader& view);
  void Visit(std::string_view key, std::string_view value);
  void Body(const BodyRef& body, SizeKind kind, const Share& share,
            Cell* cell);
  void Chunk(AgentId agent, std::string_view key, std::string_view value);
  void Literals();
  void ShareOut(const std::vector<uint64_t>& table_bytes);
  KindBytes* Bucket(const Share& share);

  const std::string path_;
  const std::function<bool(uint64_t)>& advance_;
  LogSizes sizes_;
  uint64_t tables_ = 0;
  std::map<std::string, Cell> cells_;
  LiteralOwners literals_;
  std::map<uint32_t, std::string> names_;
  std::map<uint32_t, size_t> places_;
  uint64_t inline_ = 0;  // of the record at hand, that count as their bodies
};

void LogMeasure::Files() {
  const auto names = ListDirectory(path_);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    struct stat info {};
    if (lstat((path_ + "/" + name).c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    const auto bytes = static_cast<uint64_t>(info.st_size);
    sizes_.disk += bytes;
    if (name.ends_with(".sst")) tables_ += bytes;
    else if (name.ends_with(".log")) sizes_.logged += bytes;
    else sizes_.other += bytes;
  }
}

Status LogMeasure::Read() {
  BACKSTEP_ASSIGN_OR_RETURN(const LogState state, AskLogState(path_));
  BACKSTEP_ASSIGN_OR_RETURN(const auto store,
                            KvStore::OpenToRead(path_, state == LogState::kLive));
  BACKSTEP_RETURN_IF_ERROR(Scan(*store->View()));
  Literals();
  std::vector<std::pair<std::string, std::string>> ranges;
  for (const auto& [prefix, cell] : cells_) ranges.emplace_back(prefix, EndOfPrefix(prefix));
  ShareOut(store->TableBytes(ranges));
  return {};
}

Status LogMeasure::Scan(const KvReader& view) {
  const auto cursor = view.NewCursor();
  uint64_t unreported = 0;
  for (cursor->Seek(""); cursor->Valid(); cursor->Next()) {
    if (cursor->key().empty()) continue;
    Visit(cursor->key(), cursor->value());
    unreported += cursor->key().size() + cursor->value().size();
    if (unreported < kReportBytes) continue;
    if (!advance_(unreported)) return Status::Cancelled("cancelled");
    unreported = 0;
  }
  return cursor->status();
}

// Short bodies stand in the record itself.
void LogMeasure::Body(const BodyRef& body, SizeKind kind, const Share& share,
                      Cell* cell) {
  literals_.Add(body, sizes_.log, kind);
  const uint64_t inside = body.where == BodyRef::Where::kInline ? body.inline_bytes.size() : 0;
  if (inside == 0) return;
  cell->shares[{share.first, kind}] += inside;
  inline_ += inside;
}

void LogMeasure::Chunk(AgentId agent, std::string_view key, std::string_view value) {
  const uint64_t offset = KeyU64(key, kAgentPrefix).value_or(0);
  UnescapedChunk chunk;
  if (key != UnescapedKey(agent, offset) || !DecodeUnescapedChunk(value, offset, &chunk)) return;
  literals_.AddUnescaped(agent, offset, chunk.size, key.size() + value.size());
}

void LogMeasure::Visit(std::string_view key, std::string_view value) {
  Cell& cell = cells_[std::string(key.substr(0, PrefixOf(key)))];
  const uint64_t bytes = key.size() + value.size();
  cell.content += bytes;
  const uint32_t agent = PrefixOf(key) == 1 ? kNobody : KeyU32(key, 1).value_or(kNobody);
  Share share{agent, SizeKind::kRecords};
  inline_ = 0;
  // What does not decode is for verify to tell; here it is a record.
  if (key[0] == 'A') {
    const auto record = DecodeAgentRecord(value, sizes_.log);
    if (record.ok()) Body(record->initial_state, SizeKind::kStates, share, &cell);
  } else if (key[0] == 'S') {
    const auto step = DecodeStepRecord(value, sizes_.log);
    if (step.ok()) {
      share.first = step->agent.value;
      if (step->state_changed) Body(step->state, SizeKind::kStates, share, &cell);
    }
  } else if (key[0] == 'M') {
    const auto message = DecodeMessageRecord(value, sizes_.log);
    if (message.ok()) Body(message->body, SizeKind::kMessages, share, &cell);
  } else if (key[0] == 'F') {
    const auto call = DecodeEffectRecord(value, sizes_.log);
    if (call.ok()) {
      Body(call->response, SizeKind::kAnswers, share, &cell);
      Body(call->request, SizeKind::kRequests, share, &cell);
    }
  } else if (key[0] == 'L') {
    Chunk(AgentId(agent), key, value);
  } else if (key[0] == 'O' || key[0] == 'P') {
    const bool state = KeyU32(key, kAgentPrefix) == kStateStream;
    share.second = state ? SizeKind::kStates : SizeKind::kRequests;
    const auto added = key[0] == 'O' ? AddedLiterals(value) : Result<uint64_t>(0);
    if (added.ok()) literals_.AddVersion(AgentId(agent), share.second, *added);
  }
  if (key[0] != 'L') cell.shares[share] += bytes - std::min(bytes, inline_);
}

void LogMeasure::Literals() {
  for (auto& [prefix, cell] : cells_) {
    if (prefix[0] != 'L') continue;
    const uint32_t agent = KeyU32(prefix, 1).value_or(kNobody);
    for (const auto& [kind, bytes] : literals_.SharesOf(AgentId(agent), cell.content)) {
      cell.shares[{agent, kind}] += bytes;
    }
  }
}

KindBytes* LogMeasure::Bucket(const Share& share) {
  if (share.first == kNobody) return &sizes_.unowned;
  const auto [place, is_new] = places_.emplace(share.first, sizes_.agents.size());
  if (is_new) {
    sizes_.agents.push_back({AgentId(share.first), names_[share.first], {}});
    std::string& name = sizes_.agents.back().name;
    if (name.empty()) name = "agent#" + std::to_string(share.first);
  }
  return &sizes_.agents[place->second].kinds[static_cast<size_t>(share.second)];
}

void LogMeasure::ShareOut(const std::vector<uint64_t>& table_bytes) {
  double in_tables = 0, content = 0;
  size_t at = 0;
  const bool by_blocks = tables_ >= kManyBlocksBytes;
  for (const auto& [prefix, cell] : cells_) {
    content += static_cast<double>(cell.content);
    in_tables += static_cast<double>(by_blocks ? table_bytes[at] : cell.content);
    ++at;
  }
  Portions tables(tables_, in_tables), logged(sizes_.logged, content);
  at = 0;
  for (const auto& [prefix, cell] : cells_) {
    const double weight = static_cast<double>(by_blocks ? table_bytes[at] : cell.content);
    ++at;
    Portions parts(tables.Next(weight) + logged.Next(static_cast<double>(cell.content)),
                   static_cast<double>(cell.content));
    for (const auto& [share, bytes] : cell.shares) {
      KindBytes* bucket = Bucket(share);
      bucket->content += bytes;
      bucket->stored += parts.Next(static_cast<double>(bytes));
    }
  }
  std::sort(sizes_.agents.begin(), sizes_.agents.end(),
            [](const AgentSizes& a, const AgentSizes& b) { return a.agent < b.agent; });
}

// Of every file below, links not followed.
uint64_t AllBytes(const std::string& path) {
  uint64_t bytes = 0;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator it(path, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;
    if (it->is_regular_file(ignored) && !it->is_symlink(ignored)) bytes += it->file_size(ignored);
  }
  return bytes;
}

uint64_t FileBytes(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
}

}  // namespace

const char* SizeKindName(SizeKind kind) {
  switch (kind) {
    case SizeKind::kStates: return "states";
    case SizeKind::kRequests: return "requests";
    case SizeKind::kAnswers: return "answers";
    case SizeKind::kMessages: return "messages";
    case SizeKind::kRecords: return "records";
  }
  return "unknown";
}

Result<RecordingSizes> MeasureSizes(const Recording& recording,
                                    const std::function<bool(uint64_t, uint64_t)>& progress) {
  RecordingSizes sizes;
  uint64_t total = 0, done = 0;
  BACKSTEP_ASSIGN_OR_RETURN(const auto logs, ListLogs(recording.path()));
  for (const LogId log : logs) {
    const auto store = KvStore::OpenToRead(LogPath(recording.path(), log), false);
    if (store.ok()) total += (*store)->ContentBytes();
  }
  const std::function<bool(uint64_t)> advance = [&](uint64_t bytes) {
    done = std::min(done + bytes, total);
    return !progress || progress(done, total);
  };
  for (const LogId log : logs) {
    BACKSTEP_ASSIGN_OR_RETURN(LogSizes one, LogMeasure(recording, log, advance).Run());
    sizes.disk += one.disk;
    sizes.logs.push_back(std::move(one));
  }
  for (const char* name : {"/index.sqlite", "/index.sqlite-wal", "/index.sqlite-shm"}) {
    sizes.index += FileBytes(recording.path() + name);
  }
  sizes.index += AllBytes(recording.path() + "/" + kTextIndexName);
  sizes.disk += sizes.index;
  // Measured last: of a recording that grows, what came meanwhile is not lost.
  sizes.other = AllBytes(recording.path());
  sizes.other -= std::min(sizes.other, sizes.disk);
  sizes.disk += sizes.other;
  return sizes;
}

}  // namespace backstep::store
