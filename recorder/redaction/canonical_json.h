// One text per JSON value: sorted keys, no white space, chosen fields left out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backstep::recorder {

// Numbers and strings stay as written. `left_out`: JSON pointers (RFC 6901) of fields that do not
// appear. nullopt: not JSON, or nested deeper than 256. Linear in the text but for the sorting.
std::optional<std::string> CanonicalJson(std::string_view text,
                                         const std::vector<std::string>& left_out);

}  // namespace backstep::recorder
