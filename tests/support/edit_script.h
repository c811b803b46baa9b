// Random sequences of states of the kinds that agents have, for property tests and benchmarks.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "backstep/base/hash.h"

namespace backstep::testing {

// One thread. The same seed gives the same states.
class EditScript {
 public:
  enum class Kind { kAppend, kCounter, kEdit, kWindow, kPlan, kBinary, kRewrite, kMixed };
  static std::vector<Kind> AllKinds() {
    return {Kind::kAppend, Kind::kCounter, Kind::kEdit,    Kind::kWindow,
            Kind::kPlan,   Kind::kBinary,  Kind::kRewrite, Kind::kMixed};
  }

  EditScript(Kind kind, uint64_t seed) : kind_(kind), random_(seed) {}

  // The next state.
  std::string Next() {
    ++step_;
    Kind kind = kind_;
    if (kind == Kind::kMixed) {
      if (random_.Next() % 12 == 0) return state_ = Shrunk();
      kind = static_cast<Kind>(random_.Next() % 7);
    }
    switch (kind) {
      case Kind::kAppend:
        return state_ += Text(200 + random_.Next() % 1500);
      case Kind::kCounter:
        body_ += Text(100 + random_.Next() % 800);
        return state_ = "{\"step\":" + std::to_string(step_) +
                        ",\"tokens\":" + std::to_string(step_ * 977) + ",\"m\":[" + body_ + "]}";
      case Kind::kEdit:
        if (!state_.empty()) Scatter(1, 400);
        return state_ += Text(300);
      case Kind::kWindow:
        state_ += Text(900);
        if (state_.size() > 20000) state_.erase(10, 700 + random_.Next() % 900);
        return state_;
      case Kind::kPlan:
        if (state_.size() < 8000) state_ += Text(16000);
        Scatter(5, 12);
        return state_;
      case Kind::kBinary:
        state_ += Bytes(random_.Next() % 3000);
        if (state_.size() > 100) Scatter(2, 40);
        return state_;
      default:
        return state_ = Text(100 + random_.Next() % 6000);
    }
  }

  std::string Text(size_t size) {
    static const char* const kWords[] = {"agent", "plan", "the", "tool", "returned", "error",
                                         "retry", "of", "file", "test", "passes", "\"role\":",
                                         "message", "\n", "answer", "because"};
    std::string out;
    while (out.size() < size) {
      out += kWords[random_.Next() % 16];
      out += random_.Next() % 5 == 0 ? std::to_string(random_.Next() % 100000) : " ";
    }
    out.resize(size);
    return out;
  }

 private:
  std::string Bytes(size_t size) {
    std::string out(size, '\0');
    for (char& c : out) c = static_cast<char>(random_.Next());
    return out;
  }
  // Replaces ranges up to `longest` bytes at random places by other lengths.
  void Scatter(int count, size_t longest) {
    for (int i = 0; i < count; ++i) {
      const size_t at = random_.Next() % (state_.size() + 1);
      state_.replace(at, std::min(random_.Next() % longest, state_.size() - at),
                     Text(random_.Next() % longest));
    }
  }
  std::string Shrunk() {
    const size_t sizes[] = {0, 1, 63, 64, 65, 200};
    return state_.substr(0, sizes[random_.Next() % 6]);
  }

  Kind kind_;
  RandomStream random_;
  uint64_t step_ = 0;
  std::string state_, body_;
};

}  // namespace backstep::testing
