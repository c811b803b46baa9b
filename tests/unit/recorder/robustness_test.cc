// The recorder where the world does not play along: it never hurts its host.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "backstep/recorder/session.h"
#include "backstep/tests/support/variables.h"
#include "backstep/tests/unit/recorder/recorded.h"

namespace backstep::recorder::testing {
namespace {

using backstep::testing::Variables;

// A small run that must work whatever becomes of its recording.
void RunHost(Session& session) {
  auto inbox = session.Outside(To("a", "go"));
  REQUIRE(inbox.size() == 1);
  auto segment = session.BeginSegment("s");
  auto step = session.BeginStep("a", inbox);
  REQUIRE(step->taken().at(0).body.bytes == "go");
  REQUIRE(step->info().agent_name == "a");
  const CallResult result = step->CallTool(
      {.name = "t"}, [](const CallRequest&, CallProgress&) { return Answer("ran"); });
  REQUIRE(result.response().body.bytes == "ran");
  REQUIRE(step->Send(To("b", "x")).at(0).from == "a");
  REQUIRE(step->Now().ns > 0);
  REQUIRE(step->Random() != step->Random());
  auto span = step->Span("k", "n");
  step->Event("e");
  MustOk(step->Commit(Text("state")));
  REQUIRE(step->ended());
}

TEST_CASE("A disabled session runs its host, records nothing and is no error") {
  backstep::testing::TempDir dir;
  const Variables variables({{"BACKSTEP_DISABLED", "1"}, {"BACKSTEP_RECORDING", dir / "r"}});
  auto session = Session::Open({.name = "n"});
  REQUIRE_FALSE(session->enabled());
  RunHost(*session);
  REQUIRE(session->log() == LogId(0));
  MustOk(session->Flush());
  MustOk(session->Close());
  REQUIRE_FALSE(std::filesystem::exists(dir / "r"));
}

TEST_CASE("A step of a disabled session takes the place of the one before and nothing of it") {
  const auto session = Session::Open({.disabled = true, .read_environment = false});
  const Step* place = nullptr;
  {
    const auto first = session->BeginStep("agent with a name of some length", {To("a", "go")},
                                          {.program_index = 7});
    place = first.get();
    const AgentReply reply = first->CallAgent("inner", To("inner", "?"), [](Step& inner) {
      inner.Reply(Text("!"));
      return inner.Commit(Text("s"));
    });
    REQUIRE(reply.message.body.bytes == "!");
    first->Fail({"broken", "as it may be"});
    REQUIRE(first->ended());
  }
  const auto second = session->BeginStep("b");
  REQUIRE(second.get() == place);
  REQUIRE(second->info().agent_name == "b");
  REQUIRE_FALSE(second->info().program_index);
  REQUIRE(second->taken().empty());
  REQUIRE_FALSE(second->ended());
  REQUIRE_FALSE(second->failed());
  REQUIRE(second->Reply(Text("no one asked")).empty());
  const auto beside = session->BeginStep("c", {To("c", "x")});
  REQUIRE(beside.get() != place);
  MustOk(second->Commit(Text("s")));
  REQUIRE(second->Commit().code() == StatusCode::kInvalidArgument);
  REQUIRE(beside->taken().at(0).body.bytes == "x");
  REQUIRE_FALSE(beside->ended());
}

TEST_CASE("Steps of a disabled session may end on other threads than they began on") {
  const auto session = Session::Open({.disabled = true, .read_environment = false});
  std::vector<std::unique_ptr<Step>> steps;
  for (int i = 0; i < 10; ++i) steps.push_back(session->BeginStep("a" + std::to_string(i)));
  std::thread other([&] {
    for (int i = 0; i < 10; ++i) {
      REQUIRE(steps[static_cast<size_t>(i)]->info().agent_name == "a" + std::to_string(i));
      steps[static_cast<size_t>(i)].reset();
      MustOk(session->BeginStep("here")->Commit(Text("s")));
    }
  });
  other.join();
  REQUIRE(session->BeginStep("b")->taken().empty());
}

TEST_CASE("The environment names the recording, the seed and the faults") {
  backstep::testing::TempDir dir;
  std::ofstream(dir / "f.yaml")
      << "faults:\n- id: lost\n  hook: a2a_send\n  action: {type: a2a.drop}\n";
  const Variables variables({{"BACKSTEP_RECORDING", dir / "r"},
                             {"BACKSTEP_SEED", "77"},
                             {"BACKSTEP_FAULTS", dir / "f.yaml"}});
  auto session = Session::Open({.name = "n"});
  REQUIRE(session->path() == dir / "r");
  auto step = session->BeginStep("a");
  REQUIRE(step->Send(To("b", "x")).empty());
  MustOk(step->Commit());
  MustOk(session->Close());
  auto recording = Must(store::Recording::Open(dir / "r"));
  auto line = Must(recording->OpenLine(LogId(1)));
  REQUIRE(line->header().seed == 77);
  REQUIRE(line->header().faults_origin == dir / "f.yaml");
  REQUIRE(line->header().faults_text.find("a2a.drop") != std::string::npos);
  const StepRecord record = StepsOf(*line).at(0);
  REQUIRE(record.sent.at(0).dropped);
  REQUIRE(record.faults.at(0).spec_id == "lost");
  const auto message = Must(line->FindMessage(record.sent[0].id));
  REQUIRE(message.dropped);
  REQUIRE(Must(line->ReadBody(message.body)).bytes == "x");
}

TEST_CASE("A bad fault file or seed is told; the run is recorded without them") {
  backstep::testing::TempDir dir;
  std::ofstream(dir / "f.yaml") << "faults: [{id: x, hook: a2a_sned, action: {type: a2a.drop}}]\n";
  for (const auto& variable : std::vector<std::pair<std::string, std::string>>{
           {"BACKSTEP_FAULTS", dir / "f.yaml"},
           {"BACKSTEP_FAULTS", dir / "missing.yaml"},
           {"BACKSTEP_SEED", "many"}}) {
    const Variables variables({variable, {"BACKSTEP_RECORDING", dir / "r"}});
    auto session = Session::Open({.name = "n"});
    REQUIRE_FALSE(session->status().ok());
    REQUIRE(session->enabled());
    RunHost(*session);
    const LogId log = session->log();
    REQUIRE_FALSE(session->Close().ok());
    auto line = Must(Must(store::Recording::Open(dir / "r"))->OpenLine(log));
    REQUIRE(line->last() == StepNumber(1));
    REQUIRE(line->header().faults_text.empty());
    REQUIRE_FALSE(line->end()->first_failure.empty());
  }
}

TEST_CASE("A path that cannot be written leaves the host running and says why") {
  backstep::testing::TempDir dir;
  std::ofstream(dir / "file") << "x";
  for (const std::string& path : {dir / "file/r.backstep", dir / "file", std::string("/proc/r")}) {
    SessionOptions options;
    options.path = path;
    options.read_environment = false;
    auto session = Session::Open(options);
    REQUIRE_FALSE(session->enabled());
    REQUIRE(session->status().message().find(path.substr(0, 5)) != std::string::npos);
    RunHost(*session);
    REQUIRE_FALSE(session->Flush().ok());
    REQUIRE_FALSE(session->Close().ok());
  }
}

TEST_CASE("A pattern that does not compile keeps everything from the disk") {
  Recorded recorded;
  auto options = recorded.Options();
  options.redact = {"("};
  auto session = Session::Open(options);
  REQUIRE(session->status().code() == StatusCode::kInvalidArgument);
  RunHost(*session);
  REQUIRE_FALSE(std::filesystem::exists(recorded.path()));
}

TEST_CASE("A full queue drops bodies and states, keeps every step and says how many") {
  Recorded recorded;
  auto options = recorded.Options();
  options.queue_bytes_max = 64 << 10;
  options.block_max = DurationNs{1};
  auto session = Session::Open(options);
  session->AddAgent({.name = "a"});
  const std::string big(48 << 10, 'x');
  constexpr uint64_t kSteps = 300;
  for (uint64_t i = 0; i < kSteps; ++i) {
    auto step = session->BeginStep("a");
    (void)step->Send(To("b", big));
    MustOk(step->Commit(Text(std::to_string(i) + big)));
  }
  const Status status = session->Close();
  REQUIRE(status.code() == StatusCode::kIncomplete);
  auto line = recorded.Read();
  REQUIRE(line->last() == StepNumber(kSteps));
  REQUIRE(line->end()->dropped_bodies > 0);
  uint64_t incomplete = 0;
  for (const StepRecord& step : StepsOf(*line)) {
    const auto state = line->State(AgentId(1), step.number);
    const auto message = Must(line->FindMessage(step.sent.at(0).id));
    const bool dropped = step.state.where == BodyRef::Where::kDropped ||
                         message.body.where == BodyRef::Where::kDropped;
    REQUIRE(step.incomplete == dropped);
    incomplete += dropped ? 1 : 0;
    if (step.state.where == BodyRef::Where::kDropped) {
      REQUIRE(state.status().code() == StatusCode::kIncomplete);
    } else {
      REQUIRE(Must(state).bytes == std::to_string(step.number.value - 1) + big);
    }
  }
  REQUIRE(incomplete > 0);
}

TEST_CASE("An edit of a state that was dropped is dropped too, until a whole one comes") {
  // Sees whether the newest step's state had room.
  struct Watch : Hook {
    bool dropped = false;
    void OnCommit(const StepInfo&, const StepRecord& record, const StateChange&) override {
      dropped = record.state.where == BodyRef::Where::kDropped;
    }
  } watch;
  Recorded recorded;
  auto options = recorded.Options();
  options.queue_bytes_max = 1 << 10;
  options.block_max = DurationNs{0};
  options.hook = &watch;
  auto session = Session::Open(options);
  session->AddAgent({.name = "a"});
  const std::string big(4096, 'x');
  for (int i = 0; i < 1000 && !watch.dropped; ++i) {
    auto step = session->BeginStep("a");
    (void)step->Send(To("b", big));
    MustOk(step->Commit(Text(big)));
  }
  REQUIRE(watch.dropped);
  MustOk(session->Flush());
  auto edited = session->BeginStep("a");
  MustOk(edited->Commit(StateEdit::Append(4096, "y")));
  MustOk(session->Flush());
  auto whole = session->BeginStep("a");
  MustOk(session->Flush());
  MustOk(whole->Commit(Text("whole")));
  MustOk(session->Flush());
  MustOk(session->BeginStep("a")->Commit(StateEdit::Append(5, "!")));
  REQUIRE(session->Close().code() == StatusCode::kIncomplete);
  auto line = recorded.Read();
  const uint64_t n = edited->number().value;
  REQUIRE(line->State(AgentId(1), StepNumber(n - 1)).status().code() == StatusCode::kIncomplete);
  REQUIRE(line->State(AgentId(1), StepNumber(n)).status().code() == StatusCode::kIncomplete);
  REQUIRE(Must(line->Step(StepNumber(n))).state.size == 4097);
  REQUIRE(StateText(*line, "a", n + 1) == "whole");
  REQUIRE(StateText(*line, "a", n + 2) == "whole!");
}

TEST_CASE("A body larger than the whole queue passes when it is alone") {
  Recorded recorded;
  auto options = recorded.Options();
  options.queue_bytes_max = 64 << 10;
  options.block_max = Milliseconds(120'000);
  auto session = Session::Open(options);
  const std::string huge(40u << 20, 'x');
  MustOk(session->BeginStep("a")->Commit(Text(huge)));
  MustOk(session->BeginStep("a")->Commit(Text("small")));
  MustOk(session->Close());
  REQUIRE(Must(recorded.Read()->State(AgentId(1), StepNumber(1))).bytes == huge);
}

TEST_CASE("Many more steps than the queue has room for are slowed down and all recorded") {
  Recorded recorded;
  auto options = recorded.Options();
  options.queue_bytes_max = 1;  // room for some 16,000 skeletons
  options.block_max = Milliseconds(120'000);
  auto session = Session::Open(options);
  for (int i = 0; i < 30000; ++i) {
    auto step = session->BeginStep("a");
    step->Event("e");
    MustOk(step->Commit());
  }
  MustOk(session->Close());
  REQUIRE(recorded.Read()->last() == StepNumber(30000));
}

TEST_CASE("A disk that is full ends the recording and not the run") {
  Recorded recorded;
  auto session = recorded.Open();
  RandomStream noise(1);
  StepNumber last;
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 1u << 20;
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  for (int i = 0; i < 400 && session->enabled(); ++i) {
    std::string state(16 << 10, 0);
    for (char& c : state) c = static_cast<char>(noise.Next());
    (void)session->BeginStep("a")->Commit(Text(state));
    (void)session->Flush();
    last = session->Committed();
  }
  const bool stopped = !session->enabled();
  const Status told = session->status();
  RunHost(*session);
  const Status closed = session->Close();
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  REQUIRE(stopped);
  REQUIRE_FALSE(told.ok());
  REQUIRE(closed == told);
  REQUIRE(last.value > 0);
  auto line = recorded.Read();
  REQUIRE(line->state() == store::LogState::kCrashed);
  REQUIRE(line->last() >= last);
  REQUIRE(line->State(AgentId(1), last).ok());
}

// Runs `child` in a forked process; its exit code.
template <typename Child>
int InChild(Child&& child) {
  const pid_t pid = fork();
  if (pid == 0) _exit(child());
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

TEST_CASE("A forked child records nothing, says so and hurts neither itself nor its parent") {
  Recorded recorded;
  auto session = recorded.Open();
  auto open = session->BeginStep("a");
  const int code = InChild([&] {
    if (session->enabled()) return 1;
    if (session->status().code() != StatusCode::kUnavailable) return 2;
    auto step = session->BeginStep("b");
    if (step->Send(To("c", "x")).size() != 1) return 3;
    if (!step->Commit(Text("s")).ok()) return 4;
    if (!open->Commit(Text("child")).ok()) return 5;
    if (session->AddAgent({.name = "z"}) != AgentId(0)) return 6;
    if (session->Flush().ok() || session->Close().ok()) return 7;
    open.reset();
    session.reset();
    return 0;
  });
  REQUIRE(code == 0);
  MustOk(session->status());
  MustOk(open->Commit(Text("parent")));
  MustOk(session->Close());
  auto line = recorded.Read();
  REQUIRE(line->last() == StepNumber(1));
  REQUIRE(StateText(*line, "a", 1) == "parent");
}

TEST_CASE("A child forked in mid-recording can exit as programs do") {
  Recorded recorded;
  auto session = recorded.Open();
  MustOk(session->BeginStep("a")->Commit());
  const pid_t pid = fork();
  if (pid == 0) {
    session.reset();
    alarm(20);
    quick_exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  REQUIRE(WIFEXITED(status));
  MustOk(session->Close());
}

TEST_CASE("A killed process loses nothing that Flush had answered for") {
  Recorded recorded;
  int done[2];
  REQUIRE(pipe(done) == 0);
  const pid_t pid = fork();
  if (pid == 0) {
    auto session = recorded.Open();
    auto work = session->Outside(To("a", "go"));
    for (int i = 0; i < 50; ++i) {
      auto step = session->BeginStep("a", std::move(work));
      work = step->Send(To("a", "again"));
      (void)step->Commit(Text("state " + std::to_string(i)));
    }
    auto open = session->BeginStep("a", std::move(work));
    const bool flushed = session->Flush().ok();
    (void)!write(done[1], flushed ? "y" : "n", 1);
    for (;;) pause();
  }
  char flushed = 0;
  REQUIRE(read(done[0], &flushed, 1) == 1);
  kill(pid, SIGKILL);
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  REQUIRE(flushed == 'y');
  auto line = recorded.Read();
  REQUIRE(line->state() == store::LogState::kCrashed);
  REQUIRE(line->last() == StepNumber(50));
  REQUIRE(StateText(*line, "a", 50) == "state 49");
  const auto open = Must(line->OpenSteps());
  REQUIRE(open.size() == 1);
  REQUIRE(open[0].begin.clock == AgentClock(51));
}

TEST_CASE("Steps of many agents on many threads keep the order that cause asks for") {
  Recorded recorded;
  constexpr int kThreads = 6, kAgents = 24, kStepsEach = 400;
  auto session = recorded.Open();
  std::mutex mutex;
  std::map<int, std::vector<Message>> mail;
  std::atomic<int> failures{0};
  const auto work = [&](int thread) {
    for (int i = 0; i < kStepsEach; ++i) {
      const int agent = thread + kThreads * (i % (kAgents / kThreads));
      std::vector<Message> taken;
      {
        std::lock_guard lock(mutex);
        taken.swap(mail[agent]);
      }
      auto step = session->BeginStep("agent" + std::to_string(agent), taken);
      const int to = (agent * 7 + i * 5) % kAgents;
      auto sent = step->Send(To("agent" + std::to_string(to), "m" + std::to_string(i)));
      if (i % 3 == 0) {
        // Before the commit: the receiver may commit first, and the message is early then.
        std::lock_guard lock(mutex);
        mail[to].push_back(sent.at(0));
      }
      if (i % 5 == 0) {
        const AgentReply reply =
            step->CallAgent("helper" + std::to_string(thread), To("", "?"), [](Step& inner) {
              (void)inner.Reply(Text("!"));
              return inner.Commit();
            });
        if (!reply.ok()) ++failures;
      }
      if (!step->Commit(Text("s" + std::to_string(i))).ok()) ++failures;
      if (i % 3 != 0) {
        std::lock_guard lock(mutex);
        mail[to].push_back(sent.at(0));
      }
    }
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) threads.emplace_back(work, t);
  for (std::thread& thread : threads) thread.join();
  REQUIRE(failures == 0);
  MustOk(session->Close());

  auto line = recorded.Read();
  REQUIRE(line->last().value == kThreads * kStepsEach + kThreads * (kStepsEach / 5));
  std::map<std::pair<AgentId, AgentClock>, StepNumber> committed;
  for (const StepRecord& step : StepsOf(*line)) {
    for (const TakenMessage& took : step.took) {
      const bool sender_done = committed.count({took.id.sender, took.id.clock}) != 0;
      REQUIRE(took.early == !sender_done);
    }
    committed[{step.agent, step.clock}] = step.number;
  }
  REQUIRE(Must(line->OpenSteps()).empty());
}

// A clock of the program's own that breaks down.
class BrokenClock : public Clock {
 public:
  TimeNs Now() override {
    if (broken) throw std::runtime_error("no battery");
    return SystemClock().Now();
  }
  DurationNs Monotonic() override { return SystemClock().Monotonic(); }
  void SleepFor(DurationNs) override {}
  std::atomic<bool> broken{false};
};

TEST_CASE("What goes wrong while a session is closed is told by Close and thrown at nobody") {
  Recorded recorded;
  BrokenClock clock;
  SessionOptions options = recorded.Options();
  options.clock = &clock;
  auto session = Session::Open(options);
  MustOk(session->BeginStep("a")->Commit(Text("x")));
  clock.broken = true;
  REQUIRE(session->Close() == Status::Internal("the recorder gave up: no battery"));
  REQUIRE(session->Close() == session->status());
  session.reset();
  REQUIRE(recorded.Read()->last() == StepNumber(1));
}

TEST_CASE("Close may be called from several threads while steps still run") {
  Recorded recorded;
  auto session = recorded.Open();
  std::atomic<bool> stop{false};
  std::thread worker([&] {
    while (!stop) (void)session->BeginStep("a")->Commit(Text("x"));
  });
  std::vector<std::thread> closers;
  std::atomic<int> ok{0};
  for (int i = 0; i < 3; ++i) {
    closers.emplace_back([&] { ok += session->Close().ok() ? 1 : 0; });
  }
  for (std::thread& closer : closers) closer.join();
  stop = true;
  worker.join();
  REQUIRE(ok == 3);
  REQUIRE(recorded.Read()->state() == store::LogState::kSealed);
}

}  // namespace
}  // namespace backstep::recorder::testing
