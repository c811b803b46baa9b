// One call to the outside inside a step: request, response, typed error. Plain values; they copy.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "backstep/base/time.h"
#include "backstep/schemas/message.h"

namespace backstep {

enum class EffectKind : uint8_t { kLlm, kTool, kClock, kRandom, kEnv };

// "llm", "tool", "clock", "random", "env".
const char* EffectKindName(EffectKind kind);
std::optional<EffectKind> ParseEffectKind(const std::string& name);

// A request to a model, a tool or the environment.
struct CallRequest {
  // The tool's or variable's name; for a model, its name ("gpt-4o-mini").
  std::string name{};
  // What is sent. For a model: the whole request (messages and parameters) as JSON, as sent.
  Body body{};
  std::string provider{};       // llm only: "openai", "offline", ...; may be empty
  std::string parameters{};     // llm only: JSON object of temperature etc.; may be empty
  std::string tool_type{};      // tool only: "function", "mcp", ...; may be empty
  std::string tool_call_id{};   // tool only: the id the model gave; metadata, not hashed
  // JSON pointers (RFC 6901) of fields of a JSON body left out of the hash that matches requests.
  std::vector<std::string> volatile_fields{};
  // Same request, same answer: a later recorded answer may serve (always so for llm).
  bool pure = false;
  // Costs nothing and has no effect on the world (an offline model): runs live on a miss without
  // a policy that says so.
  bool free = false;
};

// What a model call used. Zero means not known; cost in US dollars.
struct Usage {
  uint64_t input_tokens = 0;
  uint64_t output_tokens = 0;
  uint64_t cached_tokens = 0;     // part of input_tokens
  uint64_t reasoning_tokens = 0;  // part of output_tokens
  double cost_usd = 0;
  DurationNs time_to_first_token{};
  bool operator==(const Usage&) const = default;
  // Sums stay at the greatest number rather than go round: files can say anything.
  Usage& operator+=(const Usage& more) {
    const auto add = [](auto* sum, auto number) {
      if (__builtin_add_overflow(*sum, number, sum)) {
        *sum = std::numeric_limits<decltype(number)>::max();
      }
    };
    add(&input_tokens, more.input_tokens);
    add(&output_tokens, more.output_tokens);
    add(&cached_tokens, more.cached_tokens);
    add(&reasoning_tokens, more.reasoning_tokens);
    cost_usd += more.cost_usd;
    add(&time_to_first_token.ns, more.time_to_first_token.ns);
    return *this;
  }
};

struct CallResponse {
  Body body{};
  Usage usage{};                // llm only
  std::string finish_reason{};  // llm only; may be empty
};

// Why a call failed, as a value the agent handles: an injected rate limit takes the same path.
struct CallError {
  // One of: rate_limit timeout network_error refusal malformed not_installed tool_error crash
  // miss cancelled unknown; or the program's own word.
  std::string kind{};
  int64_t code = 0;                   // HTTP status, errno, exit code; 0: none
  std::string message{};
  std::optional<DurationNs> retry_after{};
  bool operator==(const CallError&) const = default;
};

// A response or a typed error; exactly one. Implicit from both, so `return CallError{...}` works.
class CallResult {
 public:
  CallResult(CallResponse response) : response_(std::move(response)) {}
  CallResult(CallError error) : error_(std::move(error)) {}
  bool ok() const { return !error_.has_value(); }
  const CallResponse& response() const { return response_; }  // meaningful only when ok()
  const CallError& error() const { return *error_; }          // only when !ok()
  CallResponse& mutable_response() { return response_; }      // only when ok()

 private:
  CallResponse response_;
  std::optional<CallError> error_;
};

// Given to a live call, valid while that runs, called on its thread.
class CallProgress {
 public:
  virtual ~CallProgress() = default;
  // A streamed piece of the answer has arrived; the first one fixes the time to first token.
  virtual void Chunk(const std::string& text) = 0;
};

// Does the real call. Runs on the calling thread, at most once per call.
using LiveCall = std::function<CallResult(const CallRequest&, CallProgress&)>;

}  // namespace backstep
