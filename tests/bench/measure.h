// What every benchmark needs.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "backstep/base/status.h"

namespace backstep::bench {

// Prints `why` and ends the process: what is measured of a failure would be no figure.
[[noreturn]] void Fail(const std::string& why);
void Need(const Status& status);
template <typename T>
T Need(Result<T> result) {
  if (!result.ok()) Fail(result.status().ToString());
  return std::move(result).value();
}

double WallNs();  // of a clock that only goes forward

// The value below which the given part of the values lies; sorts them. 0 without values.
double Percentile(std::vector<double>* values, double part);

// Of all files below a folder.
uint64_t FolderBytes(const std::string& path);

}  // namespace backstep::bench
