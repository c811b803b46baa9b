// Which recorded answer serves a call: docs/concepts.md, "Effects are matched".
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "backstep/replay/engine/match/recorded.h"

namespace backstep::replay {

struct Match {
  std::shared_ptr<const EffectRecord> effect;
  bool moved = false;          // of a later step of the agent
};

// One thread. Every call can fail with what reading the recording says.
class Matcher {
 public:
  explicit Matcher(Recorded* recorded) : recorded_(recorded) {}

  // The recorded calls of the step about to run, by ordinal. Valid until Forget.
  Result<const std::vector<EffectRecord>*> CallsOf(AgentId agent, AgentClock clock);
  // The answer that serves: the first unused equal request of the step itself, else (llm and pure
  // calls) the nearest unused one of a later step of the agent. nullopt: a miss. Takes nothing.
  // (The hash is over kind, name and request.)
  Result<std::optional<Match>> Find(StepKey step, EffectKind kind, const Hash128& request_hash,
                                    bool may_move);
  // It has served and serves no other call.
  void Use(const Match& match);
  // The next recorded call of that kind in the step, by order alone (clock and random).
  Result<std::optional<Match>> NextOf(StepKey step, EffectKind kind);
  // The nearest answer to any request of that agent and name, whether used or not: the latest not
  // after `clock`, else the first after it.
  Result<std::optional<Match>> NearestAnswer(StepKey step, EffectKind kind,
                                             const std::string& name);
  // A step is over.
  void Forget(StepKey step);

 private:
  using CallKey = std::tuple<AgentId, EffectKind, Hash128>;
  using Place = std::pair<AgentClock, uint32_t>;

  struct StepCalls {
    std::shared_ptr<const std::vector<EffectRecord>> calls;
    std::vector<bool> used;
  };
  Result<StepCalls*> Load(StepKey step);
  static Match MatchOf(const StepCalls& calls, size_t index);
  Status LoadLater();
  bool IsUsed(const EffectRecord& effect) const;

  Recorded* recorded_;
  std::map<StepKey, StepCalls> open_;
  std::set<std::tuple<AgentId, AgentClock, uint32_t>> moved_;  // used by an earlier step
  bool later_loaded_ = false;
  std::map<CallKey, std::set<Place>> later_;
};

}  // namespace backstep::replay
