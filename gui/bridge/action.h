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
struct ChooseProgram {};                             // with the same dialog, for the form
struct UseProgram { std::string path; };             // the form runs it, with the arguments it has
struct GoTo { StepNumber step; };                    // the newest one wins
struct StepBy { int steps = 1; bool of_agent = false; };
struct GoToError { int direction = 1; };             // next (+1) or previous (-1) failed step
struct FollowMessage { int direction = 1; };         // -1: to its cause, +1: to its effect
struct GoBack { int direction = -1; };               // where the cursor has been; +1: forward again
struct ShowCentre { CentreTab tab; };
struct ShowInspector { InspectorTab tab; };
struct ZoomTimeline { double factor = 2; };          // about the cursor; 0: everything
struct SwapTimeMode {};                              // by time or by steps
struct FitGraph {};
struct FindAgent { std::string name; };              // selects it and brings it into sight
struct ToggleFollow {};                              // of a live recording
struct EditFolder {};                                // puts the caret into the folder's field
struct SelectAgent { std::string name; };            // empty: none
struct SelectBranch { std::string name; };
struct Fork { ForkDraft draft; };                    // opens the form with this in it
struct ForkHere { ForkDraft::Kind kind; };           // opens it for the step at the cursor
struct RunFork {};                                   // runs what the form says
struct RunForm {};                                   // the same anew, if nothing speaks against it
struct CancelRun {};
struct Baseline {};                                  // re-executes unchanged, served and free
struct CompareLines { std::string a, b; bool go = true; };  // go: to the first difference
struct GoToDifference { int which = 0; bool relative = true; };  // absolute: index, from 0
struct TogglePlay {};
struct ToggleBookmark {};
struct CopyMoment { bool command = false; };         // or the command line that shows it
struct CopyFork {};                                  // the command line of the form
struct CopyText { std::string text; };
struct ShowKeys {};
struct ShowPalette {};
struct SetTheme { bool dark = true; };
struct SetWheel { bool zooms = false; };              // in the timeline; else it scrolls
struct ResetLayout {};
struct Quit {};

using Action =
    std::variant<OpenRecording, CloseRecording, ListFolder, ListKnown, BrowseFolder, ShowOpenDialog,
                 ChooseProgram, UseProgram, GoTo, StepBy, GoToError, FollowMessage, GoBack,
                 ShowCentre, ShowInspector, ZoomTimeline, SwapTimeMode, FitGraph, FindAgent,
                 ToggleFollow, EditFolder, SelectAgent, SelectBranch, Fork, ForkHere, RunFork,
                 RunForm, CancelRun, CopyMoment, CopyFork, Baseline, CompareLines, GoToDifference,
                 TogglePlay, ToggleBookmark, CopyText, ShowKeys, ShowPalette, SetTheme, SetWheel,
                 ResetLayout, Quit>;

}  // namespace backstep::gui
