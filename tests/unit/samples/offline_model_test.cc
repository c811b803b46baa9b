#include <nlohmann/json.hpp>

#include "backstep/base/hash.h"
#include "backstep/samples/software_team/llm.h"
#include "backstep/samples/software_team/models/spec.h"
#include "backstep/samples/software_team/tools/process.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"

#include <fstream>

using namespace team;
using backstep::RandomStream;
using backstep::testing::TempDir;
using Json = nlohmann::json;

namespace {

class Silence : public backstep::CallProgress {
 public:
  void Chunk(const std::string& text) override { streamed += text; }
  std::string streamed;
};

std::string Said(const std::vector<Turn>& turns) {
  Json messages = Json::array();
  for (const Turn& turn : turns) {
    messages.push_back({{"role", turn.role}, {"content", turn.text}});
  }
  Silence silence;
  const auto result = MakeOfflineLlm()->Complete(
      {.body = {Json{{"messages", messages}}.dump()}}, silence);
  REQUIRE(result.ok());
  const std::string text = AnswerText(result.response().body.bytes);
  CHECK(silence.streamed == text);
  return text;
}

Spec RandomSpec(RandomStream* random) {
  const auto maybe = [random] { return random->Next() % 4 == 0; };
  Spec spec;
  spec.skip_blank = maybe();
  if (maybe()) spec.comment = random->Next() % 2 ? "#" : "//";
  spec.skip_negative = maybe();
  spec.skip_zero = maybe();
  spec.once = maybe();
  if (maybe()) spec.parity = random->Next() % 2 ? Parity::kEven : Parity::kOdd;
  if (maybe()) spec.above = static_cast<int64_t>(random->Next() % 90 + 10);
  if (maybe()) spec.below = static_cast<int64_t>(random->Next() % 40) - 20;
  spec.absolute = maybe();
  spec.square = maybe();
  if (maybe()) spec.multiply = static_cast<int64_t>(random->Next() % 9) - 4;
  if (maybe()) spec.add = static_cast<int64_t>(random->Next() % 50) + 1;
  spec.fold = static_cast<Fold>(random->Next() % 7);
  if (maybe()) spec.divide = static_cast<int64_t>(random->Next() % 12 + 1);
  spec.rounding = static_cast<Rounding>(random->Next() % 5);
  if (maybe()) spec.at_most = static_cast<int64_t>(random->Next() % 60);
  if (maybe()) spec.when_empty = random->Next() % 2 ? "0" : "none";
  if (maybe()) spec.prefix = "Result: ";
  return spec;
}

std::string RandomInput(RandomStream* random) {
  std::string input;
  for (uint64_t lines = random->Next() % 7; lines > 0; --lines) {
    switch (random->Next() % 9) {
      case 0: input += "\n"; break;
      case 1: input += "# note\n"; break;
      case 2: input += "// 7\n"; break;
      case 3: input += "  12 \n"; break;
      case 4: input += "007\n"; break;
      default:
        input += std::to_string(static_cast<int64_t>(random->Next() % 130) - 30) + "\n";
    }
  }
  return input;
}

std::string Printed(const Spec& spec, Language language, const std::string& input,
                    const TempDir& dir) {
  const bool cpp = language == Language::kCpp;
  const std::string file = cpp ? "p.cc" : "p.sh";
  std::ofstream(dir / file) << WriteProgram(spec, Describe(spec), language);
  std::ofstream(dir / "input") << input;
  if (cpp) {
    auto built = RunProcess({"c++", "-O0", "-o", "p", file}, dir.path(), "", 60000);
    REQUIRE(built.ok());
    INFO(built->output);
    REQUIRE(built->exit_code == 0);
  }
  std::vector<std::string> command = {"sh", file};
  if (cpp) command = {"./p"};
  auto ran = RunProcess(command, dir.path(), "input", 10000);
  REQUIRE(ran.ok());
  CHECK(ran->exit_code == 0);
  if (!ran->output.empty() && ran->output.back() == '\n') ran->output.pop_back();
  return ran->output;
}

}  // namespace

