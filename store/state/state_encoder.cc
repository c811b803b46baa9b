#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "backstep/base/hash.h"
#include "backstep/store/format/keys.h"
#include "backstep/store/state/diff/diff.h"
#include "backstep/store/state/literals/literal_log.h"
#include "backstep/store/state/newest_bytes.h"
#include "backstep/store/state/operations.h"
#include "backstep/store/state/piece_table.h"
#include "backstep/store/state/state_store.h"

namespace backstep::store {
namespace {

constexpr size_t kMaxInlineBody = 64;
// Bytes in the operations instead of the log: little replacements, so that a counter between
// two long pieces does not come between appended texts in the log. What only adds goes to the log
// sooner: it stays, and there its pieces grow together.
constexpr size_t kInlineReplacement = 96;
constexpr size_t kInlineAddition = 32;
constexpr size_t kInlineGlue = 64;  // between two references
// inline bytes a table may hold, plus a 16th of the state
constexpr size_t kInlineTableBytes = 4096;

// A piece table is written when there is about as much to read in the operations since the last.
constexpr uint64_t kSnapshotMinBytes = 4096;
constexpr uint64_t kSnapshotVersions = 256;
constexpr uint64_t kSnapshotVersionsMax = 1024;  // even when the table is far larger

// A state in so many pieces is logged anew as a whole.
constexpr uint64_t kFragmentedPieces = 64;
constexpr uint64_t kFragmentedBytesPerPiece = 24;

// An edit whose splices replace this much by this much is diffed: it may be mostly the same.
constexpr size_t kDiffedSplice = 256;
constexpr size_t kMaxSplicesInPlace = 4;

BodyRef InlineRef(std::string_view bytes, const std::string& media_type) {
  BodyRef ref;
  ref.where = BodyRef::Where::kInline;
  ref.size = bytes.size();
  ref.hash = HashBytes(bytes);
  ref.media_type = media_type;
  ref.inline_bytes = bytes;
  return ref;
}

// What the encoder knows of one stream.
struct Stream {
  NewestBytes stored;                // the newest version's bytes, or the base's
  VersionShape shape;                // of the newest version; empty when there is none
  std::optional<std::string> small;  // newer than `stored`: bytes that became inline
  std::optional<BaseVersion> base;   // what version 0 is made from; `stored` holds its bytes
  PrefixHash hash;                   // of `stored`
  uint64_t next_version = 0;
  uint64_t operation_bytes = 0;      // since the last piece table
  uint64_t operation_versions = 0;
  uint64_t new_bytes = 0;            // inserted since the whole was last logged
  bool any = false;                  // there is a newest version or a base

