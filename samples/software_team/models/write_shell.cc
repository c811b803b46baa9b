#include "backstep/samples/software_team/models/write_program.h"

namespace team {
namespace {

// What is no whole number counts as 0; a leading 0 would be read as octal.
const char kHead[] = R"(parse_number() {
  digits=${1#[-+]}
  number=0
  case $digits in '' | *[!0-9]*) return ;; esac
  [ ${#digits} -le 18 ] || return 0
  while case $digits in 0?*) true ;; *) false ;; esac; do digits=${digits#0}; done
  case $1 in -*) number=$((0 - digits)) ;; *) number=$digits ;; esac
}

trim() {
  text=$1
  while case $text in [[:blank:]]*) true ;; *) false ;; esac; do text=${text#?}; done
  while case $text in *[[:space:]]) true ;; *) false ;; esac; do text=${text%?}; done
}

)";

std::string Number(int64_t number) {
  return std::to_string(number);
}

std::string Filters(const Spec& spec) {
  std::string code;
  const auto skip = [&code](const std::string& condition) {
    code += "  if [ " + condition + " ]; then continue; fi\n";
  };
  if (spec.skip_blank) skip("-z \"$text\"");
  if (!spec.comment.empty()) {
    code += "  case $text in '" + spec.comment + "'*) continue ;; esac\n";
  }
  code += "  parse_number \"$text\"\n";
  if (spec.skip_negative) skip("$number -lt 0");
  if (spec.skip_zero) skip("$number -eq 0");
  if (spec.above) skip("$number -gt " + Number(*spec.above));
  if (spec.below) skip("$number -lt " + Number(*spec.below));
  if (spec.parity == Parity::kEven) skip("$((number % 2)) -ne 0");
  if (spec.parity == Parity::kOdd) skip("$((number % 2)) -eq 0");
  if (spec.once) {
    code += "  case \"$seen\" in *\" $number \"*) continue ;; esac\n  seen=\"$seen $number \"\n";
  }
  return code;
}

std::string Changes(const Spec& spec) {
  std::string code;
  if (spec.absolute) code += "  if [ $number -lt 0 ]; then number=$((0 - number)); fi\n";
  if (spec.square) code += "  number=$((number * number))\n";
  if (spec.multiply) code += "  number=$((number * (" + Number(*spec.multiply) + ")))\n";
  if (spec.add) code += "  number=$((number + (" + Number(*spec.add) + ")))\n";
  return code;
}

std::string FoldCode(Fold fold) {
  const std::string first = "  if [ $count -eq 0 ] || [ $number ";
  switch (fold) {
    case Fold::kNone: return "";
    case Fold::kCount: return "  top=$((top + 1))\n";
    case Fold::kLargest: return first + "-gt $top ]; then top=$number; fi\n";
    case Fold::kSmallest: return first + "-lt $top ]; then top=$number; fi\n";
    case Fold::kProduct:
      return "  if [ $count -eq 0 ]; then top=$number; else top=$((top * number)); fi\n";
    case Fold::kSum:
    case Fold::kAverage: return "  top=$((top + number))\n";
  }
  return "";
}

std::string Output(const Spec& spec) {
  const std::string print = "printf '%s%s\\n' '" + spec.prefix + "' ";
  if (spec.rounding == Rounding::kNone) {
    return "if [ $((top % bottom)) -eq 0 ]; then\n  " + print + "$((top / bottom))\n  exit 0\nfi\n"
           "sign=\nsize=$top\nif [ $top -lt 0 ]; then sign=-; size=$((0 - top)); fi\n"
           "hundredths=$(((size * 200 + bottom) / (2 * bottom)))\n"
           "printf '%s%s%d.%02d\\n' '" + spec.prefix + "' \"$sign\" "
           "$((hundredths / 100)) $((hundredths % 100))\n";
  }
  const std::string up = RoundsUp(spec.rounding);
  return "if [ $top -ge 0 ]; then\n  whole=$((top / bottom))\nelse\n"
         "  whole=$(((top - bottom + 1) / bottom))\nfi\n"
         "rest=$((top - whole * bottom))\n"
         "if [ $((" + up + ")) -ne 0 ]; then whole=$((whole + 1)); fi\n" + print + "$whole\n";
}

std::string Result(const Spec& spec) {
  std::string code;
  if (spec.when_empty) {
    code += "if [ $count -eq 0 ]; then\n  printf '%s\\n' '" + spec.prefix + *spec.when_empty +
            "'\n  exit 0\nfi\n";
  }
  if (spec.fold == Fold::kNone) return code;
  code += "bottom=" + Number(spec.divide.value_or(1)) + "\n";
  if (spec.fold == Fold::kAverage) {
    code += "if [ $count -gt 0 ]; then bottom=$((bottom * count)); fi\n";
  }
  if (spec.at_most) {
    const std::string most = Number(*spec.at_most);
    code += "if [ $top -gt $((" + most + " * bottom)) ]; then top=" + most + "; bottom=1; fi\n";
  }
  return code + Output(spec);
}

}  // namespace

std::string WriteShell(const Spec& spec, const std::vector<std::string>& requirements) {
  std::string code;
  for (const std::string& requirement : requirements) code += "# " + requirement + "\n";
  code += kHead;
  code += "count=0\ntop=0\nseen=\nwhile IFS= read -r line || [ -n \"$line\" ]; do\n";
  code += "  trim \"$line\"\n";
  code += Filters(spec) + Changes(spec) + FoldCode(spec.fold);
  if (spec.fold == Fold::kNone) code += "  printf '%s%s\\n' '" + spec.prefix + "' $number\n";
  return code + "  count=$((count + 1))\ndone\n" + Result(spec);
}

std::string WriteProgram(const Spec& spec, const std::vector<std::string>& requirements,
                         Language language) {
  return language == Language::kCpp ? WriteCpp(spec, requirements)
                                    : WriteShell(spec, requirements);
}

}  // namespace team
