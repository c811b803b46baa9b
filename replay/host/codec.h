// Plain values of replay/reexecute.h to and from the messages of replay_host.capnp. Private.
#pragma once

#include "backstep/replay/reexecute.h"
#include "backstep_generated/replay/host/replay_host.capnp.h"

namespace backstep::replay::host {

inline constexpr uint32_t kProtocol = 1;

// Lists longer than these are cut by the writer and refused by the reader.
inline constexpr size_t kDivergencesMax = 100;
inline constexpr size_t kLinesMax = 200;
// Every text of an answer is cut to this, so that an answer stays within the reader's limit.
inline constexpr size_t kTextBytesMax = 32 << 10;
// Of one message, in words of 8 bytes: an experiment may carry large bodies.
inline constexpr uint64_t kMessageWordsMax = 64u << 20;

kj::ArrayPtr<const kj::byte> ToData(const std::string& text, size_t bytes_max = SIZE_MAX);
std::string FromData(capnp::Data::Reader data);

void Encode(const Progress& progress, rpc::Progress::Builder to);
Progress Decode(rpc::Progress::Reader from);

void Encode(const ReplayResult& result, rpc::Result::Builder to);
// Corruption: an enumeration or a count that no host of ours writes.
Result<ReplayResult> Decode(rpc::Result::Reader from);

void Encode(const Status& status, rpc::Failure::Builder to);
Status Decode(rpc::Failure::Reader from);

}  // namespace backstep::replay::host
