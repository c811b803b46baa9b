// The shape of the JSON at the beginning of a file, cut off or whole: what tells one format of runs
// from the next before anything is read.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace backstep::adapters {

// Keys by their path, arrays as "[]": "history[].role", or "[].action" where the file is an array.
// Of a file of JSON lines: the shape of the first. Immutable once made.
class HeadShape {
 public:
  explicit HeadShape(std::string_view head);

  bool Has(const std::string& path) const { return first_.contains(path); }
  // The first value there: a text's beginning, a number's digits, "true", "{" or "["; empty: none.
  const std::string& First(const std::string& path) const;
  bool array() const { return Has("[]"); }    // the file is a JSON array
  bool object() const { return object_; }     // it is a JSON object
  // The head holds a whole value: what is not there is not in the file (or its first line).
  bool complete() const { return complete_; }

 private:
  std::map<std::string, std::string> first_;
  bool object_ = false;
  bool complete_ = false;
};

}  // namespace backstep::adapters
