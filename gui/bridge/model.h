// Everything a window shows, as plain values. The UI thread owns the model; the reader's results
// are moved into it between two frames (Reader::Collect). Panels read it and never change it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/replay/view/comparison/comparison_view.h"
#include "backstep/replay/view/fork/replay_report.h"
#include "backstep/replay/view/moment/checkpoint_view.h"
#include "backstep/replay/view/rows/branch_row.h"
#include "backstep/replay/view/session/folder_view.h"
#include "backstep/replay/view/session/session_view.h"

namespace backstep::replay {
struct AgentGraph;
struct Conversation;
struct ForkPlan;
struct StateView;
struct StepPair;
struct Timeline;
}  // namespace backstep::replay

namespace backstep::gui {

// A value that comes from another thread. While a newer one is loading the older one stays, so that
// nothing flashes; `error` is what to show instead where reading failed.
template <typename T>
struct Loaded {
  std::shared_ptr<const T> value;
  bool loading = false;
  std::string error;
  bool empty() const { return value == nullptr && !loading && error.empty(); }
};

// What was asked for has arrived; where it could not be had the older one stays.
template <typename T>
void Put(Loaded<T>* slot, Result<T> result) {
  slot->loading = false;
  if (result.ok()) {
    slot->error.clear();
    slot->value = std::make_shared<const T>(std::move(*result));
  } else {
    slot->error = result.status().message();
  }
}

// What is known of an open recording as soon as it is open.
struct OpenFacts {
  std::string path, session, branch, program;  // program: empty where it was recorded with scopes
  LogId session_id, log;
  std::vector<replay::BranchRow> branches;     // the main line first
  std::vector<std::string> agents;             // names, without @outside
  Outcome outcome;                             // of the branch being looked at
  store::LogState state = store::LogState::kSealed;
  StepNumber last, fork;                       // of that branch
  std::string opened_at;                       // whose step it was opened at; empty: at the start
  std::vector<StepNumber> mistakes;            // steps that labels call a mistake, in order
  bool faithful = false;                       // a baseline of the recorded build was reproduced
  std::string note;  // what is missing ("the recorder ended ..."); or empty
  std::vector<std::string> command;            // how its program would be started
  std::string working_directory;
  std::string distrust;                        // why it must be confirmed; empty: trusted

  // Whether an address names the branch that is looked at, or a moment of it.
  bool Shows(const std::string& address) const {
    return address == branch || address.starts_with(branch + ":");
  }
};

// A graph's picture: node centres in points, y down. Node i is AgentGraph's node i.
struct GraphPlaces {
  std::vector<std::pair<float, float>> centres;
  float width = 0, height = 0;
};

// A re-execution under way, or the last one.
struct RunState {
  std::string path;                            // of the recording that it belongs to
  bool running = false;
  uint64_t steps_done = 0, steps_expected = 0;
  std::string summary;                         // "exact=12 live=3 ..." so far
  std::shared_ptr<const replay::ReplayReport> report;  // of the last one
  std::string output;                          // what the program printed, bounded
  std::string error;                           // it could not be run at all
};

// What the welcome page offers.
struct KnownRecordings {
  std::vector<replay::RecordingRow> recent, samples;
};

// How far a folder's recordings have been read.
struct ListingRead {
  size_t looked = 0, total = 0;                // of its directories
};

struct Model {
  uint64_t generation = 0;                     // of the open recording and branch; 0: none is open
  Loaded<OpenFacts> open;
  std::string lost;                            // why what is open can not be read on; empty: it can
  Loaded<replay::SessionView> session;         // in full: counts, segments, agents
  Loaded<std::vector<replay::RecordingRow>> listing;
  std::string listing_folder;
  ListingRead listing_read;
  Loaded<KnownRecordings> known;
  Loaded<replay::FolderView> browsed;          // what the file dialog shows

  Loaded<replay::Timeline> timeline;
  double timeline_progress = 1;                // 0..1 while it loads
  Loaded<replay::AgentGraph> graph;
  std::shared_ptr<const GraphPlaces> places;
  std::vector<uint16_t> glyphs;                // code points the views need drawn (bridge/glyphs.h)

  Loaded<replay::CheckpointView> checkpoint;   // at the cursor, or the newest one read on the way
  Loaded<replay::StateView> state;             // of the selected agent at the cursor
  Loaded<replay::Conversation> conversation;   // of the selected agent up to the cursor
  Loaded<replay::ComparisonView> comparison;
  Loaded<replay::StepPair> pair;               // the step at the cursor on both sides of it
  Loaded<replay::ForkPlan> plan;               // what the form would run, as it stands
  RunState run;
};

}  // namespace backstep::gui
