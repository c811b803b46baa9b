// What a session, its steps and its scopes share. Private to the recorder.
#pragma once

#include <atomic>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backstep/recorder/core/last_state.h"
#include "backstep/recorder/pipeline/drain.h"
#include "backstep/recorder/pipeline/fork_guard.h"
#include "backstep/recorder/pipeline/log_queue.h"
#include "backstep/recorder/session.h"
#include "backstep/recorder/step.h"

namespace backstep::recorder {

// A score that is no number equals nothing, itself included: it is recorded as none.
Outcome Comparable(Outcome outcome);

// An agent as the session's order knows it. `name` and `role` never change; `last` is of the step
// that ends, for an agent's steps end one after the other; the rest is guarded by the order.
struct AgentEntry {
  AgentId id;
  std::string name, role;
  uint64_t clock_max = 0;
  std::deque<uint64_t> clocks_to_resume;  // of steps open at a branch's fork: they begin again
  std::vector<uint64_t> open;             // clocks of its open steps, the innermost last
  uint64_t state_bytes = 0;
  bool state_lost = false;                // its newest state was dropped: edits have no base
  LastState last;                         // as whole states were given
};

// What a record takes over of a message; its times, body and receiver are the caller's to fill.
MessageRecord RecordOf(const Message& message);

// Thread-safe. Three ways of being: it records; it keeps order and asks its hook but writes nothing
// (a failed log, or disabled with a hook); or everything passes through (disabled, a forked child,
// closed). In a forked child no member but the guard is touched: a lock may be held for ever.
class SessionCore : public std::enable_shared_from_this<SessionCore> {
 public:
  explicit SessionCore(SessionOptions options);
  ~SessionCore();

  // Opens the log, as far as that is possible; called once.
  void Open();

  // False: calls pass through, and nothing of this object may be touched.
  bool Live() const { return !fork_guard_.Forked() && live_.load(std::memory_order_acquire); }
  bool Forked() const { return fork_guard_.Forked(); }
  bool Recording() const {
    return Live() && recording_.load(std::memory_order_relaxed);
  }
  Hook* hook() const { return hook_; }
  Clock& clock() const { return *clock_; }
  const std::string& path() const { return path_; }
  LogId log() const { return log_; }
  TimeNs began_wall() const { return began_wall_; }
  uint64_t seed() const { return seed_; }
  bool has_seed() const { return has_seed_; }
  const Redactor* redactor() const { return redactor_.get(); }
  int exceptions_at_open() const { return exceptions_at_open_; }

  AgentId AddAgent(const AgentSpec& spec);
  std::vector<Message> Outside(Message message);
  SegmentId BeginSegment(const std::string& name, SegmentId parent);
  void EndSegment(SegmentId id);
  std::unique_ptr<Step> BeginStep(const std::string& agent, std::vector<Message> messages,
                                  const StepOptions& options, Step::Impl* caller);
  // A step that passes everything through. Allocates nothing where its thread had one before.
  static std::unique_ptr<Step> Unrecorded(const std::string& agent,
                                          std::vector<Message>&& messages,
                                          std::optional<uint64_t> program_index);
  void SetOutcome(const Outcome& outcome);
  void SetEnd(const LogEnd& end);
  void Event(EventRecord event);

  StepNumber Committed() const;
  Status Flush();
  Status Close(bool by_exception);
  Status status() const;

  // What a step does; `agent` is its entry.
  // The id a message is known by; one that was never sent is recorded as coming from outside.
  MessageId Known(Message* message);
  // Gives the item its place: recipient, steps committed by now.
  void PushMessage(std::unique_ptr<MessageItem> item, const std::string& to, SentMessage* sent);
  void PushEffect(std::unique_ptr<EffectItem> item);
  void PushBegin(std::unique_ptr<BeginItem> item);
  // Numbers and queues a step. InvalidArgument: the edit does not fit; the step has then failed.
  Status Commit(AgentEntry& agent, const StepInfo& info, std::unique_ptr<CommitItem> item,
                StateChange change, StepNumber* number);
  // A step that is given up: it stays open in the log.
  void Abandon(AgentEntry& agent, AgentClock clock);

