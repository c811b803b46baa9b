#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/store/format/keys.h"
#include "backstep/store/state/literals/literal_reader.h"
#include "backstep/store/state/materialize.h"
#include "backstep/store/state/operations.h"
#include "backstep/store/state/piece_table.h"
#include "backstep/store/state/state_store.h"

namespace backstep::store {
namespace {

// More operations in a row without a piece table than a writer leaves.
constexpr uint64_t kMaxChain = 4096;
// Beyond this many versions from what is kept, a nearer piece table is looked for.
constexpr uint64_t kMaxWalk = 32;
// A branch of a branch of a branch ...; deeper cannot be, or is a circle.
constexpr size_t kMaxBaseDepth = 512;

constexpr size_t kMaxKept = 64;
constexpr uint64_t kMaxKeptBytes = uint64_t{64} << 20;
constexpr uint64_t kMaxTrailBytes = uint64_t{1} << 20;
constexpr uint64_t kMaxTrail = 64;
constexpr uint64_t kLiteralStride = uint64_t{1} << 20;

struct StreamId {
  LogId log;
  AgentId owner;
  uint32_t stream = 0;
  bool operator==(const StreamId&) const = default;
};

std::string Describe(const StreamId& id, uint64_t version) {
  return "log " + std::to_string(id.log.value) + ", agent " + std::to_string(id.owner.value) +
         ", stream " + std::to_string(id.stream) + ", version " + std::to_string(version);
}

struct Shaped {
  uint64_t version = 0;
  VersionShape shape;
};

// The newest version read of one stream, and the tables of versions shortly before it.
struct Kept {
  StreamId id;
  Shaped at;
  Hash128 hash;
  std::shared_ptr<const Buffer> bytes;
  std::vector<Shaped> trail;  // ascending versions, all below `at`
  uint64_t used = 0;
};

void TrimTrail(std::vector<Shaped>* trail) {
  uint64_t bytes = 0;
  size_t keep = 0;
  while (keep < trail->size()) {
    bytes += sizeof(Shaped) + (*trail)[trail->size() - 1 - keep].shape.table.RetainedBytes();
    if (bytes > kMaxTrailBytes) break;
    ++keep;
  }
  trail->erase(trail->begin(), trail->end() - static_cast<std::ptrdiff_t>(keep));
}

// The cursors of one call, opened when first needed.
struct LogCursors {
  explicit LogCursors(const KvReader* reader) : log(reader), literals(reader) {}
  KvCursor* operations() {
    if (cursor == nullptr) cursor = log->NewCursor();
    return cursor.get();
  }
  const KvReader* log;
  LiteralReader literals;
  std::unique_ptr<KvCursor> cursor;
};

}  // namespace

struct StateReader::Impl {
  std::function<const KvReader*(LogId)> log_reader;
  std::vector<std::shared_ptr<Kept>> kept;
  uint64_t uses = 0;

  using Cursors = std::map<LogId, LogCursors>;
  Cursors fixed;  // of logs that stay as they are

