#include "backstep/store/log/agent_steps.h"

#include "backstep/store/format/keys.h"

namespace backstep::store {
namespace {

constexpr size_t kAgentPrefixBytes = 1 + 4;
// A few moves cost less than a seek, and lead so far at most.
constexpr int kMoves = 4;
constexpr uint64_t kNearSteps = 1024;

}  // namespace

std::optional<uint64_t> AgentSteps::Here() const {
  if (!cursor_->Valid() || !cursor_->key().starts_with(prefix_)) return std::nullopt;
  return KeyU64(cursor_->key(), kAgentPrefixBytes);
}

Result<std::optional<uint64_t>> AgentSteps::Near(uint64_t at_most) {
  std::optional<uint64_t> here = Here();
  if (!here || (*here > at_most ? *here - at_most : at_most - *here) > kNearSteps) {
    return std::optional<uint64_t>();
  }
  if (*here > at_most && passed_ && *passed_ <= at_most) return passed_;
  const bool back = *here > at_most;
  for (int i = 0; i < kMoves; ++i) {
    const uint64_t before = *here;
    passed_.reset();
    back ? cursor_->Prev() : cursor_->Next();
    if (!cursor_->Valid()) BACKSTEP_RETURN_IF_ERROR(cursor_->status());
    here = Here();
    if (!back && (!here || *here > at_most)) {
      passed_ = before;
      return passed_;
    }
    if (!here) break;
    if (back && *here <= at_most) return here;
  }
  return std::optional<uint64_t>();
}

Result<std::optional<StepNumber>> AgentSteps::Latest(AgentId agent, StepNumber at_most) {
  const std::string key = AgentStepKey(agent, at_most);
  if (!key.starts_with(prefix_) || prefix_.empty()) {
    prefix_ = key.substr(0, kAgentPrefixBytes);
    passed_.reset();
  }
  BACKSTEP_ASSIGN_OR_RETURN(std::optional<uint64_t> found, Near(at_most.value));
  if (!found) {
    passed_.reset();
    cursor_->SeekForPrev(key);
    if (!cursor_->Valid()) BACKSTEP_RETURN_IF_ERROR(cursor_->status());
    if (cursor_->Valid() && cursor_->key().starts_with(prefix_)) {
      found = Here();
      if (!found) return Status::Corruption("steps of an agent: bad key");
    }
  }
  if (!found) return std::optional<StepNumber>();
  return std::optional<StepNumber>(StepNumber{*found});
}

}  // namespace backstep::store
