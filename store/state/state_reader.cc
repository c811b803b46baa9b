#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/store/format/keys.h"
#include "backstep/store/state/literals/literal_reader.h"
#include "backstep/store/state/operations.h"
#include "backstep/store/state/piece_table.h"
#include "backstep/store/state/state_store.h"
#include "backstep/store/state/version_bytes.h"

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
  std::vector<Copied> copied;  // of the version before; empty when it is not known
};

// The newest version read of one stream, and the tables of versions shortly before it.
struct Kept {
  StreamId id;
  Shaped at;
  VersionBytes bytes;
  std::vector<Shaped> trail;  // ascending versions, all below `at`
  uint64_t used = 0;
};

// How a version's shape is come by: from the shape `before` by the operations of `next` and on.
struct Path {
  const VersionShape* before = nullptr;
  uint64_t next = 0;
  bool steps = false;  // the versions before are likely to be asked for next
};

void TrimTrail(std::vector<Shaped>* trail) {
  uint64_t bytes = 0;
  size_t keep = 0;
  while (keep < trail->size() && keep < kMaxTrail) {
    const Shaped& shaped = (*trail)[trail->size() - 1 - keep];
    bytes += sizeof(Shaped) + shaped.shape.table.RetainedBytes() +
             shaped.copied.capacity() * sizeof(Copied);
    if (bytes > kMaxTrailBytes) break;
    ++keep;
  }
  trail->erase(trail->begin(), trail->end() - static_cast<std::ptrdiff_t>(keep));
}

// The cursors of one call, opened when first needed; of a log that stays as it is, those of all.
struct LogCursors {
  explicit LogCursors(const KvReader* reader) : log(reader), literals(reader) {}
  // What agents say is mostly read in the order of steps, in which they take turns. Each keeps a
  // block at hand.
  LiteralReader* literals_of(AgentId owner) {
    turns.resize(kTurns);
    auto& reader = turns[owner.value % kTurns];
    if (reader == nullptr) reader = std::make_unique<LiteralReader>(log);
    return reader.get();
  }
  static constexpr size_t kTurns = 64;
  KvCursor* operations() {
    if (cursor == nullptr) cursor = log->NewCursor();
    return cursor.get();
  }
  const KvReader* log;
  LiteralReader literals;
  std::unique_ptr<KvCursor> cursor;
  std::vector<std::unique_ptr<LiteralReader>> turns;
};

}  // namespace

struct StateReader::Impl {
  std::function<const KvReader*(LogId)> log_reader;
  std::vector<std::shared_ptr<Kept>> kept;
  uint64_t uses = 0;
  BytesRoom room;

  using Cursors = std::map<LogId, LogCursors>;
  Cursors fixed;  // of logs that stay as they are

  Result<LogCursors*> OpenLog(LogId log, Cursors* cursors);
  Result<std::shared_ptr<const Kept>> Version(const StreamId& id, uint64_t version,
                                              Cursors* cursors, size_t depth);
  Status Load(uint64_t version, LogCursors* log, Kept* known, Kept* out);
  Status Walk(Path path, uint64_t version, LogCursors* log, Kept* out);
  Status StartFrom(const StreamId& id, uint64_t version, LogCursors* log, const Shaped** nearest,
                   Shaped* loaded);
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
      bytes += entry->bytes.room() + entry->at.shape.table.RetainedBytes();
    }
    return bytes;
  };
  while (kept.size() > 1 && (kept.size() > kMaxKept || held() > kMaxKeptBytes)) {
    kept.erase(std::min_element(kept.begin(), kept.end(), [](const auto& a, const auto& b) {
      return a->used < b->used;
    }));
  }
}

