#include "backstep/replay/compare/shared_prefix.h"

#include <algorithm>

namespace backstep::replay {
namespace {

bool SameSession(const LogHeader& a, const LogHeader& b) {
  return a.id == b.id && a.name == b.name && a.began_wall == b.began_wall && a.host == b.host &&
         a.process_id == b.process_id;
}

// Two copies of a recording may each have grown a branch of the same number: the records tell.
Result<bool> SameRecord(store::Line& a, store::Line& b, StepNumber number) {
  BACKSTEP_ASSIGN_OR_RETURN(const StepRecord in_a, a.Step(number));
  BACKSTEP_ASSIGN_OR_RETURN(const StepRecord in_b, b.Step(number));
  return in_a.agent == in_b.agent && in_a.clock == in_b.clock &&
         in_a.began_wall == in_b.began_wall && in_a.ended_wall == in_b.ended_wall &&
         in_a.state.hash == in_b.state.hash;
}

}  // namespace

Result<StepNumber> SharedPrefix(store::Line& a, StepNumber a_until, store::Line& b,
                                StepNumber b_until) {
  if (!SameSession(a.session_header(), b.session_header())) return StepNumber(0);
  const auto logs_a = a.Chain(), logs_b = b.Chain();
  auto in_a = logs_a.rbegin(), in_b = logs_b.rbegin();
  while (in_a != logs_a.rend() && in_b != logs_b.rend() && in_a->first == in_b->first) {
    ++in_a;
    ++in_b;
  }
  if (in_a == logs_a.rbegin()) return StepNumber(0);
  StepNumber shared = std::min(a_until, b_until);
  for (; in_a != logs_a.rend(); ++in_a) shared = std::min(shared, in_a->second);
  for (; in_b != logs_b.rend(); ++in_b) shared = std::min(shared, in_b->second);
  if (shared.value == 0) return shared;
  BACKSTEP_ASSIGN_OR_RETURN(const bool same, SameRecord(a, b, shared));
  return same ? shared : StepNumber(0);
}

}  // namespace backstep::replay
