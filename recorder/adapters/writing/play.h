// Plays an ordered run into a log, or into nothing: gives what happens its ids, clocks and numbers,
// as a recorder would have.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/recorder/adapters/core/body_file.h"
#include "backstep/recorder/adapters/import.h"
#include "backstep/recorder/adapters/writing/conversation_states.h"
#include "backstep/recorder/adapters/ordering/order.h"
#include "backstep/recorder/adapters/writing/step_times.h"
#include "backstep/recorder/pipeline/item_writer.h"

namespace backstep::adapters {

// What a run left for branches of it: how it stood after each of its steps, from 0 on.
struct Prints {
  struct Moment {
    Hash128 so_far;   // over what had happened by then
    Hash128 outside;  // over what came from outside between it and the next step's end
    bool open = false;  // some step had begun and not ended
    bool operator==(const Moment&) const = default;
  };
  std::vector<Moment> moments;
  std::map<std::string, AgentId> agents;
  TimeNs base;
  LogId log, main_log;
};

struct PlayOptions {
  recorder::ItemWriter* writer = nullptr;  // not owned; nullptr: nothing is written
  StepNumber fork;              // what lies before it is the parent's and not written
  const Prints* parent = nullptr;          // not owned; of the run it branches from
  bool print = false;                      // keep Prints
  std::optional<StepNumber> until{};       // go no further than this step's end
  std::function<Status()> go_on{};         // asked now and then; not ok: end with that
};

// Used once. `draft`, `order` and `bodies` outlive it.
class Play {
 public:
  Play(const SessionDraft& draft, const Order& order, const BodyFile& bodies, StepTimes times,
       PlayOptions options);

  // Errors are those of the writer, of reading `bodies`, and of go_on.
  Status Run();

  Prints& prints() { return prints_; }
  // Adds what was written, and tells what was left out.
  void CountInto(ImportSummary* summary) const;
  // What had to be left out, in words.
  void TellLeftOut(std::vector<std::string>* notes) const;
  StepNumber last() const { return StepNumber(committed_); }
  TimeNs ended() const { return ended_; }  // wall, of the step that ended last

 private:
  struct OpenStep {
    StepRecord record;
    std::vector<uint32_t> took;  // messages, in order
    uint32_t messages = 0;       // sent
  };

  Status Agents();
  Status One(const Happening& happening);
  Status Begin(uint32_t step);
  Status Send(uint32_t message);
  Status Take(uint32_t message);
  Status Effect(uint32_t effect);
  Status Note(uint32_t note);
  Status Commit(uint32_t step);
  Status TellOverlap(const StepDraft& draft, const StepRecord& step);
  Status BeginSegment(uint32_t segment, TimeNs began);
  Status EndSegments(std::optional<SegmentIndex> innermost, TimeNs ended);
  Status RestOfSegments();
  Status WriteSegment(uint32_t segment);
  void FillBegin(uint32_t step, StepRecord* record);
  void FillEnd(uint32_t step, const std::vector<uint32_t>& took, StepRecord* record);
  Result<Body> Read(const KeptBody& body);
  bool TooOften(const KeptBody& body);
  void KeepMoment();
  // Whether what happens now is the parent's.
  bool Shared() const { return options_.writer == nullptr || committed_ < options_.fork.value; }

  const SessionDraft& draft_;
  const Order& order_;
  const BodyFile& bodies_;
  StepTimes times_;
  const PlayOptions options_;
  ConversationStates states_;
  Prints prints_;
  Hasher happened_, outside_;

  uint64_t committed_ = 0;
  uint32_t outside_next_ = 0;
  TimeNs ended_;
  std::vector<AgentId> agents_;                 // by place in the draft
  std::vector<uint64_t> clocks_;                // of the agents
  std::vector<AgentClock> step_clocks_;
  std::vector<std::optional<MessageId>> ids_;   // of messages that were sent
  std::vector<TimeNs> sent_;                    // virtual
  std::vector<std::vector<uint32_t>> activates_;  // by step, of those it takes first
  std::vector<SegmentRecord> segments_;         // by place in the draft; id 0: not begun
  std::vector<uint32_t> in_segment_;            // steps and segments in it that are to come
  uint32_t segments_begun_ = 0;
  std::map<uint32_t, uint32_t> siblings_;       // segments begun, by that around them
  std::unordered_map<uint32_t, OpenStep> open_;
  std::unordered_set<uint64_t> bodies_sent_;  // places of the large ones
  Repeats repeats_;
  uint64_t bodies_left_out_ = 0;
  ImportSummary counts_;
};

}  // namespace backstep::adapters
