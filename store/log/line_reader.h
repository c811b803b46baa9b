// Line on log readers: a chain of logs, nearest first, each visible up to where the one before it
// leaves it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backstep/store/line.h"
#include "backstep/store/log/rocks/kv_store.h"
#include "backstep/store/log/log_reader.h"
#include "backstep/store/state/state_store.h"

namespace backstep::store {

class AgentCursors;

class LineReader : public Line {
 public:
  // Opens `log` and its ancestors. `live_store` (may be nullptr): the store of log's own writer.
  static Result<std::unique_ptr<LineReader>> Open(const std::string& recording, LogId log,
                                                  const KvStore* live_store);
  // The same on a reader of the log that was opened before; its error is passed on.
  static Result<std::unique_ptr<LineReader>> Open(const std::string& recording,
                                                  Result<std::unique_ptr<LogReader>> own);

  LogId id() const override { return own().id(); }
  const LogHeader& header() const override { return own().header(); }
  const LogHeader& session_header() const override { return chain_.back()->header(); }
  LogState state() const override { return own().state(); }
  std::optional<LogEnd> end() const override { return own().end(); }
  StepNumber fork() const override { return own().start(); }
  StepNumber last() const override { return own().last(); }
  std::vector<std::pair<LogId, StepNumber>> Chain() const override {
    std::vector<std::pair<LogId, StepNumber>> logs;
    for (const auto& log : chain_) logs.emplace_back(log->id(), log->start());
    return logs;
  }
  Result<bool> Refresh() override;

  const std::vector<AgentRecord>& agents() const override { return agents_; }
  Result<std::vector<SegmentRecord>> Segments() override;
  Result<StepRecord> Step(StepNumber number) override;
  Status ScanSteps(StepNumber from, StepNumber to,
                   const std::function<bool(const StepRecord&)>& visit) override;
  Status ScanStepsWithEffects(
      StepNumber from, StepNumber to,
      const std::function<bool(const StepRecord&, const std::vector<EffectRecord>&)>& visit)
      override;
  Status ScanStepsInFull(
      StepNumber from, StepNumber to,
      const std::function<bool(const StepRecord&, const std::vector<EffectRecord>&,
                               const std::vector<MessageRecord>& sent)>& visit) override;
  Result<std::optional<StepNumber>> StepOf(AgentId agent, AgentClock clock) override;
  Result<std::optional<StepNumber>> LatestStepOf(AgentId agent, StepNumber at_most) override;
  Result<MessageRecord> FindMessage(const MessageId& id) override;
  Status ScanMessages(const std::function<bool(const MessageRecord&)>& visit) override;
  Result<std::vector<EffectRecord>> Effects(AgentId agent, AgentClock clock) override;
  Status ScanEffects(StepNumber after,
                     const std::function<bool(const EffectRecord&)>& visit) override;
  Status ScanEvents(const std::function<bool(const EventRecord&)>& visit) override;
  Result<std::vector<OpenStep>> OpenSteps() override;
  Result<Cut> CutAt(StepNumber number) override;
  Result<Body> State(AgentId agent, StepNumber number) override;
  Result<Body> ReadBody(const BodyRef& ref) override;
  Status VisitState(AgentId agent, StepNumber number, const BytesVisitor& visit) override;
  Status VisitBody(const BodyRef& ref, const BytesVisitor& visit) override;
  const KvReader& own_log() const override { return own().kv(); }

  // The cut as it is folded: what a branch's writer goes on from.
  Result<CutState> StateAt(StepNumber number);

 private:
  LineReader();

  const LogReader& own() const { return *chain_.front(); }
  // The newest step of chain_[j] that this line sees; below its start when it sees none.
  StepNumber Limit(size_t j) const;
  // Whether a step committed in chain_[j] as `number` belongs to this line.
  bool Sees(size_t j, StepNumber number) const;
  // Whether chain_[j] shows at cut `at` what an uncommitted step did when `after` steps had
  // committed.
  bool HappenedBy(size_t j, StepNumber after, StepNumber at, bool committed) const;
  // The nearest log that begins not after `number`: the one that holds the cut.
  size_t HolderOf(StepNumber number) const;
  Status CheckStep(StepNumber number) const;
  Status OpenChain(const std::string& recording, Result<std::unique_ptr<LogReader>> reader);
  Status LoadAgents();
  const AgentRecord* AgentOf(AgentId id) const;

  Result<CutState> FoldAt(size_t j, StepNumber number) const;
  Status AddOpen(size_t j, StepNumber from, StepNumber number, CutState* cut) const;
  Result<OpenStep> Opened(const StepRef& step, StepNumber number);
  Result<std::vector<OpenStep>> OpenAt(const CutState& cut);
  // Effects of a step that had finished by cut `at`; all of a step that has committed by then.
  Result<std::vector<EffectRecord>> EffectsBy(const StepRef& step, StepNumber at) const;
  // Effects of a step that committed in chain_[j].
  Result<std::vector<EffectRecord>> EffectsOf(size_t j, const StepRecord& step,
                                              AgentCursors& cursors) const;
  // Messages sent by a step that committed in chain_[j].
  Result<std::vector<MessageRecord>> SentBy(size_t j, const StepRecord& step,
                                            AgentCursors& cursors);
  Result<bool> SeesMessage(size_t j, const MessageRecord& message) const;
  Result<bool> SeesEvent(size_t j, const EventRecord& event) const;
  Status NoSuchMessage(const MessageId& id);
  // Where the agent's state after a step lies, and what to call it.
  Result<BodyRef> StateRef(AgentId agent, StepNumber number);
  std::string StateName(AgentId agent, StepNumber number) const;

  std::string recording_;
  std::vector<std::unique_ptr<LogReader>> chain_;  // own log first, main line last
  std::vector<AgentRecord> agents_;
  StateReader bodies_;
};

}  // namespace backstep::store