namespace {

// The nearest of what is known at or before `version`; nullptr: there is none.
Shaped* NearestKnown(Kept* known, uint64_t version) {
  if (known == nullptr) return nullptr;
  Shaped* nearest = known->at.version <= version ? &known->at : nullptr;
  for (Shaped& shaped : known->trail) {
    if (shaped.version <= version && (!nearest || shaped.version > nearest->version)) {
      nearest = &shaped;
    }
  }
  return nearest;
}

// Who steps is likely to step on, and back; who jumps is not.
bool Steps(const Kept* known, uint64_t version) {
  if (known == nullptr) return false;
  const uint64_t at = known->at.version;
  return (at > version ? at - version : version - at) <= kMaxTrail;
}

// Puts what `known` leaves behind, which is of no more use to it, in front of the trail of `read`.
void Inherit(Kept* known, Kept* read) {
  if (!Steps(known, read->at.version)) return;
  const uint64_t end = read->trail.empty() ? read->at.version : read->trail.front().version;
  std::vector<Shaped> trail = std::move(known->trail);
  std::erase_if(trail, [&](const Shaped& shaped) { return shaped.version >= end; });
  if (known->at.version < end) trail.push_back(std::move(known->at));
  for (Shaped& shaped : read->trail) trail.push_back(std::move(shaped));
  read->trail = std::move(trail);
  TrimTrail(&read->trail);
}

// How the bytes at hand, of the version before or after `version`, make it: nothing, it is not
// known.
std::vector<Copied> CopiedFrom(const Shaped& at_hand, const Shaped& wanted) {
  if (wanted.version == at_hand.version + 1) return wanted.copied;
  if (wanted.version + 1 != at_hand.version) return {};
  std::vector<Copied> back;
  back.reserve(at_hand.copied.size());
  for (const Copied& part : at_hand.copied) back.push_back({part.to, part.from, part.length});
  std::sort(back.begin(), back.end(),
            [](const Copied& a, const Copied& b) { return a.to < b.to; });
  return back;
}

}  // namespace

// Sets `*nearest` to the newest piece table not after `version` when it is nearer than that, which
// is far away: `*loaded` then holds it.
Status StateReader::Impl::StartFrom(const StreamId& id, uint64_t version, LogCursors* log,
                                    const Shaped** nearest, Shaped* loaded) {
  KvCursor* cursor = log->operations();
  cursor->SeekForPrev(PieceTableKey(id.owner, id.stream, version));
  if (!cursor->Valid()) return cursor->status();
  const std::string first = PieceTableKey(id.owner, id.stream, 0);
  const std::string_view key = cursor->key();
  if (key.size() != first.size() || key.substr(0, 9) != std::string_view(first).substr(0, 9)) {
    return {};
  }
  const uint64_t found = *KeyU64(key, 9);
  if (*nearest != nullptr && found <= (*nearest)->version) return {};
  loaded->version = found;
  BACKSTEP_ASSIGN_OR_RETURN(loaded->shape, DecodePieceTable(cursor->value()));
  *nearest = loaded;
  return {};
}

// Goes the path to `version`, which lies on it.
Status StateReader::Impl::Walk(Path path, uint64_t version, LogCursors* log, Kept* out) {
  if (version - path.next >= kMaxChain) return Status::Corruption("no piece table lies near");
  KvCursor* cursor = log->operations();
  const auto stands_on = [&](uint64_t number) {
    return cursor->Valid() && cursor->key() == OpsKey(out->id.owner, out->id.stream, number);
  };
  // Who goes through the versions in order finds the cursor on the one before.
  if (path.next > 0 && stands_on(path.next - 1)) {
    cursor->Next();
  } else {
    cursor->Seek(OpsKey(out->id.owner, out->id.stream, path.next));
  }
  VersionShape made;
  std::vector<Copied> copied;
  for (; path.next <= version; ++path.next) {
    if (!stands_on(path.next)) {
      BACKSTEP_RETURN_IF_ERROR(cursor->status());
      return Status::Corruption("version " + std::to_string(path.next) + " is missing");
    }
    const bool near = version - path.next <= (path.steps ? kMaxTrail : 0);
    BACKSTEP_RETURN_IF_ERROR(
        ApplyOperations(cursor->value(), *path.before, &made, near ? &copied : nullptr));
    if (near && path.before == &out->at.shape) {
      out->trail.push_back(std::move(out->at));
      TrimTrail(&out->trail);
      out->at = Shaped();
    }
    std::swap(out->at.shape, made);
    out->at.copied = std::exchange(copied, {});
    out->at.version = path.next;
    path.before = &out->at.shape;
    if (path.next < version) cursor->Next();
  }
  return {};
}

