// What the real window costs on a long recording, beside the same window on a short one: frames
// while the playhead is dragged to and fro, cursor to all panels, start to first picture. Runs
// backstep-gui under an Xvfb of its own (Xvfb and Mesa's software renderer must be installed).
//
//   window_bench [--steps N] [--seconds S] [--recording DIR]
//
// N: 100,000 unless told. S of scrubbing: 10; the full form is --steps 1000000 --seconds 60.
// DIR: the recording is made there and kept, or used where there is one; else in a temporary
// folder.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/recorder/session.h"

namespace {

using namespace backstep;
namespace fs = std::filesystem;

constexpr int kAgents = 50;
constexpr uint64_t kShortSteps = 500;     // of the baseline
constexpr uint64_t kFlushEvery = 2000;    // steps, so that nothing is dropped under overload
constexpr double kFrameMsMax = 33, kCursorMsMax = 50, kReaderMsMax = 8;

double NowMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(now).count();
}

std::string Prose(size_t bytes, uint64_t salt) {
  static const char* const kWords[] = {"plan ", "the ", "parser ", "fails ", "in\n", "result "};
  std::string text;
  for (uint64_t i = 0; text.size() < bytes; ++i) text += kWords[MixSeed(salt, i, 0, 0) % 6];
  return text;
}

CallResult Answer(const CallRequest&, CallProgress&) {
  CallResponse response;
  response.body = {"{\"choices\":[{\"message\":{\"content\":\"the plan holds\"}}]}"};
  response.usage.input_tokens = 400;
  return response;
}

// Agents that answer each other; every third step asks a model, some fail.
Status RecordStep(recorder::Session& session, uint64_t n, std::vector<std::vector<Message>>* mail) {
  const uint64_t draw = MixSeed(7, n, 0, 0);
  const size_t at = draw % kAgents;
  auto step = session.BeginStep("agent" + std::to_string(at), std::exchange((*mail)[at], {}));
  if (n % 3 == 0) {
    const std::string prompt = "{\"messages\":[{\"role\":\"user\",\"content\":\"go on\"}]}";
    (void)step->CallLlm({.name = "model-1", .body = {prompt}}, Answer);
  }
  for (uint64_t k = 0; k < 1 + n % 2; ++k) {
    const size_t to = (draw >> (8 * k + 8)) % kAgents;
    const size_t bytes = draw % 97 == 0 ? 4000 : 60 + draw % 300;
    auto carried = step->Send({.to = "agent" + std::to_string(to),
                               .body = {Prose(bytes, n), "text/plain"}});
    for (Message& message : carried) (*mail)[to].push_back(std::move(message));
  }
  const std::string state = "{\"done\":" + std::to_string(n) + ",\"mood\":\"" +
                            (n % 2 == 0 ? "calm" : "busy") + "\",\"notes\":[1,2,3]}";
  if (n % 997 != 0) return step->Commit({state});
  step->Fail({"exception", "it broke"});
  return {};
}

Status Record(const std::string& path, uint64_t steps) {
  recorder::SessionOptions options;
  options.path = path;
  options.read_environment = false;
  auto session = recorder::Session::Open(options);
  for (int i = 0; i < kAgents; ++i) session->AddAgent({.name = "agent" + std::to_string(i)});
  std::vector<std::vector<Message>> mail(kAgents);
  for (uint64_t n = 1; n <= steps; ++n) {
    BACKSTEP_RETURN_IF_ERROR(RecordStep(*session, n, &mail));
    if (n % kFlushEvery == 0) BACKSTEP_RETURN_IF_ERROR(session->Flush());
  }
  return session->Close();
}

// What one run of the window wrote: values by the word they stand behind.
struct Run {
  double started_ms = 0, picture_ms = 0, whole_ms = 0, picture_steps = 0;
  std::vector<double> frames, gl, ready, taken, cpu;
};

double Part(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(part * static_cast<double>(values.size() - 1))];
}

std::string WindowProgram() {
  std::error_code error;
  return (fs::read_symlink("/proc/self/exe", error).parent_path() / "backstep-gui").string();
}

void ReadLog(const std::string& path, Run* run) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string word;
    double a = 0, b = 0, c = 0, d = 0;
    words >> word >> a >> b >> c >> d;
    if (word == "scrub") run->frames.push_back(a), run->gl.push_back(b);
    if (word == "cursor") {
      run->ready.push_back(b);
      run->taken.push_back(c);
      run->cpu.push_back(d);
    }
    if (word == "picture") run->picture_ms = a - run->started_ms, run->picture_steps = b;
    if (word == "whole") run->whole_ms = a - run->started_ms;
  }
}

