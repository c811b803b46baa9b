#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <initializer_list>

#include "backstep/samples/software_team/models/spec.h"

namespace team {
namespace {

// Numbers of a task stay far from where sums would overflow.
constexpr int64_t kNumberMax = 1'000'000'000;

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// A sentence that can be asked for words and numbers.
class Words {
 public:
  explicit Words(const std::string& sentence) : text_(Lower(sentence)) {}

  // Whether one of the phrases occurs, beginning at a word's beginning.
  bool Has(std::initializer_list<const char*> phrases) const {
    return std::any_of(phrases.begin(), phrases.end(),
                       [this](const char* phrase) { return Find(phrase) != std::string::npos; });
  }
  // The number that follows the first of the phrases that occurs.
  std::optional<int64_t> NumberAfter(std::initializer_list<const char*> phrases) const {
    for (const char* phrase : phrases) {
      const size_t found = Find(phrase);
      if (found != std::string::npos) return NumberFrom(found + std::string(phrase).size());
    }
    return std::nullopt;
  }

 private:
  size_t Find(const std::string& phrase) const {
    for (size_t at = text_.find(phrase); at != std::string::npos; at = text_.find(phrase, at + 1)) {
      const bool begins = at == 0 || !std::isalnum(static_cast<unsigned char>(text_[at - 1]));
      if (begins) return at;
    }
    return std::string::npos;
  }
  std::optional<int64_t> NumberFrom(size_t at) const {
    at = text_.find_first_of("0123456789", at);
    if (at == std::string::npos) return std::nullopt;
    const bool negative = at > 0 && text_[at - 1] == '-';
    const int64_t number = std::strtoll(text_.c_str() + at, nullptr, 10);
    return std::min(number, kNumberMax) * (negative ? -1 : 1);
  }

