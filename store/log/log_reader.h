// Reads the records of one log, ancestors left out. Every record is checked against its key.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/schemas/records.h"
#include "backstep/store/format/kv.h"
#include "backstep/store/log/agent_cursors.h"
#include "backstep/store/log/agent_steps.h"
#include "backstep/store/log/cut_state.h"
#include "backstep/store/log/rocks/kv_store.h"
#include "backstep/store/recording.h"

namespace backstep::store {

// How a log stands right now. Incomplete: it has no lock file; its writer has not begun, or died.
Result<LogState> AskLogState(const std::string& log_path);

// One thread. What it shows is fixed until Refresh.
class LogReader {
 public:
  // Opens a log on disk. Corruption, Io, Incomplete: path and reason.
  static Result<std::unique_ptr<LogReader>> Open(const std::string& recording, LogId log);
  // Reads through the store of the log's own writer, which it must not outlive.
  static Result<std::unique_ptr<LogReader>> OpenLive(const std::string& recording, LogId log,
                                                     const KvStore* store);

  LogId id() const { return header_.id; }
  const std::string& path() const { return path_; }
  const LogHeader& header() const { return header_; }
  LogState state() const { return state_; }
  const std::optional<LogEnd>& end() const { return end_; }
  StepNumber start() const;                    // the fork; 0 for a main line
  StepNumber last() const { return last_; }
  const KvReader& kv() const { return kv_; }   // as long as this reader, also after Refresh

  // True when something was written since.
  Result<bool> Refresh();

  // NotFound never happens for a step within start..last: a gap is Corruption. Asked for in order,
  // they cost what ScanSteps costs, where the log is fixed.
  Result<StepRecord> Step(StepNumber number) const;
  Status ScanSteps(StepNumber from, StepNumber to,
                   const std::function<bool(const StepRecord&)>& visit) const;
  // The number under which the agent's step committed; nullopt: it did not.
  Result<std::optional<StepNumber>> CommittedAs(const StepRef& step) const;
  Result<std::optional<StepNumber>> LatestStepOf(AgentId agent, StepNumber at_most) const;
  // How the step began, whether it committed or is still open.
  Result<std::optional<StepBegin>> Begin(const StepRef& step) const;
  // Those that have not committed.
  Result<std::vector<StepBegin>> Uncommitted() const;
  // Committed steps that begun in from..to-1 and committed after `to`.
  Result<std::vector<StepRef>> BegunBefore(StepNumber from, StepNumber to) const;

  // `cursors`: as of Effects. null: the reader's own, where the log is fixed.
  Result<std::optional<MessageRecord>> Message(const MessageId& id,
                                               AgentCursors* cursors = nullptr) const;
  // Not dropped ones sent in from..to.
  Status ScanOutside(StepNumber from, StepNumber to,
                     const std::function<void(const MessageRecord&)>& visit) const;
  // `cursors`: of this log's own; null: the reader's, or where the log may grow, one is made.
  Result<std::vector<EffectRecord>> Effects(const StepRef& step,
                                            AgentCursors* cursors = nullptr) const;
  Result<std::vector<AgentRecord>> Agents() const;
  Result<std::vector<SegmentRecord>> Segments() const;
  Status ScanEvents(const std::function<bool(const EventRecord&)>& visit) const;
  // The newest cut snapshot not after `at_most`.
  Result<std::optional<CutState>> Snapshot(StepNumber at_most) const;

 private:
  // Stays in place while the view behind it is replaced.
  class CurrentView : public KvReader {
   public:
    Result<std::optional<std::string>> Get(std::string_view key) const override {
      return view->Get(key);
    }
    std::unique_ptr<KvCursor> NewCursor() const override { return view->NewCursor(); }
    std::unique_ptr<KvCursor> NewUncheckedCursor() const override {
      return view->NewUncheckedCursor();
    }
    std::unique_ptr<KvCursor> NewScanCursor() const override { return view->NewScanCursor(); }
    bool Fixed() const override { return view->Fixed(); }
    std::shared_ptr<KvReader> view;
  };

  explicit LogReader(std::string path) : path_(std::move(path)) {}
  Status OpenStore(LogState state);
  Status Follow();
  Status Load(LogId log);
  Status LoadEnd();
  Status Damaged(const std::string& what, const std::string& why) const;
  // Calls `visit` for the keys that start with `prefix`, from `from` on, until it returns false.
  Status Scan(const std::string& prefix, const std::string& from,
              const std::function<Result<bool>(std::string_view, std::string_view)>& visit) const;
  // The same from where the cursor stands.
  static Status ScanOn(
      KvCursor& cursor, const std::string& prefix,
      const std::function<Result<bool>(std::string_view, std::string_view)>& visit);

  std::string path_;
  LogHeader header_;
  LogState state_ = LogState::kCrashed;
  std::optional<LogEnd> end_;
  StepNumber last_;
  std::unique_ptr<KvStore> own_store_;
  const KvStore* store_ = nullptr;
  uint64_t sequence_ = 0;
  CurrentView kv_;
  // At the step, if it is the one after that asked for before; nullptr: it is another, or cannot be
  // read, or the log may grow.
  const KvCursor* NextStep(StepNumber number, const std::string& key) const;
  AgentCursors* Kept(std::unique_ptr<AgentCursors>* cursors) const;

  // Kept where the log is fixed.
  mutable std::unique_ptr<AgentSteps> agent_steps_;
  mutable std::unique_ptr<AgentCursors> effects_, messages_;
  mutable std::unique_ptr<KvCursor> steps_;
  mutable StepNumber step_asked_;
};

}  // namespace backstep::store
