// What the person in front of the window has chosen: cursor, selection, zoom, tabs, forms. Changed
// on the UI thread only: by the app when it carries out an action, and by a panel where it is the
// panel's own (its zoom, an open tree node).
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backstep/base/ids.h"
#include "backstep/schemas/experiment.h"

namespace backstep::gui {

enum class CentreTab { kConversation, kCompare, kRecordings };
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
  StepNumber from;                    // fork here; 0 with `latest`: the latest moment that works
  bool latest = true;
  std::string target;                 // message or effect id
  std::string original, text;         // body as recorded, and as it is to be
  std::string fault_action = "a2a.drop";
  std::map<std::string, std::string> fault_params, fault_selector;
  std::string on_miss = "llm=live";   // what runs live; empty: pause
  std::string budget_usd;
  std::string name;
  std::string answer;                 // typed for a call that has none
  bool confirmed = false;             // the whole command line was confirmed
};

struct Bookmark {
  StepNumber step;
  std::string note;
};

struct ViewState {
  StepNumber cursor;
  std::string agent;                  // selected; empty: none
  TimelineWindow timeline;
  CentreTab centre = CentreTab::kConversation;
  InspectorTab inspector = InspectorTab::kStep;
  ForkDraft fork;
  std::string compare_a, compare_b;   // addresses
  size_t difference = 0;              // the one being looked at
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
  bool listed = false;                // it has been asked for once
  std::vector<std::string> recent;    // recordings, the newest first
  // Splitters, as shares of the window.
  float left_share = 0.22f, right_share = 0.30f, bottom_share = 0.34f, graph_share = 0.6f;
};

}  // namespace backstep::gui
