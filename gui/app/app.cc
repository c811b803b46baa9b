#include "backstep/gui/app/app.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <utility>

#include "backstep/gui/app/commands/commands.h"
#include "backstep/gui/app/layout.h"
#include "backstep/gui/app/unattended/dump.h"
#include "backstep/gui/bridge/running/fork_request.h"
#include "backstep/gui/widgets/keys.h"
#include "backstep/gui/widgets/text.h"

namespace backstep::gui {
namespace {

constexpr double kIdleSeconds = 0.25;        // so that an idle window draws four frames a second
constexpr double kTypingSeconds = 0.1;       // while a text field shows its caret
constexpr double kLookSecondsMax = 0.025;    // that a frame waits for what follows the cursor
constexpr double kRefreshSeconds = 0.25;     // of a live recording
constexpr double kWatchSeconds = 1;           // whether the recording is still there
constexpr int kQuietFrames = 6;              // drawn alike before a picture is taken
constexpr double kNoticeSeconds = 5;
constexpr double kPictureSecondsMax = 120;

}  // namespace

App::App(Options options, std::unique_ptr<Window> window)
    : options_(std::move(options)),
      window_(std::move(window)),
      reader_([] { Window::Wake(); }),
      lister_([] { Window::Wake(); }),
      runner_([] { Window::Wake(); }),
      planner_([] { Window::Wake(); }) {}

int App::Run() {
  Start();
  while (!window_->ShouldClose() && !done_) Tick();
  if (const Status status = SaveSettings(); !status.ok()) {
    std::fprintf(stderr, "backstep-gui: %s\n", status.message().c_str());
  }
  return exit_code_;
}

void App::Start() {
  settings_.Load({}, &view_);
  view_.recent = settings_.recent();
  view_.samples_folder = SamplesFolder();
  if (!options_.theme.empty()) view_.dark = options_.theme == "dark";
  theme_ = MakeTheme(view_.dark, options_.scale);
  ApplyTheme(theme_);
  LoadTheFonts();
  if (!options_.script.empty()) {
    if (const Status status = script_.Load(options_.script); !status.ok()) {
      std::fprintf(stderr, "backstep-gui: %s\n", status.message().c_str());
      exit_code_ = 1;
      done_ = true;
    }
  }
  if (!options_.frame_log.empty()) {
    if (const Status status = log_.Open(options_.frame_log); !status.ok()) {
      std::fprintf(stderr, "backstep-gui: %s\n", status.message().c_str());
      exit_code_ = 1;
      done_ = true;
    }
  }
  if (options_.recording.empty()) return;
  std::string address = options_.at;
  if (!options_.branch.empty()) {
    address = options_.branch + (address.empty() ? "" : ":" + address);
  }
  Do(OpenRecording{options_.recording, address});
}

void App::LoadTheFonts() {
  fonts_ = LoadFonts(options_.scale, glyphs_);
  window_->FontsChanged();
}

double App::IdleSeconds() const {
  if (view_.playing || script_.active() || quiet_frames_ < 3) return 0.016;
  return ImGui::GetIO().WantTextInput ? kTypingSeconds : kIdleSeconds;
}

// Nobody sees each frame of a script, and its pictures are drawn for themselves.
bool App::Unattended() const {
  return options_.frame_log.empty() && !script_.random() &&
         (script_.active() || !options_.screenshot.empty() || !options_.dump_view.empty());
}

// What follows the cursor is nearly there: a frame without it would be drawn for nothing, and take
// the processor from it where no graphics card draws.
void App::WaitForLook() {
  using Clock = std::chrono::steady_clock;
  const auto began = Clock::now();
  while (reader_.looking()) {
    const double passed = std::chrono::duration<double>(Clock::now() - began).count();
    if (passed >= kLookSecondsMax) return;
    window_->WaitEvents(kLookSecondsMax - passed);
  }
}

void App::Tick() {
  window_->WaitEvents(IdleSeconds());
  WaitForLook();
  log_.BeginFrame();
  TakeArrivals();
  CheckTyped();
  for (const std::string& path : window_->TakeDropped()) {
    actions_.push_back(OpenRecording{path, {}});
  }
  window_->BeginFrame([this] { script_.Inject(); });
  now_ = ImGui::GetTime();
  const ImGuiIO& io = ImGui::GetIO();
  const bool touched = io.MouseDelta.x != 0 || io.MouseDelta.y != 0 || io.MouseWheel != 0 ||
                       ImGui::IsAnyMouseDown() || io.InputQueueCharacters.Size != 0;
  quiet_frames_ = touched ? 0 : std::min(quiet_frames_ + 1, 1000);
  named_.clear();
  HandleKeys();
  Play();
  DrawEverything();
  window_->EndFrame(Unattended());
  ++frames_;
  std::vector<Action> actions;
  actions.swap(actions_);
  for (const Action& action : actions) {
    if (!script_.random() || StaysInside(action)) Perform(action);
  }
  if (!actions.empty()) quiet_frames_ = 0;
  Ask();
  log_.EndFrame(model_, window_->gl_cpu_ms(), script_.scrubbing());
  if (FinishCommandLine()) done_ = true;
}

// Runs nothing, ends nothing, and opens nothing but what the window was opened with.
bool App::StaysInside(const Action& action) const {
  if (const auto* open = std::get_if<OpenRecording>(&action)) {
    return !options_.recording.empty() && !view_.recent.empty() &&
           open->path == view_.recent.front();
  }
  return !std::holds_alternative<RunFork>(action) && !std::holds_alternative<RunForm>(action) &&
         !std::holds_alternative<Baseline>(action) && !std::holds_alternative<Quit>(action);
}

void App::TakeArrivals() {
  StepNumber cursor = view_.cursor;
  const uint64_t generation = model_.generation;
  const std::shared_ptr<const OpenFacts> before = model_.open.value;
  if (reader_.Collect(&model_, &cursor)) {
    quiet_frames_ = 0;
    CheckGlyphs();
    log_.Arrived(model_, reader_.told(), view_.inspector == InspectorTab::kState,
                 view_.centre == CentreTab::kConversation);
  }
  const OpenFacts* facts = model_.open.value.get();
  if (model_.generation != generation && facts != nullptr) {
    const bool other = before == nullptr || before->path != facts->path ||
                       before->session_id != facts->session_id;
    if (other) BeginRecording(*facts);
    BeginBranch(*facts, cursor);
  }
  if (facts != nullptr && !model_.open.error.empty()) {
    Notify(std::exchange(model_.open.error, {}));   // the open one stays
  }
  if (view_.follow_live && facts != nullptr) view_.cursor = facts->last;
  if (lister_.Collect(&model_)) quiet_frames_ = 0;
  if (planner_.Collect(&model_)) quiet_frames_ = 0;
  TakeRun();
  if (facts != nullptr && now_ - last_watch_ > kWatchSeconds) {
    last_watch_ = now_;
    reader_.Watch();
  }
  const bool live = facts != nullptr && facts->state == store::LogState::kLive;
  if (live && now_ - last_refresh_ > kRefreshSeconds) {
    last_refresh_ = now_;
    reader_.Refresh();
  }
}

// What was chosen for one recording, and confirmed of its program, says nothing of another.
void App::BeginRecording(const OpenFacts& facts) {
  settings_.AddRecent(facts.path);
  view_.recent = settings_.recent();
  settings_.Load(facts.path, &view_);
  (void)SaveSettings();
  view_.agent.clear();
  view_.fork = {};
  view_.compare_a.clear();
  view_.compare_b.clear();
  wanted_branch_.clear();
  window_->SetTitle(facts.path + " - Backstep");
}

void App::BeginBranch(const OpenFacts& facts, StepNumber cursor) {
  view_.cursor = cursor;
  view_.follow_live = facts.state == store::LogState::kLive && cursor == facts.last;
  view_.timeline.from = view_.timeline.to = 0;
  back_.clear();
  forward_.clear();
  asked_step_ = StepNumber(~uint64_t{0});
  asked_pair_.clear();
  const auto knows = [&](const std::string& agent) {
    return std::find(facts.agents.begin(), facts.agents.end(), agent) != facts.agents.end();
  };
  // A person's own choice stays, on other branches too.
  if (!knows(view_.agent)) {
    view_.agent = knows(facts.opened_at) ? facts.opened_at
                  : facts.agents.empty() ? ""
                                         : facts.agents.front();
  }
  if (!options_.compare.empty()) {
    actions_.push_back(CompareLines{std::exchange(options_.compare, {}), facts.branch,
                                    options_.at.empty()});
  }
  if (facts.branch == wanted_branch_ && !wanted_branch_.empty()) {
    actions_.push_back(CompareLines{view_.compare_a, facts.branch});
    wanted_branch_.clear();
  }
}

// A branch that has just been made is opened, unless its recording is not looked at any more.
void App::TakeRun() {
  const std::string branch = runner_.Collect(&model_.run);
  const OpenFacts* facts = model_.open.value.get();
  if (branch.empty()) return;
  quiet_frames_ = 0;
  if (facts == nullptr || facts->path != model_.run.path) return;
  // One that was taken on is compared with what its beginning was compared with.
  if (view_.fork.goes_on.empty()) view_.compare_a = ParentOf(view_.fork, *facts);
  wanted_branch_ = branch;
  actions_.push_back(SelectBranch{branch});
}

// What is being typed or was pasted.
void App::CheckTyped() {
  const size_t before = typed_.size();
  AddTypedGlyphs(&typed_);
  if (typed_.size() != before) CheckGlyphs();
}

// What the views now need drawn has been collected by the reader.
void App::CheckGlyphs() {
  std::vector<ImWchar> wanted;
  std::set_union(model_.glyphs.begin(), model_.glyphs.end(), typed_.begin(), typed_.end(),
                 std::back_inserter(wanted));
  if (wanted.size() <= glyphs_.size()) return;
  glyphs_ = std::move(wanted);
  LoadTheFonts();
}

void App::DrawEverything() {
  Frame frame{model_, view_, theme_, fonts_, now_, actions_, named_};
  DrawLayout(frame);
  DrawNotice();
  if (show_keys_) DrawKeySheet(frame, &show_keys_);
  if (palette_.open) DrawPalette(frame, &palette_);
}

void App::DrawNotice() {
  if (now_ > notice_until_) return;
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({size.x * 0.5f, size.y - theme_.Px(36)}, ImGuiCond_Always, {0.5f, 1});
  ImGui::PushStyleColor(ImGuiCol_WindowBg, theme_.card);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  ImGui::Begin("##notice", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_AlwaysAutoResize |
                   ImGuiWindowFlags_NoInputs | ImGuiWindowFlags_NoNav |
                   ImGuiWindowFlags_NoFocusOnAppearing);
  ImGui::PushTextWrapPos(theme_.Px(640));
  ImGui::TextUnformatted(Drawable(notice_).c_str());
  ImGui::PopTextWrapPos();
  const ImVec2 at = ImGui::GetWindowPos(), end = ImGui::GetWindowSize();
  named_.push_back({"notice", at, {at.x + end.x, at.y + end.y}});
  ImGui::End();
  ImGui::PopStyleVar();
  ImGui::PopStyleColor();
}

void App::HandleKeys() {
  Frame frame{model_, view_, theme_, fonts_, now_, actions_, named_};
  RunCommandKeys(frame);
  GoThroughForm();
  if (Pressed("Alt+Left")) Do(GoBack{-1});
  if (Pressed("Alt+Right")) Do(GoBack{1});
  if (Pressed("Escape") && !CloseTopPopup()) {
    show_keys_ = palette_.open = false;
    view_.fork.open = false;
  }
}

// Tab enters the form that is shown; from then on it and the arrows are the form's, until Escape or
// the mouse leaves it.
void App::GoThroughForm() {
  ImGuiIO& io = ImGui::GetIO();
  const bool form = model_.open.value != nullptr && view_.inspector == InspectorTab::kFork &&
                    !palette_.open && !view_.file_dialog.open;
  if (form && !view_.in_form && !io.WantTextInput && PressedAnywhere("Tab")) view_.focus = "form";
  const bool leaves = PressedAnywhere("Escape") && !io.WantTextInput && !AnyPopup();
  if (!form || leaves || ImGui::IsMouseClicked(0)) view_.in_form = false;
  if (form && view_.focus == "form") view_.in_form = true;
  io.ConfigFlags = view_.in_form ? io.ConfigFlags | ImGuiConfigFlags_NavEnableKeyboard
                                 : io.ConfigFlags & ~ImGuiConfigFlags_NavEnableKeyboard;
}

void App::Play() {
  const double passed = last_frame_ == 0 ? 0 : now_ - last_frame_;
  last_frame_ = now_;
  if (!view_.playing) return;
  play_debt_ += passed * view_.steps_per_second;
  const auto steps = static_cast<uint64_t>(play_debt_);
  play_debt_ -= static_cast<double>(steps);
  const uint64_t target = std::min(view_.cursor.value + steps, Last().value);
  view_.cursor = StepNumber(target);
  if (target == Last().value) view_.playing = false;
}

void App::Ask() {
  const OpenFacts* facts = model_.open.value.get();
  if (facts == nullptr || model_.generation == 0) return;
  view_.cursor = std::min(view_.cursor, facts->last);
  const bool fresh = asked_generation_ != model_.generation;
  asked_generation_ = model_.generation;
  if (fresh) asked_agent_.clear(), asked_state_agent_.clear();
  if (fresh || asked_step_ != view_.cursor) {
    asked_step_ = view_.cursor;
    model_.checkpoint.loading = true;
    reader_.ShowCheckpoint(view_.cursor);
    log_.Asked(view_.cursor);
  }
  const bool state = view_.inspector == InspectorTab::kState && !view_.agent.empty();
  if (state && (fresh || asked_state_agent_ != view_.agent || asked_state_ != view_.cursor)) {
    asked_state_agent_ = view_.agent;
    asked_state_ = view_.cursor;
    model_.state.loading = true;
    reader_.ShowState(view_.agent, view_.cursor);
  }
  const bool chat = view_.centre == CentreTab::kConversation && !view_.agent.empty();
  if (chat && (fresh || asked_agent_ != view_.agent || asked_chat_ != view_.cursor)) {
    asked_agent_ = view_.agent;
    asked_chat_ = view_.cursor;
    model_.conversation.loading = true;
    reader_.ShowConversation(view_.agent, view_.cursor);
  }
  AskPair();
  AskPlan();
}

bool App::Settled() const {
  const bool reading = !reader_.idle() || !lister_.idle() || model_.open.loading ||
                       !planner_.idle() || planned_ != plan_wanted_;
  return !reading && !runner_.running() && !view_.playing && actions_.empty() &&
         quiet_frames_ >= kQuietFrames;
}

bool App::FinishCommandLine() {
  if (script_.active()) {
    std::string picture, dump;
    Status status = script_.Advance({&named_, Settled(), now_}, &picture, &dump);
    if (status.ok() && !picture.empty()) status = window_->SavePicture(picture);
    if (status.ok() && !dump.empty()) status = DumpView(model_, view_, named_, dump);
    if (!status.ok()) {
      std::fprintf(stderr, "backstep-gui: %s\n", status.message().c_str());
      exit_code_ = 1;
      return true;
    }
    return !script_.active() && options_.screenshot.empty() && options_.dump_view.empty();
  }
  const bool wanted = !options_.screenshot.empty() || !options_.dump_view.empty();
  if (!wanted || (!Settled() && now_ < kPictureSecondsMax)) return false;
  Status status;
  if (!options_.screenshot.empty()) status = window_->SavePicture(options_.screenshot);
  if (status.ok() && !options_.dump_view.empty()) {
    status = DumpView(model_, view_, named_, options_.dump_view);
  }
  if (!status.ok()) std::fprintf(stderr, "backstep-gui: %s\n", status.message().c_str());
  if (!status.ok()) exit_code_ = 1;
  else if (!model_.open.error.empty()) {
    std::fprintf(stderr, "backstep-gui: %s\n", model_.open.error.c_str());
    exit_code_ = 3;
  }
  return true;
}

// Told once: what could not be written now will hardly be the next time.
Status App::SaveSettings() {
  if (script_.was_random()) return {};  // nobody chose them
  const OpenFacts* facts = model_.open.value.get();
  const Status status = settings_.Save(facts == nullptr ? std::string() : facts->path, view_);
  if (!status.ok() && !std::exchange(told_unsaved_, true)) Notify(status.message());
  return status;
}

void App::Notify(std::string text) {
  notice_ = std::move(text);
  notice_until_ = now_ + kNoticeSeconds;
}

StepNumber App::Last() const {
  return model_.open.value == nullptr ? StepNumber() : model_.open.value->last;
}

}  // namespace backstep::gui
