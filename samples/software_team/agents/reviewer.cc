#include <nlohmann/json.hpp>

#include "backstep/samples/software_team/agents/agents.h"

namespace team {
namespace {

using backstep::Body;
using backstep::Message;
using backstep::Outcome;
using backstep::Status;
using backstep::replay::Agent;
using backstep::replay::Step;
using Json = nlohmann::json;

constexpr char kJob[] =
    "You review the work of a software team: say whether the program may go to the customer, and "
    "explain in one sentence why an example of the customer's fails.";

std::string Text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Trimmed(const std::string& text) {
  const size_t end = text.find_last_not_of(" \t\r\n");
  return end == std::string::npos ? "" : text.substr(0, end + 1);
}

// A list of numbers on one line, as people write it.
std::string OneLine(std::string input) {
  input = Trimmed(input);
  for (size_t at = input.find('\n'); at != std::string::npos; at = input.find('\n', at)) {
    input.replace(at, 1, ", ");
  }
  return input.empty() ? "nothing" : input;
}

// Models say more than a reason needs.
std::string FirstLine(const std::string& text) {
  constexpr size_t kBytesMax = 200;
  const std::string line = text.substr(0, text.find('\n'));
  return line.size() <= kBytesMax ? line : line.substr(0, kBytesMax) + " ...";
}

std::string StringOf(const Json& object, const char* key) {
  const bool there = object.is_object() && object.contains(key) && object[key].is_string();
  return there ? object[key].get<std::string>() : "";
}

uint64_t NumberOf(const Json& object, const char* key) {
  const bool there = object.is_object() && object.contains(key) && object[key].is_number_unsigned();
  return there ? object[key].get<uint64_t>() : 0;
}

// Its whole state is one JSON object: what it reviews, what it has checked, what it was told.
class Reviewer final : public Agent {
 public:
  Reviewer(const Equipment& equipment, Json state)
      : equipment_(equipment), state_(std::move(state)) {}

  Status Run(Step& step) override {
    const Message& message = step.taken().front();
    const Json body = Json::parse(message.body.bytes, nullptr, /*allow_exceptions=*/false);
    if (message.kind == "program") {
      BACKSTEP_RETURN_IF_ERROR(Review(step, body));
    } else {
      BACKSTEP_RETURN_IF_ERROR(CheckExample(step, body));
    }
    return step.Commit(Body{Text(state_)});
  }

 private:
  SourceCode Source() const {
    return {StringOf(state_, "language"), StringOf(state_, "source")};
  }
  std::string Requirements() const {
    std::string lines = "Requirements:\n";
    if (!state_["requirements"].is_array()) return lines;
    for (const Json& requirement : state_["requirements"]) {
      if (requirement.is_string()) lines += "- " + requirement.get<std::string>() + "\n";
    }
    return lines;
  }

  Status Review(Step& step, const Json& product) {
    state_["language"] = StringOf(product, "language");
    state_["source"] = StringOf(product, "source");
    const bool lists = product.is_object() && product.contains("requirements");
    state_["requirements"] = lists ? product["requirements"] : Json::array();
    return Consult(step, "Review this program.\n\n" + Requirements() + "\n```\n" + Source().text +
                             "```\n").status();
  }

  // Asks the model; what it says is noted. Empty: it does not answer.
  backstep::Result<std::string> Consult(Step& step, const std::string& question) {
    const Answer answer = Ask(step, *equipment_.llm, {{"system", kJob}, {"user", question}});
    if (answer.error && MustStop(*answer.error)) return Stopped(*answer.error);
    state_["remarks"].push_back(answer.error ? "no answer: " + answer.error->kind : answer.text);
    return answer.error ? std::string() : answer.text;
  }

  Status CheckExample(Step& step, const Json& example) {
    const std::string input = StringOf(example, "input");
    const std::string expected = Trimmed(StringOf(example, "expect"));
    std::string printed;
    BACKSTEP_ASSIGN_OR_RETURN(const std::string failure, Judge(step, input, expected, &printed));
    Count(failure.empty());
    if (!failure.empty() && StringOf(state_, "reason").empty()) {
      const std::string which = "acceptance check " + std::to_string(NumberOf(example, "number")) +
                                " of " + std::to_string(NumberOf(example, "of")) + ": " + failure;
      BACKSTEP_ASSIGN_OR_RETURN(
          const std::string why,
          Consult(step, "Explain.\n\nInput:\n" + Trimmed(input) + "\n\nPrinted:\n" + printed +
                            "\n\nExpected:\n" + expected + "\n\n" + Requirements()));
      state_["reason"] = why.empty() ? which : which + ". " + FirstLine(why);
    }
    Decide(step, NumberOf(example, "number") == NumberOf(example, "of"), NumberOf(example, "of"));
    return {};
  }

  // Empty, or what is wrong with what the program prints.
  backstep::Result<std::string> Judge(Step& step, const std::string& input,
                                      const std::string& expected, std::string* printed) const {
    if (Source().text.empty()) return std::string("there is no program");
    const ToolAnswer ran = RunTwice(step, input);
    if (ran.error && MustStop(*ran.error)) return Stopped(*ran.error);
    if (ran.error) return "the program cannot be run (" + ran.error->kind + ")";
    *printed = Trimmed(ran.output);
    if (!ran.ok) return "the program fails on " + OneLine(input);
    if (*printed == expected) return std::string();
    return OneLine(input) + " gives '" + *printed + "', the customer expects '" + expected + "'";
  }

  // A tool that fails once may work the second time.
  ToolAnswer RunTwice(Step& step, const std::string& input) const {
    const ToolAnswer first = equipment_.tools->Run(step, Source(), input);
    if (!first.error || MustStop(*first.error)) return first;
    step.Event("tool failed", first.error->kind, "warning");
    return equipment_.tools->Run(step, Source(), input);
  }

  void Count(bool passed) {
    const char* key = passed ? "passed" : "failed";
    state_[key] = NumberOf(state_, key) + 1;
  }

  void Decide(Step& step, bool last, uint64_t of) const {
    const uint64_t failed = NumberOf(state_, "failed"), passed = NumberOf(state_, "passed");
    if (failed == 0 && !last) return;
    Outcome outcome;
    outcome.kind = failed == 0 ? Outcome::Kind::kOk : Outcome::Kind::kFailed;
    if (of > 0) outcome.score = static_cast<double>(passed) / static_cast<double>(of);
    outcome.reason = failed == 0 ? "all " + std::to_string(passed) + " acceptance checks pass"
                                 : StringOf(state_, "reason");
    step.SetOutcome(outcome);
  }

  const Equipment equipment_;
  Json state_;
};

}  // namespace

Body EmptyReview() {
  return {Text({{"language", ""}, {"source", ""}, {"requirements", Json::array()},
                {"remarks", Json::array()}, {"passed", 0u}, {"failed", 0u}, {"reason", ""}})};
}

AgentResult MakeReviewer(const Equipment& equipment, const Body& state) {
  Json json = Json::parse(state.bytes, nullptr, /*allow_exceptions=*/false);
  const bool shaped = json.is_object() && json.contains("remarks") && json["remarks"].is_array() &&
                      json.contains("requirements");
  if (!shaped) return Status::InvalidArgument("not the state of a review");
  return std::unique_ptr<Agent>(std::make_unique<Reviewer>(equipment, std::move(json)));
}

}  // namespace team
