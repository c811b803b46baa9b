#include "backstep/recorder/redaction/user_pattern.h"

#include <algorithm>

namespace backstep::recorder {
namespace {

constexpr size_t kWindow = 2048;
constexpr size_t kOverlap = 512;

bool IsLiteralChar(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '-' || c == ' ' || c == ':' || c == '=' || c == '/' || c == '@' || c == '#';
}

}  // namespace

std::string RequiredLiteral(std::string_view pattern) {
  if (pattern.find_first_of("|()") != std::string_view::npos) return {};
  std::string longest, run;
  const auto end_run = [&] {
    if (run.size() > longest.size()) longest = run;
    run.clear();
  };
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (IsLiteralChar(c)) {
      run += c;
      continue;
    }
    // A quantifier may make the character before it optional.
    if ((c == '*' || c == '?' || c == '{') && !run.empty()) run.pop_back();
    end_run();
    if (c == '\\') ++i;
    if (c == '[') i = std::min(pattern.find(']', i + 2), pattern.size());
    if (c == '{') i = std::min(pattern.find('}', i), pattern.size());
  }
  end_run();
  return longest;
}

UserPattern::UserPattern(std::regex regex, std::string required)
    : regex_(std::move(regex)), required_(std::move(required)) {}

Result<UserPattern> UserPattern::Make(const std::string& pattern) {
  try {
    return UserPattern(std::regex(pattern, std::regex::ECMAScript | std::regex::optimize),
                       RequiredLiteral(pattern));
  } catch (const std::regex_error& error) {
    return Status::InvalidArgument("`" + pattern + "` is no regular expression: " + error.what());
  }
}

void UserPattern::Find(std::string_view text, std::vector<SecretSpan>* spans) const {
  if (!required_.empty() && text.find(required_) == std::string_view::npos) return;
  for (size_t begin = 0; begin < text.size(); begin += kWindow - kOverlap) {
    const std::string_view window = text.substr(begin, kWindow);
    try {
      const std::cregex_iterator end;
      for (std::cregex_iterator match(window.data(), window.data() + window.size(), regex_);
           match != end; ++match) {
        const auto at = begin + static_cast<size_t>(match->position());
        const auto length = static_cast<size_t>(match->length());
        if (length > 0) spans->push_back({at, at + length});
      }
    } catch (const std::regex_error&) {
      spans->push_back({begin, begin + window.size()});
    }
    if (begin + window.size() == text.size()) break;
  }
}

}  // namespace backstep::recorder
