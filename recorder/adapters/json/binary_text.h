// Bytes as text: hex, as OTLP has ids, and base64. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "backstep/base/status.h"

namespace backstep::adapters {

std::string HexOf(std::string_view bytes);  // in lower case
std::string Base64Of(std::string_view bytes);
// Either alphabet, padded or not. Corruption: it is none.
Result<std::string> FromBase64(std::string_view text);

}  // namespace backstep::adapters
