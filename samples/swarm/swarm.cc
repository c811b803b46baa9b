// Agents and steps by option, on several threads; everything follows from the seed.
//
//   swarm --agents 50 --steps 10000 --threads 4 --state-bytes 1024 --seed 1 --tokens 50
//
// Tokens wander: a step takes one token, asks a tool for a number, writes it into a place of the
// agent's state and sends the token on until its steps are used up.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/replay/program.h"

namespace {

using backstep::Body;
using backstep::CallProgress;
using backstep::CallRequest;
using backstep::CallResponse;
using backstep::CallResult;
using backstep::Message;
using backstep::MixSeed;
using backstep::Outcome;
using backstep::Result;
using backstep::StateEdit;
using backstep::Status;
using backstep::replay::Agent;
using backstep::replay::AgentSpec;
using backstep::replay::Step;

constexpr char kText[] = "text/plain";
constexpr size_t kCellBytes = 16;  // one number in the state, in hex

struct Options {
  uint64_t agents = 50, steps = 10000, threads = 1, state_bytes = 1024, seed = 1, tokens = 0;
};

std::string AgentName(uint64_t index) {
  return "agent" + std::to_string(index);
}

std::string Hex(uint64_t number) {
  char text[kCellBytes + 1];
  snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

// A token on its way: "NUMBER STEPS_LEFT".
struct Token {
  uint64_t number = 0, left = 0;

  std::string ToText() const { return std::to_string(number) + " " + std::to_string(left); }
  static Result<Token> Parse(const std::string& text) {
    Token token;
    const char* end = text.data() + text.size();
    const auto number = std::from_chars(text.data(), end, token.number);
    if (number.ec == std::errc() && number.ptr != end && *number.ptr == ' ') {
      const auto left = std::from_chars(number.ptr + 1, end, token.left);
      if (left.ec == std::errc() && left.ptr == end) return token;
    }
    return backstep::Status::InvalidArgument("not a token: '" + text.substr(0, 100) + "'");
  }
};

class Wanderer : public Agent {
 public:
  Wanderer(const Options& options, size_t state_bytes)
      : options_(options), state_bytes_(state_bytes) {}

  Status Run(Step& step) override {
    BACKSTEP_ASSIGN_OR_RETURN(Token token, Token::Parse(step.taken().front().body.bytes));
    const CallResult mixed = Mix(step, token);
    if (!mixed.ok()) return Status::Unavailable(mixed.error().message);
    token.number = std::strtoull(mixed.response().body.bytes.c_str(), nullptr, 10);
    if (--token.left > 0) {
      const std::string to = AgentName(token.number % options_.agents);
      step.Send({.to = to, .kind = "token", .body = {token.ToText(), kText}});
    } else {
      step.SetOutcome({.kind = Outcome::Kind::kOk, .reason = "the tokens have arrived"});
    }
    return step.Commit(Write(token.number));
  }

 private:
  CallResult Mix(Step& step, const Token& token) const {
    const CallRequest request{.name = "mix", .body = {token.ToText(), kText}, .pure = true};
    const uint64_t seed = options_.seed;
    return step.CallTool(request, [seed, token](const CallRequest&, CallProgress&) -> CallResult {
      const uint64_t number = MixSeed(seed, token.number, token.left, 0);
      return CallResponse{.body = {std::to_string(number), kText}};
    });
  }

  // One cell of the state is overwritten: a step costs what it changes, however large the state.
  StateEdit Write(uint64_t number) const {
    const uint64_t cells = std::max<uint64_t>(1, state_bytes_ / kCellBytes);
    const uint64_t offset = number % cells * kCellBytes;
    const uint64_t size = std::min<uint64_t>(kCellBytes, state_bytes_ - offset);
    return {{{offset, size, Hex(number).substr(0, size)}}};
  }

  const Options& options_;
  const size_t state_bytes_;  // the bytes themselves are never read: the recording keeps them
};

class Swarm : public backstep::replay::Program {
 public:
  explicit Swarm(const Options& options) : options_(options) {}
  std::string Name() const override { return "swarm"; }

  std::vector<AgentSpec> Agents() override {
    std::vector<AgentSpec> agents;
    for (uint64_t i = 0; i < options_.agents; ++i) {
      std::string state;
      for (uint64_t cell = 0; state.size() < options_.state_bytes; ++cell) {
        state += Hex(MixSeed(options_.seed, i, cell, 1));
      }
      state.resize(options_.state_bytes);
      agents.push_back({.name = AgentName(i), .role = "wanderer",
                        .initial_state = {std::move(state), kText}});
    }
    return agents;
  }

  std::vector<Message> Start() override {
    const uint64_t wanted = options_.tokens == 0 ? options_.agents : options_.tokens;
    const uint64_t tokens = std::min(wanted, options_.steps);
    std::vector<Message> messages;
    for (uint64_t i = 0; i < tokens; ++i) {
      const Token token{i, options_.steps / tokens + (i < options_.steps % tokens ? 1 : 0)};
      messages.push_back({.to = AgentName(i % options_.agents), .kind = "token",
                          .body = {token.ToText(), kText}});
    }
    return messages;
  }

  Result<std::unique_ptr<Agent>> Restore(const AgentSpec&, const Body& state) override {
    return std::unique_ptr<Agent>(std::make_unique<Wanderer>(options_, state.bytes.size()));
  }

  // The default policy: steps of different agents may run at once.
  bool NextIsOldestDeliverable() const override { return true; }

 private:
  const Options options_;
};

// "--name value" pairs; an empty text: all well.
std::string ParseOptions(int argc, char** argv, Options* options) {
  const std::map<std::string, uint64_t*> known = {
      {"--agents", &options->agents},   {"--steps", &options->steps},
      {"--threads", &options->threads}, {"--state-bytes", &options->state_bytes},
      {"--seed", &options->seed},       {"--tokens", &options->tokens}};
  for (int i = 1; i < argc; i += 2) {
    const auto option = known.find(argv[i]);
    if (option == known.end()) return std::string("unknown option ") + argv[i];
    if (i + 1 == argc) return std::string(argv[i]) + " needs a number";
    const char* end = argv[i + 1] + strlen(argv[i + 1]);
    const auto parsed = std::from_chars(argv[i + 1], end, *option->second);
    if (parsed.ec != std::errc() || parsed.ptr != end || end == argv[i + 1]) {
      return std::string(argv[i]) + ": not a number: " + argv[i + 1];
    }
  }
  if (options->agents == 0 || options->agents > 1'000'000) return "--agents: 1 to 1,000,000";
  if (options->threads == 0 || options->threads > 256) return "--threads: 1 to 256";
  if (options->state_bytes > (64u << 20)) return "--state-bytes: at most 67,108,864";
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  const std::string wrong = ParseOptions(argc, argv, &options);
  if (!wrong.empty()) {
    fprintf(stderr, "swarm: %s\nusage: swarm [--agents N] [--steps N] [--threads N] "
            "[--state-bytes N] [--seed N] [--tokens N]\n", wrong.c_str());
    return 2;
  }
  Swarm swarm(options);
  backstep::replay::RunOptions run;
  run.threads = static_cast<int>(options.threads);
  run.steps_max = options.steps + 1;
  // No model slows these agents down: they rather wait for the disk than lose what they did.
  run.session.block_max = backstep::Milliseconds(60'000);
  return backstep::replay::RunProgram(swarm, run);
}
