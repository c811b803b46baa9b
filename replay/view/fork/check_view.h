// What checks of files say: the recording's and a fault file's.
#pragma once

#include <string>
#include <vector>

#include "backstep/recorder/faults/fault_plan.h"
#include "backstep/store/verify.h"

namespace backstep::replay {

std::string ToJson(const store::VerifyReport& report);

// A fault in one line: "late  a2a.delay on a2a_send where target_agent_id=coder, delay_ms=500".
std::string DescribeFault(const recorder::FaultSpec& fault);
std::string ToJson(const recorder::FaultPlan& plan, const std::vector<std::string>& warnings);

// {"branch": ..., "digest": ...}
std::string DigestToJson(const std::string& branch, const Hash128& digest);

}  // namespace backstep::replay
