#include "backstep/gui/app/unattended/frame_log.h"

#include "backstep/gui/bridge/clock.h"
#include "backstep/replay/view/conversation/conversation.h"
#include "backstep/replay/view/moment/state_view.h"
#include "backstep/replay/view/timeline/timeline.h"

namespace backstep::gui {
namespace {

constexpr size_t kWantedMax = 10'000;

}  // namespace

Status FrameLog::Open(const std::string& path) {
  file_.open(path);
  if (!file_) return Status::Io(path + ": cannot be written");
  file_.precision(3);
  file_ << std::fixed;
  return {};
}

void FrameLog::BeginFrame() { frame_began_ms_ = ThreadCpuMs(); }

void FrameLog::EndFrame(const Model& model, double gl_cpu_ms, bool scrubbing) {
  if (!file_.is_open()) return;
  const double cpu_ms = ThreadCpuMs() - frame_began_ms_ - gl_cpu_ms;
  file_ << (scrubbing ? "scrub " : "frame ") << cpu_ms << ' ' << gl_cpu_ms << '\n';
  const replay::Timeline* timeline = model.timeline.value.get();
  if (timeline == nullptr || timeline->last.value == 0) return;
  if (!picture_) file_ << "picture " << SteadyMs() << ' ' << timeline->last.value << '\n';
  picture_ = true;
  if (!whole_ && !model.timeline.loading) file_ << "whole " << SteadyMs() << '\n';
  whole_ = whole_ || !model.timeline.loading;
}

void FrameLog::Asked(StepNumber step) {
  if (file_.is_open() && wanted_.size() < kWantedMax) wanted_.push_back({step, SteadyMs()});
}

void FrameLog::Arrived(const Model& model, Reader::Told told, bool with_state, bool with_chat) {
  if (wanted_.empty() || model.checkpoint.value == nullptr) return;
  const StepNumber step = model.checkpoint.value->step;
  const auto shows = [&](const auto& loaded, const auto member) {
    return loaded.value == nullptr || (*loaded.value).*member == step;
  };
  if (with_state && !shows(model.state, &replay::StateView::step)) return;
  if (with_chat && !shows(model.conversation, &replay::Conversation::until)) return;
  size_t shown = wanted_.size();
  while (shown > 0 && wanted_[shown - 1].step != step) --shown;
  for (; shown > 0; --shown) {
    const Wanted& wanted = wanted_.front();
    file_ << "cursor " << wanted.step.value << ' ' << told.at_ms - wanted.at_ms << ' '
          << SteadyMs() - wanted.at_ms << ' ' << told.cpu_ms << '\n';
    wanted_.pop_front();
  }
}

}  // namespace backstep::gui
