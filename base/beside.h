// Work that is done on another thread meanwhile.
#pragma once

#include <future>
#include <system_error>
#include <type_traits>

namespace backstep {

// Runs `code` on a thread of its own or, where none is to be had, when the future is asked. What it
// throws the future throws. The future's destructor waits for it: declare it behind all that `code`
// uses.
template <typename Code>
std::future<std::invoke_result_t<Code>> StartBeside(Code code) {
  try {
    return std::async(std::launch::async, code);
  } catch (const std::system_error&) {
    return std::async(std::launch::deferred, code);
  }
}

}  // namespace backstep
