#include "backstep/recorder/hook.h"

namespace backstep::recorder {

SendOutcome Hook::OnSend(const StepInfo&, Message message) {
  SendOutcome outcome;
  outcome.carried.push_back(std::move(message));
  return outcome;
}

ReceiveOutcome Hook::OnReceive(const StepInfo&, Message message) {
  ReceiveOutcome outcome;
  outcome.message = std::move(message);
  return outcome;
}

CallOutcome Hook::OnCall(const StepInfo&, const CallInfo&, const CallRequest& request,
                         const LiveCall& live, CallProgress& progress) {
  CallOutcome outcome;
  outcome.result = live(request, progress);
  return outcome;
}

std::optional<AgentAnswer> Hook::OnAgentCall(const StepInfo&, const Message&) {
  return std::nullopt;
}

Status Hook::RunAgent(Step&) {
  return Status::Unavailable("the nested agent came without a function that runs it");
}

}  // namespace backstep::recorder
