// The program that the scenarios record and re-execute: a writer asks a model for drafts, a critic
// checks each with a tool. What it does wrong, it does by option.
//
//   mas [--rounds N] [--crash-at N] [--hang-at N] [--wait-at N FILE] [--peek FILE] [--chatter]
//       [--scopes] [--silent] [--exit CODE]
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "backstep/replay/program.h"

namespace {

using backstep::Body;
using backstep::CallProgress;
using backstep::CallRequest;
using backstep::CallResponse;
using backstep::CallResult;
using backstep::Message;
using backstep::Outcome;
using backstep::Result;
using backstep::Status;
using backstep::replay::Agent;
using backstep::replay::AgentSpec;
using backstep::replay::Step;

struct Options {
  long rounds = 3, crash_at = 0, hang_at = 0, wait_at = 0, exit_code = 0;
  std::string wait_for, peek;
  bool scopes = false, silent = false, chatter = false;
};

void WaitForFile(const std::string& path) {
  std::ofstream(path + ".waiting").put('\n');
  while (!std::filesystem::exists(path)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text);
  return text;
}

CallResult Ask(Step& step, const std::string& prompt) {
  const CallRequest request{.name = "model-1", .body = {"{\"prompt\":\"" + prompt + "\"}"}};
  return step.CallLlm(request, [&](const CallRequest&, CallProgress&) -> CallResult {
    CallResponse response{.body = {"draft: " + prompt, "text/plain"}};
    response.usage = {.input_tokens = prompt.size(), .output_tokens = prompt.size() + 7,
                      .cost_usd = 0.001};
    return response;
  });
}

CallResult Check(Step& step, const std::string& draft) {
  const CallRequest request{.name = "check", .body = {draft, "text/plain"}};
  return step.CallTool(request, [](const CallRequest& asked, CallProgress&) -> CallResult {
    const bool wrong = asked.body.bytes.find("wrong") != std::string::npos;
    return CallResponse{.body = {wrong ? "bad" : "good", "text/plain"}};
  });
}

class Writer : public Agent {
 public:
  Writer(const Options& options, long rounds) : options_(options), rounds_(rounds) {}

  Status Run(Step& step) override {
    ++rounds_;
    if (options_.chatter) std::printf("writing draft %ld\n", rounds_);
    if (rounds_ == options_.crash_at) std::abort();
    if (rounds_ == options_.hang_at) WaitForFile("never");
    if (rounds_ == options_.wait_at) WaitForFile(options_.wait_for);
    std::string prompt = step.taken().front().body.bytes;
    if (!options_.peek.empty()) prompt += " (" + ReadFile(options_.peek) + ")";
    const CallResult draft = Ask(step, prompt);
    if (!draft.ok()) {
      step.Fail({draft.error().kind, draft.error().message});
      return {};
    }
    step.Send({.to = "critic", .kind = "draft", .body = draft.response().body});
    return step.Commit(Body{"{\"rounds\":" + std::to_string(rounds_) + "}"});
  }

 private:
  const Options& options_;
  long rounds_;
};

class Critic : public Agent {
 public:
  Critic(const Options& options, std::string verdicts)
      : options_(options), verdicts_(std::move(verdicts)) {}

  Status Run(Step& step) override {
    const CallResult verdict = Check(step, step.taken().front().body.bytes);
    if (!verdict.ok()) return Status::Unavailable(verdict.error().message);
    const std::string word = verdict.response().body.bytes;
    verdicts_ += (verdicts_.empty() ? "" : " ") + word;
    const bool last = step.info().clock.value >= static_cast<uint64_t>(options_.rounds);
    if (last) {
      const bool bad = verdicts_.find("bad") != std::string::npos;
      step.SetOutcome({bad ? Outcome::Kind::kFailed : Outcome::Kind::kOk, {}, verdicts_});
    } else {
      step.Send(
          {.to = "writer", .kind = "feedback", .body = {"more, it was " + word, "text/plain"}});
    }
    return step.Commit(Body{verdicts_, "text/plain"});
  }

 private:
  const Options& options_;
  std::string verdicts_;
};

class Mas : public backstep::replay::Program {
 public:
  explicit Mas(const Options& options) : options_(options) {}
  std::string Name() const override { return "mas"; }
  std::vector<AgentSpec> Agents() override {
    return {{.name = "writer",
             .role = "writes",
             .model = "model-1",
             .initial_state = {"{\"rounds\":0}"}},
            {.name = "critic", .role = "checks", .initial_state = {"", "text/plain"}}};
  }
  std::vector<Message> Start() override {
    return {{.to = "writer", .kind = "task", .body = {"a text", "text/plain"}}};
  }
  Result<std::unique_ptr<Agent>> Restore(const AgentSpec& agent, const Body& state) override {
    if (agent.name == "critic") return std::unique_ptr<Agent>(new Critic(options_, state.bytes));
    const long rounds = std::atol(state.bytes.c_str() + state.bytes.find(':') + 1);
    return std::unique_ptr<Agent>(new Writer(options_, rounds));
  }

 private:
  const Options options_;
};

int RunWithScopes() {
  auto session = backstep::recorder::Session::Open({.name = "scopes"});
  session->AddAgent({.name = "solo", .initial_state = {"0", "text/plain"}});
  for (int i = 1; i <= 3; ++i) {
    auto inbox = session->Outside({.to = "solo", .kind = "tick", .body = {std::to_string(i)}});
    auto step = session->BeginStep("solo", inbox);
    if (!step->Commit(Body{std::to_string(i), "text/plain"}).ok()) return 2;
  }
  session->SetOutcome({Outcome::Kind::kOk, {}, "counted to 3"});
  return session->Close().ok() ? 0 : 2;
}

Options Parse(const std::vector<std::string>& words) {
  Options options;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const auto next = [&] { return i + 1 < words.size() ? words[++i] : std::string("0"); };
    if (word == "--rounds") options.rounds = std::stol(next());
    else if (word == "--crash-at") options.crash_at = std::stol(next());
    else if (word == "--hang-at") options.hang_at = std::stol(next());
    else if (word == "--wait-at") options.wait_at = std::stol(next()), options.wait_for = next();
    else if (word == "--peek") options.peek = next();
    else if (word == "--exit") options.exit_code = std::stol(next());
    else if (word == "--scopes") options.scopes = true;
    else if (word == "--silent") options.silent = true;
    else if (word == "--chatter") options.chatter = true;
    else std::fprintf(stderr, "mas: what is %s?\n", word.c_str());
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = Parse(std::vector<std::string>(argv + 1, argv + argc));
  if (options.silent) return static_cast<int>(options.exit_code);
  if (options.scopes) return RunWithScopes();
  Mas mas(options);
  const int code = backstep::replay::RunProgram(mas);
  return options.exit_code != 0 ? static_cast<int>(options.exit_code) : code;
}
