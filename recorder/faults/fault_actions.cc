#include "backstep/recorder/faults/fault_actions.h"

#include <cerrno>
#include <charconv>

#include <nlohmann/json.hpp>

#include "backstep/base/utf8.h"

namespace backstep::recorder {
namespace {

constexpr size_t kExcerptMax = 4096;
constexpr char kTextType[] = "text/plain; charset=utf-8";
constexpr char kJsonType[] = "application/json";

std::string Text(const FaultSpec& spec, const char* name, const std::string& otherwise = {}) {
  auto found = spec.params.find(name);
  return found == spec.params.end() ? otherwise : found->second;
}

uint64_t Count(const FaultSpec& spec, const char* name) {
  uint64_t count = 0;
  const std::string text = Text(spec, name);
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

DurationNs Millis(const FaultSpec& spec, const char* name) {
  return Milliseconds(static_cast<int64_t>(Count(spec, name)));
}

// Bytes of the first `characters` characters. A stray byte counts as a character of its own.
size_t PrefixBytes(const std::string& text, uint64_t characters) {
  size_t at = 0;
  for (; at < text.size() && characters > 0; --characters) {
    ++at;
    for (int more = 0; more < 3 && at < text.size() && IsContinuation(text[at]); ++more) ++at;
  }
  return at;
}

uint64_t CountCharacters(const std::string& text) {
  uint64_t count = 0;
  for (size_t at = 0; at < text.size(); ++count) {
    ++at;
    for (int more = 0; more < 3 && at < text.size() && IsContinuation(text[at]); ++more) ++at;
  }
  return count;
}

CallChange Fail(const FaultSpec& spec, CallError error) {
  CallChange change;
  change.delay = Millis(spec, "after_ms");
  change.decision = "failed the call: " + error.kind;
  if (error.code != 0) change.decision += " " + std::to_string(error.code);
  change.answer = std::move(error);
  return change;
}

std::string Called(const CallRequest& request, const char* otherwise) {
  return request.name.empty() ? otherwise : request.name;
}

}  // namespace

MessageChange DropMessage(const FaultSpec&, const Message&) {
  MessageChange change;
  change.drop = true;
  change.decision = "dropped";
  return change;
}

MessageChange DelayMessage(const FaultSpec& spec, const Message&) {
  MessageChange change;
  change.delay = Millis(spec, "delay_ms");
  change.decision = "delayed by " + Text(spec, "delay_ms") + " ms";
  return change;
}

MessageChange TruncateMessage(const FaultSpec& spec, const Message& message) {
  MessageChange change;
  const std::string& bytes = message.body.bytes;
  const size_t keep = PrefixBytes(bytes, Count(spec, "max_chars"));
  if (keep == bytes.size()) return change;
  change.body = Body{bytes.substr(0, keep), message.body.media_type};
  change.decision = "cut from " + std::to_string(CountCharacters(bytes)) + " to " +
                    Text(spec, "max_chars") + " characters";
  return change;
}

MessageChange ReplaceMessage(const FaultSpec& spec, const Message& message) {
  MessageChange change;
  Body body{Text(spec, "body"), Text(spec, "media_type", message.body.media_type)};
  if (body == message.body) return change;
  change.body = std::move(body);
  change.decision = "body replaced";
  return change;
}

MessageChange DuplicateMessage(const FaultSpec& spec, const Message&) {
  MessageChange change;
  change.copies = static_cast<uint32_t>(Count(spec, "copies"));
  change.decision = "sent " + std::to_string(change.copies) + " more time" +
                    (change.copies == 1 ? "" : "s");
  return change;
}

CallChange DelayCall(const FaultSpec& spec, const CallRequest&) {
  CallChange change;
  change.delay = Millis(spec, "delay_ms");
  change.decision = "delayed by " + Text(spec, "delay_ms") + " ms";
  return change;
}

CallChange AnswerMalformed(const FaultSpec& spec, const CallRequest&) {
  CallResponse response;
  response.body.bytes = Text(spec, "return_value");
  const bool json = nlohmann::json::accept(response.body.bytes);
  response.body.media_type = Text(spec, "media_type", json ? kJsonType : kTextType);
  CallChange change;
  change.decision = "answered instead of the call";
  change.answer = std::move(response);
  return change;
}

CallChange FailRateLimit(const FaultSpec& spec, const CallRequest& request) {
  CallError error{"rate_limit", static_cast<int64_t>(Count(spec, "code")),
                  Text(spec, "message", "rate limit reached for " + Called(request, "the model")),
                  std::nullopt};
  if (spec.params.count("retry_after_ms")) error.retry_after = Millis(spec, "retry_after_ms");
  return Fail(spec, std::move(error));
}

CallChange FailTimeout(const FaultSpec& spec, const CallRequest& request) {
  return Fail(spec,
              {"timeout", 0, Text(spec, "message", Called(request, "the call") + " timed out"),
               std::nullopt});
}

CallChange FailNetwork(const FaultSpec& spec, const CallRequest& request) {
  const std::string message = "no connection to " + Called(request, "the model");
  return Fail(spec, {"network_error", 0, Text(spec, "message", message), std::nullopt});
}

CallChange FailTool(const FaultSpec& spec, const CallRequest& request) {
  const std::string message = Called(request, "the tool") + " failed";
  return Fail(spec, {"tool_error", static_cast<int64_t>(Count(spec, "code")),
                     Text(spec, "message", message), std::nullopt});
}

CallChange FailNotInstalled(const FaultSpec& spec, const CallRequest& request) {
  const std::string message = "tool not installed: " + Called(request, "?");
  return Fail(spec, {"not_installed", ENOENT, Text(spec, "message", message), std::nullopt});
}

std::string CrashStep(const FaultSpec& spec) { return Text(spec, "message"); }

std::string FaultExcerpt(const std::string& bytes) {
  static constexpr char kMark[] = "…";
  if (bytes.size() <= kExcerptMax) return bytes;
  return bytes.substr(0, CharacterStart(bytes, kExcerptMax - (sizeof kMark - 1))) + kMark;
}

}  // namespace backstep::recorder
