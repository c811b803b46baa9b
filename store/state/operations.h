// The operations that make a version from the one before it: the values of O keys.
//
// Value of `O agent stream version`:
//   u8      kOperationsFormat, or kSharingFormat where there is a kOther
//   u8      flags: 1 = a base follows, only in version 0
//  [varint  log, owner, stream, version, size of the base: version 0 is made from it]
//   varint  size of the version in bytes
//   u32     check: low 32 bits of `low` of the version's hash, little endian
//   varint  skip: this version's literals begin `skip` bytes behind the end of those of the
//           version before (streams of one owner share a log)
//   operations to the value's end, each a varint  operand << 3 | Operation
// A cursor runs through the old version; it starts at 0 and copies move it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/base/status.h"
#include "backstep/store/state/piece_table.h"

namespace backstep::store {

inline constexpr uint8_t kOperationsFormat = kPieceTableFormat;

enum class Operation : uint8_t {
  kCopy = 0,       // `operand` bytes from the cursor on
  kCopyUntil = 1,  // from the cursor until `operand` bytes before the old version's end
  kForward = 2,    // moves the cursor `operand` bytes ahead: old bytes left out
  kBack = 3,       // moves the cursor `operand` bytes back
  kInline = 4,     // `operand` bytes that follow here
  kLiteral = 5,    // the next `operand` bytes of this version's literals
  kEarlier = 6,    // `operand` bytes of the log; a varint follows: how far before the next of
                   // this version's literals they begin
  kOther = 7,      // `operand` bytes of another agent's log; varints of the agent and of the
                   // position in it follow
};

uint32_t CheckOf(const Hash128& hash);

// Builds the value of one version. One thread.
class OperationsWriter {
 public:
  // `old_size`: of what the version is made from. `log_begin`: where its literals will begin.
  OperationsWriter(uint64_t old_size, uint64_t log_begin)
      : old_size_(old_size), log_at_(log_begin) {}

  void Copy(uint64_t old_offset, uint64_t length);
  void Inline(std::string_view bytes);
  void Literal(uint64_t length);
  void Earlier(uint64_t position, uint64_t length);
  void Other(uint64_t place, uint64_t length);

  // The whole value. `skip` as in the layout.
  std::string Finish(const std::optional<BaseVersion>& base, uint64_t size, const Hash128& hash,
                     uint64_t skip) const;

 private:
  void Put(Operation operation, uint64_t operand);

  uint64_t old_size_;
  uint64_t cursor_ = 0;
  uint64_t log_at_;
  bool shares_ = false;
  std::string operations_;
};

// Bytes that a version has of the one before.
struct Copied {
  uint64_t from = 0;  // where they lie in the one before
  uint64_t to = 0;
  uint64_t length = 0;
};

// Makes `*next` from `old` by a value; `old` is the shape of the version before, empty for
// version 0. `*copied` (may be nullptr): what was copied, in the order of the next version; nothing
// where it is made from a base. Corruption: not what a writer writes, or over a bound;
// VersionMismatch: of a newer format; `*next` is then unspecified.
Status ApplyOperations(std::string_view value, const VersionShape& old, VersionShape* next,
                       std::vector<Copied>* copied = nullptr);

// Bytes that a value's version added to its owner's literal log. Corruption as above.
Result<uint64_t> AddedLiterals(std::string_view value);

}  // namespace backstep::store
