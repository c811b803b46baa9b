#include "backstep/recorder/redaction/secret_rules.h"

#include <algorithm>
#include <string>

namespace backstep::recorder {
namespace {

constexpr size_t kKeyNameMax = 64;
constexpr size_t kPemLabelMax = 64;
// How far a run is looked at before it is known to be a secret: keeps hostile text linear.
constexpr size_t kLookAhead = 256;
constexpr size_t kJwtPartMax = 4096;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsAlnum(char c) { return IsDigit(c) || IsUpper(c) || (c >= 'a' && c <= 'z'); }
bool IsWord(char c) { return IsAlnum(c) || c == '_' || c == '-'; }
bool IsTokenChar(char c) {
  return IsWord(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '=';
}
bool IsBlank(char c) { return c == ' ' || c == '\t'; }
bool IsQuote(char c) { return c == '"' || c == '\''; }
char Lower(char c) { return IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

bool StartsWithAt(std::string_view text, size_t at, std::string_view word) {
  return at <= text.size() && text.substr(at, word.size()) == word;
}

bool EqualsAnyCase(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(),
                    [](char a, char b) { return Lower(a) == b; });
}

template <typename Predicate>
size_t SkipWhile(std::string_view text, size_t at, Predicate holds) {
  while (at < text.size() && holds(text[at])) ++at;
  return at;
}

bool BeginsWord(std::string_view text, size_t at) { return at == 0 || !IsAlnum(text[at - 1]); }

// A run of random characters and not words joined by hyphens.
bool LooksRandom(std::string_view run) {
  return std::any_of(run.begin(), run.end(), [](char c) { return IsDigit(c) || IsUpper(c); });
}

// `prefix` at `at`, then at least `length_min` characters of `holds`.
template <typename Predicate>
std::optional<SecretSpan> PrefixedToken(std::string_view text, size_t at, std::string_view prefix,
                                        size_t length_min, Predicate holds) {
  if (!StartsWithAt(text, at, prefix) || !BeginsWord(text, at)) return std::nullopt;
  const size_t body = at + prefix.size();
  const size_t seen = SkipWhile(text.substr(0, body + kLookAhead), body, holds);
  if (seen - body < length_min || !LooksRandom(text.substr(body, seen - body))) return std::nullopt;
  return SecretSpan{at, SkipWhile(text, seen, holds)};
}

bool IsAwsChar(char c) { return IsUpper(c) || IsDigit(c); }
bool IsAlnumOrUnderscore(char c) { return IsAlnum(c) || c == '_'; }

// An id has 20 characters. Where text follows at once, a digit tells it from a word in capitals.
std::optional<SecretSpan> MatchAws(std::string_view text, size_t at) {
  constexpr size_t kPrefix = 4, kBody = 16;
  for (std::string_view prefix : {"AKIA", "ASIA"}) {
    if (!PrefixedToken(text, at, prefix, kBody, IsAwsChar)) continue;
    const std::string_view body = text.substr(at + kPrefix, kBody);
    const size_t end = at + kPrefix + kBody;
    const bool ends = end == text.size() || !IsAlnum(text[end]);
    if (ends || std::any_of(body.begin(), body.end(), IsDigit)) return SecretSpan{at, end};
  }
  return std::nullopt;
}

std::optional<SecretSpan> MatchSlack(std::string_view text, size_t at) {
  if (!StartsWithAt(text, at, "xox") || at + 4 >= text.size() || text[at + 4] != '-') {
    return std::nullopt;
  }
  return PrefixedToken(text, at, text.substr(at, 5), 10, IsWord);
}

std::optional<SecretSpan> MatchGithub(std::string_view text, size_t at) {
  if (StartsWithAt(text, at, "gh") && at + 3 < text.size() && text[at + 3] == '_') {
    return PrefixedToken(text, at, text.substr(at, 4), 30, IsAlnum);
  }
  constexpr size_t kAnchorOffset = 5;  // "b_p" in github_pat_
  if (at < kAnchorOffset) return std::nullopt;
  return PrefixedToken(text, at - kAnchorOffset, "github_pat_", 22, IsAlnumOrUnderscore);
}

std::optional<SecretSpan> MatchJwt(std::string_view text, size_t at) {
  if (!BeginsWord(text, at) || !StartsWithAt(text, at, "eyJ")) return std::nullopt;
  size_t end = SkipWhile(text.substr(0, at + kJwtPartMax), at, IsWord);
  for (int part = 0; part < 2; ++part) {
    if (end >= text.size() || text[end] != '.') return std::nullopt;
    const size_t next = SkipWhile(text.substr(0, end + kJwtPartMax), end + 1, IsWord);
    if (next - end < 9) return std::nullopt;
    end = next;
  }
  return SecretSpan{at, end};
}

std::optional<SecretSpan> MatchBearer(std::string_view text, size_t at) {
  constexpr size_t kAnchorOffset = 3;  // "rer" in bearer
  if (at < kAnchorOffset || !EqualsAnyCase(text.substr(at - kAnchorOffset, 6), "bearer")) {
    return std::nullopt;
  }
  const size_t blanks = at + 3;
  const size_t begin = SkipWhile(text, blanks, IsBlank);
  const size_t end = SkipWhile(text, begin, IsTokenChar);
  if (begin == blanks || end - begin < 8) return std::nullopt;
  const std::string_view token = text.substr(begin, end - begin);
  if (token.size() < 24 && !std::any_of(token.begin(), token.end(), IsDigit)) return std::nullopt;
  return SecretSpan{begin, end};
}

std::optional<SecretSpan> MatchPrivateKey(std::string_view text, size_t at) {
  constexpr std::string_view kBegin = "-----BEGIN ", kKey = "PRIVATE KEY", kDashes = "-----";
  if (at < 5 || !StartsWithAt(text, at - 5, kBegin)) return std::nullopt;
  const size_t label_end = text.substr(0, at + kPemLabelMax).find(kDashes, at);
  if (label_end == std::string_view::npos ||
      text.substr(at, label_end - at).find(kKey) == std::string_view::npos) {
    return std::nullopt;
  }
  const size_t begin = label_end + kDashes.size();
  const size_t end = text.find("-----END", begin);
  return SecretSpan{begin, end == std::string_view::npos ? text.size() : end};
}

// Whether a field's or variable's name says that its value is a secret.
bool NamesSecret(std::string_view name) {
  if (name.size() > kKeyNameMax) return false;
  std::string normal(name);
  for (char& c : normal) c = c == '-' ? '_' : Lower(c);
  for (std::string_view ending :
       {"api_key", "apikey", "authorization", "password", "passwd", "secret", "secret_key",
        "secret_access_key", "access_token", "refresh_token", "auth_token"}) {
    if (!std::string_view(normal).ends_with(ending)) continue;
    const size_t before = normal.size() - ending.size();
    if (before == 0 || normal[before - 1] == '_') return true;
  }
  return false;
}

// The end of a string that was opened by `quote` behind `escapes` backslashes (JSON in JSON).
size_t StringEnd(std::string_view text, size_t begin, char quote, size_t escapes) {
  size_t backslashes = 0;
  for (size_t i = begin; i < text.size(); ++i) {
    if (text[i] == '\n') return i;
    if (text[i] == quote &&
        (escapes == 0 ? backslashes % 2 == 0 : backslashes <= escapes)) {
      return i - (escapes == 0 ? 0 : std::min(backslashes, escapes));
    }
    backslashes = text[i] == '\\' ? backslashes + 1 : 0;
  }
  return text.size();
}

// `"name": "value"`, in single quotes, or inside a JSON string with its quotes escaped.
std::optional<SecretSpan> QuotedValue(std::string_view text, size_t name_end) {
  const auto is_backslash = [](char c) { return c == '\\'; };
  const auto is_space = [](char c) { return IsBlank(c) || c == '\n' || c == '\r'; };
  size_t at = SkipWhile(text, name_end, is_backslash);
  if (at >= text.size() || !IsQuote(text[at])) return std::nullopt;
  at = SkipWhile(text, at + 1, is_space);
  if (at >= text.size() || text[at] != ':') return std::nullopt;
  at = SkipWhile(text, at + 1, is_space);
  const size_t escapes_begin = at;
  at = SkipWhile(text, at, is_backslash);
  if (at >= text.size() || !IsQuote(text[at])) return std::nullopt;
  const size_t begin = at + 1;
  const size_t end = StringEnd(text, begin, text[at], at - escapes_begin);
  if (end <= begin) return std::nullopt;
  return SecretSpan{begin, end};
}

// `Authorization: Basic dXNlcjpwYXNz`, `X-Api-Key: 1234abcd`.
std::optional<SecretSpan> HeaderValue(std::string_view text, size_t colon) {
  const size_t first = SkipWhile(text, colon + 1, IsBlank);
  const size_t first_end = SkipWhile(text, first, IsTokenChar);
  const size_t second = SkipWhile(text, first_end, IsBlank);
  const std::string_view scheme = text.substr(first, first_end - first);
  SecretSpan span{first, first_end};
  for (std::string_view known : {"basic", "bearer", "token", "digest", "apikey", "negotiate"}) {
    if (EqualsAnyCase(scheme, known)) span = {second, SkipWhile(text, second, IsTokenChar)};
  }
  if (span.end - span.begin < 8) return std::nullopt;
  if (span.begin == first && !LooksRandom(scheme)) return std::nullopt;
  return span;
}

// `OPENAI_API_KEY=...` of an environment, `?api_key=...` of a URL; not code that assigns.
std::optional<SecretSpan> AssignedValue(std::string_view text, size_t name_begin, size_t equals) {
  const std::string_view name = text.substr(name_begin, equals - name_begin);
  const bool in_url =
      name_begin > 0 && (text[name_begin - 1] == '?' || text[name_begin - 1] == '&');
  if (!in_url && !std::none_of(name.begin(), name.end(),
                               [](char c) { return c >= 'a' && c <= 'z'; })) {
    return std::nullopt;
  }
  size_t begin = equals + 1;
  if (begin < text.size() && IsQuote(text[begin])) ++begin;
  const size_t end = SkipWhile(text, begin, IsTokenChar);
  if (end - begin < 6) return std::nullopt;
  return SecretSpan{begin, end};
}

std::optional<SecretSpan> MatchNamedValue(std::string_view text, size_t at) {
  size_t begin = at;
  while (begin > 0 && at - begin < kKeyNameMax && IsWord(text[begin - 1])) --begin;
  const size_t end = SkipWhile(text.substr(0, std::min(text.size(), at + kKeyNameMax)), at, IsWord);
  if (end >= text.size()) return std::nullopt;
  const bool quoted = text[end] == '\\' || IsQuote(text[end]);
  if (!quoted && text[end] != ':' && text[end] != '=') return std::nullopt;
  if (!NamesSecret(text.substr(begin, end - begin))) return std::nullopt;
  if (quoted) return QuotedValue(text, end);
  return text[end] == ':' ? HeaderValue(text, end) : AssignedValue(text, begin, end);
}

std::optional<SecretSpan> MatchAny(std::string_view text, size_t at) {
  using Rule = std::optional<SecretSpan> (*)(std::string_view, size_t);
  static constexpr Rule kRules[] = {
      [](std::string_view t, size_t p) { return PrefixedToken(t, p, "sk-", 16, IsWord); },
      [](std::string_view t, size_t p) { return PrefixedToken(t, p, "sk_live_", 12, IsWord); },
      [](std::string_view t, size_t p) { return PrefixedToken(t, p, "sk_test_", 12, IsWord); },
      [](std::string_view t, size_t p) { return PrefixedToken(t, p, "AIza", 30, IsWord); },
      [](std::string_view t, size_t p) { return PrefixedToken(t, p, "hf_", 30, IsAlnum); },
      MatchAws, MatchGithub, MatchSlack, MatchJwt, MatchBearer, MatchPrivateKey, MatchNamedValue,
  };
  for (Rule rule : kRules) {
    if (auto span = rule(text, at)) return span;
  }
  return std::nullopt;
}

}  // namespace

bool IsPlaceholder(std::string_view bytes) {
  return bytes.starts_with("[redacted") ||
         std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '*'; });
}

std::optional<SecretSpan> MatchSecret(std::string_view text, size_t at) {
  auto span = MatchAny(text, at);
  if (span && IsPlaceholder(text.substr(span->begin, span->end - span->begin))) return std::nullopt;
  return span;
}

}  // namespace backstep::recorder
