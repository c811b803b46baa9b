// CallAgent: request, nested step and reply in one.
#include <algorithm>

#include "backstep/recorder/core/step_impl.h"

namespace backstep::recorder {
namespace {

AgentReply Failed(const char* kind, std::string message) {
  AgentReply reply;
  reply.error = CallError{kind, 0, std::move(message), {}};
  return reply;
}

// Whether the inner step took the request before it came to nothing.
bool RequestWasTaken(const AgentAnswer& answer) {
  return !answer.error || answer.error->kind == "agent_failed" ||
         answer.error->kind == "no_reply" || !answer.reply.to.empty();
}

}  // namespace

void Step::Impl::MarkTaken(const std::vector<Message>& messages) {
  if (!Recorded()) return;
  core->Protect([&] {
    for (const Message& message : messages) item->record.took.push_back({message.id});
  });
}

// The recorded outcome of a nested call: the inner agent does not run again.
AgentReply Step::Impl::Answered(AgentAnswer answer) {
  nested += answer.duration;
  if (answer.error) {
    if (answer.error->kind == "agent_failed" && !answer.reply.to.empty()) MarkTaken({answer.reply});
    AgentReply reply;
    reply.error = std::move(answer.error);
    return reply;
  }
  NestedCall call;
  call.replied = true;
  call.replies.push_back(std::move(answer.reply));
  return TakeReply(call);
}

AgentReply Step::Impl::TakeReply(NestedCall& call) {
  if (!call.replied) return Failed("no_reply", "the agent did not reply");
  if (call.replies.empty()) return Failed("dropped", "the reply was dropped");
  MarkTaken(call.replies);
  std::optional<Message> read = std::move(call.replies.front());
  if (Recorded()) read = Read(std::move(*read));
  if (!read) return Failed("dropped", "the reply was dropped");
  AgentReply reply;
  reply.message = std::move(*read);
  return reply;
}

std::unique_ptr<Step> Step::Impl::BeginNested(const std::string& agent,
                                              std::vector<Message> requests, NestedCall* call) {
  std::unique_ptr<Step> inner;
  if (core != nullptr) {
    StepOptions options;
    if (item != nullptr) options.segment = item->record.segment;
    inner = core->BeginStep(agent, std::move(requests), options, this);
  } else {
    inner = SessionCore::Unrecorded(agent, std::move(requests), std::nullopt);
  }
  inner->impl_->nested_call = call;
  return inner;
}

// Runs the inner agent and ends its step, whatever happens. What it throws is the program's.
Status Step::Impl::RunInner(Step& inner, const std::function<Status(Step&)>& run) {
  Impl& step = *inner.impl_;
  Status ran;
  try {
    if (step.failed) {
      ran = Status::Cancelled(step.failed->message);
    } else if (run) {
      ran = run(inner);
    } else if (Recorded() && hook() != nullptr) {
      ran = hook()->RunAgent(inner);
    } else {
      ran = Status::Unavailable("the nested agent came without a function that runs it");
    }
  } catch (const std::exception& error) {
    if (!step.ended) (void)step.End({}, StepError{"exception", error.what()});
    throw;
  } catch (...) {
    if (!step.ended) (void)step.End({}, StepError{"exception", "an exception left the step"});
    throw;
  }
  if (step.ended) return ran;
  if (ran.ok()) {
    (void)step.End({}, StepError{"no_commit", "the step ended without Commit"});
  } else {
    (void)step.End({}, StepError{std::string(StatusCodeName(ran.code())), ran.message()});
  }
  return ran;
}

AgentReply Step::Impl::RunNested(const std::string& agent, std::vector<Message> requests,
                                 const std::function<Status(Step&)>& run) {
  NestedCall call;
  call.request = requests.front().id;
  call.caller = info.agent_name;
  std::optional<ElsewhereTimer> timer;
  if (Recorded()) timer.emplace(core->clock(), &elsewhere);
  const std::unique_ptr<Step> inner = BeginNested(agent, std::move(requests), &call);
  Impl& step = *inner->impl_;
  // However the inner step is left, its time has passed for this one too.
  struct AddTime {
    Impl& outer;
    const Impl& inner;
    ~AddTime() { outer.nested += inner.duration; }
  };
  Status ran;
  {
    const AddTime add_time{*this, step};
    ran = RunInner(*inner, run);
  }
  if (step.abandoned || abandoned) return Failed("cancelled", "the re-execution ended");
  if (step.error) {
    MarkTaken(call.replies);
    if (ran.code() == StatusCode::kCancelled && !step.failed) {
      return Failed("cancelled", step.error->message);
    }
    return Failed("agent_failed", step.error->kind + ": " + step.error->message);
  }
  return TakeReply(call);
}

AgentReply Step::CallAgent(const std::string& agent, Message request,
                           const std::function<Status(Step& inner)>& run) {
  Impl& step = *impl_;
  if (step.abandoned) return Failed("cancelled", "the re-execution ended");
  request.to = agent;
  std::vector<Message> requests;
  if (step.Recorded()) {
    Impl::Offer offer = step.Ask(std::move(request));
    if (step.abandoned) return Failed("cancelled", "the re-execution ended");
    requests = offer.outcome.carried;
    std::optional<AgentAnswer> answer;
    if (step.hook() != nullptr && !requests.empty()) {
      answer = step.hook()->OnAgentCall(step.info, requests.front());
      if (step.AskAbandoned()) return Failed("cancelled", "the re-execution ended");
    }
    step.Record(offer, answer && !RequestWasTaken(*answer) && !offer.outcome.already_delivered);
    if (answer) return step.Answered(std::move(*answer));
    if (requests.empty()) return Failed("dropped", "the request was dropped");
    // One that was sent elsewhere waits in the mailbox it was sent to.
    std::erase_if(requests, [&](const Message& message) { return message.to != agent; });
    if (requests.empty()) return Failed("no_reply", "the request went to another agent");
  } else {
    step.ComplainEnded("called an agent");
    request.from = step.info.agent_name;
    requests.push_back(std::move(request));
  }
  return step.RunNested(agent, std::move(requests), run);
}

}  // namespace backstep::recorder
