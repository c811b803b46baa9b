#include "backstep/store/state/piece_table.h"

#include <algorithm>

namespace backstep::store {
namespace {

constexpr uint32_t kMaxInlinePiece = 512;
constexpr uint8_t kTableHasBase = 1;
constexpr uint64_t kInlineBits = static_cast<uint64_t>(Source::kInline);

uint64_t Where(Source source, uint64_t position) {
  return static_cast<uint64_t>(source) << 62 | position;
}

Status MalformedTable(const char* why) {
  return Status::Corruption(std::string("piece table: ") + why);
}

}  // namespace

bool PieceTable::Uses(Source source) const {
  return std::any_of(pieces_.begin(), pieces_.end(),
                     [source](const Piece& piece) { return piece.source() == source; });
}

void PieceTable::Clear() {
  pieces_.clear();
  inline_bytes_.clear();
}

void PieceTable::Add(Source source, uint64_t position, uint64_t length) {
  if (length == 0) return;
  const uint64_t where = Where(source, position);
  if (!pieces_.empty() && pieces_.back().where + pieces_.back().length == where) {
    pieces_.back().length += static_cast<uint32_t>(length);
    return;
  }
  pieces_.push_back({where, static_cast<uint32_t>(length), static_cast<uint32_t>(size())});
}

void PieceTable::AddInline(std::string_view bytes) {
  if (bytes.empty()) return;
  const uint64_t position = inline_bytes_.size();
  inline_bytes_.append(bytes);
  if (!pieces_.empty() && pieces_.back().source() == Source::kInline &&
      pieces_.back().length + bytes.size() <= kMaxInlinePiece) {
    pieces_.back().length += static_cast<uint32_t>(bytes.size());
    return;
  }
  pieces_.push_back({Where(Source::kInline, position), static_cast<uint32_t>(bytes.size()),
                     static_cast<uint32_t>(size())});
}

size_t PieceTable::Find(uint64_t offset) const {
  const auto after = std::upper_bound(
      pieces_.begin(), pieces_.end(), offset,
      [](uint64_t value, const Piece& piece) { return value < piece.start; });
  return static_cast<size_t>(after - pieces_.begin()) - 1;
}

void PieceTable::AddPart(const PieceTable& from, const Piece& piece, uint64_t skip,
                         uint64_t length) {
  if (piece.source() == Source::kInline) {
    AddInline(from.inline_bytes().substr(piece.position() + skip, length));
  } else {
    Add(piece.source(), piece.position() + skip, length);
  }
}

// Whole pieces as they are. The inline bytes of a table lie in the order of its pieces, so those
// of a run of pieces are one range.
void PieceTable::AddWhole(const PieceTable& from, size_t first, size_t last) {
  const uint32_t shift = static_cast<uint32_t>(size()) - from.pieces_[first].start;
  const size_t before = pieces_.size();
  const size_t needed = before + (last - first);
  if (needed > pieces_.capacity()) pieces_.reserve(std::max(needed, 2 * pieces_.capacity()));
  const auto source = from.pieces_.begin();
  pieces_.insert(pieces_.end(), source + static_cast<std::ptrdiff_t>(first),
                 source + static_cast<std::ptrdiff_t>(last));
  while (first < last && from.pieces_[first].source() != Source::kInline) ++first;
  while (first < last && from.pieces_[last - 1].source() != Source::kInline) --last;
  uint64_t inline_shift = 0;
  if (first < last) {
    const uint64_t begin = from.pieces_[first].position();
    inline_shift = inline_bytes_.size() - begin;
    const Piece& end = from.pieces_[last - 1];
    inline_bytes_.append(from.inline_bytes_, begin, end.position() + end.length - begin);
  }
  if (shift == 0 && inline_shift == 0) return;
  // Without a branch: tables of many edits are long, and every second piece is inline.
  for (Piece* piece = pieces_.data() + before; piece != pieces_.data() + needed; ++piece) {
    piece->where += inline_shift & (uint64_t{0} - (piece->where >> 62 == kInlineBits));
    piece->start += shift;
  }
}

void PieceTable::AddRange(const PieceTable& from, uint64_t offset, uint64_t length) {
  if (length == 0) return;
  const uint64_t end = offset + length;
  size_t at = from.Find(offset);
  // The first piece may continue what is there, the last may be needed in part.
  const Piece& first = from.pieces_[at];
  AddPart(from, first, offset - first.start, std::min(end, first.end()) - offset);
  if (end <= first.end()) return;
  ++at;
  const size_t last = from.Find(end - 1);
  if (at < last) AddWhole(from, at, last);
  const Piece& rest = from.pieces_[last];
  AddPart(from, rest, 0, end - rest.start);
}

Status CheckFormat(uint8_t format, const char* what) {
  if (format == kPieceTableFormat || format == kSharingFormat) return {};
  const std::string text =
      std::string(what) + " of format " + std::to_string(format) + " (this is built for " +
      std::to_string(kSharingFormat) + ")";
  return format > kSharingFormat ? Status::VersionMismatch(text) : Status::Corruption(text);
}

void PutBase(std::string* out, const BaseVersion& base) {
  PutVarint(out, base.log.value);
  PutVarint(out, base.owner.value);
  PutVarint(out, base.stream);
  PutVarint(out, base.version);
  PutVarint(out, base.size);
}

bool ReadBase(ByteReader* in, BaseVersion* base) {
  uint64_t log, owner, stream;
  if (!in->Varint(&log) || !in->Varint(&owner) || !in->Varint(&stream) ||
      !in->Varint(&base->version) || !in->Varint(&base->size)) {
    return false;
  }
  if (log > UINT32_MAX || owner > UINT32_MAX || stream > UINT32_MAX) return false;
  base->log = LogId(static_cast<uint32_t>(log));
  base->owner = AgentId(static_cast<uint32_t>(owner));
  base->stream = static_cast<uint32_t>(stream);
  return base->size <= kMaxBodyBytes;
}

std::string EncodePieceTable(const VersionShape& shape) {
  std::string out;
  const PieceTable& table = shape.table;
  out.reserve(EstimatePieceTableSize(table));
  const bool with_base = shape.base.has_value() && table.UsesBase();
  out.push_back(
      static_cast<char>(table.Uses(Source::kOther) ? kSharingFormat : kPieceTableFormat));
  out.push_back(static_cast<char>(with_base ? kTableHasBase : 0));
  if (with_base) PutBase(&out, *shape.base);
  PutFixed32(&out, shape.check);
  PutVarint(&out, shape.log_end);
  PutVarint(&out, table.pieces().size());
  uint64_t expected[4] = {};
  for (const Piece& piece : table.pieces()) {
    PutVarint(&out, uint64_t{piece.length} << 2 | static_cast<uint64_t>(piece.source()));
    if (piece.source() == Source::kInline) {
      out.append(table.inline_bytes().substr(piece.position(), piece.length));
      continue;
    }
    uint64_t& before = expected[static_cast<size_t>(piece.source())];
    PutVarint(&out, ZigZag(static_cast<int64_t>(piece.position() - before)));
    before = piece.position() + piece.length;
  }
  return out;
}

size_t EstimatePieceTableSize(const PieceTable& table) {
  return 16 + 5 * table.pieces().size() + table.inline_bytes().size();
}

namespace {

// Where pieces of a source end.
uint64_t EndOf(Source source, const VersionShape& shape) {
  if (source == Source::kLog) return shape.log_end;
  if (source == Source::kOther) return uint64_t{1} << 62;
  return shape.base ? shape.base->size : 0;
}

Status DecodePiece(ByteReader* in, uint64_t expected[4], VersionShape* shape) {
  uint64_t head;
  if (!in->Varint(&head)) return MalformedTable("ends early");
  const uint64_t length = head >> 2;
  if (length == 0 || length > kMaxBodyBytes - shape->table.size()) {
    return MalformedTable("a piece's length is out of bounds");
  }
  if ((head & 3) == static_cast<uint64_t>(Source::kInline)) {
    std::string_view bytes;
    if (!in->Bytes(length, &bytes)) return MalformedTable("ends early");
    shape->table.AddInline(bytes);
    return {};
  }
  const Source source = static_cast<Source>(head & 3);
  uint64_t difference;
  if (!in->Varint(&difference)) return MalformedTable("ends early");
  uint64_t& before = expected[static_cast<size_t>(source)];
  const uint64_t position = before + static_cast<uint64_t>(UnZigZag(difference));
  const uint64_t limit = EndOf(source, *shape);
  if (position > limit || length > limit - position ||
      (source == Source::kOther && !FitsPlace(position, length))) {
    return MalformedTable("a piece lies outside its source");
  }
  shape->table.Add(source, position, length);
  before = position + length;
  return {};
}

}  // namespace

Result<VersionShape> DecodePieceTable(std::string_view value) {
  ByteReader in(value);
  uint8_t format, flags;
  if (!in.Byte(&format) || !in.Byte(&flags)) return MalformedTable("ends early");
  BACKSTEP_RETURN_IF_ERROR(CheckFormat(format, "a piece table"));
  if ((flags & ~kTableHasBase) != 0) return MalformedTable("unknown flags");
  VersionShape shape;
  if ((flags & kTableHasBase) != 0 && !ReadBase(&in, &shape.base.emplace())) {
    return MalformedTable("its base is out of bounds");
  }
  uint64_t count;
  if (!in.Fixed32(&shape.check) || !in.Varint(&shape.log_end) || !in.Varint(&count)) {
    return MalformedTable("ends early");
  }
  // Each piece takes two bytes at least.
  if (shape.log_end > kMaxLogBytes || count > kMaxPieces || count > in.remaining() / 2) {
    return MalformedTable("over a bound");
  }
  shape.table.Reserve(count);
  uint64_t expected[4] = {};
  for (uint64_t i = 0; i < count; ++i) {
    BACKSTEP_RETURN_IF_ERROR(DecodePiece(&in, expected, &shape));
  }
  if (!in.empty()) return MalformedTable("has bytes left over");
  return shape;
}

}  // namespace backstep::store
