// Variables of the environment, set for as long as this lives.
#pragma once

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace backstep::testing {

// Not while another thread reads the environment.
class Variables {
 public:
  using List = std::vector<std::pair<std::string, std::string>>;
  // Those that were set before are gone afterwards too.
  Variables(const std::string& name, const std::string& value) : Variables(List{{name, value}}) {}
  explicit Variables(List variables) : variables_(std::move(variables)) {
    for (const auto& [name, value] : variables_) setenv(name.c_str(), value.c_str(), 1);
  }
  ~Variables() {
    for (const auto& [name, value] : variables_) unsetenv(name.c_str());
  }
  Variables(const Variables&) = delete;
  Variables& operator=(const Variables&) = delete;

 private:
  const List variables_;
};

}  // namespace backstep::testing
