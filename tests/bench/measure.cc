#include "backstep/tests/bench/measure.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace backstep::bench {

void Fail(const std::string& why) {
  std::fprintf(stderr, "the benchmark ends: %s\n", why.c_str());
  std::exit(1);
}

void Need(const Status& status) {
  if (!status.ok()) Fail(status.ToString());
}

double WallNs() {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                 std::chrono::steady_clock::now().time_since_epoch())
                                 .count());
}

double Percentile(std::vector<double>* values, double part) {
  if (values->empty()) return 0;
  std::sort(values->begin(), values->end());
  return (*values)[static_cast<size_t>(part * static_cast<double>(values->size() - 1))];
}

uint64_t FolderBytes(const std::string& path) {
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

}  // namespace backstep::bench
