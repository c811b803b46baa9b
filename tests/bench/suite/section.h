// The sections of the suite: each measures one thing, in a process of its own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "backstep/tests/bench/measure.h"
#include "backstep/tests/bench/suite/figure.h"

namespace backstep::bench {

struct Context {
  bool quick = false;
  std::string folder;  // for what the section writes; other sections find it there
  std::function<void(const Figure&)> add;
  std::function<void(const std::string&)> note;  // a line beside the figures
};

struct Section {
  const char* name;
  const char* about;
  void (*run)(Context& context);  // ends the process with Fail() where it cannot go on
};

const std::vector<Section>& Sections();

// The sections, one function a file.
void MeasureCaller(Context& context);
void MeasureThroughput(Context& context);
void MeasureGrowing(Context& context);
void MeasureReading(Context& context);
void MeasureIndex(Context& context);
void MeasureTimeline(Context& context);
void MeasureFragmented(Context& context);
void MeasureUnsealed(Context& context);
void MeasureStored(Context& context);
void MeasureSnapshotsAgainst(Context& context);
void MeasureFollowing(Context& context);
void MeasureMemory(Context& context);
void MeasureReexecution(Context& context);
void MeasureExport(Context& context);
void MeasurePeers(Context& context);
void MeasureRealRuns(Context& context);
void MeasureDiff(Context& context);

}  // namespace backstep::bench