  std::string_view newest() const { return small ? *small : stored.view(); }
  // The size of what the next version is made from.
  uint64_t old_size() const {
    return next_version > 0 ? shape.table.size() : base ? base->size : 0;
  }
};

// How many bytes in front are those of the version before.
size_t SameInFront(const std::vector<Hunk>& hunks) {
  const bool copy = !hunks.empty() && hunks[0].kind == Hunk::Kind::kCopy && hunks[0].offset == 0;
  return copy ? hunks[0].length : 0;
}

bool Fragmented(const Stream& stream) {
  const size_t pieces = stream.shape.table.pieces().size();
  if (pieces > kMaxPieces / 4) return true;
  const uint64_t size = stream.shape.table.size();
  return pieces > kFragmentedPieces && pieces * kFragmentedBytesPerPiece > size &&
         stream.new_bytes >= size / 2;
}

// Whether the splices can be taken for the difference: none may put much in the place of much.
bool IsDifference(const Stream& stream, const StateEdit& edit, uint64_t size) {
  if (stream.small || size <= kMaxInlineBody) return false;
  return std::none_of(edit.splices.begin(), edit.splices.end(), [](const auto& splice) {
    return splice.remove >= kDiffedSplice && splice.insert.size() >= kDiffedSplice;
  });
}

std::vector<Hunk> HunksOf(const StateEdit& edit, uint64_t old_size) {
  std::vector<Hunk> hunks;
  uint64_t old_at = 0;
  uint64_t new_at = 0;
  const auto add = [&](Hunk::Kind kind, uint64_t offset, uint64_t length) {
    if (length != 0) hunks.push_back({kind, offset, length});
    new_at += length;
  };
  for (const StateEdit::Splice& splice : edit.splices) {
    add(Hunk::Kind::kCopy, old_at, splice.offset - old_at);
    add(Hunk::Kind::kInsert, new_at, splice.insert.size());
    old_at = splice.offset + splice.remove;
  }
  add(Hunk::Kind::kCopy, old_at, old_size - old_at);
  return hunks;
}

// Asks about every stretch of new bytes with what lies around it, each byte once. Where two copies
// meet that did not lie so before, nothing was inserted and yet something is new.
bool NewIsClean(std::string_view bytes, const std::vector<Hunk>& hunks, size_t around,
                const std::function<bool(std::string_view)>& clean) {
  size_t begin = 0, end = 0;  // the stretch that waits to be asked about
  size_t at = 0, copied_to = 0;
  const auto add = [&](size_t from, size_t to) {
    from -= std::min(from, around);
    to = std::min(to + around, bytes.size());
    if (from <= end && end > 0) {
      end = to;
      return true;
    }
    const bool good = end == 0 || clean(bytes.substr(begin, end - begin));
    begin = from;
    end = to;
    return good;
  };
  for (const Hunk& hunk : hunks) {
    const bool copy = hunk.kind == Hunk::Kind::kCopy;
    if (!copy && !add(at, at + hunk.length)) return false;
    if (copy && hunk.offset != copied_to && !add(at, at)) return false;
    if (copy) copied_to = hunk.offset + hunk.length;
    at += hunk.length;
  }
  return end == 0 || clean(bytes.substr(begin, end - begin));
}

bool LiesIn(std::string_view bytes, std::string_view owner) {
  const std::less<const char*> before;
  return !before(bytes.data(), owner.data()) && before(bytes.data(), owner.data() + owner.size());
}

// Writes one version of one stream.
class VersionWriter {
 public:
  VersionWriter(AgentId owner, Stream* stream, LiteralLog* log, std::string_view bytes)
      : owner_(owner), stream_(*stream), log_(*log), bytes_(bytes), log_begin_(log->end()),
        inline_room_(stream->shape.table.inline_bytes().size() <
                     kInlineTableBytes + bytes.size() / 16) {}

  // The O value of a version made of hunks.
  std::string Delta(const std::vector<Hunk>& hunks, const Hash128& hash) {
    OperationsWriter out(stream_.old_size(), log_begin_);
    uint64_t old_at = 0;
    for (size_t i = 0; i < hunks.size(); ++i) {
      const Hunk& hunk = hunks[i];
      if (hunk.kind == Hunk::Kind::kCopy) {
        out.Copy(hunk.offset, hunk.length);
        old_at = hunk.offset + hunk.length;
        continue;
      }
      const uint64_t resumes = i + 1 < hunks.size() ? hunks[i + 1].offset : stream_.old_size();
      Insert(bytes_.substr(hunk.offset, hunk.length), resumes == old_at, &out);
      stream_.new_bytes += hunk.length;
    }
    return Finish(out, hash);
  }

  // The O value of a version that is one literal.
  std::string Whole(const Hash128& hash) {
    log_begin_ = log_.end();
    OperationsWriter out(stream_.old_size(), log_begin_);
    log_.Append(bytes_);
    out.Literal(bytes_.size());
    stream_.new_bytes = 0;
    return Finish(out, hash);
  }

 private:
  std::string Finish(const OperationsWriter& out, const Hash128& hash) const {
    const std::optional<BaseVersion> base = stream_.next_version == 0 ? stream_.base : std::nullopt;
    return out.Finish(base, bytes_.size(), hash, log_begin_ - stream_.shape.log_end);
  }

