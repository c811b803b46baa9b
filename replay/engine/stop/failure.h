// What a program throws, as text.
#pragma once

#include <exception>
#include <string>

namespace backstep::replay {

// The text of the exception that is being handled. Only inside a catch block.
inline std::string CurrentException() {
  try {
    throw;
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

}  // namespace backstep::replay
