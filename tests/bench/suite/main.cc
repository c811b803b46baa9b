// Measures the recorder and the store against baselines of the same run.
//
//   store_bench [--quick] [--json FILE] [--folder DIR] [--list] [SECTION...]
//
// Each section runs in a process of its own, so that its peak memory is its own. Exit code 0: all
// measured, whether or not a target was met; 1: a section failed.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "backstep/tests/bench/suite/section.h"

namespace backstep::bench {

const std::vector<Section>& Sections() {
  static const std::vector<Section> sections = {
      {"caller", "what a step costs the program's own thread", MeasureCaller},
      {"throughput", "whole states a second, against raw RocksDB", MeasureThroughput},
      {"growing", "a long run of growing histories, written and sealed", MeasureGrowing},
      {"reading", "that run: opened, sought, read", MeasureReading},
      {"index", "a long run: indexed and asked", MeasureIndex},
      {"timeline", "that run: drawn at any zoom", MeasureTimeline},
      {"unsealed", "a recording that was not closed: opened", MeasureUnsealed},
      {"fragmented", "states of many small edits: sought", MeasureFragmented},
      {"stored", "bytes kept, against one stream of what was new", MeasureStored},
      {"snapshots", "one growing agent, against a full state a step", MeasureSnapshotsAgainst},
      {"following", "a recording that is read while it is written", MeasureFollowing},
      {"memory", "a program that is faster than the disk", MeasureMemory},
      {"reexecution", "a run executed again, answers from the recording", MeasureReexecution},
      {"export", "a run of growing states, taken out in each format", MeasureExport},
      {"peers", "the same steps in other stores", MeasurePeers},
      {"real", "real runs as growing histories", MeasureRealRuns},
      {"diff", "the diff's ordinary and worst cases", MeasureDiff},
  };
  return sections;
}

namespace {

using Json = nlohmann::ordered_json;

struct Options {
  bool quick = false;
  std::string json_file;
  std::string folder;
  std::vector<std::string> names;
};

struct Outcome {
  bool ok = false;
  double seconds = 0;
  uint64_t peak_bytes = 0;
  std::vector<Figure> figures;
};

void PrintFigure(const Figure& figure) {
  std::string against;
  if (!figure.baseline_name.empty()) {
    char ratio[32];
    std::snprintf(ratio, sizeof ratio, "%.2fx ", figure.ratio());
    against = ratio + figure.baseline_name;
  }
  const char* verdict = !figure.has_target()    ? ""
                        : figure.met()          ? "met"
                        : figure.met_by_ratio() ? "by ratio"
                                                : "MISS";
  std::printf("  %-36s %13s  %-22s %-18s %s\n", figure.name.c_str(),
              FormatValue(figure.value, figure.unit).c_str(), against.c_str(),
              figure.TargetText().c_str(), verdict);
  std::fflush(stdout);
}

// Reads the child's figures as they come.
void ReadFigures(int fd, std::vector<Figure>* figures) {
  FILE* in = fdopen(fd, "r");
  char* line = nullptr;
  size_t room = 0;
  while (getline(&line, &room, in) >= 0) {
    if (auto figure = FromLine(line)) {
      PrintFigure(*figure);
      figures->push_back(std::move(*figure));
    } else if (std::strncmp(line, "note ", 5) == 0) {
      std::printf("  %s", line + 5);
    }
  }
  std::free(line);
  std::fclose(in);
}

[[noreturn]] void RunChild(const Section& section, const Options& options, int out) {
  const auto put = [out](const std::string& line) {
    if (write(out, line.data(), line.size()) < 0) _exit(1);
  };
  Context context{options.quick, options.folder,
                  [&](const Figure& figure) { put(ToLine(figure) + "\n"); },
                  [&](const std::string& note) { put("note " + note + "\n"); }};
  section.run(context);
  std::exit(0);
}

Outcome RunSection(const Section& section, const Options& options) {
  Outcome outcome;
  int pipe_ends[2];
  if (pipe(pipe_ends) != 0) Fail("pipe: " + std::string(std::strerror(errno)));
  const double begin = WallNs();
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) Fail("fork: " + std::string(std::strerror(errno)));
  if (child == 0) {
    close(pipe_ends[0]);
    RunChild(section, options, pipe_ends[1]);
  }
  close(pipe_ends[1]);
  ReadFigures(pipe_ends[0], &outcome.figures);
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  outcome.ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  outcome.seconds = (WallNs() - begin) / 1e9;
  outcome.peak_bytes = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
  return outcome;
}

Json ToJson(const Section& section, const Outcome& outcome) {
  Json figures = Json::array();
  for (const Figure& figure : outcome.figures) figures.push_back(Json::parse(ToLine(figure)));
  return Json{{"section", section.name}, {"ok", outcome.ok}, {"seconds", outcome.seconds},
              {"peak_bytes", outcome.peak_bytes}, {"figures", std::move(figures)}};
}

Options Parse(int argc, char** argv) {
  Options options;
  const auto value = [&](int* i) -> std::string {
    if (*i + 1 >= argc) Fail(std::string(argv[*i]) + " needs a value");
    return argv[++*i];
  };
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--quick") {
      options.quick = true;
    } else if (word == "--json") {
      options.json_file = value(&i);
    } else if (word == "--folder") {
      options.folder = value(&i);
    } else if (word == "--list") {
      for (const Section& s : Sections()) std::printf("%-12s %s\n", s.name, s.about);
      std::exit(0);
    } else if (word.starts_with("-")) {
      Fail("no flag " + word + ": --quick --json FILE --folder DIR --list, then sections");
    } else {
      options.names.push_back(word);
    }
  }
  return options;
}

bool Wanted(const Options& options, const char* name) {
  if (options.names.empty()) return true;
  return std::find(options.names.begin(), options.names.end(), name) != options.names.end();
}

int Main(int argc, char** argv) {
  Options options = Parse(argc, argv);
  const bool own_folder = options.folder.empty();
  if (own_folder) {
    options.folder = (std::filesystem::temp_directory_path() /
                      ("store_bench." + std::to_string(getpid()))).string();
  }
  std::filesystem::create_directories(options.folder);
  Json all = Json::array();
  bool ok = true;
  size_t targets = 0, met = 0, by_ratio = 0;
  for (const Section& section : Sections()) {
    if (!Wanted(options, section.name)) continue;
    std::printf("\n%s: %s\n", section.name, section.about);
    const Outcome outcome = RunSection(section, options);
    ok = ok && outcome.ok;
    for (const Figure& figure : outcome.figures) {
      targets += figure.has_target();
      met += figure.has_target() && figure.met();
      by_ratio += !figure.met() && figure.met_by_ratio();
    }
    std::printf("  %s%.1f s, peak %s\n", outcome.ok ? "" : "FAILED after ", outcome.seconds,
                FormatValue(static_cast<double>(outcome.peak_bytes), "B").c_str());
    all.push_back(ToJson(section, outcome));
  }
  std::printf("\n%zu of %zu targets met, %zu more by their ratio alone\n", met, targets, by_ratio);
  if (!options.json_file.empty()) std::ofstream(options.json_file) << all.dump(1) << "\n";
  if (own_folder) std::filesystem::remove_all(options.folder);
  return ok ? 0 : 1;
}

}  // namespace
}  // namespace backstep::bench

int main(int argc, char** argv) { return backstep::bench::Main(argc, argv); }
