// What an event of the ADK says, in either spelling of its fields. Pure functions.
#pragma once

#include <optional>
#include <string>

#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/schemas/call.h"

namespace backstep::adapters {

// Either spelling of a field: older files have the one, newer ones the other. Null: neither.
const Json* FindEither(const Json& value, const char* one, const char* other);
// The same as text; a value that is no text as JSON.
std::string EitherText(const Json& value, const char* one, const char* other);
// Null, false, or empty.
bool SaysNothing(const Json& value);

// What an event says went wrong: `errorCode` (the kind, as it is, unless it is a status of HTTP)
// and `errorMessage`. Nothing: neither is there.
std::optional<CallError> AdkErrorOf(const Json& event);
// The failure that the response of a tool is; nothing: it is none, or there is no response.
std::optional<CallError> AdkToolError(const Json* response);

}  // namespace backstep::adapters