// Sets the shape of `version`, which is not what `known` is at, in `out`, and its trail as far as
// it led there.
Status StateReader::Impl::Load(uint64_t version, LogCursors* log, Kept* known, Kept* out) {
  Shaped* const near = NearestKnown(known, version);
  if (near != nullptr && near->version == version) {
    out->at = std::move(*near);
    known->trail.erase(known->trail.begin() + (near - known->trail.data()));
    return {};
  }
  const Shaped* nearest = near;
  Shaped loaded;
  if (near == nullptr || version - near->version > kMaxWalk) {
    BACKSTEP_RETURN_IF_ERROR(StartFrom(out->id, version, log, &nearest, &loaded));
  }
  if (nearest == &loaded && loaded.version == version) {
    out->at = std::move(loaded);
    return {};
  }
  Path path;
  const VersionShape none;
  path.before = nearest != nullptr ? &nearest->shape : &none;
  path.next = nearest != nullptr ? nearest->version + 1 : 0;
  path.steps = Steps(known, version);
  return Walk(path, version, log, out);
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
    if (base->bytes.view().size() != from.size) {
      return Status::Corruption("its base has another size than it had");
    }
  }
  // A base that is said to lie in this very stream has put itself in the place of what was kept.
  const bool still_kept = known != nullptr && Find(id) == known;
  std::vector<Copied> copied;
  if (still_kept) {
    copied = CopiedFrom(known->at, read->at);
    read->bytes = std::move(known->bytes);
    std::erase(kept, known);
  }
  BACKSTEP_RETURN_IF_ERROR(read->bytes.Become(
      shape.table, id.owner, base ? base->bytes.view() : "",
      still_kept ? &known->at.shape.table : nullptr, copied, &log->literals, &room));
  if (CheckOf(read->bytes.hash()) != shape.check) {
    return Status::Corruption("its bytes are not those that were written");
  }
  Inherit(still_kept ? known.get() : nullptr, read.get());
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
        log->literals_of(ref.owner)->Copy(ref.owner, ref.position + done, part,
                                           bytes.data() + done));
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
  std::string bytes;
  BACKSTEP_RETURN_IF_ERROR(Visit(ref, [&](std::string_view read) { bytes = read; }));
  return bytes;
}

Status StateReader::Visit(const BodyRef& ref,
                          const std::function<void(std::string_view)>& visit) {
  if (ref.where == BodyRef::Where::kNone) {
    visit({});
    return {};
  }
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
    visit(ref.inline_bytes);
    return {};
  }
  if (ref.where == BodyRef::Where::kLiteral) {
    Result<std::string> bytes = impl_->ReadLiteral(ref);
    Status status = bytes.status();
    if (status.ok()) status = CheckBody(ref, bytes->size(), HashBytes(*bytes));
    if (!status.ok()) return status.WithContext(DescribeLiteral(ref));
    visit(*bytes);
    return {};
  }
  if (ref.where != BodyRef::Where::kVersion) return Status::Corruption("unknown kind of body");
  Impl::Cursors cursors;
  const StreamId id{ref.log, ref.owner, ref.stream};
  const auto version = impl_->Version(id, ref.position, &cursors, 0);
  Status status = version.status();
  if (status.ok()) {
    status = CheckBody(ref, (*version)->bytes.view().size(), (*version)->bytes.hash());
  }
  if (!status.ok()) return status.WithContext(Describe(id, ref.position));
  visit((*version)->bytes.view());
  return {};
}

Status StateReader::Scan(LogId log, AgentId owner, uint32_t stream, uint64_t first, uint64_t last,
                         const std::function<bool(uint64_t, std::string_view)>& visit) {
  Impl::Cursors cursors;
  const StreamId id{log, owner, stream};
  for (uint64_t version = first; version <= last; ++version) {
    const auto read = impl_->Version(id, version, &cursors, 0);
    if (!read.ok()) return read.status().WithContext(Describe(id, version));
    if (!visit(version, (*read)->bytes.view()) || version == UINT64_MAX) break;
  }
  return {};
}

}  // namespace backstep::store