  // An empty item to fill and push.
  template <typename Item>
  std::unique_ptr<Item> Take() {
    return items_.Take<Item>();
  }
  // Room for a body in the queue. False: it must be dropped.
  bool HasRoom(size_t bytes);
  // `body` where there is room for it, else a reference to what is dropped.
  void KeepOrDrop(const Body& body, Body* kept, BodyRef* ref);

  // The log is broken: nothing is recorded from here on. The first failure sticks.
  void Fail(const Status& status);
  // Something was wrong with a call; recording goes on.
  void Complain(const Status& status);
  // Runs code of ours: what it throws (no memory) is a failure of the log and no exception.
  template <typename Code>
  void Protect(Code&& code) noexcept {
    try {
      code();
    } catch (const std::exception& error) {
      FailInside(error.what());
    } catch (...) {
      FailInside("unknown exception");
    }
  }

 private:
  // session_open.cc
  void ReadEnvironment();
  void LoadFaults();
  Status OpenLog();
  void Inherit(const SessionOptions::Inherit& inherit);

  // Under the order.
  AgentEntry& FindOrAddLocked(const std::string& name);
  AgentEntry& AddLocked(const AgentSpec& spec);
  AgentEntry* FindLocked(std::string_view name);
  void PushLocked(std::unique_ptr<LogItem> item);
  bool IsOpenLocked(AgentId agent, AgentClock clock) const;
  bool BeginLocked(const std::string& agent, const StepOptions& options, Step::Impl* caller,
                   Step::Impl* step);
  void FillSegmentLocked(SegmentId id, StepInfo* info, SegmentId* segment) const;
  Status CheckEditLocked(const AgentEntry& agent, const StateEdit& edit, uint64_t* size) const;
  Status SettleStateLocked(AgentEntry& agent, CommitItem* item, StateChange* change);
  void SettleOrderLocked(AgentEntry& agent, CommitItem* item);

  std::vector<Message> OfferOutside(Message message);
  std::unique_ptr<MessageItem> OutsideItem(const Message& message);
  void TellFaults(const std::vector<FaultRecord>& faults);
  void FailInside(const char* what) noexcept;
  Status CloseOnce(bool by_exception);
  void CompleteEnd(LogEnd* end);

  SessionOptions options_;
  const int exceptions_at_open_ = std::uncaught_exceptions();
  ForkGuard fork_guard_;
  Clock* clock_;
  Hook* hook_;
  Hook world_;                           // lets everything through; the inner one of faults
  std::unique_ptr<Hook> faults_;
  std::vector<std::string> fault_warnings_;
  std::string path_;
  LogId log_;
  TimeNs began_wall_;
  uint64_t seed_ = 0;
  bool has_seed_ = false;
  std::shared_ptr<const Redactor> redactor_;

  std::atomic<bool> live_{true};
  std::atomic<bool> recording_{false};   // set to false under the order, so that no push follows
  std::atomic<uint64_t> in_log_{0};      // the newest step that is
  std::atomic<uint64_t> dropped_bodies_{0};

  ItemPool items_;

  // The order: guarded by queue_.mutex().
  LogQueue queue_;
  std::deque<AgentEntry> agents_;        // by id
  std::unordered_map<std::string_view, AgentEntry*> by_name_;
  uint64_t committed_ = 0;
  std::vector<SegmentRecord> segments_;  // by id - 1
  std::vector<SegmentId> open_segments_;
  std::map<SegmentId, uint32_t> children_;
  uint32_t outside_next_ = 0;
  Outcome outcome_;
  LogEnd end_;
  uint64_t incomplete_steps_ = 0;

  mutable std::mutex status_mutex_;
  Status status_;

  std::mutex close_mutex_;
  bool closed_ = false;
  Status close_status_;
  std::unique_ptr<Drain> drain_;         // let go of, never destroyed, in a forked child
};

}  // namespace backstep::recorder
