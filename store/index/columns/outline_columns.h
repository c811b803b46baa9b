// The columns of a chunk of outlines. Private to store/index.
//
//   chunk   16 bytes hash of what follows, of the log and of the first step's number (XXH3-128);
//           varint steps; one byte each: SpanBase of the wall clock, of virtual time;
//           the columns in the order of OutlineColumn, each a list of byte_planes.h
//
// What can be told from the outlines before (outline_history.h) is stored as the difference, signed
// ones as ZigZag.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/base/ids.h"

namespace backstep::store {

enum OutlineColumn : uint8_t {
  // A number a step.
  kColAgent,
  kColClock,            // signed, less the agent's last and 1
  kColLag,              // signed: steps committed between its begin and its commit
  kColCaller,           // the agent's id and 1; 0: none
  kColFlags,
  kColModel, kColTool, kColWaiting,   // shares; own work is the rest
  kColWallScale,        // low bits of both ends that are zero and left out, in what follows too
  kColWallLength,       // signed
  kColWallPlace,        // signed, from the SpanBase
  kColVirtualScale,     // signed, less that of the wall clock
  kColVirtualLength,    // signed, less that of the wall clock
  kColVirtualPlace,     // signed, from the SpanBase
  kColTook,             // 0: all that waited, in order; else messages and 1, each told below
  kColSent,             // messages
  // A number a message told of those taken.
  kColTakenPlace,       // its place among what waited, and 1; 0: told in full below
  kColTakenFlags,       // 1 early, 2 hit
  kColTakenSender, kColTakenClock /* signed, less the sender's last */, kColTakenOrdinal,
  kColTakenCopy,
  // A number a message sent.
  kColSentTo,
  kColSentOrdinal,      // signed, less its place in the list
  kColSentCopy,
  kColSentFlags,        // 1 dropped, 2 hit
  kOutlineColumns
};

using OutlineColumns = std::array<std::vector<uint64_t>, kOutlineColumns>;

// Steps of a chunk; chunks follow each other from a log's first own step on.
inline constexpr uint32_t kChunkSteps = 16384;
// Steps that send or take more than this many together are left to the log.
inline constexpr size_t kChunkMessagesMax = size_t{16} * kChunkSteps;

inline Hash128 ChunkHash(LogId log, StepNumber first, std::string_view bytes) {
  Hasher hasher;
  hasher.AddNumber(log.value);
  hasher.AddNumber(first.value);
  hasher.Add(bytes);
  return hasher.Digest();
}

}  // namespace backstep::store