// The state tab is open, so that a move of the cursor asks for all there is.
bool Scrub(const fs::path& folder, const std::string& recording, double seconds, Run* run) {
  const std::string log = (folder / "frames").string(), script = (folder / "script").string();
  std::ofstream(script) << "wait\nclick tab:state\nwait\nscrub ruler " << seconds << "\nwait\n";
  const std::string pipe = (folder / "display").string(), began = (folder / "began").string();
  const std::string command =
      "mkfifo '" + pipe + "' && { Xvfb -displayfd 3 -nolisten tcp -screen 0 1300x800x24 3>'" +
      pipe + "' >/dev/null 2>&1 & } && x=$! && read -r n <'" + pipe +
      "' && cut -d' ' -f1 /proc/uptime >'" + began +
      "' && DISPLAY=:$n LIBGL_ALWAYS_SOFTWARE=1 XDG_CONFIG_HOME='" + folder.string() + "' '" +
      WindowProgram() + "' '" + recording + "' --at first --script '" +
      script + "' --frame-log '" + log + "'; code=$?; kill $x; wait $x 2>/dev/null; rm -f '" +
      pipe + "'; exit $code";
  const int code = std::system(command.c_str());
  std::ifstream(began) >> run->started_ms;   // seconds, of the clock that the log has
  run->started_ms *= 1000;
  ReadLog(log, run);
  if (code != 0 || run->frames.empty()) {
    std::fprintf(stderr, "the window ended with %d after %zu frames\n", code, run->frames.size());
  }
  return code == 0 && !run->frames.empty();
}

void Row(const char* what, double here, double there, double most) {
  std::printf("%-34s %9.2f ms %9.2f ms %7.2f x", what, here, there, there > 0 ? here / there : 0);
  if (most > 0) std::printf("   target %.0f ms: %s", most, here <= most ? "met" : "MISSED");
  std::printf("\n");
}

void Print(const Run& whole, const Run& small, uint64_t steps) {
  std::printf("%llu steps, %d agents; %zu frames while scrubbing, %zu moves of the cursor\n",
              static_cast<unsigned long long>(steps), kAgents, whole.frames.size(),
              whole.ready.size());
  std::printf("%-34s %12s %12s %9s\n", "", "here", "500 steps", "ratio");
  Row("frame outside GL, p50", Part(whole.frames, 0.5), Part(small.frames, 0.5), 0);
  Row("frame outside GL, p99", Part(whole.frames, 0.99), Part(small.frames, 0.99), 0);
  Row("frame outside GL, max", Part(whole.frames, 1), Part(small.frames, 1), kFrameMsMax);
  Row("GL of a frame, p50", Part(whole.gl, 0.5), Part(small.gl, 0.5), 0);
  Row("cursor to all panels read, p50", Part(whole.ready, 0.5), Part(small.ready, 0.5), 0);
  Row("cursor to all panels read, p99", Part(whole.ready, 0.99), Part(small.ready, 0.99),
      kCursorMsMax);
  Row("cursor to all panels read, max", Part(whole.ready, 1), Part(small.ready, 1), 0);
  // What it costs must not grow with the steps: see the ratio.
  Row("of it the reader's processor, p50", Part(whole.cpu, 0.5), Part(small.cpu, 0.5),
      kReaderMsMax);
  Row("of it the reader's processor, p99", Part(whole.cpu, 0.99), Part(small.cpu, 0.99), 0);
  Row("cursor to a frame taking it, p99", Part(whole.taken, 0.99), Part(small.taken, 0.99), 0);
  Row("start to first picture of steps", whole.picture_ms, small.picture_ms, 0);
  Row("start to all steps", whole.whole_ms, small.whole_ms, 0);
  std::printf("the first picture shows %.0f steps\n", whole.picture_steps);
}

struct Wish {
  uint64_t steps = 100'000;
  double seconds = 10;
  std::string recording;
};

bool Parse(int argc, char** argv, Wish* wish) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--steps") wish->steps = std::strtoull(argv[i + 1], nullptr, 10);
    else if (flag == "--seconds") wish->seconds = std::atof(argv[i + 1]);
    else if (flag == "--recording") wish->recording = argv[i + 1];
    else return false;
  }
  return argc % 2 == 1 && wish->steps > 0 && wish->seconds > 0;
}

int Measure(const Wish& wish, const fs::path& folder) {
  const std::string small = (folder / "short.backstep").string();
  const bool kept = !wish.recording.empty();
  const std::string whole = kept ? wish.recording : (folder / "long.backstep").string();
  const double began_ms = NowMs();
  Status status = Record(small, kShortSteps);
  if (status.ok() && !fs::exists(whole)) status = Record(whole, wish.steps);
  if (!status.ok()) {
    std::fprintf(stderr, "window_bench: %s\n", status.ToString().c_str());
    return 1;
  }
  std::printf("recorded in %.1f s\n", (NowMs() - began_ms) / 1000);
  std::fflush(stdout);
  Run here, there;
  if (!Scrub(folder, small, std::min(wish.seconds, 10.0), &there)) return 1;
  if (!Scrub(folder, whole, wish.seconds, &here)) return 1;
  Print(here, there, wish.steps);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Wish wish;
  if (!Parse(argc, argv, &wish)) {
    std::fprintf(stderr, "usage: window_bench [--steps N] [--seconds S] [--recording DIR]\n");
    return 2;
  }
  std::string folder = (fs::temp_directory_path() / "window-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    std::fprintf(stderr, "window_bench: %s: cannot be made\n", folder.c_str());
    return 1;
  }
  const int code = Measure(wish, folder);
  std::error_code error;
  fs::remove_all(folder, error);
  return code;
}
