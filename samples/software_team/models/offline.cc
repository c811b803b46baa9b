// The offline model. What it is asked to do stands in the system turn, what to do it with in the
// turns of the user; it knows no task by name. It understands tasks about lines of numbers
// (models/spec.h) and says so of everything else.
#include <algorithm>
#include <cctype>
#include <functional>
#include <nlohmann/json.hpp>

#include "backstep/samples/software_team/llm.h"
#include "backstep/samples/software_team/models/spec.h"

namespace team {
namespace {

using backstep::CallProgress;
using backstep::CallRequest;
using backstep::CallResponse;
using backstep::CallResult;
using Json = nlohmann::json;

constexpr size_t kChunkBytes = 48;
constexpr size_t kBytesPerToken = 4;  // a rough count, as bills have it for English text

bool Mentions(const std::string& text, const std::string& word) {
  return text.find(word) != std::string::npos;
}

std::string TextOf(const Json& object, const std::string& key) {
  if (!object.is_object() || !object.contains(key) || !object[key].is_string()) return {};
  return object[key].get<std::string>();
}

std::string Last(const std::vector<Turn>& turns, const std::string& role) {
  for (auto turn = turns.rbegin(); turn != turns.rend(); ++turn) {
    if (turn->role == role) return turn->text;
  }
  return {};
}

// The lines of `text` that follow the line `heading`, up to a blank one or the end.
std::string Section(const std::string& text, const std::string& heading) {
  const size_t found = text.find(heading + "\n");
  if (found == std::string::npos) return {};
  const size_t begin = found + heading.size() + 1;
  const size_t end = text.find("\n\n", begin);
  return text.substr(begin, end == std::string::npos ? end : end - begin);
}

std::vector<std::string> Requirements(const std::string& text) {
  std::vector<std::string> sentences = Sentences(Section(text, "Requirements:"));
  for (std::string& sentence : sentences) sentence += ".";
  return sentences;
}

// "Break the task into requirements": each sentence in the words of the trade; what is not
// understood is passed on as it stands.
std::string Plan(const std::vector<Turn>& turns) {
  std::string answer;
  for (const std::string& sentence : Sentences(Last(turns, "user"))) {
    Spec spec;
    if (!Understand(sentence, &spec)) {
      answer += "- " + sentence + ".\n";
      continue;
    }
    for (const std::string& requirement : Describe(spec)) {
      if (!Mentions(answer, requirement)) answer += "- " + requirement + "\n";
    }
  }
  return answer.empty() ? "- Print nothing.\n" : answer;
}

// "Write the program": it does all that the user has asked for so far, the later word counting.
std::string Code(const std::vector<Turn>& turns) {
  constexpr char kMark[] = "Requirement: ";
  std::vector<std::string> requirements;
  for (const Turn& turn : turns) {
    if (turn.role == "user" && turn.text.rfind(kMark, 0) == 0) {
      for (const std::string& sentence : Sentences(turn.text.substr(sizeof kMark - 1))) {
        requirements.push_back(sentence + ".");
      }
    }
  }
  if (requirements.empty()) requirements = Sentences(Last(turns, "user"));
  const bool shell = Mentions(turns.front().text, "sh script");
  const Spec spec = UnderstandAll(requirements);
  return "The program for " + std::to_string(requirements.size()) + " requirements:\n```" +
         (shell ? "sh\n" : "cpp\n") +
         WriteProgram(spec, requirements, shell ? Language::kShell : Language::kCpp) + "```\n";
}

// Inputs on which the features of `spec` show.
std::vector<std::string> Probes(const Spec& spec) {
  std::vector<std::string> probes = {"10\n25\n"};
  if (spec.skip_blank) probes.push_back("10\n\n5\n");
  if (!spec.comment.empty()) probes.push_back("7\n" + spec.comment + " 8\n9\n");
  if (spec.skip_negative || spec.absolute) probes.push_back("10\n-4\n");
  if (spec.skip_zero || spec.once) probes.push_back("3\n0\n3\n");
  if (spec.above) probes.push_back(std::to_string(*spec.above) + "\n" +
                                   std::to_string(*spec.above + 1) + "\n");
  if (spec.below) probes.push_back(std::to_string(*spec.below) + "\n" +
                                   std::to_string(*spec.below - 1) + "\n");
  if (spec.rounding != Rounding::kNone) {
    probes.push_back("50\n");
    probes.push_back("150\n");
  }
  if (spec.when_empty) probes.push_back("");
  return probes;
}

// "Give test cases": for the requirement that came last, as all of them together have it.
std::string TestCases(const std::vector<Turn>& turns) {
  constexpr size_t kCasesMax = 4;
  const std::string asked = Last(turns, "user");
  const std::vector<std::string> requirements = Requirements(asked);
  const Spec spec = UnderstandAll(requirements);
  Spec newest;
  if (!requirements.empty()) Understand(requirements.back(), &newest);
  std::vector<std::string> inputs = Probes(newest);
  if (inputs.size() > kCasesMax) inputs.resize(kCasesMax);
  const std::string extra = Section(asked, "Also use this input:");
  if (!extra.empty()) inputs.push_back(extra + "\n");
  Json cases = Json::array();
  for (const std::string& input : inputs) {
    cases.push_back({{"input", input}, {"expect", Evaluate(spec, input)}});
  }
  return cases.dump();
}

std::string Review(const std::vector<Turn>& turns) {
  const std::string asked = Last(turns, "user");
  const std::string code = CodeIn(asked);
  if (code.empty()) return "There is no program to review.";
  const std::vector<std::string> requirements = Requirements(asked);
  const auto named = std::count_if(requirements.begin(), requirements.end(),
                                   [&](const std::string& r) { return Mentions(code, r); });
  return "The program names " + std::to_string(named) + " of " +
         std::to_string(requirements.size()) + " requirements. It may go to acceptance.";
}

// Every spec that differs from `spec` in one decision.
std::vector<Spec> Alternatives(const Spec& spec) {
  std::vector<Spec> others;
  const auto with = [&](const std::function<void(Spec*)>& change) {
    Spec other = spec;
    change(&other);
    if (!(other == spec)) others.push_back(other);
  };
  for (Rounding rounding : {Rounding::kHalfUp, Rounding::kHalfEven, Rounding::kDown,
                            Rounding::kUp, Rounding::kNone}) {
    with([&](Spec* other) { other->rounding = rounding; });
  }
  with([](Spec* other) { other->skip_negative = !other->skip_negative; });
  with([](Spec* other) { other->skip_zero = !other->skip_zero; });
  with([](Spec* other) { other->once = !other->once; });
  with([](Spec* other) { other->absolute = !other->absolute; });
  for (int64_t by : {-1, 1}) {
    with([&](Spec* other) { if (other->above) *other->above += by; });
    with([&](Spec* other) { if (other->below) *other->below += by; });
  }
  with([](Spec* other) { other->above.reset(); });
  with([](Spec* other) { other->below.reset(); });
  with([](Spec* other) { other->divide.reset(); });
  return others;
}

// The sentence of `a` that `b` does not have.
std::string OnlyIn(const Spec& a, const Spec& b) {
  const std::vector<std::string> others = Describe(b);
  for (const std::string& sentence : Describe(a)) {
    if (std::find(others.begin(), others.end(), sentence) == others.end()) return sentence;
  }
  return {};
}

// "Explain": the one decision whose change would print what was expected.
std::string Explain(const std::vector<Turn>& turns) {
  const std::string asked = Last(turns, "user");
  const Spec spec = UnderstandAll(Requirements(asked));
  const std::string input = Section(asked, "Input:") + "\n";
  const std::string expected = Section(asked, "Expected:");
  for (const Spec& other : Alternatives(spec)) {
    if (Evaluate(other, input) != expected) continue;
    const std::string is = OnlyIn(spec, other), would = OnlyIn(other, spec);
    if (is.empty()) return "A requirement is missing: '" + would + "'";
    if (would.empty()) return "The requirement '" + is + "' is in the way.";
    return "The requirement '" + is + "' decides this; '" + would + "' would give it.";
  }
  return "No single requirement explains it.";
}

std::string Respond(const std::vector<Turn>& turns) {
  if (turns.empty()) return "Nothing was asked.";
  const std::string& job = turns.front().text;
  const std::string asked = Last(turns, "user");
  if (Mentions(job, "requirements") && Mentions(job, "Break")) return Plan(turns);
  if (Mentions(job, "test cases")) return TestCases(turns);
  if (Mentions(job, "review")) {
    return Mentions(asked, "Expected:") ? Explain(turns) : Review(turns);
  }
  if (Mentions(job, "Write") && Mentions(job, "program")) return Code(turns);
  const std::vector<std::string> sentences = Sentences(asked);
  return sentences.empty() ? "Nothing was asked." : "I have noted: " + sentences.front() + ".";
}

class OfflineLlm final : public Llm {
 public:
  std::string Provider() const override { return "offline"; }
  std::string Model() const override { return "offline-1"; }
  bool IsFree() const override { return true; }

