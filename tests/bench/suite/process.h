// What the section's own process takes.
#pragma once

#include <fstream>
#include <string>

namespace backstep::bench {

// A line of /proc/self/status in bytes: "VmRSS" (now), "VmHWM" (the most so far).
inline double StatusBytes(const std::string& name) {
  std::ifstream in("/proc/self/status");
  std::string line;
  while (std::getline(in, line)) {
    if (line.rfind(name + ":", 0) == 0) return std::stod(line.substr(name.size() + 1)) * 1024;
  }
  return 0;
}

// Lets VmHWM count anew.
inline void ForgetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

}  // namespace backstep::bench
