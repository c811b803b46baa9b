#include <nlohmann/json.hpp>

#include "backstep/samples/software_team/agents/agents.h"
#include "backstep/samples/software_team/agents/chat.h"

namespace team {
namespace {

using backstep::Body;
using backstep::Result;
using backstep::Status;
using backstep::replay::Agent;
using backstep::replay::Step;
using Json = nlohmann::json;

constexpr size_t kCasesMax = 8;
constexpr int kExtraNumbers = 3;
constexpr uint64_t kExtraMax = 400;
constexpr size_t kOutputBytesMax = 500;  // of a program's output in a report

constexpr char kJob[] =
    "You are the tester of a software team. For the requirement that comes last, give test cases "
    "that a program meeting all of them passes: a JSON array of {\"input\": lines, \"expect\": "
    "output} and nothing else.";

struct Case {
  std::string input, expect;
};

struct Request {
  SourceCode source;
  std::string requirements;  // "- …" lines
};

std::string Trimmed(const std::string& text) {
  const size_t end = text.find_last_not_of(" \t\r\n");
  return end == std::string::npos ? "" : text.substr(0, end + 1);
}

Result<Request> ReadRequest(const std::string& text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto has_text = [&json](const char* key) {
    return json.is_object() && json.contains(key) && json[key].is_string();
  };
  if (!has_text("language") || !has_text("source") || !json.contains("requirements") ||
      !json["requirements"].is_array()) {
    return Status::InvalidArgument("not something to test");
  }
  Request request{{json["language"].get<std::string>(), json["source"].get<std::string>()}, {}};
  for (const Json& requirement : json["requirements"]) {
    if (!requirement.is_string()) continue;
    request.requirements += "- " + requirement.get<std::string>() + "\n";
  }
  return request;
}

// The array in a model's answer, whatever stands around it.
std::vector<Case> ReadCases(const std::string& answer) {
  const size_t begin = answer.find('['), end = answer.rfind(']');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
  const Json json = Json::parse(answer.substr(begin, end + 1 - begin), nullptr, false);
  std::vector<Case> cases;
  if (!json.is_array()) return cases;
  for (const Json& item : json) {
    const bool whole = item.is_object() && item.contains("input") && item["input"].is_string() &&
                       item.contains("expect") && item["expect"].is_string();
    if (whole && cases.size() < kCasesMax) {
      cases.push_back({item["input"].get<std::string>(), item["expect"].get<std::string>()});
    }
  }
  return cases;
}

class Tester final : public Agent {
 public:
  Tester(const Equipment& equipment, Chat chat) : equipment_(equipment), chat_(std::move(chat)) {}

  Status Run(Step& step) override {
    BACKSTEP_ASSIGN_OR_RETURN(const Request request, ReadRequest(step.taken().front().body.bytes));
    if (chat_.empty()) chat_.Add("system", kJob);
    chat_.Add("user", "Requirements:\n" + request.requirements + "\nAlso use this input:\n" +
                          ExtraInput(step));
    const Answer answer = Ask(step, *equipment_.llm, chat_.turns());
    if (answer.error && MustStop(*answer.error)) return Stopped(*answer.error);
    if (!answer.error) chat_.Add("assistant", answer.text);
    BACKSTEP_ASSIGN_OR_RETURN(const std::string complaint,
                              Test(step, request.source, ReadCases(answer.text)));
    const Json verdict = {{"passed", complaint.empty()}, {"report", complaint}};
    step.Reply({verdict.dump(-1, ' ', false, Json::error_handler_t::replace)});
    BACKSTEP_RETURN_IF_ERROR(step.Commit(chat_.Added()));
    chat_.Committed();
    return {};
  }

 private:
  // Randomness goes through the step: the same numbers come again in a re-execution.
  static std::string ExtraInput(Step& step) {
    std::string lines;
    for (int i = 0; i < kExtraNumbers; ++i) {
      if (i > 0) lines += '\n';
      lines += std::to_string(step.Random() % kExtraMax);
    }
    return lines;
  }

  // Empty, or what failed first.
  Result<std::string> Test(Step& step, const SourceCode& source, const std::vector<Case>& cases) {
    const ToolAnswer built = equipment_.tools->Build(step, source);
    if (built.error && MustStop(*built.error)) return Stopped(*built.error);
    if (built.error) return "the program cannot be built: " + built.error->kind;
    if (!built.ok) return "it does not build:\n" + built.output.substr(0, kOutputBytesMax);
    for (const Case& test : cases) {
      const ToolAnswer ran = equipment_.tools->Run(step, source, test.input);
      if (ran.error && MustStop(*ran.error)) return Stopped(*ran.error);
      if (ran.error) return "the program cannot be run: " + ran.error->kind;
      if (ran.ok && Trimmed(ran.output) == Trimmed(test.expect)) continue;
      return "for the input\n" + test.input + "it prints '" +
             Trimmed(ran.output).substr(0, kOutputBytesMax) + "' and not '" + test.expect + "'";
    }
    return std::string();
  }

  const Equipment equipment_;
  Chat chat_;
};

}  // namespace

AgentResult MakeTester(const Equipment& equipment, const Body& state) {
  BACKSTEP_ASSIGN_OR_RETURN(Chat chat, Chat::Parse(state));
  return std::unique_ptr<Agent>(std::make_unique<Tester>(equipment, std::move(chat)));
}

}  // namespace team
