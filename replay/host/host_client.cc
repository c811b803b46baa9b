#include "backstep/replay/host/host_client.h"

#include <capnp/rpc-twoparty.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backstep/replay/host/codec.h"
#include "backstep/replay/host/rpc_thread.h"

namespace backstep::replay::host {
namespace {

class ObserverServer final : public rpc::Observer::Server {
 public:
  ObserverServer(std::function<void(const Progress&)> progress,
                 std::function<std::string()> output)
      : progress_(std::move(progress)), output_(std::move(output)) {}

  kj::Promise<void> progress(ProgressContext context) override {
    progress_(Decode(context.getParams().getProgress()));
    return kj::READY_NOW;
  }
  kj::Promise<void> output(OutputContext context) override {
    context.getResults().setText(ToData(output_()));
    return kj::READY_NOW;
  }

 private:
  std::function<void(const Progress&)> progress_;
  std::function<std::string()> output_;
};

Result<ReplayResult> DecodeAnswer(rpc::Answer::Reader answer) {
  if (answer.isFailure()) return Decode(answer.getFailure());
  return Decode(answer.getResult());
}

}  // namespace

// Lives on the event loop's thread for as long as the connection.
class HostClient::Session {
 public:
  Session(HostClient& client, RpcStreams streams)
      : client_(client),
        streams_(streams),
        network_(streams.connection, capnp::rpc::twoparty::Side::CLIENT),
        rpc_(capnp::makeRpcClient(network_)) {}

  void Run() {
    capnp::MallocMessageBuilder message(4);
    auto vat = message.initRoot<capnp::rpc::twoparty::VatId>();
    vat.setSide(capnp::rpc::twoparty::Side::SERVER);
    rpc::ReplayHost::Client host = rpc_.bootstrap(vat).castAs<rpc::ReplayHost>();
    if (!Describe(host)) return;
    auto wakes = OnEachWake(streams_.wake, [this, &host] { PassCancel(host); })
                     .eagerlyEvaluate(nullptr);
    auto response = RequestRun(host).wait(streams_.io.waitScope);
    auto answer = DecodeAnswer(response.getAnswer());
    client_.Update([&](HostState* state) { state->answer = std::move(answer); });
  }

 private:
  bool Describe(rpc::ReplayHost::Client& host) {
    auto response = host.describeRequest().send().wait(streams_.io.waitScope);
    const rpc::Description::Reader description = response.getDescription();
    const std::string name = FromData(description.getProgramName());
    std::string failure;
    if (description.getProtocol() != kProtocol) {
      failure = "it was built with another version of Backstep (replay protocol " +
                std::to_string(description.getProtocol()) + ", here " + std::to_string(kProtocol) +
                "): rebuild it";
    } else if (name != client_.request_.program_name) {
      failure = "it is another program: '" + name.substr(0, 200) + "', and the recording is of '" +
                client_.request_.program_name + "'";
    }
    client_.Update([&](HostState* state) {
      state->described = failure.empty();
      state->process_id = description.getProcessId();
      state->failure = failure;
    });
    return failure.empty();
  }

  capnp::RemotePromise<rpc::ReplayHost::RunResults> RequestRun(rpc::ReplayHost::Client& host) {
    auto request = host.runRequest();
    request.setRecordingPath(ToData(client_.request_.recording_path));
    request.setExperimentJson(ToData(client_.request_.experiment_json));
    request.setObserver(kj::heap<ObserverServer>(
        [client = &client_](const Progress& progress) {
          client->Update([&](HostState* state) {
            state->progress = progress;
            ++state->progress_count;
          });
        },
        client_.request_.output));
    return request.send();
  }

  void PassCancel(rpc::ReplayHost::Client& host) {
    {
      std::lock_guard lock(client_.mutex_);
      if (!client_.cancel_ || cancel_passed_) return;
    }
    cancel_passed_ = true;
    cancelling_ =
        host.cancelRequest().send().ignoreResult().eagerlyEvaluate([](kj::Exception&&) {});
  }

  HostClient& client_;
  RpcStreams streams_;
  capnp::TwoPartyVatNetwork network_;
  capnp::RpcSystem<capnp::rpc::twoparty::VatId> rpc_;
  bool cancel_passed_ = false;
  kj::Promise<void> cancelling_ = kj::READY_NOW;
};

HostClient::HostClient(int socket_fd, HostRequest request)
    : request_(std::move(request)), shutdown_fd_(fcntl(socket_fd, F_DUPFD_CLOEXEC, 3)) {
  thread_ = StartRpcThread(
      socket_fd, wake_.fd(),
      [this](RpcStreams streams) {
        Session(*this, streams).Run();
        Update([](HostState* state) { state->ended = true; });
      },
      [this](const std::string& what) {
        Update([&](HostState* state) {
          if (state->failure.empty()) state->failure = what;
          state->ended = true;
        });
      });
}

HostClient::~HostClient() {
  if (shutdown_fd_ >= 0) {
    shutdown(shutdown_fd_, SHUT_RDWR);
    close(shutdown_fd_);
  }
  if (thread_.joinable()) thread_.join();
}

HostState HostClient::state() const {
  std::lock_guard lock(mutex_);
  return state_;
}

void HostClient::Update(const std::function<void(HostState*)>& change) {
  {
    std::lock_guard lock(mutex_);
    change(&state_);
  }
  changed_.Notify();
}

void HostClient::Cancel() {
  {
    std::lock_guard lock(mutex_);
    cancel_ = true;
  }
  wake_.Notify();
}

}  // namespace backstep::replay::host
