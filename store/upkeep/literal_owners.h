// What the bytes of an agent's literal log belong to. Private to sizes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "backstep/schemas/records.h"
#include "backstep/store/sizes.h"

namespace backstep::store {

// Bodies lie at known places, the rest was added by versions of states and requests. One thread.
class LiteralOwners {
 public:
  // A body of this log; those that lie elsewhere count where they lie.
  void Add(const BodyRef& body, LogId log, SizeKind kind) {
    if (body.where != BodyRef::Where::kLiteral || body.log != log || body.size == 0) return;
    owners_[body.owner].bodies.push_back({body.position, body.size, kind});
  }
  void AddVersion(AgentId owner, SizeKind kind, uint64_t added) {
    owners_[owner].versions[static_cast<size_t>(kind)] += added;
  }

  // Bytes that are kept as a few others that say where they lie escaped.
  void AddUnescaped(AgentId owner, uint64_t position, uint64_t size, uint64_t kept) {
    owners_[owner].unescaped.push_back({position, position + size, kept});
  }

  // How `bytes` of the owner's keys and values are shared out; sums to `bytes`.
  std::vector<std::pair<SizeKind, uint64_t>> SharesOf(AgentId owner, uint64_t bytes) {
    Owner& of = owners_[owner];
    uint64_t kinds[kSizeKinds] = {};
    uint64_t bodies = Covered(&of, kinds);
    if (bodies > bytes) bodies = bytes;  // a damaged log; what follows only must not wrap
    const uint64_t states = of.versions[static_cast<size_t>(SizeKind::kStates)];
    const uint64_t all = states + of.versions[static_cast<size_t>(SizeKind::kRequests)];
    const double part = all == 0 ? 1 : static_cast<double>(states) / static_cast<double>(all);
    const auto of_states = static_cast<uint64_t>(static_cast<double>(bytes - bodies) * part);
    kinds[static_cast<size_t>(SizeKind::kStates)] += of_states;
    kinds[static_cast<size_t>(SizeKind::kRequests)] += bytes - bodies - of_states;
    std::vector<std::pair<SizeKind, uint64_t>> shares;
    for (size_t i = 0; i < kSizeKinds; ++i) {
      const uint64_t share = std::min(kinds[i], bytes);
      if (share != 0) shares.emplace_back(static_cast<SizeKind>(i), share);
      bytes -= share;
    }
    return shares;
  }

 private:
  struct Range {
    uint64_t position, size;
    SizeKind kind;
  };
  struct Unescaped {
    uint64_t begin, end, kept;
  };
  struct Owner {
    std::vector<Range> bodies;
    std::vector<Unescaped> unescaped;  // in the order of the log
    uint64_t versions[kSizeKinds] = {};
  };

  // Bytes that bodies cover, each counted once: for the first of message, answer, request.
  static uint64_t Covered(Owner* of, uint64_t* kinds) {
    std::sort(of->bodies.begin(), of->bodies.end(), [](const Range& a, const Range& b) {
      return a.position != b.position ? a.position < b.position : a.kind > b.kind;
    });
    uint64_t upto = 0, covered = 0;
    for (const Range& body : of->bodies) {
      const uint64_t from = std::max(upto, body.position), to = body.position + body.size;
      if (to <= from) continue;
      const uint64_t kept = KeptOf(*of, from, to);
      kinds[static_cast<size_t>(body.kind)] += kept;
      covered += kept;
      upto = to;
    }
    return covered;
  }

  static uint64_t KeptOf(const Owner& of, uint64_t from, uint64_t to) {
    uint64_t kept = to - from;
    auto chunk = std::lower_bound(
        of.unescaped.begin(), of.unescaped.end(), from,
        [](const Unescaped& one, uint64_t position) { return one.begin < position; });
    for (; chunk != of.unescaped.end() && chunk->end <= to; ++chunk) {
      kept -= std::min(kept, chunk->end - chunk->begin);
      kept += chunk->kept;
    }
    return kept;
  }

  std::map<AgentId, Owner> owners_;
};

}  // namespace backstep::store
