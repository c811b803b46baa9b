#include "backstep/replay/engine/match/matcher.h"

namespace backstep::replay {

Result<Matcher::StepCalls*> Matcher::Load(StepKey step) {
  const auto known = open_.find(step);
  if (known != open_.end()) return &known->second;
  BACKSTEP_ASSIGN_OR_RETURN(auto calls, recorded_->line().Effects(step.first, step.second));
  StepCalls loaded;
  for (const EffectRecord& call : calls) loaded.used.push_back(IsUsed(call));
  loaded.calls = std::make_shared<const std::vector<EffectRecord>>(std::move(calls));
  return &(open_[step] = std::move(loaded));
}

bool Matcher::IsUsed(const EffectRecord& effect) const {
  return moved_.count({effect.agent, effect.clock, effect.ordinal}) != 0;
}

Result<const std::vector<EffectRecord>*> Matcher::CallsOf(AgentId agent, AgentClock clock) {
  BACKSTEP_ASSIGN_OR_RETURN(const StepCalls* calls, Load({agent, clock}));
  return calls->calls.get();
}

// Of a call of the step itself; the calls of the step stay for as long as the match.
Match Matcher::MatchOf(const StepCalls& calls, size_t index) {
  return {{calls.calls, &(*calls.calls)[index]}, false};
}

Status Matcher::LoadLater() {
  if (later_loaded_) return {};
  later_loaded_ = true;
  return recorded_->line().ScanEffects(recorded_->fork(), [&](const EffectRecord& effect) {
    later_[{effect.agent, effect.kind, effect.request_hash}].insert(
        {effect.clock, effect.ordinal});
    return true;
  });
}

Result<std::optional<Match>> Matcher::Find(StepKey step, EffectKind kind,
                                           const Hash128& request_hash, bool may_move) {
  BACKSTEP_ASSIGN_OR_RETURN(StepCalls * own, Load(step));
  for (size_t i = 0; i < own->calls->size(); ++i) {
    const EffectRecord& effect = (*own->calls)[i];
    if (!own->used[i] && effect.kind == kind && effect.request_hash == request_hash) {
      return std::optional<Match>(MatchOf(*own, i));
    }
  }
  if (!may_move) return std::optional<Match>();
  BACKSTEP_RETURN_IF_ERROR(LoadLater());
  const auto equal = later_.find({step.first, kind, request_hash});
  if (equal == later_.end()) return std::optional<Match>();
  for (auto at = equal->second.lower_bound({step.second.Next(), 0}); at != equal->second.end();
       ++at) {
    if (moved_.count({step.first, at->first, at->second}) != 0) continue;
    BACKSTEP_ASSIGN_OR_RETURN(auto effects, recorded_->line().Effects(step.first, at->first));
    for (EffectRecord& effect : effects) {
      if (effect.ordinal != at->second) continue;
      return std::optional<Match>(
          Match{std::make_shared<const EffectRecord>(std::move(effect)), true});
    }
  }
  return std::optional<Match>();
}

void Matcher::Use(const Match& match) {
  const EffectRecord& effect = *match.effect;
  const auto own = open_.find({effect.agent, effect.clock});
  if (own != open_.end()) {
    for (size_t i = 0; i < own->second.calls->size(); ++i) {
      if ((*own->second.calls)[i].ordinal == effect.ordinal) own->second.used[i] = true;
    }
  }
  if (match.moved) moved_.insert({effect.agent, effect.clock, effect.ordinal});
}

Result<std::optional<Match>> Matcher::NextOf(StepKey step, EffectKind kind) {
  BACKSTEP_ASSIGN_OR_RETURN(StepCalls * own, Load(step));
  for (size_t i = 0; i < own->calls->size(); ++i) {
    if (!own->used[i] && (*own->calls)[i].kind == kind) {
      return std::optional<Match>(MatchOf(*own, i));
    }
  }
  return std::optional<Match>();
}

Result<std::optional<Match>> Matcher::NearestAnswer(StepKey step, EffectKind kind,
                                                    const std::string& name) {
  std::optional<Match> before, after;
  BACKSTEP_RETURN_IF_ERROR(
      recorded_->line().ScanEffects(StepNumber{0}, [&](const EffectRecord& effect) {
        if (effect.agent != step.first || effect.kind != kind || effect.name != name ||
            effect.error) {
          return true;
        }
        const bool later = effect.clock > step.second;
        if (later && after) return true;
        const auto kept = std::make_shared<const EffectRecord>(effect);
        (later ? after : before) = Match{kept, later};
        return true;
      }));
  return before ? before : after;
}

void Matcher::Forget(StepKey step) {
  open_.erase(step);
}

}  // namespace backstep::replay
