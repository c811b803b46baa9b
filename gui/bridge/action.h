// What a panel asks for. Actions are carried out between two frames, in order, by the app.
#pragma once

#include <string>
#include <variant>

#include "backstep/base/ids.h"
#include "backstep/gui/bridge/view_state.h"

namespace backstep::gui {

struct OpenRecording { std::string path, address; };
struct CloseRecording {};
struct ListFolder { std::string path; };
struct ListKnown {};                                 // recent recordings and the samples
struct BrowseFolder { std::string path; };           // for the file dialog
struct ShowOpenDialog {};
struct GoTo { StepNumber step; };                    // the newest one wins
struct StepBy { int steps = 1; bool of_agent = false; };
struct GoToError { int direction = 1; };             // next (+1) or previous (-1) failed step
struct FollowMessage { int direction = 1; };         // -1: to its cause, +1: to its effect
struct SelectAgent { std::string name; };            // empty: none
struct SelectBranch { std::string name; };
struct Fork { ForkDraft draft; };                    // opens the form with this in it
struct RunFork {};                                   // runs what the form says
struct CancelRun {};
struct Baseline {};                                  // re-executes unchanged, served and free
struct CompareLines { std::string a, b; bool go = true; };  // go: to the first difference
struct GoToDifference { int which = 0; bool relative = true; };  // absolute: index, from 0
struct TogglePlay {};
struct ToggleBookmark {};
struct CopyText { std::string text; };
struct ShowKeys {};
struct ShowPalette {};
struct SetTheme { bool dark = true; };
struct SetWheel { bool zooms = false; };              // in the timeline; else it scrolls
struct ResetLayout {};
struct Quit {};

using Action = std::variant<OpenRecording, CloseRecording, ListFolder, ListKnown, BrowseFolder,
                            ShowOpenDialog, GoTo, StepBy, GoToError,
                            FollowMessage, SelectAgent, SelectBranch, Fork, RunFork, CancelRun,
                            Baseline, CompareLines, GoToDifference, TogglePlay, ToggleBookmark,
                            CopyText, ShowKeys, ShowPalette, SetTheme, SetWheel, ResetLayout, Quit>;

}  // namespace backstep::gui