  Result<LogCursors*> OpenLog(LogId log, Cursors* cursors);
  Result<std::shared_ptr<const Kept>> Version(const StreamId& id, uint64_t version,
                                              Cursors* cursors, size_t depth);
  Status Load(uint64_t version, LogCursors* log, Kept* known, Kept* out);
  Status Walk(uint64_t next, uint64_t version, LogCursors* log, Kept* out);
  Result<Shaped> StartFrom(const StreamId& id, uint64_t version, LogCursors* log,
                           const Kept* known, uint64_t* next);
  Result<std::string> ReadLiteral(const BodyRef& ref);
  std::shared_ptr<Kept> Find(const StreamId& id);
  void Keep(std::shared_ptr<Kept> version);
};

Result<LogCursors*> StateReader::Impl::OpenLog(LogId log, Cursors* cursors) {
  for (Cursors* known : {&fixed, cursors}) {
    const auto found = known->find(log);
    if (found != known->end()) return &found->second;
  }
  const KvReader* reader = log_reader(log);
  if (reader == nullptr) {
    return Status::Corruption("refers to log " + std::to_string(log.value) +
                              ", which is not of this line");
  }
  if (reader->Fixed()) cursors = &fixed;
  return &cursors->try_emplace(log, reader).first->second;
}

std::shared_ptr<Kept> StateReader::Impl::Find(const StreamId& id) {
  for (const std::shared_ptr<Kept>& entry : kept) {
    if (entry->id == id) {
      entry->used = ++uses;
      return entry;
    }
  }
  return nullptr;
}

void StateReader::Impl::Keep(std::shared_ptr<Kept> version) {
  version->used = ++uses;
  std::erase_if(kept, [&](const auto& entry) { return entry->id == version->id; });
  kept.push_back(std::move(version));
  const auto held = [&] {
    uint64_t bytes = 0;
    for (const auto& entry : kept) {
      bytes += entry->bytes->view().size() + entry->at.shape.table.RetainedBytes();
    }
    return bytes;
  };
  while (kept.size() > 1 && (kept.size() > kMaxKept || held() > kMaxKeptBytes)) {
    kept.erase(std::min_element(kept.begin(), kept.end(), [](const auto& a, const auto& b) {
      return a->used < b->used;
    }));
  }
}

// The nearest shape at or before `version`, and in `*next` the first version to apply to it.
Result<Shaped> StateReader::Impl::StartFrom(const StreamId& id, uint64_t version, LogCursors* log,
                                            const Kept* known, uint64_t* next) {
  const Shaped* nearest = nullptr;
  if (known != nullptr) {
    if (known->at.version <= version) nearest = &known->at;
    for (const Shaped& shaped : known->trail) {
      if (shaped.version <= version && (!nearest || shaped.version > nearest->version)) {
        nearest = &shaped;
      }
    }
  }
  if (nearest != nullptr && version - nearest->version <= kMaxWalk) {
    *next = nearest->version + 1;
    return *nearest;
  }
  KvCursor* cursor = log->operations();
  cursor->SeekForPrev(PieceTableKey(id.owner, id.stream, version));
  if (cursor->Valid()) {
    const std::string first = PieceTableKey(id.owner, id.stream, 0);
    const std::string_view key = cursor->key();
    if (key.size() == first.size() && key.substr(0, 9) == std::string_view(first).substr(0, 9)) {
      const uint64_t found = *KeyU64(key, 9);
      if (nearest == nullptr || found > nearest->version) {
        Shaped shaped;
        shaped.version = found;
        BACKSTEP_ASSIGN_OR_RETURN(shaped.shape, DecodePieceTable(cursor->value()));
        *next = found + 1;
        return shaped;
      }
    }
  }
  BACKSTEP_RETURN_IF_ERROR(cursor->status());
  *next = nearest != nullptr ? nearest->version + 1 : 0;
  return nearest != nullptr ? *nearest : Shaped();
}

// Applies the operations of versions next..version to what `out` holds.
Status StateReader::Impl::Walk(uint64_t next, uint64_t version, LogCursors* log, Kept* out) {
  if (next > version) return {};
  if (version - next >= kMaxChain) return Status::Corruption("no piece table lies near");
  KvCursor* cursor = log->operations();
  cursor->Seek(OpsKey(out->id.owner, out->id.stream, next));
  VersionShape made;
  for (; next <= version; ++next) {
    if (!cursor->Valid() || cursor->key() != OpsKey(out->id.owner, out->id.stream, next)) {
      BACKSTEP_RETURN_IF_ERROR(cursor->status());
      return Status::Corruption("version " + std::to_string(next) + " is missing");
    }
    BACKSTEP_RETURN_IF_ERROR(ApplyOperations(cursor->value(), out->at.shape, &made));
    std::swap(out->at.shape, made);
    if (next > 0 && version - next < kMaxTrail) {
      out->trail.push_back({next - 1, std::move(made)});
      TrimTrail(&out->trail);
      made = VersionShape();
    }
    out->at.version = next;
    if (next < version) cursor->Next();
  }
  return {};
}

// Sets the shape of `version` in `out`; takes the trail over from `known`.
Status StateReader::Impl::Load(uint64_t version, LogCursors* log, Kept* known, Kept* out) {
  uint64_t next = 0;
  BACKSTEP_ASSIGN_OR_RETURN(out->at, StartFrom(out->id, version, log, known, &next));
  if (known != nullptr) {
    out->trail = std::move(known->trail);
    known->trail.clear();
    const uint64_t from = out->at.version;
    std::erase_if(out->trail, [&](const Shaped& shaped) { return shaped.version >= from; });
  }
  return Walk(next, version, log, out);
}

Result<std::shared_ptr<const Kept>> StateReader::Impl::Version(const StreamId& id,
                                                               uint64_t version, Cursors* cursors,
                                                               size_t depth) {
  if (depth > kMaxBaseDepth) return Status::Corruption("its bases go in a circle or too deep");
  const std::shared_ptr<Kept> known = Find(id);
  if (known != nullptr && known->at.version == version) return {known};
  BACKSTEP_ASSIGN_OR_RETURN(LogCursors * log, OpenLog(id.log, cursors));
  auto read = std::make_shared<Kept>();
  read->id = id;
  BACKSTEP_RETURN_IF_ERROR(Load(version, log, known.get(), read.get()));

  const VersionShape& shape = read->at.shape;
  std::shared_ptr<const Kept> base;
  if (shape.base && shape.table.UsesBase()) {
    const BaseVersion& from = *shape.base;
    BACKSTEP_ASSIGN_OR_RETURN(
        base, Version({from.log, from.owner, from.stream}, from.version, cursors, depth + 1));
    if (base->bytes->view().size() != from.size) {
      return Status::Corruption("its base has another size than it had");
    }
  }
  AtHand at_hand;
  if (known != nullptr) at_hand = {&known->at.shape.table, known->bytes->view()};
  BACKSTEP_ASSIGN_OR_RETURN(
      read->bytes, Materialize(shape.table, id.owner, base ? base->bytes->view() : "", at_hand,
                               &log->literals));
  read->hash = HashBytes(read->bytes->view());
  if (CheckOf(read->hash) != shape.check) {
    return Status::Corruption("its bytes are not those that were written");
  }
  Keep(read);
  return {std::move(read)};
}

// Grows with what is found: the size is only a claim until then.
Result<std::string> StateReader::Impl::ReadLiteral(const BodyRef& ref) {
  Cursors cursors;
  BACKSTEP_ASSIGN_OR_RETURN(LogCursors * log, OpenLog(ref.log, &cursors));
  if (ref.position > kMaxLogBytes) return Status::Corruption("lies outside every literal log");
  std::string bytes;
  while (bytes.size() < ref.size) {
    const uint64_t done = bytes.size();
    const uint64_t part = std::min(ref.size - done, kLiteralStride);
    bytes.resize(done + part);
    BACKSTEP_RETURN_IF_ERROR(
        log->literals.Copy(ref.owner, ref.position + done, part, bytes.data() + done));
  }
  return bytes;
}

StateReader::StateReader(std::function<const KvReader*(LogId)> log_reader)
    : impl_(std::make_unique<Impl>()) {
  impl_->log_reader = std::move(log_reader);
}
StateReader::~StateReader() = default;

void StateReader::Clear() {
  impl_->kept.clear();
  impl_->fixed.clear();
}

namespace {

Status CheckBody(const BodyRef& ref, uint64_t size, const Hash128& hash) {
  if (size == ref.size && hash == ref.hash) return {};
  return Status::Corruption("its bytes are not those that were recorded");
}

std::string DescribeLiteral(const BodyRef& ref) {
  return "log " + std::to_string(ref.log.value) + ", agent " + std::to_string(ref.owner.value) +
         ", " + std::to_string(ref.size) + " bytes at " + std::to_string(ref.position) +
         " of its literals";
}

}  // namespace

Result<std::string> StateReader::Read(const BodyRef& ref) {
  if (ref.where == BodyRef::Where::kNone) return std::string();
  if (ref.where == BodyRef::Where::kDropped) {
    return Status::Incomplete("a body of " + std::to_string(ref.size) +
                              " bytes was dropped while recording");
  }
  if (ref.size > kMaxBodyBytes) {
    return Status::Corruption("a body of " + std::to_string(ref.size) + " bytes cannot be");
  }
  if (ref.where == BodyRef::Where::kInline) {
    BACKSTEP_RETURN_IF_ERROR(
        CheckBody(ref, ref.inline_bytes.size(), HashBytes(ref.inline_bytes))
            .WithContext("an inline body"));
    return ref.inline_bytes;
  }
  if (ref.where == BodyRef::Where::kLiteral) {
    Result<std::string> bytes = impl_->ReadLiteral(ref);
    Status status = bytes.status();
    if (status.ok()) status = CheckBody(ref, bytes->size(), HashBytes(*bytes));
    if (!status.ok()) return status.WithContext(DescribeLiteral(ref));
    return bytes;
  }
  if (ref.where != BodyRef::Where::kVersion) return Status::Corruption("unknown kind of body");
  Impl::Cursors cursors;
  const StreamId id{ref.log, ref.owner, ref.stream};
  const auto version = impl_->Version(id, ref.position, &cursors, 0);
  Status status = version.status();
  if (status.ok()) {
    status = CheckBody(ref, (*version)->bytes->view().size(), (*version)->hash);
  }
  if (!status.ok()) return status.WithContext(Describe(id, ref.position));
  return std::string((*version)->bytes->view());
}

Status StateReader::Scan(LogId log, AgentId owner, uint32_t stream, uint64_t first, uint64_t last,
                         const std::function<bool(uint64_t, std::string_view)>& visit) {
  Impl::Cursors cursors;
  const StreamId id{log, owner, stream};
  for (uint64_t version = first; version <= last; ++version) {
    const auto read = impl_->Version(id, version, &cursors, 0);
    if (!read.ok()) return read.status().WithContext(Describe(id, version));
    if (!visit(version, (*read)->bytes->view()) || version == UINT64_MAX) break;
  }
  return {};
}

}  // namespace backstep::store
