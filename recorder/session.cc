#include "backstep/recorder/session.h"

#include <exception>

#include "backstep/recorder/core/session_core.h"

namespace backstep::recorder {

SegmentScope::SegmentScope(std::shared_ptr<SessionCore> core, SegmentId id)
    : core_(std::move(core)), id_(id) {}

SegmentScope::SegmentScope(SegmentScope&& other) noexcept = default;

SegmentScope::~SegmentScope() { End(); }

void SegmentScope::End() {
  if (core_ == nullptr) return;
  core_->EndSegment(id_);
  core_.reset();
}

Session::Session(std::shared_ptr<SessionCore> core) : core_(std::move(core)) {}

std::unique_ptr<Session> Session::Open(SessionOptions options) {
  auto core = std::make_shared<SessionCore>(std::move(options));
  core->Protect([&] { core->Open(); });
  return std::unique_ptr<Session>(new Session(std::move(core)));
}

Session::~Session() {
  if (core_->Forked()) {
    // Its threads and whoever waits on its locks are not in this process: it must not be taken
    // down.
    static_cast<void>(new std::shared_ptr<SessionCore>(std::move(core_)));
    return;
  }
  const bool by_exception = std::uncaught_exceptions() > core_->exceptions_at_open();
  core_->Protect([&] { (void)core_->Close(by_exception); });
}

AgentId Session::AddAgent(const AgentSpec& spec) {
  return core_->Live() ? core_->AddAgent(spec) : AgentId();
}

std::vector<Message> Session::Outside(Message message) {
  if (core_->Live()) return core_->Outside(std::move(message));
  message.from = kOutsideName;
  return {std::move(message)};
}

SegmentScope Session::BeginSegment(const std::string& name, SegmentId parent) {
  if (!core_->Live()) return {nullptr, {}};
  return {core_, core_->BeginSegment(name, parent)};
}

void Session::EndSegment(SegmentId id) { core_->EndSegment(id); }

std::unique_ptr<Step> Session::BeginStep(const std::string& agent, std::vector<Message> messages,
                                         const StepOptions& options) {
  if (!core_->Live()) {
    return SessionCore::Unrecorded(agent, std::move(messages), options.program_index);
  }
  return core_->BeginStep(agent, std::move(messages), options, nullptr);
}

void Session::SetOutcome(const Outcome& outcome) {
  if (core_->Live()) core_->SetOutcome(outcome);
}

void Session::SetEnd(const LogEnd& end) {
  if (core_->Live()) core_->SetEnd(end);
}

void Session::Event(const std::string& name, const std::string& data, const std::string& level) {
  if (!core_->Live()) return;
  EventRecord event;
  event.name = name;
  event.data = data;
  event.category = level;
  core_->Event(std::move(event));
}

StepNumber Session::Committed() const { return core_->Committed(); }
Status Session::Flush() { return core_->Flush(); }
Status Session::Close() { return core_->Close(false); }
Status Session::status() const { return core_->status(); }
bool Session::enabled() const { return core_->Recording(); }
const std::string& Session::path() const { return core_->path(); }
LogId Session::log() const { return core_->log(); }

}  // namespace backstep::recorder
