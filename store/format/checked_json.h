// The small JSON files of a recording: objects with a member `checksum`, the XXH3-128 of the others
// as one line of ASCII with sorted keys and no white space. Private.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "backstep/base/hash.h"

namespace backstep::store {

// One line; what is no UTF-8 is replaced.
inline std::string JsonLine(const nlohmann::json& object) {
  return object.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

inline std::string ChecksumOf(nlohmann::json object) {
  object.erase("checksum");
  return HashBytes(JsonLine(object)).ToHex();
}

// Empty: there is no such text.
inline std::string JsonText(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// 0: there is no such number.
inline uint64_t JsonNumber(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

}  // namespace backstep::store
