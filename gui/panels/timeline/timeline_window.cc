// What part of the run the timeline shows.
#include <algorithm>

#include "backstep/gui/panels/timeline/timeline_picture.h"

namespace backstep::gui {
namespace {

constexpr double kLeastSteps = 3, kLeastNs = 100;

}  // namespace

replay::TimelineMode ModeOf(const TimelineWindow& window) {
  return window.by_step ? replay::TimelineMode::kSteps : replay::TimelineMode::kTime;
}

replay::TimelineViewport ViewportOf(const replay::Timeline& timeline, const TimelineWindow& window,
                                    double width_px) {
  const replay::TimelineMode mode = ModeOf(window);
  const double end = replay::TimelineEnd(timeline, mode);
  replay::TimelineViewport viewport{mode, 0, end, std::max(width_px, 1.0)};
  if (window.to <= window.from) return viewport;
  const double span = std::min(window.to - window.from, end);
  viewport.from = std::clamp(window.from, 0.0, end - span);
  viewport.to = viewport.from + span;
  return viewport;
}

void ShowRange(const replay::Timeline& timeline, double from, double to, TimelineWindow* window) {
  const double end = replay::TimelineEnd(timeline, ModeOf(*window));
  const double least = std::min(window->by_step ? kLeastSteps : kLeastNs, end);
  const double span = std::clamp(to - from, least, end);
  if (span >= end * 0.999999) {
    window->from = window->to = 0;
    return;
  }
  window->from = std::clamp((from + to - span) / 2, 0.0, end - span);
  window->to = window->from + span;
}

void ZoomWindow(const replay::Timeline& timeline, double position, double factor,
                TimelineWindow* window) {
  const auto now = ViewportOf(timeline, *window, 1);
  const double least = window->by_step ? kLeastSteps : kLeastNs;
  const double span = std::max((now.to - now.from) / factor, least);
  const double share = (position - now.from) / (now.to - now.from);
  const double from = position - share * span;
  ShowRange(timeline, from, from + span, window);
}

void PanWindow(const replay::Timeline& timeline, double by, TimelineWindow* window) {
  if (window->to <= window->from) return;
  const auto now = ViewportOf(timeline, *window, 1);
  const double end = replay::TimelineEnd(timeline, ModeOf(*window)), span = now.to - now.from;
  window->from = std::clamp(now.from + by, 0.0, end - span);
  window->to = window->from + span;
}

void ToggleMode(const replay::Timeline& timeline, TimelineWindow* window) {
  const auto now = ViewportOf(timeline, *window, 1);
  const bool whole = window->to <= window->from;
  const auto convert = [&](double position) {
    const StepNumber step = replay::MomentAt(timeline, now.mode, position);
    const auto other = window->by_step ? replay::TimelineMode::kTime : replay::TimelineMode::kSteps;
    return replay::MomentPosition(timeline, other, step);
  };
  const double from = convert(now.from), to = convert(now.to);
  const double select_from = convert(window->select_from), select_to = convert(window->select_to);
  const bool selected = window->select_to > window->select_from;
  window->by_step = !window->by_step;
  window->select_from = selected ? select_from : 0;
  window->select_to = selected ? select_to : 0;
  window->from = window->to = 0;
  if (!whole) ShowRange(timeline, from, to, window);
}

}  // namespace backstep::gui
