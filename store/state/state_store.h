// The state encoding: versions of byte strings as piece tables over append-only literal logs.
//
// Every agent has one literal log per recording log; its state and its requests are streams of
// versions whose bytes are pieces of that literal log, of other agents' (what one said and another
// keeps is stored once), or, in a branch, of an ancestor's version. A version costs what is new in
// it. Layout of values: docs/format.md.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "backstep/base/status.h"
#include "backstep/schemas/records.h"
#include "backstep/store/format/kv.h"
#include "backstep/store/state/state_edit.h"

namespace backstep::store {

// The writing side for one log. Keeps the newest version of each stream in memory. One thread.
class StateEncoder {
 public:
  explicit StateEncoder(KvBatch* batch);  // not owned
  ~StateEncoder();

  // Replaces the batch that further calls write to.
  void SetBatch(KvBatch* batch);

  // Makes the stream's next version from whole bytes (diffed against the newest version) or from
  // an edit of it. The first version of a stream may name `base`: the same stream's newest version
  // in an ancestor's log and its bytes. Returns a kVersion (or, up to 64 bytes, kInline) reference.
  // InvalidArgument: the edit does not fit.
  Result<BodyRef> Append(AgentId owner, uint32_t stream, std::string_view bytes,
                         const std::string& media_type);
  Result<BodyRef> Append(AgentId owner, uint32_t stream, const StateEdit& edit,
                         const std::string& media_type);
  // The first form, if what is new is clean: `clean` is asked about each stretch of new bytes with
  // up to `around` bytes on either side. Nothing: it was not, and nothing was done.
  Result<std::optional<BodyRef>> AppendIfClean(AgentId owner, uint32_t stream,
                                               std::string_view bytes,
                                               const std::string& media_type, size_t around,
                                               const std::function<bool(std::string_view)>& clean);
  // Sets what the stream's first version here is encoded against.
  void SetBase(AgentId owner, uint32_t stream, BodyRef base, std::string bytes);

  // Appends bytes that are no version of anything: a message's body, a response. Small ones are
  // inline; bytes equal to a recent literal of any agent are referred to.
  BodyRef AppendLiteral(AgentId owner, std::string_view bytes, const std::string& media_type);

  // The newest version's bytes, until the next call; none: there is no version yet.
  std::optional<std::string_view> Newest(AgentId owner, uint32_t stream) const;
  size_t RetainedBytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The reading side. One thread; keeps the last read version of a few streams, so that the next or
// previous version costs what differs, and cursors into logs that are fixed: it must not outlive
// them.
class StateReader {
 public:
  // `log_reader` gives the keys of a log of this line (nullptr: not one of it, a Corruption).
  explicit StateReader(std::function<const KvReader*(LogId)> log_reader);
  ~StateReader();

  // The bytes behind a reference (`ref.log` filled in), hash checked. Corruption: does not decode
  // or has another hash. Incomplete: dropped under overload.
  Result<std::string> Read(const BodyRef& ref);
  // The same without a copy: the bytes are valid during the call of `visit`, which happens once, or
  // not at all after a failure, and must not use the reader.
  Status Visit(const BodyRef& ref, const std::function<void(std::string_view)>& visit);
  // Versions first..last of one stream of one log, in order; cost follows what differs.
  Status Scan(LogId log, AgentId owner, uint32_t stream, uint64_t first, uint64_t last,
              const std::function<bool(uint64_t version, std::string_view bytes)>& visit);
  // Forgets what was kept.
  void Clear();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace backstep::store
