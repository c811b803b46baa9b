#include "backstep/samples/software_team/models/write_program.h"

namespace team {
namespace {

std::string Number(int64_t number) {
  return std::to_string(number);
}

const char kHead[] = R"(#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

// What is no whole number counts as 0.
static long long ParseNumber(const char* text) {
  const char* digits = text + (*text == '-' || *text == '+');
  const size_t count = strspn(digits, "0123456789");
  return digits[count] != 0 || count == 0 || count > 18 ? 0 : atoll(text);
}

)";

const char kReadLine[] = R"(    char* text = line + strspn(line, " \t");
    size_t size = strcspn(text, "\n");
    while (size > 0 && strchr(" \t\r", text[size - 1])) --size;
    text[size] = 0;
)";

std::string Filters(const Spec& spec) {
  std::string code;
  const auto skip = [&code](const std::string& condition) {
    code += "    if (" + condition + ") continue;\n";
  };
  if (spec.skip_blank) skip("*text == 0");
  if (!spec.comment.empty()) {
    skip("strncmp(text, \"" + spec.comment + "\", " + std::to_string(spec.comment.size()) +
         ") == 0");
  }
  code += "    long long number = ParseNumber(text);\n";
  if (spec.skip_negative) skip("number < 0");
  if (spec.skip_zero) skip("number == 0");
  if (spec.above) skip("number > " + Number(*spec.above));
  if (spec.below) skip("number < " + Number(*spec.below));
  if (spec.parity == Parity::kEven) skip("number % 2 != 0");
  if (spec.parity == Parity::kOdd) skip("number % 2 == 0");
  if (spec.once) {
    code += "    bool known = false;\n    for (long long other : seen) known |= other == number;\n"
            "    if (known) continue;\n    seen.push_back(number);\n";
  }
  return code;
}

std::string Changes(const Spec& spec) {
  std::string code;
  if (spec.absolute) code += "    if (number < 0) number = -number;\n";
  if (spec.square) code += "    number = number * number;\n";
  if (spec.multiply) code += "    number = number * (" + Number(*spec.multiply) + ");\n";
  if (spec.add) code += "    number = number + (" + Number(*spec.add) + ");\n";
  return code;
}

std::string FoldCode(Fold fold) {
  const std::string first = "    if (count == 0 || number ";
  switch (fold) {
    case Fold::kNone: return "";
    case Fold::kCount: return "    top = top + 1;\n";
    case Fold::kLargest: return first + "> top) top = number;\n";
    case Fold::kSmallest: return first + "< top) top = number;\n";
    case Fold::kProduct: return "    top = count == 0 ? number : top * number;\n";
    case Fold::kSum:
    case Fold::kAverage: return "    top = top + number;\n";
  }
  return "";
}

std::string Output(const Spec& spec) {
  const std::string print = "  printf(\"" + spec.prefix;
  if (spec.rounding == Rounding::kNone) {
    return "  if (top % bottom == 0) {\n  " + print + "%lld\\n\", top / bottom);\n    return 0;\n"
           "  }\n  const long long size = top < 0 ? -top : top;\n"
           "  const long long hundredths = (size * 200 + bottom) / (2 * bottom);\n" + print +
           "%s%lld.%02lld\\n\", top < 0 ? \"-\" : \"\", hundredths / 100, hundredths % 100);\n";
  }
  const std::string up = RoundsUp(spec.rounding);
  return "  long long whole = (top >= 0 ? top : top - bottom + 1) / bottom;\n"
         "  const long long rest = top - whole * bottom;\n"
         "  if (" + up + ") ++whole;\n" + print + "%lld\\n\", whole);\n";
}

std::string Result(const Spec& spec) {
  std::string code;
  if (spec.when_empty) {
    code += "  if (count == 0) {\n    puts(\"" + spec.prefix + *spec.when_empty +
            "\");\n    return 0;\n  }\n";
  }
  if (spec.fold == Fold::kNone) return code;
  code += "  long long bottom = " + Number(spec.divide.value_or(1)) + ";\n";
  if (spec.fold == Fold::kAverage) code += "  if (count > 0) bottom = bottom * count;\n";
  if (spec.at_most) {
    const std::string most = Number(*spec.at_most);
    code += "  if (top > " + most + " * bottom) {\n    top = " + most + ";\n    bottom = 1;\n  }\n";
  }
  return code + Output(spec);
}

}  // namespace

const char* RoundsUp(Rounding rounding) {
  switch (rounding) {
    case Rounding::kHalfUp: return "2 * rest >= bottom";
    case Rounding::kHalfEven: return "2 * rest > bottom || (2 * rest == bottom && whole % 2 != 0)";
    case Rounding::kUp: return "rest > 0";
    case Rounding::kDown:
    case Rounding::kNone: break;
  }
  return "0";
}

std::string WriteCpp(const Spec& spec, const std::vector<std::string>& requirements) {
  std::string code;
  for (const std::string& requirement : requirements) code += "// " + requirement + "\n";
  code += kHead;
  code += "int main() {\n  char line[4096];\n  long long count = 0;\n";
  if (spec.fold != Fold::kNone) code += "  long long top = 0;\n";
  if (spec.once) code += "  std::vector<long long> seen;\n";
  code += "  while (fgets(line, sizeof line, stdin)) {\n";
  code += kReadLine;
  code += Filters(spec) + Changes(spec) + FoldCode(spec.fold);
  if (spec.fold == Fold::kNone) {
    code += "    printf(\"" + spec.prefix + "%lld\\n\", number);\n";
  }
  return code + "    ++count;\n  }\n" + Result(spec) + "}\n";
}

}  // namespace team