  CallResult Complete(const CallRequest& request, CallProgress& progress) override {
    const Json asked = Json::parse(request.body.bytes, nullptr, /*allow_exceptions=*/false);
    std::vector<Turn> turns;
    if (asked.is_object() && asked.contains("messages") && asked["messages"].is_array()) {
      for (const Json& message : asked["messages"]) {
        turns.push_back({TextOf(message, "role"), TextOf(message, "content")});
      }
    }
    const std::string text = Respond(turns);
    for (size_t at = 0; at < text.size(); at += kChunkBytes) {
      progress.Chunk(text.substr(at, kChunkBytes));
    }
    return Response(request, text);
  }

 private:
  static CallResponse Response(const CallRequest& request, const std::string& text) {
    CallResponse response;
    response.usage.input_tokens = request.body.bytes.size() / kBytesPerToken + 1;
    response.usage.output_tokens = text.size() / kBytesPerToken + 1;
    response.finish_reason = "stop";
    const Json message = {{"role", "assistant"}, {"content", text}};
    const Json body = {
        {"object", "chat.completion"},
        {"choices", {{{"index", 0}, {"finish_reason", "stop"}, {"message", message}}}},
        {"usage", {{"prompt_tokens", response.usage.input_tokens},
                   {"completion_tokens", response.usage.output_tokens}}}};
    response.body.bytes = body.dump(-1, ' ', false, Json::error_handler_t::replace);
    return response;
  }
};

}  // namespace

std::unique_ptr<Llm> MakeOfflineLlm() {
  return std::make_unique<OfflineLlm>();
}

}  // namespace team
