// Bytes a step in the sealed recording, for the ways in which agents' histories change.
#include "backstep/store/log/rocks/kv_store.h"
#include "backstep/tests/bench/suite/baselines/zstd_floor.h"
#include "backstep/tests/bench/suite/recorded.h"
#include "backstep/tests/bench/workloads.h"

namespace backstep::bench {
namespace {

using recorder::Session;

// A step as an agent makes it: the calls and messages of the workload, then its state.
void RecordStep(Session& session, const std::string& agent, Step step) {
  const auto scope = session.BeginStep(agent);
  std::string request;
  for (Put& put : step.puts) {
    switch (put.kind) {
      case Put::Kind::kRequest: request = std::move(put.bytes); break;
      case Put::Kind::kLiteral:
        // The first literal answers the request, the second is sent on.
        if (!request.empty()) {
          const CallRequest call{.name = "m-large", .body = {std::move(request)}};
          (void)scope->CallLlm(call, [&](const CallRequest&, CallProgress&) {
            return CallResponse{.body = {std::move(put.bytes)}};
          });
          request.clear();
        } else {
          (void)scope->Send({.to = "other", .kind = "answer", .body = {std::move(put.bytes),
                                                                      "text/plain"}});
        }
        break;
      case Put::Kind::kState: Need(scope->Commit(Body{std::move(put.bytes)})); break;
    }
  }
}

void MeasureWorkload(Context& context, const std::string& name, double limit) {
  const uint64_t steps = context.quick ? 500 : 2000;
  const auto options = RecordTo(context, name);
  const auto workload = MakeWorkload(name, 42);
  Floor floor;
  Samples samples(steps / 20);
  {
    const auto session = Session::Open(options);
    session->AddAgent({.name = "agent"});
    session->AddAgent({.name = "other"});
    for (uint64_t i = 1; i <= steps; ++i) {
      Step step = workload->Next();
      floor.Add(step.inserted);
      samples.Note(i, "agent", step.puts.back().bytes);
      RecordStep(*session, "agent", std::move(step));
    }
    Need(session->Close());
  }
  samples.Check(options.path);
  const auto each = static_cast<double>(steps);
  const double least = static_cast<double>(floor.Finish()) / each;
  context.add(Figure{name + ", " + std::to_string(steps) + " steps", LogBytes(options.path) / each,
                     "B/step"}.Against("zstd-3 stream", least).RatioAtMost(limit));
}

// What the bytes of bodies take in the tables of log 1, wherever they are referred to from.
double BodyBytes(const std::string& path) {
  const auto log = Need(store::KvStore::OpenToRead(path + "/logs/1", false));
  return static_cast<double>(log->TableBytes({{"L", "M"}}).at(0));
}

// A meeting: what one says goes to all others, and each keeps it in its history.
void MeasureShared(Context& context) {
  constexpr size_t kAgents = 10;
  const uint64_t rounds = context.quick ? 500 : 3000;
  const auto options = RecordTo(context, "meeting");
  Corpus corpus(9);
  Floor floor;
  Samples samples(rounds / 10);
  std::vector<std::vector<Message>> inboxes(kAgents);
  std::vector<std::string> states(kAgents);
  {
    const auto session = Session::Open(options);
    for (size_t i = 0; i < kAgents; ++i) session->AddAgent({.name = "agent" + std::to_string(i)});
    for (uint64_t round = 1; round <= rounds; ++round) {
      const size_t speaker = round % kAgents;
      const std::string name = "agent" + std::to_string(speaker);
      const auto step = session->BeginStep(name, std::move(inboxes[speaker]));
      inboxes[speaker].clear();
      std::string& state = states[speaker];
      for (const Message& taken : step->taken()) state += taken.body.bytes + "\n";
      const std::string said = corpus.Text(300 + corpus.random().Next() % 1500);
      floor.Add(said);
      state += said + "\n";
      for (size_t to = 0; to < kAgents; ++to) {
        if (to == speaker) continue;
        for (Message& carried : step->Send({.to = "agent" + std::to_string(to), .kind = "said",
                                            .body = {said, "text/plain"}})) {
          inboxes[to].push_back(std::move(carried));
        }
      }
      Need(step->Commit(Body{state, "text/plain"}));
      samples.Note(round, name, state);
    }
    Need(session->Close());
  }
  samples.Check(options.path);
  const auto each = static_cast<double>(rounds);
  const double unique = static_cast<double>(floor.Finish()) / each;
  context.add(Figure{"10 agents hear each other: bodies", BodyBytes(options.path) / each, "B/step"}
                  .Against("unique, zstd-3", unique)
                  .RatioAtMost(1.3));
  context.add(Figure{"  steps and messages too", LogBytes(options.path) / each, "B/step"}
                  .Against("unique, zstd-3", unique));
}

}  // namespace

void MeasureStored(Context& context) {
  MeasureWorkload(context, "append", 1.25);
  MeasureWorkload(context, "counter", 1.25);
  MeasureWorkload(context, "window", 1.25);
  MeasureWorkload(context, "edit", 1.5);
  // The whole history as a request to the model at every step, the answer, a message, the state.
  MeasureWorkload(context, "chat", 1.5);
  MeasureWorkload(context, "smalltalk", 1.5);
  MeasureShared(context);
}

}  // namespace backstep::bench
