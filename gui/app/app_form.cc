// The form that forks: opened, copied, run.
#include "backstep/gui/app/app.h"
#include "backstep/gui/bridge/running/fork_request.h"

namespace backstep::gui {

void App::Do(const Fork& a) {
  view_.fork = a.draft;
  if (const OpenFacts* facts = model_.open.value.get()) view_.fork.parent = facts->branch;
  view_.fork.open = true;
  view_.inspector = InspectorTab::kFork;
}

void App::Do(const ForkHere& a) {
  if (model_.open.value == nullptr) return;
  // it says why
  if (!WhyNotRunnable(model_).empty()) return Do(ShowInspector{InspectorTab::kFork});
  const replay::CheckpointView* view = model_.checkpoint.value.get();
  const bool known = view != nullptr && view->detail.has_value();
  Do(Fork{DraftHere(a.kind, view_.cursor, known ? view->detail->row.agent : std::string())});
  view_.focus = "form";
}

void App::Do(const ChooseProgram&) {
  view_.file_dialog = {true, replay::Sought::kProgram, {}, {}, {}};
  model_.browsed = {};
  Do(BrowseFolder{FolderOfProgram(view_.fork, view_.folder)});
}

void App::Do(const UseProgram& a) { SetProgram(a.path, &view_.fork); }

void App::Do(const RunForm&) {
  const OpenFacts* facts = model_.open.value.get();
  if (facts == nullptr || view_.inspector != InspectorTab::kFork) return;
  if (const std::string why = WhyNotNow(view_.fork, model_); !why.empty()) {
    Notify("Not run: " + why + ".");
    return;
  }
  BeginAnew(&view_.fork);
  Do(RunFork{});
}

void App::Do(const CopyFork&) {
  const OpenFacts* facts = model_.open.value.get();
  if (facts == nullptr) return;
  if (const std::string why = WhyNotRunnable(*facts); !why.empty()) return Notify(why);
  Do(CopyText{ReplayCommandLine(view_.fork, *facts)});
}

void App::Do(const RunFork&) {
  const OpenFacts* facts = model_.open.value.get();
  if (facts == nullptr || runner_.running()) return;
  auto request = MakeRunRequest(view_.fork, *facts);
  if (!request.ok()) {
    Notify(request.status().message());
    return;
  }
  if (WantsConfirmation(view_.fork, *facts) && !view_.fork.confirmed) {
    Notify("Confirm the command line first.");
    return;
  }
  // The same form runs again from the same branch, not from the one that it makes.
  if (view_.fork.goes_on.empty()) view_.fork.parent = request->parent;
  model_.run = {};
  runner_.Start(std::move(*request));
}

void App::Do(const CancelRun&) { runner_.Cancel(); }

void App::Do(const Baseline&) {
  const OpenFacts* facts = model_.open.value.get();
  if (facts == nullptr || runner_.running()) return;
  if (const std::string why = WhyNotRunnable(*facts); !why.empty()) {
    Notify(why);
  } else if (const std::string first = WhyNoBaseline(view_.fork, *facts); !first.empty()) {
    view_.fork.open = true;
    view_.inspector = InspectorTab::kFork;
    Notify(first);
  } else {
    runner_.Start(MakeBaselineRequest(*facts));
  }
}

}  // namespace backstep::gui