  const std::string text_;
};

// The text between the first pair of quotation marks, in its own case.
std::optional<std::string> Quoted(const std::string& sentence) {
  const size_t begin = sentence.find('"');
  if (begin == std::string::npos) return std::nullopt;
  const size_t end = sentence.find('"', begin + 1);
  if (end == std::string::npos) return std::nullopt;
  std::string text = sentence.substr(begin + 1, end - begin - 1);
  // What stands in a program's text must not end it.
  const std::string ends = "\"\\%$`'\n";
  std::erase_if(text, [&ends](char c) { return ends.find(c) != std::string::npos; });
  return text.substr(0, 100);
}

bool IsNegative(const Words& words) {
  return words.Has({"negative", "below zero", "less than zero", "refund"});
}

void UnderstandLines(const Words& words, const std::string& sentence, Spec* spec) {
  if (words.Has({"blank", "empty line"})) spec->skip_blank = true;
  if (words.Has({"start with", "starting with", "beginning with", "comment"}) &&
      words.Has({"line", "comment"})) {
    for (const char* mark : {"//", "#", "--"}) {
      if (sentence.find(mark) == std::string::npos) continue;
      spec->comment = mark;
      return;
    }
    if (words.Has({"comment"})) spec->comment = std::string(1, '#');
  }
}

void UnderstandFilters(const Words& words, Spec* spec) {
  if (words.Has({"ignore", "skip", "leave out", "are ignored", "is ignored", "drop", "discard"})) {
    if (IsNegative(words)) spec->skip_negative = true;
    if (words.Has({"zeros", "zeroes", "zero values"})) spec->skip_zero = true;
    const auto above = words.NumberAfter({"above ", "more than ", "greater than ", "larger than ",
                                          "over ", "higher than "});
    const auto from = words.NumberAfter({"at least ", "from "});
    const auto below = words.NumberAfter({"below ", "less than ", "smaller than ", "under ",
                                          "lower than "});
    if (above) spec->above = above;
    if (from) spec->above = *from - 1;
    if (below) spec->below = below;
  }
  if (words.Has({"duplicate", "each number once", "distinct", "unique"})) spec->once = true;
  if (words.Has({"even numbers only", "only even", "only the even"})) spec->parity = Parity::kEven;
  if (words.Has({"odd numbers only", "only odd", "only the odd"})) spec->parity = Parity::kOdd;
}

void UnderstandEach(const Words& words, Spec* spec) {
  if (words.Has({"absolute"})) spec->absolute = true;
  if (words.Has({"square each", "squares of", "square of each"})) spec->square = true;
  if (words.Has({"double each"})) spec->multiply = 2;
  if (const auto by = words.NumberAfter({"multiply each", "each number times"})) {
    spec->multiply = by;
  }
  if (words.Has({"to each", "for each"})) {
    if (const auto more = words.NumberAfter({"add "})) spec->add = more;
  }
}

void UnderstandFold(const Words& words, Spec* spec) {
  if (words.Has({"to each", "for each", "at most"})) return;
  if (words.Has({"average", "mean"})) {
    spec->fold = Fold::kAverage;
  } else if (words.Has({"product of"})) {
    spec->fold = Fold::kProduct;
  } else if (words.Has({"largest", "biggest", "maximum", "highest"})) {
    spec->fold = Fold::kLargest;
  } else if (words.Has({"smallest", "minimum", "lowest"})) {
    spec->fold = Fold::kSmallest;
  } else if (words.Has({"how many", "count of", "count the", "number of"})) {
    spec->fold = Fold::kCount;
  } else if (words.Has({"sum", "add the", "add up", "add them", "total of", "print the total"})) {
    spec->fold = Fold::kSum;
  }
}

// A unit that is larger than the one that is read.
void UnderstandUnit(const Words& words, Spec* spec) {
  if (const auto by = words.NumberAfter({"divide"}); by && *by > 0) spec->divide = by;
  if (words.Has({"euro", "dollar"}) && !words.Has({"cent"})) spec->divide = 100;
  if (words.Has({"in hours"})) spec->divide = 60;
  if (words.Has({"in kilograms", "in kilometres", "in kilometers"})) spec->divide = 1000;
}

void UnderstandRounding(const Words& words, Spec* spec) {
  if (!words.Has({"round", "nearest", "whole euro", "whole dollar", "whole hour"})) return;
  if (words.Has({"half up", "halves up", "half counts up", "half is rounded up"})) {
    spec->rounding = Rounding::kHalfUp;
  } else if (words.Has({"down", "truncat"})) {
    spec->rounding = Rounding::kDown;
  } else if (words.Has({"round up", "rounded up", "rounding up", "always up"})) {
    spec->rounding = Rounding::kUp;
  } else {
    // Where nothing is said of halves: as arithmetic on computers has it.
    spec->rounding = Rounding::kHalfEven;
  }
}

void UnderstandOutput(const Words& words, const std::string& sentence, Spec* spec) {
  if (words.Has({"at most"}) && !words.Has({"ignore"})) {
    if (const auto most = words.NumberAfter({"at most"})) spec->at_most = most;
  }
  const bool of_nothing = words.Has({"no number", "nothing to", "no amount", "input is empty",
                                     "no value", "there are none"});
  if (of_nothing && words.Has({"print"})) {
    const auto number = words.NumberAfter({"print"});
    const auto text = Quoted(sentence);
    spec->when_empty = text ? *text : std::to_string(number.value_or(0));
  } else if (words.Has({"start the output with", "prefix", "begin the output with"})) {
    spec->prefix = Quoted(sentence).value_or("");
  }
}

}  // namespace

std::vector<std::string> Sentences(const std::string& text) {
  std::vector<std::string> sentences;
  std::string current;
  const auto finish = [&] {
    const size_t begin = current.find_first_not_of(" \t\r-*");
    const size_t end = current.find_last_not_of(" \t\r.!?;");
    if (begin != std::string::npos && end != std::string::npos && begin <= end) {
      sentences.push_back(current.substr(begin, end - begin + 1));
    }
    current.clear();
  };
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool last = i + 1 == text.size() || std::isspace(static_cast<unsigned char>(text[i + 1]));
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == '\n') quoted = false;
    const bool mark = !quoted && last && std::string(".!?;").find(text[i]) != std::string::npos;
    if (text[i] == '\n' || mark) {
      finish();
    } else {
      current += text[i];
    }
  }
  finish();
  return sentences;
}

bool Understand(const std::string& sentence, Spec* spec) {
  const Spec before = *spec;
  const Words words(sentence);
  UnderstandLines(words, sentence, spec);
  UnderstandFilters(words, spec);
  UnderstandEach(words, spec);
  UnderstandFold(words, spec);
  UnderstandUnit(words, spec);
  UnderstandRounding(words, spec);
  UnderstandOutput(words, sentence, spec);
  return !(*spec == before);
}

Spec UnderstandAll(const std::vector<std::string>& sentences) {
  Spec spec;
  for (const std::string& sentence : sentences) Understand(sentence, &spec);
  return spec;
}

}  // namespace team