TEST_CASE("what the model says of a spec is what it understands") {
  RandomStream random(7);
  for (int i = 0; i < 500; ++i) {
    const Spec spec = RandomSpec(&random);
    std::string text;
    for (const std::string& sentence : Describe(spec)) text += sentence + "\n";
    INFO(text);
    CHECK(UnderstandAll(Describe(spec)) == spec);
    CHECK(UnderstandAll(Sentences(text)) == spec);
  }
}

TEST_CASE("the shell programs print what the model expects of them") {
  RandomStream random(11);
  for (int i = 0; i < 60; ++i) {
    TempDir dir;
    const Spec spec = RandomSpec(&random);
    const std::string input = RandomInput(&random);
    INFO(WriteProgram(spec, Describe(spec), Language::kShell) << "\ninput:\n" << input);
    CHECK(Printed(spec, Language::kShell, input, dir) == Evaluate(spec, input));
  }
}

TEST_CASE("the C++ programs print what the model expects of them") {
  if (!RunProcess({"c++", "--version"}, "/", "", 10000).ok()) return;
  RandomStream random(13);
  for (int i = 0; i < 6; ++i) {
    TempDir dir;
    const Spec spec = RandomSpec(&random);
    const std::string input = RandomInput(&random);
    INFO(WriteProgram(spec, Describe(spec), Language::kCpp) << "\ninput:\n" << input);
    CHECK(Printed(spec, Language::kCpp, input, dir) == Evaluate(spec, input));
  }
}

TEST_CASE("the roundings differ where halves are") {
  const auto rounded = [](Rounding rounding, const std::string& cents) {
    Spec spec;
    spec.fold = Fold::kSum;
    spec.divide = 100;
    spec.rounding = rounding;
    return Evaluate(spec, cents + "\n");
  };
  CHECK(rounded(Rounding::kHalfUp, "250") == "3");
  CHECK(rounded(Rounding::kHalfEven, "250") == "2");
  CHECK(rounded(Rounding::kHalfEven, "350") == "4");
  CHECK(rounded(Rounding::kDown, "299") == "2");
  CHECK(rounded(Rounding::kUp, "201") == "3");
  CHECK(rounded(Rounding::kHalfUp, "-250") == "-2");
  CHECK(rounded(Rounding::kNone, "255") == "2.55");
}

TEST_CASE("the model plans tasks that it has never seen") {
  const std::string plan = Said(
      {{"system", "Break the task into requirements."},
       {"user", "Read the weights in grams. Skip blank lines. Ignore weights of 500 or nothing at "
                "all; ignore weights over 500. Print the average weight in kilograms, rounded "
                "down. Be kind to the users."}});
  INFO(plan);
  CHECK(plan.find("- Ignore blank lines.") != std::string::npos);
  CHECK(plan.find("- Ignore numbers above 500.") != std::string::npos);
  CHECK(plan.find("- Print the average of the numbers.") != std::string::npos);
  CHECK(plan.find("- Divide the result by 1000.") != std::string::npos);
  CHECK(plan.find("- Round the result down.") != std::string::npos);
  CHECK(plan.find("- Be kind to the users.") != std::string::npos);
}

TEST_CASE("another requirement makes another program") {
  const auto program = [](const std::string& requirement) {
    return CodeIn(Said({{"system", "Write one program as a POSIX sh script."},
                        {"user", "Requirement: Print the sum of the numbers."},
                        {"assistant", "noted"},
                        {"user", "Requirement: Divide the result by 100."},
                        {"user", "Requirement: " + requirement}}));
  };
  CHECK(program("Round the result half up.") != program("Round the result half to even."));
}

TEST_CASE("the model names the requirement that explains a failure") {
  const std::string why = Said(
      {{"system", "You review the work."},
       {"user", "Explain.\n\nInput:\n250\n\nPrinted:\n2\n\nExpected:\n3\n\nRequirements:\n"
                "- Print the sum of the numbers.\n- Divide the result by 100.\n"
                "- Round the result half to even.\n"}});
  CHECK(why.find("'Round the result half to even.' decides this") != std::string::npos);
}

TEST_CASE("anything else gets an answer too") {
  CHECK(Said({{"system", "You are a poet."}, {"user", "Sing of the sea. Loudly."}}) ==
        "I have noted: Sing of the sea.");
  CHECK(Said({}) == "Nothing was asked.");
}
