#include <algorithm>
#include <set>
#include <sstream>

#include "backstep/samples/software_team/models/spec.h"

namespace team {
namespace {

constexpr size_t kDigitsMax = 18;

// Sums wrap as they do in the programs that are written.
int64_t Plus(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
int64_t Times(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

std::string Trimmed(const std::string& line) {
  const size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string::npos) return {};
  return line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
}

// What is no whole number counts as 0.
int64_t ParseNumber(const std::string& text) {
  const bool sign = !text.empty() && (text[0] == '-' || text[0] == '+');
  const std::string digits = text.substr(sign ? 1 : 0);
  if (digits.empty() || digits.size() > kDigitsMax) return 0;
  if (digits.find_first_not_of("0123456789") != std::string::npos) return 0;
  return std::stoll(digits) * (text[0] == '-' ? -1 : 1);
}

bool Counts(const Spec& spec, int64_t number) {
  if (spec.skip_negative && number < 0) return false;
  if (spec.skip_zero && number == 0) return false;
  if (spec.above && number > *spec.above) return false;
  if (spec.below && number < *spec.below) return false;
  if (spec.parity == Parity::kEven && number % 2 != 0) return false;
  if (spec.parity == Parity::kOdd && number % 2 == 0) return false;
  return true;
}

int64_t Changed(const Spec& spec, int64_t number) {
  if (spec.absolute && number < 0) number = -number;
  if (spec.square) number = Times(number, number);
  if (spec.multiply) number = Times(number, *spec.multiply);
  if (spec.add) number = Plus(number, *spec.add);
  return number;
}

std::vector<int64_t> Numbers(const Spec& spec, const std::string& input) {
  std::vector<int64_t> numbers;
  std::set<int64_t> seen;
  std::istringstream lines(input);
  for (std::string line; std::getline(lines, line);) {
    const std::string text = Trimmed(line);
    if (spec.skip_blank && text.empty()) continue;
    if (!spec.comment.empty() && text.rfind(spec.comment, 0) == 0) continue;
    const int64_t number = ParseNumber(text);
    if (!Counts(spec, number)) continue;
    if (spec.once && !seen.insert(number).second) continue;
    numbers.push_back(Changed(spec, number));
  }
  return numbers;
}

int64_t FloorDivide(int64_t a, int64_t b) {
  return (a >= 0 ? a : a - b + 1) / b;
}

struct Quotient {
  int64_t top = 0, bottom = 1;  // bottom > 0
};

Quotient FoldNumbers(const Spec& spec, const std::vector<int64_t>& numbers) {
  Quotient result;
  if (numbers.empty()) return result;
  switch (spec.fold) {
    case Fold::kCount:
      result.top = static_cast<int64_t>(numbers.size());
      break;
    case Fold::kLargest:
      result.top = *std::max_element(numbers.begin(), numbers.end());
      break;
    case Fold::kSmallest:
      result.top = *std::min_element(numbers.begin(), numbers.end());
      break;
    case Fold::kProduct:
      result.top = 1;
      for (int64_t number : numbers) result.top = Times(result.top, number);
      break;
    case Fold::kAverage:
      result.bottom = static_cast<int64_t>(numbers.size());
      [[fallthrough]];
    case Fold::kSum:
    case Fold::kNone:
      for (int64_t number : numbers) result.top = Plus(result.top, number);
      break;
  }
  return result;
}

std::string TwoDecimals(Quotient value) {
  if (value.top % value.bottom == 0) return std::to_string(value.top / value.bottom);
  const bool negative = value.top < 0;
  const int64_t top = negative ? -value.top : value.top;
  const int64_t hundredths = (Times(top, 200) + value.bottom) / (2 * value.bottom);
  std::string text(negative ? 1 : 0, '-');
  text += std::to_string(hundredths / 100);
  text += hundredths % 100 < 10 ? ".0" : ".";
  return text + std::to_string(hundredths % 100);
}

std::string Rounded(Rounding rounding, Quotient value) {
  const int64_t floor = FloorDivide(value.top, value.bottom);
  const int64_t rest = value.top - floor * value.bottom;
  switch (rounding) {
    case Rounding::kNone:
      return TwoDecimals(value);
    case Rounding::kHalfUp:
      return std::to_string(floor + (2 * rest >= value.bottom ? 1 : 0));
    case Rounding::kHalfEven: {
      const bool up = 2 * rest > value.bottom || (2 * rest == value.bottom && floor % 2 != 0);
      return std::to_string(floor + (up ? 1 : 0));
    }
    case Rounding::kDown:
      return std::to_string(floor);
    case Rounding::kUp:
      return std::to_string(floor + (rest > 0 ? 1 : 0));
  }
  return {};
}

}  // namespace

std::string Evaluate(const Spec& spec, const std::string& input) {
  const std::vector<int64_t> numbers = Numbers(spec, input);
  if (numbers.empty() && spec.when_empty) return spec.prefix + *spec.when_empty;
  if (spec.fold == Fold::kNone) {
    std::string text;
    for (int64_t number : numbers) text += spec.prefix + std::to_string(number) + "\n";
    if (!text.empty()) text.pop_back();
    return text;
  }
  Quotient value = FoldNumbers(spec, numbers);
  value.bottom *= spec.divide.value_or(1);
  if (spec.at_most && value.top > Times(*spec.at_most, value.bottom)) value = {*spec.at_most, 1};
  return spec.prefix + Rounded(spec.rounding, value);
}

}  // namespace team
