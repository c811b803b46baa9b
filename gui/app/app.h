// The window's program: wires reader, runner, model and panels, and carries out actions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backstep/gui/app/commands/commands.h"
#include "backstep/gui/app/setup/options.h"
#include "backstep/gui/app/setup/settings.h"
#include "backstep/gui/app/unattended/frame_log.h"
#include "backstep/gui/app/unattended/script.h"
#include "backstep/gui/app/window.h"
#include "backstep/gui/bridge/action.h"
#include "backstep/gui/bridge/lister.h"
#include "backstep/gui/bridge/model.h"
#include "backstep/gui/bridge/reader.h"
#include "backstep/gui/bridge/running/planner.h"
#include "backstep/gui/bridge/running/runner.h"
#include "backstep/gui/panels/panel.h"
#include "backstep/gui/widgets/fonts.h"
#include "backstep/gui/widgets/theme.h"

namespace backstep::gui {

// One thread: the main one.
class App {
 public:
  App(Options options, std::unique_ptr<Window> window);
  // Until the window is closed, or what the command line asked for is done. Returns an exit code:
  // 0 done, 1 the script failed, 3 the recording cannot be read (with --screenshot or --dump-view).
  int Run();

 private:
  void Start();
  void Tick();                          // one frame
  void WaitForLook();
  bool StaysInside(const Action& action) const;
  void TakeArrivals();
  void BeginRecording(const OpenFacts& facts);
  void BeginBranch(const OpenFacts& facts, StepNumber cursor);
  void TakeRun();
  void DrawEverything();
  void DrawNotice();
  void HandleKeys();
  void GoThroughForm();
  void Play();
  void Ask();                           // what the cursor and the selection now need
  void AskPair();                       // the compared step that belongs to it
  void AskPlan();                       // what the form would run
  void FollowPair();
  bool OnDifference() const;
  const StepNumber* HereOf(const replay::StepDiff& diff) const;
  void CheckTyped();
  void CheckGlyphs();
  void LoadTheFonts();
  double IdleSeconds() const;
  bool Unattended() const;
  bool Settled() const;
  bool FinishCommandLine();             // true: done

  void Perform(const Action& action);
  void Do(const OpenRecording& a);
  void Do(const CloseRecording&);
  void Do(const ListFolder& a);
  void Do(const ListKnown&);
  void Do(const BrowseFolder& a);
  void Do(const ShowOpenDialog&);
  void Do(const ChooseProgram&);
  void Do(const UseProgram& a);
  void Do(const GoTo& a);
  void Do(const StepBy& a);
  void Do(const GoToError& a);
  void Do(const FollowMessage& a);
  void Do(const GoBack& a);
  void Do(const ShowCentre& a);
  void Do(const ShowInspector& a);
  void Do(const ZoomTimeline& a);
  void Do(const SwapTimeMode&);
  void Do(const FitGraph&);
  void Do(const FindAgent& a);
  void Do(const ToggleFollow&);
  void Do(const EditFolder&);
  void Do(const SelectAgent& a);
  void Do(const SelectBranch& a);
  void Do(const Fork& a);
  void Do(const ForkHere& a);
  void Do(const RunFork&);
  void Do(const RunForm&);
  void Do(const CancelRun&);
  void Do(const Baseline&);
  void Do(const CompareLines& a);
  void Do(const GoToDifference& a);
  void Do(const TogglePlay&);
  void Do(const ToggleBookmark&);
  void Do(const CopyMoment& a);
  void Do(const CopyFork&);
  void Do(const CopyText& a);
  void Do(const ShowKeys&);
  void Do(const ShowPalette&);
  void Do(const SetTheme& a);
  void Do(const SetWheel& a);
  void Do(const ResetLayout&);
  void Do(const Quit&);

  void Travel(StepNumber step, bool remember);
  void Notify(std::string text);
  Status SaveSettings();
  StepNumber Last() const;

  Options options_;
  std::unique_ptr<Window> window_;
  Settings settings_;
  Theme theme_;
  Fonts fonts_;
  std::vector<ImWchar> glyphs_, typed_;  // loaded; that a field has held
  Model model_;
  ViewState view_;
  std::vector<Action> actions_;
  std::vector<NamedRect> named_;
  Reader reader_;
  Lister lister_;
  Runner runner_;
  Planner planner_;
  Script script_;
  FrameLog log_;
  std::vector<StepNumber> back_, forward_;
  // What was asked for last, so that it is asked for once.
  StepNumber asked_step_;
  std::string asked_agent_;
  std::string asked_state_agent_;
  StepNumber asked_chat_, asked_state_;
  uint64_t asked_generation_ = 0;
  // The newest comparison, and the step of it that was asked for.
  std::shared_ptr<const replay::ComparisonView> asked_comparison_;
  std::string asked_pair_;
  ForkDraft form_;                      // as it was seen last, of which recording
  std::shared_ptr<const OpenFacts> form_facts_;
  std::string form_line_;               // its command line
  std::string planned_, plan_wanted_;   // command lines of the form
  double plan_wanted_at_ = 0, plan_last_at_ = 0;
  StepNumber plan_last_;                // the recording's end as it was last planned with
  std::string wanted_branch_;           // that a finished run left, to be compared when it is open
  std::string notice_;
  double notice_until_ = 0, now_ = 0, last_frame_ = 0, last_refresh_ = 0, last_watch_ = 0;
  double play_debt_ = 0;
  bool show_keys_ = false;
  bool told_unsaved_ = false;           // that the settings cannot be written
  Palette palette_;
  int quiet_frames_ = 0, frames_ = 0;
  bool done_ = false;
  int exit_code_ = 0;
};

}  // namespace backstep::gui
