// JSON as it occurs in the wild: bounded in depth, with lone surrogates, NULs, broken UTF-8 and
// Python's NaN and Infinity taken as what they most likely mean.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "backstep/base/status.h"
#include "backstep/base/time.h"

namespace backstep::adapters {

using Json = nlohmann::ordered_json;

inline constexpr int kJsonDepthMax = 512;

// Parses one value. Broken UTF-8 and lone surrogates become U+FFFD, NaN and Infinity null; of keys
// that occur twice the last one stands. Corruption: offset and reason.
Result<Json> ParseJson(std::string_view text);
// Compact text of a value, always valid UTF-8.
std::string JsonText(const Json& value);

// Parts of a value, each empty when it is not there or of another type.
const Json* Find(const Json& value, std::string_view key);
std::string TextAt(const Json& value, std::string_view key);  // numbers and bools as text
std::optional<double> NumberAt(const Json& value, std::string_view key);  // also digits in a string
// ISO 8601 with or without zone (none: UTC) and up to nanoseconds; or a number: seconds, ms, us or
// ns since 1970 by its size. 0: neither.
TimeNs TimeOf(const Json& value);

}  // namespace backstep::adapters
