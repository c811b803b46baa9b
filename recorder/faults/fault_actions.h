// The functions behind the rows of Actions(): pure, parameters already checked. Internal.
#pragma once

#include "backstep/recorder/faults/fault_table.h"

namespace backstep::recorder {

MessageChange DropMessage(const FaultSpec& spec, const Message& message);
MessageChange DelayMessage(const FaultSpec& spec, const Message& message);
MessageChange TruncateMessage(const FaultSpec& spec, const Message& message);
MessageChange ReplaceMessage(const FaultSpec& spec, const Message& message);
MessageChange DuplicateMessage(const FaultSpec& spec, const Message& message);

CallChange DelayCall(const FaultSpec& spec, const CallRequest& request);
CallChange AnswerMalformed(const FaultSpec& spec, const CallRequest& request);
CallChange FailRateLimit(const FaultSpec& spec, const CallRequest& request);
CallChange FailTimeout(const FaultSpec& spec, const CallRequest& request);
CallChange FailNetwork(const FaultSpec& spec, const CallRequest& request);
CallChange FailTool(const FaultSpec& spec, const CallRequest& request);
CallChange FailNotInstalled(const FaultSpec& spec, const CallRequest& request);

std::string CrashStep(const FaultSpec& spec);

// At most 4 KiB of `bytes`, cut between characters and marked when cut.
std::string FaultExcerpt(const std::string& bytes);

}  // namespace backstep::recorder
