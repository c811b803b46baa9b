#include "backstep/samples/software_team/models/spec.h"

namespace team {
namespace {

void DescribeNumbers(const Spec& spec, std::vector<std::string>* sentences) {
  const auto say = [sentences](const std::string& text) { sentences->push_back(text); };
  if (spec.skip_blank) say("Ignore blank lines.");
  if (!spec.comment.empty()) say("Ignore lines that start with " + spec.comment + " .");
  if (spec.skip_negative) say("Ignore negative numbers.");
  if (spec.skip_zero) say("Ignore zeros.");
  if (spec.above) say("Ignore numbers above " + std::to_string(*spec.above) + ".");
  if (spec.below) say("Ignore numbers below " + std::to_string(*spec.below) + ".");
  if (spec.parity == Parity::kEven) say("Use even numbers only.");
  if (spec.parity == Parity::kOdd) say("Use odd numbers only.");
  if (spec.once) say("Use each number once.");
  if (spec.absolute) say("Use the absolute value of each number.");
  if (spec.square) say("Square each number.");
  if (spec.multiply) say("Multiply each number by " + std::to_string(*spec.multiply) + ".");
  if (spec.add) say("Add " + std::to_string(*spec.add) + " to each number.");
}

const char* FoldSentence(Fold fold) {
  switch (fold) {
    case Fold::kNone: return "";
    case Fold::kSum: return "Print the sum of the numbers.";
    case Fold::kCount: return "Print how many numbers there are.";
    case Fold::kLargest: return "Print the largest number.";
    case Fold::kSmallest: return "Print the smallest number.";
    case Fold::kAverage: return "Print the average of the numbers.";
    case Fold::kProduct: return "Print the product of the numbers.";
  }
  return "";
}

const char* RoundingSentence(Rounding rounding) {
  switch (rounding) {
    case Rounding::kNone: return "";
    case Rounding::kHalfUp: return "Round the result half up.";
    case Rounding::kHalfEven: return "Round the result half to even.";
    case Rounding::kDown: return "Round the result down.";
    case Rounding::kUp: return "Always round up the result.";
  }
  return "";
}

}  // namespace

std::vector<std::string> Describe(const Spec& spec) {
  std::vector<std::string> sentences;
  DescribeNumbers(spec, &sentences);
  const auto say = [&sentences](const std::string& text) {
    if (!text.empty()) sentences.push_back(text);
  };
  say(FoldSentence(spec.fold));
  if (spec.divide) say("Divide the result by " + std::to_string(*spec.divide) + ".");
  say(RoundingSentence(spec.rounding));
  if (spec.at_most) say("The result is at most " + std::to_string(*spec.at_most) + ".");
  if (spec.when_empty) say("Print \"" + *spec.when_empty + "\" when there are no numbers.");
  if (!spec.prefix.empty()) say("Start the output with \"" + spec.prefix + "\".");
  return sentences;
}

}  // namespace team
