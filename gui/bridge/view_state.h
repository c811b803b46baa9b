// What the person in front of the window has chosen: cursor, selection, zoom, tabs, forms. Changed
// on the UI thread only: by the app when it carries out an action, and by a panel where it is the
// panel's own (its zoom, an open tree node).
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backstep/base/ids.h"
#include "backstep/replay/view/session/folder_view.h"
#include "backstep/schemas/experiment.h"

namespace backstep::gui {

enum class CentreTab { kConversation, kCompare, kRecordings };
enum class StatePart { kTree, kDiff, kText };
enum class InspectorTab { kStep, kState, kMailboxes, kFork };

// The visible part of the timeline, in steps (step n covers [n-1, n]) or nanoseconds.
struct TimelineWindow {
  bool by_step = true;
  double from = 0, to = 0;            // to <= from: everything
  float scroll_px = 0;                // of the lanes
  double select_from = 0, select_to = 0;  // a chosen range, same unit; equal: none
};

// The form of "fork here".
struct ForkDraft {
  enum class Kind { kMessage, kDrop, kResponse, kFault };
  bool open = false;
  Kind kind = Kind::kMessage;
  std::string parent;                 // the branch that is forked; empty: the one that is shown
  StepNumber from;                    // fork here; 0 with `latest`: the latest moment that works
  bool latest = true;
  std::string target;                 // message or effect id
  std::string original, text;         // body as recorded, and as it is to be
  std::string fault_action = "a2a.drop";
  std::map<std::string, std::string> fault_params, fault_selector;
  std::string on_miss = "llm=live";   // rules, a blank between them; empty: pause
  std::vector<std::string> answers;   // rules of their own for calls that were asked about
  std::string budget_usd;
  std::string name;
  std::string answer;                 // typed for a call that has none
  std::string answer_to;              // that call's id once it is to be used; for this call only
  std::string goes_on;                // a paused branch to be taken on from its end; empty: a fork
  bool other_program = false;         // run `program` instead of the recorded command line
  std::string program, directory;     // a command line as for a shell; where it starts, empty: here
  bool miss_chosen = false;           // `on_miss` was chosen by the person
  bool confirmed = false;             // the whole command line was confirmed

  bool operator==(const ForkDraft&) const = default;
};

struct Bookmark {
  StepNumber step;
  std::string note;
};

// The dialog that opens a recording, or chooses a program to run.
struct FileDialog {
  bool open = false;
  replay::Sought sought = replay::Sought::kRecording;
  std::string path;                   // as typed
  std::string chosen;                 // name of the chosen entry; empty: none
  std::string filled;                 // the folder that the path was filled with last
};

struct LaidOutDiffs;                   // of widgets/diff/diff_block.h
struct ListedRows;                     // of panels/recordings.cc
struct ListedEntries;                  // of panels/file_dialog.cc

struct ViewState {
  StepNumber cursor;
  std::string agent;                  // selected; empty: none
  TimelineWindow timeline;
  CentreTab centre = CentreTab::kConversation;
  InspectorTab inspector = InspectorTab::kStep;
  ForkDraft fork;
  std::string compare_a, compare_b;   // addresses
  size_t difference = 0;              // the one being looked at
  bool to_difference = false;         // go to the first one as soon as it is known
  std::string pair_agent;             // compared instead of the cursor's step, while the cursor
  AgentClock pair_clock;              // stays at `pair_at`; empty: the cursor's
  StepNumber pair_at;
  StatePart state_part = StatePart::kTree;
  std::shared_ptr<LaidOutDiffs> diffs;  // laid out for the widths they were drawn at
  bool playing = false;
  double steps_per_second = 4;
  bool follow_live = false;
  bool dark = true;
  bool wheel_zooms = false;           // wheel zooms and Ctrl+wheel scrolls, instead
  std::vector<Bookmark> bookmarks;
  std::map<std::string, std::pair<float, float>> node_places;  // dragged graph nodes, by name
  float graph_x = 0, graph_y = 0, graph_zoom = 0;              // zoom 0: fit
  std::set<std::string> unfolded;     // ids of long bodies that are shown whole
  std::string folder = ".";           // whose recordings are listed
  std::string folder_filter;          // of the names of those
  std::string chosen_recording;       // the row that keys have come to; empty: none
  bool listed = false;                // it has been asked for once
  std::shared_ptr<ListedRows> listed_rows;        // sorted as they were drawn last
  std::shared_ptr<ListedEntries> listed_entries;  // likewise, of the file dialog
  std::vector<std::string> recent;    // recordings, the newest first
  bool asked_known = false;           // what is known of them has been asked for
  std::string samples_folder;         // with the recordings that the build makes; empty: none
  FileDialog file_dialog;
  std::string focus;                  // the field that is to have the caret next, by its name
  // Tab and arrows go through the form; its keys are no commands
  bool in_form = false;
  std::string find_agent;             // to be brought into sight in the graph
  std::string find_typed;             // of an agent's name, to be found there
  // Splitters, as shares of the window.
  float left_share = 0.22f, right_share = 0.30f, bottom_share = 0.34f, graph_share = 0.6f;
};

}  // namespace backstep::gui