  void Insert(std::string_view text, bool addition, OperationsWriter* out) {
    if (inline_room_ && text.size() < (addition ? kInlineAddition : kInlineReplacement)) {
      out->Inline(text);
      return;
    }
    const std::vector<Segment>& segments = log_.Split(text, bytes_.size());
    for (const Segment& segment : segments) {
      const std::string_view part = text.substr(segment.offset, segment.length);
      if (segment.earlier && segment.owner != owner_) {
        out->Other(PlaceOf(segment.owner, segment.position), segment.length);
      } else if (segment.earlier) {
        out->Earlier(segment.position, segment.length);
      } else if (inline_room_ && segments.size() > 1 && part.size() < kInlineGlue) {
        out->Inline(part);
      } else {
        log_.Append(part);
        out->Literal(part.size());
      }
    }
  }

  const AgentId owner_;
  Stream& stream_;
  LiteralLog& log_;
  std::string_view bytes_;
  uint64_t log_begin_;
  const bool inline_room_;
};

}  // namespace

struct StateEncoder::Impl {
  explicit Impl(KvBatch* b) : batch(b) {}

  using StreamKey = std::pair<uint32_t, uint32_t>;  // owner, stream

  KvBatch* batch;
  std::map<StreamKey, Stream> streams;
  LiteralLogs logs;
  Differ differ;
  VersionShape next;                    // working memory

