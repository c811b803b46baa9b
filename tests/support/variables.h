// Variables of the environment, set for as long as this lives.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace backstep::testing {

// Not while another thread reads the environment.
class Variables {
 public:
  using List = std::vector<std::pair<std::string, std::string>>;
  Variables(const std::string& name, const std::string& value) : Variables(List{{name, value}}) {}
  explicit Variables(const List& variables) {
    for (const auto& [name, value] : variables) {
      const char* before = getenv(name.c_str());
      before_.emplace_back(name, std::nullopt);
      if (before != nullptr) before_.back().second = before;
      setenv(name.c_str(), value.c_str(), 1);
    }
  }
  // They are what they were before.
  ~Variables() {
    for (const auto& [name, value] : before_) {
      if (value) setenv(name.c_str(), value->c_str(), 1);
      if (!value) unsetenv(name.c_str());
    }
  }
  Variables(const Variables&) = delete;
  Variables& operator=(const Variables&) = delete;

 private:
  std::vector<std::pair<std::string, std::optional<std::string>>> before_;
};

}  // namespace backstep::testing
