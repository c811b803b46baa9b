// Which steps may say a word, found without taking them apart one by one. Private header of
// store/search.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/store/line.h"
#include "backstep/store/search/scan/needle.h"

namespace backstep::store {

// Of the steps from..last of the line's own log those that may say a word with `needle`, which is
// not empty, in it: rising numbers. Nothing: reading all of them takes no longer, or says what is
// damaged. `go_on` is asked several times a second, on the line's thread; Cancelled when it says
// no. Another thread reads meanwhile, and has ended when this returns.
Result<std::optional<std::vector<uint64_t>>> StepsThatMaySay(Line& line, uint64_t from,
                                                             uint64_t last, const Needle& needle,
                                                             const std::function<bool()>& go_on);

}  // namespace backstep::store
