// Whether a recording is still where it was opened.
#pragma once

#include <cstdint>
#include <string>

namespace backstep::gui {

// Which folder a path leads to, by the file system's own numbers.
struct Place {
  uint64_t device = 0, file = 0;   // both 0: to none
  bool operator==(const Place&) const = default;
};

Place PlaceOf(const std::string& path);
// What has become of the recording that was opened at `path` when that led to `opened`, and what
// can be done; empty: it is there.
std::string WhyLost(const std::string& path, const Place& opened);

}  // namespace backstep::gui
