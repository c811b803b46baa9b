// A regular expression of the program's own for secrets.
#pragma once

#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/recorder/redaction/secret_rules.h"

namespace backstep::recorder {

// Immutable, thread-safe.
class UserPattern {
 public:
  // InvalidArgument: `pattern` does not compile; the message says why.
  static Result<UserPattern> Make(const std::string& pattern);

  // Every match in `text`, in order. Text is searched in windows of 2 KiB that overlap by 512
  // bytes (the matcher recurses by length), so a match is at most 512 bytes wherever it lies. A
  // window that the matcher gives up on counts as matched: nothing leaves unredacted.
  void Find(std::string_view text, std::vector<SecretSpan>* spans) const;

 private:
  UserPattern(std::regex regex, std::string required);
  std::regex regex_;
  std::string required_;  // a literal that every match holds; may be empty
};

// The longest literal that each match of an ECMAScript pattern must contain; empty when that is
// not plain to see. Exposed for its test.
std::string RequiredLiteral(std::string_view pattern);

}  // namespace backstep::recorder
