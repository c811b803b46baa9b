// A version's bytes as pieces of what is stored: of the owner's literal log or another agent's, of
// a base version in an ancestor's log, or a few bytes kept in the table itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backstep/base/ids.h"
#include "backstep/base/status.h"
#include "backstep/store/state/varint.h"

namespace backstep::store {

// Bounds of what is written, and of what is believed when read.
inline constexpr uint64_t kMaxBodyBytes = uint64_t{1} << 30;
inline constexpr size_t kMaxPieces = size_t{1} << 22;
inline constexpr uint64_t kMaxLogBytes = uint64_t{1} << 60;  // of one owner's literal log

// A version of the same stream in an ancestor's log.
struct BaseVersion {
  LogId log;
  AgentId owner;
  uint32_t stream = 0;
  uint64_t version = 0;
  uint64_t size = 0;  // bytes of that version
  bool operator==(const BaseVersion&) const = default;
};

enum class Source : uint8_t { kLog = 0, kBase = 1, kInline = 2, kOther = 3 };

// A place in any agent's literal log, as one number: pieces of kOther have it for their position.
// Only what lies within these bounds can be referred to from elsewhere.
inline constexpr int kPlaceBits = 40;
inline constexpr uint32_t kMaxPlaceOwner = (1u << (62 - kPlaceBits)) - 1;
inline constexpr uint64_t kMaxPlaceEnd = uint64_t{1} << kPlaceBits;

constexpr uint64_t PlaceOf(AgentId owner, uint64_t offset) {
  return uint64_t{owner.value} << kPlaceBits | offset;
}
constexpr AgentId OwnerOfPlace(uint64_t place) {
  return AgentId(static_cast<uint32_t>(place >> kPlaceBits));
}
constexpr uint64_t OffsetOfPlace(uint64_t place) { return place & (kMaxPlaceEnd - 1); }
// Whether bytes from a place on end before the bounds of its owner's log: at them they would run on
// into the next one's.
constexpr bool FitsPlace(uint64_t place, uint64_t length) {
  return length < kMaxPlaceEnd - OffsetOfPlace(place);
}

struct Piece {
  uint64_t where = 0;   // source in the top two bits, position in the others
  uint32_t length = 0;
  uint32_t start = 0;   // where it lies in the version
  Source source() const { return static_cast<Source>(where >> 62); }
  uint64_t position() const { return where & ((uint64_t{1} << 62) - 1); }
  uint64_t end() const { return uint64_t{start} + length; }
};

// Value; copies. Callers keep size() within kMaxBodyBytes.
class PieceTable {
 public:
  uint64_t size() const { return pieces_.empty() ? 0 : pieces_.back().end(); }
  const std::vector<Piece>& pieces() const { return pieces_; }
  // The bytes of pieces with source kInline; their positions count in it.
  std::string_view inline_bytes() const { return inline_bytes_; }
  bool UsesBase() const { return Uses(Source::kBase); }
  bool Uses(Source source) const;
  size_t RetainedBytes() const {
    return pieces_.capacity() * sizeof(Piece) + inline_bytes_.capacity();
  }
  void Clear();
  void Reserve(size_t pieces) { pieces_.reserve(pieces); }

  // Appends to the version. What continues the last piece becomes part of it.
  void Add(Source source, uint64_t position, uint64_t length);
  void AddInline(std::string_view bytes);
  // Appends `length` bytes at `offset` of `from`, which holds them; `from` is another table.
  void AddRange(const PieceTable& from, uint64_t offset, uint64_t length);

  // The index of the piece that holds the byte at `offset` < size().
  size_t Find(uint64_t offset) const;

 private:
  void AddPart(const PieceTable& from, const Piece& piece, uint64_t skip, uint64_t length);
  void AddWhole(const PieceTable& from, size_t first, size_t last);

  std::vector<Piece> pieces_;
  std::string inline_bytes_;  // in the order of the pieces, without gaps
};

// What a version is once its operations are applied.
struct VersionShape {
  PieceTable table;
  uint64_t log_end = 0;             // end of the literals of this and earlier versions
  std::optional<BaseVersion> base;  // what pieces of kBase are pieces of
  uint32_t check = 0;               // low 32 bits of `low` of the hash of its bytes
};

// Value of a P key, `P agent stream version`: the version's piece table.
//   u8      kPieceTableFormat, or kSharingFormat where there are pieces of kOther
//   u8      flags: 1 = a base follows
//  [varint  log, owner, stream, version, size of the base]
//   u32     check, little endian
//   varint  log_end
//   varint  number of pieces, then each:
//     varint  length << 2 | source
//     kLog, kBase, kOther: varint zigzag(position - end of the previous piece of that source,
//                  first 0)
//     kInline:     the bytes
inline constexpr uint8_t kPieceTableFormat = 1;
// Of this, piece tables and operations may refer to other agents' literals.
inline constexpr uint8_t kSharingFormat = 2;

std::string EncodePieceTable(const VersionShape& shape);
// About as many bytes as EncodePieceTable gives.
size_t EstimatePieceTableSize(const PieceTable& table);
// Corruption: no piece table, or over a bound. VersionMismatch: of a newer format.
Result<VersionShape> DecodePieceTable(std::string_view value);

// Base references as they stand in P and O values.
void PutBase(std::string* out, const BaseVersion& base);
bool ReadBase(ByteReader* in, BaseVersion* base);
// VersionMismatch when `format` is newer than those of piece tables and operations that are known,
// Corruption when it never existed.
Status CheckFormat(uint8_t format, const char* what);

}  // namespace backstep::store
