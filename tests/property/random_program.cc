#include "backstep/tests/property/random_program.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "backstep/base/hash.h"
#include "backstep/base/time.h"

namespace backstep::testing {
namespace {

using replay::Agent;
using replay::AgentSpec;
using replay::CutView;
using replay::Decision;
using replay::Deliverable;
using replay::Step;

std::string AgentName(size_t i) { return "a" + std::to_string(i); }

struct Task {
  int ttl = 0;
  std::string text;
};

Task ParseTask(const Body& body) {
  const auto json = nlohmann::json::parse(body.bytes, nullptr, false);
  if (!json.is_object()) return {1, body.bytes};
  return {json.value("ttl", 0), json.value("text", "")};
}

Body MakeTask(int ttl, const std::string& text) {
  return {nlohmann::json{{"ttl", ttl}, {"text", text}}.dump()};
}

// Its state is the text of everything it has seen, cut to its newest part.
class RandomAgent : public Agent {
 public:
  RandomAgent(RandomProgram* program, const AgentSpec& spec, const Body& state)
      : program_(program), name_(spec.name), state_(state) {}

  Status Run(Step& step) override {
    ++program_->steps_run;
    ++steps_here_;
    std::string input = state_.bytes;
    int ttl = 0;
    for (const Message& message : step.taken()) {
      const Task task = ParseTask(message.body);
      ttl = std::max(ttl, task.ttl);
      input += "|" + message.from + ":" + task.text;
    }
    const Hash128 hash = HashBytes(input);
    random_ = std::make_unique<RandomStream>(hash.low ^ program_->options().seed);
    news_.clear();
    const bool nested = step.info().caller.has_value();
    const uint64_t calls = random_->Next() % 4;
    for (uint64_t i = 0; i < calls; ++i) Call(step, ttl);
    if (program_->options().nested && ttl > 1 && Chance(4)) CallOther(step, ttl - 2);
    if (nested && !Chance(12)) {
      for (const Message& message : step.Reply(MakeTask(0, "re " + news_))) (void)message;
    }
    if (ttl > 0) SendOthers(step, ttl - 1);
    return End(step);
  }

 private:
  bool Chance(uint64_t one_in) { return random_->Next() % one_in == 0; }

  void Call(Step& step, int ttl) {
    CallRequest request;
    switch (random_->Next() % 6) {
      case 0: news_ += " t" + std::to_string(step.Now().ns % 1000); break;
      case 1: news_ += " r" + std::to_string(step.Random() % 1000); break;
      case 2:
        request.name = "HOME";
        Note(step.Env(request, Live("env")));
        break;
      case 3:
        request.name = "search";
        request.body = {"{\"q\": \"" + Words() + "\"}"};
        request.pure = Chance(2);
        Note(step.CallTool(request, Live("tool")));
        break;
      default:
        request.name = "model";
        request.body = {nlohmann::json{{"prompt", Prompt(step, ttl)}}.dump()};
        request.free = Chance(3);
        Note(step.CallLlm(request, Live("llm")));
    }
  }

  std::string Words() {
    static constexpr const char* kWords[] = {"parse", "plan", "test", "ship", "review"};
    return std::string(kWords[random_->Next() % 5]) + " " + kWords[random_->Next() % 5];
  }

  std::string Prompt(Step& step, int ttl) {
    const RandomProgramOptions& options = program_->options();
    std::string prompt = Words() + " " + std::to_string(ttl) + news_;
    if (name_ != options.planted_agent) return prompt;
    if (options.plant == Plant::kLostField) prompt += " seen " + std::to_string(steps_here_);
    if (options.plant == Plant::kGlobalCounter) {
      prompt += " nr " + std::to_string(++program_->shared_counter);
    }
    if (options.plant == Plant::kUnrecordedClock) {
      prompt += " at " + std::to_string(SystemClock().Monotonic().ns);
    }
    if (options.plant == Plant::kChangedWord &&
        step.info().clock.value == options.planted_clock) {
      prompt += " please";
    }
    return prompt;
  }

  // Every live answer is another one, so that an answer that was not served shows.
  LiveCall Live(const char* what) {
    return [this, what](const CallRequest&, CallProgress&) -> CallResult {
      const uint64_t run = ++program_->calls_run;
      // So that threads meet in other orders than the scheduler of an idle machine gives.
      if (run % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(run * 37 % 200));
      if (run % 11 == 0) return CallError{"tool_error", 3, "failed " + std::to_string(run), {}};
      CallResponse response;
      response.body = {std::string(what) + std::to_string(run), "text/plain"};
      response.usage.input_tokens = 10;
      response.usage.cost_usd = 0.001;
      return response;
    };
  }

