#include "backstep/tests/bench/suite/recorded.h"

#include <filesystem>

#include "backstep/recorder/redact.h"
#include "backstep/store/line.h"
#include "backstep/store/recording.h"
#include "backstep/store/verify.h"

namespace backstep::bench {

recorder::SessionOptions RecordTo(const Context& context, const std::string& name) {
  recorder::SessionOptions options;
  options.path = context.folder + "/" + name + ".backstep";
  options.read_environment = false;
  options.block_max = Milliseconds(60000);
  std::filesystem::remove_all(options.path);
  return options;
}

void Samples::Note(uint64_t number, const std::string& agent, const std::string& state) {
  if (number % every_ != 0) return;
  // Text of this machine may hold what looks like a secret.
  static const auto redactor = Need(recorder::Redactor::Make({}));
  std::string kept = state;
  redactor->Redact(&kept);
  samples_.push_back({number, agent, HashBytes(kept)});
}

double Samples::Check(const std::string& path) const {
  const auto recording = Need(store::Recording::Open(path));
  const double begin = WallNs();
  const auto report = Need(store::Verify(*recording, {}));
  const double seconds = (WallNs() - begin) / 1e9;
  if (!report.findings.empty()) {
    Fail("verify: " + report.findings[0].where + ": " + report.findings[0].what);
  }
  const auto line = Need(recording->OpenLine(LogId(1)));
  for (const Sample& sample : samples_) {
    const auto agent = line->FindAgent(sample.agent);
    if (!agent) Fail("agent " + sample.agent + " is missing");
    const Body state = Need(line->State(*agent, StepNumber(sample.step)));
    if (HashBytes(state.bytes) != sample.hash) {
      Fail("the state after step " + std::to_string(sample.step) + " is not what was recorded");
    }
  }
  return seconds;
}

double LogBytes(const std::string& path) {
  return static_cast<double>(FolderBytes(path + "/logs/1"));
}

}  // namespace backstep::bench