  Result<BodyRef> AppendBytes(AgentId owner, uint32_t number, std::string_view bytes,
                              const std::string& media_type);
  Result<BodyRef> AppendDiffed(AgentId owner, uint32_t number, Stream* stream,
                               std::string_view bytes, const std::string& media_type,
                               const std::vector<Hunk>& hunks);
  Result<BodyRef> AppendEdit(AgentId owner, uint32_t number, const StateEdit& edit,
                             const std::string& media_type);
  Result<BodyRef> WriteVersion(AgentId owner, uint32_t number, Stream* stream,
                               std::string_view bytes, const std::vector<Hunk>& hunks);
  void WriteSnapshotIfDue(AgentId owner, uint32_t number, Stream* stream, bool whole);
};

Result<BodyRef> StateEncoder::Impl::AppendBytes(AgentId owner, uint32_t number,
                                                std::string_view bytes,
                                                const std::string& media_type) {
  if (bytes.size() > kMaxBodyBytes) {
    return Status::InvalidArgument("a state or request of " + std::to_string(bytes.size()) +
                                   " bytes is over the limit of 1 GiB");
  }
  Stream& stream = streams[{owner.value, number}];
  if (bytes.size() <= kMaxInlineBody) {
    BodyRef ref = InlineRef(bytes, media_type);
    stream.any = true;
    stream.small = ref.inline_bytes;
    return ref;
  }
  // A caller may hand back what Newest() gave, which the patch would change under it.
  if (LiesIn(bytes, stream.stored.view())) {
    const std::string copy(bytes);
    return AppendBytes(owner, number, copy, media_type);
  }
  return AppendDiffed(owner, number, &stream, bytes, media_type,
                      differ.Run(stream.stored.view(), bytes));
}

Result<BodyRef> StateEncoder::Impl::AppendDiffed(AgentId owner, uint32_t number, Stream* stream,
                                                 std::string_view bytes,
                                                 const std::string& media_type,
                                                 const std::vector<Hunk>& hunks) {
  BACKSTEP_ASSIGN_OR_RETURN(BodyRef ref, WriteVersion(owner, number, stream, bytes, hunks));
  stream->stored.Patch(bytes, hunks);
  ref.media_type = media_type;
  return ref;
}

Result<BodyRef> StateEncoder::Impl::AppendEdit(AgentId owner, uint32_t number,
                                               const StateEdit& edit,
                                               const std::string& media_type) {
  Stream& stream = streams[{owner.value, number}];
  BACKSTEP_ASSIGN_OR_RETURN(const uint64_t size, edit.ResultSize(stream.newest().size()));
  if (size > kMaxBodyBytes) {
    return Status::InvalidArgument("the edit makes a state over the limit of 1 GiB");
  }
  if (!IsDifference(stream, edit, size)) {
    BACKSTEP_ASSIGN_OR_RETURN(const std::string bytes, edit.Apply(stream.newest()));
    return AppendBytes(owner, number, bytes, media_type);
  }
  const std::vector<Hunk> hunks = HunksOf(edit, stream.stored.size());
  if (edit.splices.size() > kMaxSplicesInPlace) {
    BACKSTEP_ASSIGN_OR_RETURN(const std::string bytes, edit.Apply(stream.stored.view()));
    return AppendDiffed(owner, number, &stream, bytes, media_type, hunks);
  }
  for (size_t i = edit.splices.size(); i-- > 0;) {
    const StateEdit::Splice& splice = edit.splices[i];
    stream.stored.Splice(splice.offset, splice.remove, splice.insert);
  }
  BACKSTEP_ASSIGN_OR_RETURN(BodyRef ref,
                            WriteVersion(owner, number, &stream, stream.stored.view(), hunks));
  ref.media_type = media_type;
  return ref;
}

Result<BodyRef> StateEncoder::Impl::WriteVersion(AgentId owner, uint32_t number, Stream* stream,
                                                 std::string_view bytes,
                                                 const std::vector<Hunk>& hunks) {
  LiteralLog& log = logs.Of(owner);
  VersionWriter writer(owner, stream, &log, bytes);
  const Hash128 hash = stream->hash.Next(bytes, SameInFront(hunks));
  bool whole = Fragmented(*stream);
  std::string value = whole ? writer.Whole(hash) : writer.Delta(hunks, hash);
  // The table is made as a reader will make it. Only a bound can be in the way, and a version of
  // one piece keeps every bound.
  if (!ApplyOperations(value, stream->shape, &next).ok()) {
    whole = true;
    value = writer.Whole(hash);
    BACKSTEP_RETURN_IF_ERROR(ApplyOperations(value, stream->shape, &next));
  }
  std::swap(stream->shape, next);
  log.Write(batch);
  batch->Put(OpsKey(owner, number, stream->next_version), value);
  stream->operation_bytes += value.size();
  ++stream->operation_versions;
  stream->small.reset();
  stream->any = true;
  WriteSnapshotIfDue(owner, number, stream, whole);

  BodyRef ref;
  ref.where = BodyRef::Where::kVersion;
  ref.owner = owner;
  ref.stream = number;
  ref.position = stream->next_version++;
  ref.size = bytes.size();
  ref.hash = hash;
  return ref;
}

void StateEncoder::Impl::WriteSnapshotIfDue(AgentId owner, uint32_t number, Stream* stream,
                                            bool whole) {
  const uint64_t size = EstimatePieceTableSize(stream->shape.table);
  const uint64_t gathered = stream->operation_bytes;
  const bool due = (whole && stream->next_version > 0) ||
                   gathered >= std::max<uint64_t>(2 * size, kSnapshotMinBytes) ||
                   (stream->operation_versions >= kSnapshotVersions && 2 * gathered >= size) ||
                   stream->operation_versions >= kSnapshotVersionsMax;
  if (!due) return;
  batch->Put(PieceTableKey(owner, number, stream->next_version), EncodePieceTable(stream->shape));
  stream->operation_bytes = 0;
  stream->operation_versions = 0;
}

StateEncoder::StateEncoder(KvBatch* batch) : impl_(std::make_unique<Impl>(batch)) {}
StateEncoder::~StateEncoder() = default;

void StateEncoder::SetBatch(KvBatch* batch) { impl_->batch = batch; }

Result<BodyRef> StateEncoder::Append(AgentId owner, uint32_t stream, std::string_view bytes,
                                     const std::string& media_type) {
  return impl_->AppendBytes(owner, stream, bytes, media_type);
}

Result<BodyRef> StateEncoder::Append(AgentId owner, uint32_t stream, const StateEdit& edit,
                                     const std::string& media_type) {
  return impl_->AppendEdit(owner, stream, edit, media_type);
}

Result<std::optional<BodyRef>> StateEncoder::AppendIfClean(
    AgentId owner, uint32_t number, std::string_view bytes, const std::string& media_type,
    size_t around, const std::function<bool(std::string_view)>& clean) {
  Stream& stream = impl_->streams[{owner.value, number}];
  if (bytes.size() <= std::max(kMaxInlineBody, around) || bytes.size() > kMaxBodyBytes ||
      LiesIn(bytes, stream.stored.view())) {
    if (!clean(bytes)) return std::optional<BodyRef>();
    BACKSTEP_ASSIGN_OR_RETURN(BodyRef ref,
                              impl_->AppendBytes(owner, number, bytes, media_type));
    return std::optional<BodyRef>(std::move(ref));
  }
  const std::vector<Hunk>& hunks = impl_->differ.Run(stream.stored.view(), bytes);
  if (!NewIsClean(bytes, hunks, around, clean)) return std::optional<BodyRef>();
  BACKSTEP_ASSIGN_OR_RETURN(
      BodyRef ref, impl_->AppendDiffed(owner, number, &stream, bytes, media_type, hunks));
  return std::optional<BodyRef>(std::move(ref));
}

void StateEncoder::SetBase(AgentId owner, uint32_t number, BodyRef base, std::string bytes) {
  Stream& stream = impl_->streams[{owner.value, number}];
  if (stream.next_version > 0) return;
  stream = Stream();
  stream.any = true;
  // Anything but a version elsewhere is only what edits apply to.
  if (base.where != BodyRef::Where::kVersion || base.log == LogId() ||
      base.size != bytes.size() || bytes.size() > kMaxBodyBytes) {
    stream.small = std::move(bytes);
    return;
  }
  stream.base = BaseVersion{base.log, base.owner, base.stream, base.position, base.size};
  stream.stored.Assign(std::move(bytes));
}

BodyRef StateEncoder::AppendLiteral(AgentId owner, std::string_view bytes,
                                    const std::string& media_type) {
  if (bytes.size() <= kMaxInlineBody) return InlineRef(bytes, media_type);
  BodyRef ref;
  ref.where = BodyRef::Where::kLiteral;
  ref.owner = owner;
  ref.size = bytes.size();
  ref.hash = HashBytes(bytes);
  ref.media_type = media_type;
  if (bytes.size() > kMaxBodyBytes) {
    ref.where = BodyRef::Where::kDropped;
    return ref;
  }
  LiteralLog& log = impl_->logs.Of(owner);
  if (const auto known = log.FindWhole(bytes, ref.hash)) {
    ref.owner = known->owner;
    ref.position = known->position;
    return ref;
  }
  ref.position = log.end();
  log.Append(bytes);
  log.RememberWhole(ref.hash, bytes.size());
  log.Write(impl_->batch);
  return ref;
}

std::optional<std::string_view> StateEncoder::Newest(AgentId owner, uint32_t stream) const {
  const auto found = impl_->streams.find({owner.value, stream});
  if (found == impl_->streams.end() || !found->second.any) return std::nullopt;
  return found->second.newest();
}

size_t StateEncoder::RetainedBytes() const {
  size_t bytes = impl_->next.table.RetainedBytes();
  for (const auto& [key, stream] : impl_->streams) {
    bytes += stream.stored.RetainedBytes() + stream.shape.table.RetainedBytes() +
             (stream.small ? stream.small->capacity() : 0);
  }
  return bytes + impl_->logs.RetainedBytes();
}

}  // namespace backstep::store
