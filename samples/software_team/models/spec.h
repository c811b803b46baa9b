// What a small program over lines of numbers is to do, read from and written as plain sentences.
// The understanding of the offline model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace team {

enum class Fold { kNone, kSum, kCount, kLargest, kSmallest, kAverage, kProduct };
enum class Rounding { kNone, kHalfUp, kHalfEven, kDown, kUp };
enum class Parity { kAll, kEven, kOdd };

struct Spec {
  // Which lines and numbers count.
  bool skip_blank = false;
  std::string comment;                 // lines that start with it are left out; empty: none
  bool skip_negative = false, skip_zero = false;
  bool once = false;                   // each number counts once
  Parity parity = Parity::kAll;
  std::optional<int64_t> above, below; // numbers above / below it are left out
  // What is done with each, in this order.
  bool absolute = false, square = false;
  std::optional<int64_t> multiply, add;
  // What comes out.
  Fold fold = Fold::kNone;
  std::optional<int64_t> divide;       // > 0
  Rounding rounding = Rounding::kNone;
  std::optional<int64_t> at_most;
  std::optional<std::string> when_empty;
  std::string prefix;
  bool operator==(const Spec&) const = default;
};

// "One. Two; three\n- four" as its sentences, without bullets and final marks.
std::vector<std::string> Sentences(const std::string& text);

// Adds to `spec` what the sentence asks for; false: nothing of it is understood.
bool Understand(const std::string& sentence, Spec* spec);
Spec UnderstandAll(const std::vector<std::string>& sentences);

// The spec as sentences, one a feature: understanding them all gives the spec again.
std::vector<std::string> Describe(const Spec& spec);

// What the program prints for this input, without the final newline.
std::string Evaluate(const Spec& spec, const std::string& input);

enum class Language { kCpp, kShell };

// A program that does it; `requirements` become its leading comment.
std::string WriteProgram(const Spec& spec, const std::vector<std::string>& requirements,
                         Language language);

}  // namespace team