  void Note(const CallResult& result) {
    news_ += result.ok() ? " " + result.response().body.bytes
                         : " !" + result.error().kind + result.error().message;
  }

  std::string Other() {
    return AgentName(random_->Next() % program_->agent_count());
  }

  void CallOther(Step& step, int ttl) {
    Message request;
    request.body = MakeTask(ttl, Words());
    request.kind = "request";
    const auto reply = step.CallAgent(Other(), request);
    news_ += reply.ok() ? " <" + reply.message.body.bytes
                        : " <!" + reply.error->kind + reply.error->message;
  }

  void SendOthers(Step& step, int ttl) {
    const uint64_t sends = random_->Next() % 3;
    for (uint64_t i = 0; i < sends; ++i) {
      Message message;
      message.to = Chance(20) ? "nobody" : Other();
      message.kind = "task";
      message.channel = Chance(2) ? "main" : "side";
      message.body = MakeTask(ttl, Words() + news_);
      step.Send(std::move(message));
    }
  }

  Status End(Step& step) {
    if (program_->options().failing && Chance(15)) {
      switch (random_->Next() % 3) {
        case 0: return Status::Unavailable("gave up on " + news_);
        case 1: throw std::runtime_error("broke on " + news_);
        default: return {};
      }
    }
    if (Chance(6)) step.SetOutcome({Outcome::Kind::kOk, std::nullopt, "seen" + news_});
    if (Chance(8)) return step.Commit();
    const std::string line = news_ + "\n";
    if (state_.bytes.size() > 600) {
      state_.bytes = state_.bytes.substr(state_.bytes.size() - 200) + line;
      return step.Commit(state_);
    }
    const uint64_t size = state_.bytes.size();
    state_.bytes += line;
    return Chance(2) ? step.Commit(state_) : step.Commit(StateEdit::Append(size, line));
  }

  RandomProgram* program_;
  std::string name_;
  Body state_;
  uint64_t steps_here_ = 0;
  std::unique_ptr<RandomStream> random_;
  std::string news_;
};

}  // namespace

RandomProgram::RandomProgram(RandomProgramOptions options)
    : options_(std::move(options)), agent_count_(2 + options_.seed % 4) {}

std::vector<AgentSpec> RandomProgram::Agents() {
  std::vector<AgentSpec> specs(agent_count_);
  for (size_t i = 0; i < agent_count_; ++i) {
    specs[i].name = AgentName(i);
    specs[i].role = i == 0 ? "lead" : "worker";
    specs[i].initial_state = {"agent " + std::to_string(i) + "\n", "text/plain"};
  }
  return specs;
}

std::vector<Message> RandomProgram::Start() {
  std::vector<Message> start;
  for (int i = 0; i < options_.start_messages; ++i) {
    Message message;
    message.to = AgentName(static_cast<size_t>(i) % agent_count_);
    message.kind = "task";
    const std::string text = i == 0 && !options_.start_text.empty()
                                 ? options_.start_text
                                 : "start " + std::to_string(options_.seed * 10 +
                                                             static_cast<uint64_t>(i));
    message.body = MakeTask(options_.ttl, text);
    start.push_back(std::move(message));
  }
  return start;
}

Result<std::unique_ptr<Agent>> RandomProgram::Restore(const AgentSpec& agent, const Body& state) {
  return std::unique_ptr<Agent>(new RandomAgent(this, agent, state));
}

// Joins: the agents take turns, kept in the scheduler's state; who is on takes all that waits for
// it.
Decision RandomProgram::Next(const CutView& cut, std::string* scheduler_state) {
  if (!options_.joins) return OldestDeliverable(cut);
  std::map<std::string, std::vector<MessageId>> waiting;
  for (const Deliverable& message : cut.deliverable) waiting[message.to].push_back(message.id);
  if (waiting.empty()) return Decision::Finish(cut.outcome.value_or(Outcome{}));
  const size_t turn = scheduler_state->empty() ? 0 : std::stoul(*scheduler_state);
  for (size_t i = 0; i < agent_count_; ++i) {
    const size_t at = (turn + i) % agent_count_;
    const auto found = waiting.find(AgentName(at));
    if (found == waiting.end()) continue;
    *scheduler_state = std::to_string((at + 1) % agent_count_);
    return Decision::Activate(found->first, found->second);
  }
  return Decision::Finish({});
}

}  // namespace backstep::testing
