// A session in a temporary directory, and its recording as read back.
#pragma once

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "backstep/recorder/session.h"
#include "backstep/store/line.h"
#include "backstep/store/recording.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"

namespace backstep::recorder::testing {

class Recorded {
 public:
  SessionOptions Options() const {
    SessionOptions options;
    options.name = "test";
    options.path = path();
    options.read_environment = false;
    return options;
  }
  std::string path() const { return dir_ / "test.backstep"; }
  const backstep::testing::TempDir& dir() const { return dir_; }

  std::unique_ptr<Session> Open() { return Session::Open(Options()); }

  // The first session's line.
  std::unique_ptr<store::Line> Read() {
    auto recording = store::Recording::Open(path());
    INFO(recording.status().ToString());
    REQUIRE(recording.ok());
    recording_ = std::move(recording).value();
    auto line = recording_->OpenLine(LogId(1));
    INFO(line.status().ToString());
    REQUIRE(line.ok());
    return std::move(line).value();
  }

 private:
  backstep::testing::TempDir dir_;
  std::unique_ptr<store::Recording> recording_;
};

template <typename T>
T Must(Result<T> result) {
  INFO(result.status().ToString());
  REQUIRE(result.ok());
  return std::move(result).value();
}

inline void MustOk(const Status& status) {
  INFO(status.ToString());
  REQUIRE(status.ok());
}

inline std::vector<StepRecord> StepsOf(store::Line& line) {
  std::vector<StepRecord> steps;
  MustOk(line.ScanSteps(StepNumber(1), line.last(), [&](const StepRecord& step) {
    steps.push_back(step);
    return true;
  }));
  return steps;
}

inline std::string StateText(store::Line& line, const std::string& agent, uint64_t step) {
  return Must(line.State(*line.FindAgent(agent), StepNumber(step))).bytes;
}

inline Message To(const std::string& agent, const std::string& text) {
  Message message;
  message.to = agent;
  message.body = {text, "text/plain"};
  return message;
}

inline std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline Body Text(const std::string& text) { return {text, "text/plain"}; }

inline CallResult Answer(const std::string& text) {
  CallResponse response;
  response.body = {text, "text/plain"};
  return response;
}

}  // namespace backstep::recorder::testing
