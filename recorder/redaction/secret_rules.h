// The default list: what counts as a secret, judged at a position the scan found.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace backstep::recorder {

// Bytes begin..end of a text.
struct SecretSpan {
  size_t begin = 0;
  size_t end = 0;
};

// The secret that the anchor at `at` is a part of, if it is one: keys of OpenAI, Anthropic,
// Stripe, AWS, GitHub, Slack, Google and Hugging Face, bearer tokens and JWTs, authorization
// headers, values of JSON fields and environment variables named like secrets, PEM private keys.
std::optional<SecretSpan> MatchSecret(std::string_view text, size_t at);

// Whether bytes are a placeholder already: redacting twice changes nothing.
bool IsPlaceholder(std::string_view bytes);

}  // namespace backstep::recorder
