#include "backstep/recorder/adapters/adk/event_parts.h"

#include "backstep/recorder/adapters/conversations/fields.h"

namespace backstep::adapters {

const Json* FindEither(const Json& value, const char* one, const char* other) {
  for (const char* spelling : {one, other}) {
    const Json* found = Find(value, spelling);
    if (found != nullptr && !found->is_null()) return found;
  }
  return nullptr;
}

bool SaysNothing(const Json& value) {
  return value.is_null() || (value.is_boolean() && !value.get<bool>()) ||
         (value.is_structured() && value.empty()) ||
         (value.is_string() && value.get_ref<const std::string&>().empty());
}

std::string EitherText(const Json& value, const char* one, const char* other) {
  const Json* found = FindEither(value, one, other);
  return found == nullptr ? std::string() : BodyText(*found);
}

// A code alone may be no more than why the model stopped.
std::optional<CallError> AdkErrorOf(const Json& event) {
  const std::string code = EitherText(event, "error_code", "errorCode");
  const std::string message = EitherText(event, "error_message", "errorMessage");
  if (message.empty() && (code.empty() || code == "STOP")) return std::nullopt;
  CallError error{.kind = code.empty() ? "unknown" : CutText(code, 200),
                  .message = CutText(message, 4096)};
  const auto status = CountAt(Json{{"code", code}}, "code");
  if (status && *status > 0 && *status < 1000) {
    error.code = static_cast<int64_t>(*status);
    error.kind = *status == 429                     ? "rate_limit"
                 : *status == 408 || *status == 504 ? "timeout"
                                                    : "http_error";
  }
  return error;
}

// A tool of the ADK that fails answers so, with nothing beside it.
std::optional<CallError> AdkToolError(const Json* response) {
  const Json* error = response == nullptr || response->size() != 1 ? nullptr
                                                                   : Find(*response, "error");
  if (error == nullptr || SaysNothing(*error)) return std::nullopt;
  return CallError{.kind = "tool_error", .message = CutText(BodyText(*error), 4096)};
}

}  // namespace backstep::adapters
