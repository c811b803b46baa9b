// Writes the table `step_columns`: the outlines of each kChunkSteps steps of a log, packed, as soon
// as the last of them is indexed. Private to store/index.
#pragma once

#include <optional>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/store/index/columns/outline_packer.h"
#include "backstep/store/index/sqlite.h"
#include "backstep/store/line.h"

namespace backstep::store {

// The first step of the chunk in which that step lies. `after`: the log's own steps begin after it.
StepNumber ChunkOf(StepNumber step, StepNumber after);

// One thread; must not outlive its database.
class ChunkWriter {
 public:
  Status Prepare(Database& db);
  // The next step of the line's own log. Steps of its chunk that it has not been given are read
  // from the line when the chunk's last one comes.
  Status Add(Line& line, const StepRecord& step, const std::vector<EffectRecord>& effects);
  // To be called when what it was given was undone or deleted.
  void Forget() { packer_.reset(); }

 private:
  void ReadAgain(Line& line, StepNumber first, StepNumber last);

  Statement insert_;
  LogId log_;
  std::optional<OutlinePacker> packer_;   // of log_; none: steps of this chunk are missing
  StepOutline outline_;
};

}  // namespace backstep::store
