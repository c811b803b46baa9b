#include <backstep/replay/program.h>

using namespace backstep;

// Counts what it is told to count; its whole memory is the number.
struct Counter : replay::Agent {
  explicit Counter(int start) : count(start) {}
  Status Run(replay::Step& step) override {
    for (const Message& message : step.taken()) {
      CallRequest request{.name = "length", .body = message.body};
      CallResult answer = step.CallTool(request, [](const CallRequest& r, CallProgress&) {
        return CallResponse{.body = {std::to_string(r.body.bytes.size()), "text/plain"}};
      });
      if (answer.ok()) count += std::stoi(answer.response().body.bytes);
    }
    if (count < 30) step.Send({.to = "counter", .body = {"again", "text/plain"}});
    return step.Commit({std::to_string(count), "text/plain"});
  }
  int count;
};

struct Counting : replay::Program {
  std::string Name() const override { return "counting"; }
  std::vector<replay::AgentSpec> Agents() override {
    return {{.name = "counter", .initial_state = {"0", "text/plain"}}};
  }
  std::vector<Message> Start() override {
    return {{.to = "counter", .body = {"go", "text/plain"}}};
  }
  Result<std::unique_ptr<replay::Agent>> Restore(const replay::AgentSpec&,
                                                 const Body& state) override {
    return std::unique_ptr<replay::Agent>(new Counter(std::stoi(state.bytes)));
  }
};

int main() {
  Counting program;
  return replay::RunProgram(program);
}
