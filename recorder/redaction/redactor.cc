#include "backstep/recorder/redact.h"

#include <algorithm>

#include "backstep/recorder/redaction/candidate_scan.h"
#include "backstep/recorder/redaction/secret_rules.h"
#include "backstep/recorder/redaction/user_pattern.h"

namespace backstep::recorder {
namespace {

// `[redacted:1a2b3c.....]`: tells secrets of one length apart, and gives away 24 bits of a hash of
// those of 20 bytes and more, nothing of shorter ones.
void PutPlaceholder(char* at, size_t size) {
  constexpr size_t kPlainMin = 10, kTaggedMin = 20, kTagDigits = 6;
  if (size < kPlainMin) {
    std::fill_n(at, size, '*');
    return;
  }
  std::string text = "[redacted";
  if (size >= kTaggedMin) text += ":" + HashBytes({at, size}).ToHex().substr(0, kTagDigits);
  text.resize(size - 1, '.');
  text += ']';
  std::copy(text.begin(), text.end(), at);
}

bool RedactDefaults(std::string* bytes) {
  bool found = false;
  for (size_t at = 0; (at = FindCandidate(*bytes, at)) != std::string::npos;) {
    const auto span = MatchSecret(*bytes, at);
    if (!span) {
      ++at;
      continue;
    }
    PutPlaceholder(bytes->data() + span->begin, span->end - span->begin);
    at = std::max(at + 1, span->end);
    found = true;
  }
  return found;
}

}  // namespace

struct Redactor::Impl {
  std::vector<UserPattern> patterns;
};

Redactor::Redactor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Redactor::~Redactor() = default;

Result<std::shared_ptr<const Redactor>> Redactor::Make(const std::vector<std::string>& patterns) {
  auto impl = std::make_unique<Impl>();
  for (size_t i = 0; i < patterns.size(); ++i) {
    auto pattern = UserPattern::Make(patterns[i]);
    if (!pattern.ok()) {
      return pattern.status().WithContext("redaction pattern " + std::to_string(i + 1));
    }
    impl->patterns.push_back(std::move(pattern).value());
  }
  return std::shared_ptr<const Redactor>(new Redactor(std::move(impl)));
}

bool Redactor::has_patterns() const { return !impl_->patterns.empty(); }

bool Redactor::Redact(std::string* bytes) const {
  bool found = RedactDefaults(bytes);
  std::vector<SecretSpan> spans;
  for (const UserPattern& pattern : impl_->patterns) {
    spans.clear();
    pattern.Find(*bytes, &spans);
    for (const SecretSpan& span : spans) {
      const size_t size = span.end - span.begin;
      if (IsPlaceholder(std::string_view(*bytes).substr(span.begin, size))) continue;
      PutPlaceholder(bytes->data() + span.begin, size);
      found = true;
    }
  }
  return found;
}

}  // namespace backstep::recorder
