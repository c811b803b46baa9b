// What was said in a log, in order: the messages that its steps sent, what their calls answered,
// and messages from outside. Private header of store/search.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/schemas/records.h"
#include "backstep/store/index/rows/log_rows.h"
#include "backstep/store/index/rows/step_feed.h"
#include "backstep/store/line.h"

namespace backstep::store {

struct Saying {
  std::optional<MessageRecord> message;  // either this
  std::optional<EffectRecord> call;      // or this
  const BodyRef& body() const { return message ? message->body : call->response; }
};

// A log says two streams of things, each under rising numbers from 1: its own steps by their
// number, and messages from outside by their ordinal + 1 (copies under the same number).
enum class Stream : uint32_t { kSteps = 0, kOutside = 1 };

// The number after which the log's own begin, and the newest one.
uint64_t StreamStart(const Line& line, Stream stream);
Result<uint64_t> StreamEnd(const Line& line, Stream stream);

// One thread, the line's; the line is not owned. Errors as of LogRows.
class SayingReader {
 public:
  SayingReader(Line* line, Stream stream);

  // What was said under one number, in order. Keeps the last answer; good until the next call.
  Result<const std::vector<Saying>*> At(uint64_t number);

 private:
  Line& line_;
  const Stream stream_;
  LogRows rows_;
  uint64_t number_ = 0;
  std::vector<Saying> sayings_;
};

// What was said under the numbers from..last, in order. One thread; reads ahead on another where
// that pays.
class SayingScan {
 public:
  SayingScan(Line* line, Stream stream, uint64_t from, uint64_t last);

  struct Numbered {
    uint64_t number = 0;
    std::vector<Saying> sayings;
  };
  // nullopt: that was all. Numbers of which there is nothing may be left out.
  Result<std::optional<Numbered>> Next();

 private:
  Line& line_;
  const Stream stream_;
  uint64_t next_;
  const uint64_t last_;
  LogRows rows_;
  std::unique_ptr<StepFeed> feed_;
  std::unique_ptr<KvCursor> cursor_;
};

// Messages that the branch's own log holds although an ancestor's step sent them: changed where
// they waited when the branch left. By sender, clock and ordinal.
Result<std::vector<MessageRecord>> InheritedChanges(Line& line);

}  // namespace backstep::store
