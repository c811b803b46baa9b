// Attributes as the text of a JSON object. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backstep/recorder/adapters/spans/span.h"

namespace backstep::adapters {

// Appends `text` as a JSON string; bytes that are no UTF-8 become U+FFFD.
void AppendJsonString(std::string_view text, std::string* out);
// Appends the object; those marked in `but` are left out. What a key says twice stands twice.
void AppendJsonObject(const Attributes& attributes, const std::vector<bool>* but, std::string* out);

}  // namespace backstep::adapters
