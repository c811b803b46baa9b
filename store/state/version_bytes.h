// The bytes of a version, made from those of the version of its stream that was read before.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "backstep/base/hash.h"
#include "backstep/base/status.h"
#include "backstep/store/state/materialize.h"

namespace backstep::store {

// Working memory that one reader's streams share.
struct BytesRoom {
  std::unique_ptr<Buffer> spare;  // the newest one that was left behind
  std::string rest;
};

// One thread.
class VersionBytes {
 public:
  std::string_view view() const { return bytes_ == nullptr ? std::string_view() : bytes_->view(); }
  const Hash128& hash() const { return hash_; }
  uint64_t room() const { return bytes_ == nullptr ? 0 : bytes_->room(); }  // memory, bytes

  // Makes them the bytes of `table`; those it has are of `before` (nullptr: it has none), and
  // `copied` says what the two share where that is known. What stays as it is in front is neither
  // moved nor hashed again. After a failure it is empty. Corruption, Io: see Materialize.
  Status Become(const PieceTable& table, AgentId owner, std::string_view base,
                const PieceTable* before, const std::vector<Copied>& copied,
                LiteralReader* literals, BytesRoom* room);

 private:
  Status Fill(const PieceTable& table, AgentId owner, std::string_view base, const AtHand& at_hand,
              uint64_t same, LiteralReader* literals, BytesRoom* room);

  std::unique_ptr<Buffer> bytes_;  // nullptr: nothing was read
  PrefixHash hasher_;
  Hash128 hash_;
};

}  // namespace backstep::store
