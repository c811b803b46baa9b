// Records with random contents, for round trips. Every field of a record takes part.
#pragma once

#include <string>

#include "backstep/base/hash.h"
#include "backstep/schemas/records.h"

namespace backstep::testing {

// The log the records are encoded for; references into it are stored as 0.
inline constexpr LogId kOwnLog{3};

class RandomRecords {
 public:
  explicit RandomRecords(uint64_t seed) : random_(seed) {}

  LogHeader Header();
  LogEnd End();
  AgentRecord Agent();
  SegmentRecord Segment();
  StepBegin Begin();
  StepRecord Step();
  MessageRecord Message();
  EffectRecord Effect();
  EventRecord Event();

 private:
  uint64_t Number(uint64_t below) { return random_.Next() % below; }
  bool Coin() { return random_.Next() & 1; }
  std::string Text();
  int64_t Signed() { return static_cast<int64_t>(random_.Next()); }
  Hash128 Hash() { return {random_.Next(), random_.Next()}; }
  MessageId Id();
  BodyRef Ref();
  Outcome AnOutcome();
  std::pair<AgentId, AgentClock> StepRef();
  std::vector<std::pair<std::string, std::string>> Pairs();
  FaultRecord Fault();

  RandomStream random_;
};

}  // namespace backstep::testing
