#include "backstep/replay/host/host_server.h"

#include <capnp/rpc-twoparty.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

#include "backstep/replay/host/codec.h"
#include "backstep/replay/host/rpc_thread.h"

namespace backstep::replay::host {
namespace {

constexpr auto kOutputWait = std::chrono::seconds(2);
// For the agents' code to come back once the debugger is gone.
constexpr auto kOrphanWait = std::chrono::seconds(10);
constexpr int kOrphanExitCode = 3;

void EncodeAnswer(const Result<ReplayResult>& answer, rpc::Answer::Builder to) {
  if (answer.ok()) {
    Encode(*answer, to.initResult());
  } else {
    Encode(answer.status(), to.initFailure());
  }
}

}  // namespace

// Lives on the event loop's thread for as long as the connection.
class HostServer::Session {
 public:
  explicit Session(HostServer& server) : server_(server) {}

  void Describe(rpc::Description::Builder to) {
    to.setProtocol(kProtocol);
    to.setProgramName(ToData(server_.program_name_, kTextBytesMax));
    to.setProcessId(static_cast<uint64_t>(getpid()));
  }

  // Resolves when the main thread has answered.
  kj::Promise<void> Run(RunOrder order, rpc::Observer::Client observer) {
    {
      std::lock_guard lock(server_.mutex_);
      if (server_.working_) return KJ_EXCEPTION(FAILED, "this host has its experiment already");
      server_.working_ = true;
      server_.order_ = std::move(order);
    }
    server_.changed_.notify_all();
    observer_ = kj::mv(observer);
    auto done = kj::newPromiseAndFulfiller<void>();
    done_ = kj::mv(done.fulfiller);
    return kj::mv(done.promise);
  }

  void FillAnswer(rpc::Answer::Builder to) {
    std::lock_guard lock(server_.mutex_);
    EncodeAnswer(*server_.answer_, to);
  }

  void Cancel() { server_.cancel_ = true; }

  // Something of the main thread's changed.
  void Wake() {
    std::optional<Progress> progress;
    bool output_wanted = false, answered = false;
    {
      std::lock_guard lock(server_.mutex_);
      if (!sending_) progress.swap(server_.progress_);
      output_wanted = std::exchange(server_.output_wanted_, false);
      answered = server_.answer_.has_value();
    }
    if (progress) SendProgress(*progress);
    if (output_wanted) FetchOutput();
    if (answered && done_.get() != nullptr) done_->fulfill();
  }

 private:
  // One at a time: a slow debugger gets the newest, not all.
  void SendProgress(const Progress& progress) {
    KJ_IF_MAYBE (observer, observer_) {
      auto request = observer->progressRequest();
      Encode(progress, request.initProgress());
      sending_ = true;
      progress_sent_ = request.send().ignoreResult().then(
          [this] {
            sending_ = false;
            server_.wake_.Notify();
          },
          [](kj::Exception&&) {}).eagerlyEvaluate(nullptr);
    }
  }

  void FetchOutput() {
    KJ_IF_MAYBE (observer, observer_) {
      output_fetched_ = observer->outputRequest().send().then(
          [this](auto&& response) { GiveOutput(FromData(response.getText())); },
          [this](kj::Exception&&) { GiveOutput({}); }).eagerlyEvaluate(nullptr);
    } else {
      GiveOutput({});
    }
  }

  void GiveOutput(std::string text) {
    {
      std::lock_guard lock(server_.mutex_);
      server_.output_ = std::move(text);
    }
    server_.changed_.notify_all();
  }

  HostServer& server_;
  kj::Maybe<rpc::Observer::Client> observer_;
  kj::Own<kj::PromiseFulfiller<void>> done_;
  bool sending_ = false;
  kj::Promise<void> progress_sent_ = kj::READY_NOW;
  kj::Promise<void> output_fetched_ = kj::READY_NOW;
};

class HostServer::HostCapability final : public rpc::ReplayHost::Server {
 public:
  explicit HostCapability(Session& session) : session_(session) {}

  kj::Promise<void> describe(DescribeContext context) override {
    session_.Describe(context.getResults().initDescription());
    return kj::READY_NOW;
  }
  kj::Promise<void> run(RunContext context) override {
    const auto params = context.getParams();
    RunOrder order{FromData(params.getRecordingPath()), FromData(params.getExperimentJson())};
    return session_.Run(std::move(order), params.getObserver())
        .then([this, context]() mutable {
          session_.FillAnswer(context.getResults().initAnswer());
        });
  }
  kj::Promise<void> cancel(CancelContext) override {
    session_.Cancel();
    return kj::READY_NOW;
  }

 private:
  Session& session_;
};

HostServer::HostServer(int socket_fd, std::string program_name)
    : program_name_(std::move(program_name)), shutdown_fd_(fcntl(socket_fd, F_DUPFD_CLOEXEC, 3)) {
  auto serve = [this](RpcStreams streams) {
    Session session(*this);
    auto wakes = OnEachWake(streams.wake, [&session] { session.Wake(); });
    capnp::ReaderOptions limits;
    limits.traversalLimitInWords = kMessageWordsMax;
    capnp::TwoPartyVatNetwork network(streams.connection, capnp::rpc::twoparty::Side::SERVER,
                                      limits);
    auto rpc = capnp::makeRpcServer(network, kj::heap<HostCapability>(session));
    network.onDisconnect().exclusiveJoin(kj::mv(wakes)).wait(streams.io.waitScope);
    Disconnected();
  };
  thread_ = StartRpcThread(socket_fd, wake_.fd(), serve,
                           [this](const std::string&) { Disconnected(); });
}

HostServer::~HostServer() {
  if (shutdown_fd_ >= 0) {
    shutdown(shutdown_fd_, SHUT_RDWR);
    close(shutdown_fd_);
  }
  if (thread_.joinable()) thread_.join();
}

// Without its debugger a host has nobody to work for: agents that do not come back within the
// limit would run on for ever, with effects nobody asked for.
void HostServer::Disconnected() {
  cancel_ = true;
  std::unique_lock lock(mutex_);
  connected_ = false;
  changed_.notify_all();
  const bool back = changed_.wait_for(
      lock, kOrphanWait, [this] { return !working_ || order_.has_value() || answer_.has_value(); });
  if (!back) _exit(kOrphanExitCode);
}

std::optional<RunOrder> HostServer::AwaitOrder() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return order_.has_value() || !connected_; });
  if (!connected_) return std::nullopt;
  return std::exchange(order_, std::nullopt);
}

void HostServer::ReportProgress(const Progress& progress) {
  {
    std::lock_guard lock(mutex_);
    progress_ = progress;
  }
  wake_.Notify();
}

std::string HostServer::AskOutput() {
  std::unique_lock lock(mutex_);
  output_.reset();
  output_wanted_ = true;
  wake_.Notify();
  changed_.wait_for(lock, kOutputWait, [this] { return output_.has_value() || !connected_; });
  return output_.value_or("");
}

void HostServer::Answer(Result<ReplayResult> answer) {
  {
    std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  changed_.notify_all();
  wake_.Notify();
}

void HostServer::AwaitDebugger() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !connected_; });
}

}  // namespace backstep::replay::host
