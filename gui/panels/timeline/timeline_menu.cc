// Tooltips and the context menu of the timeline.
#include "backstep/gui/bridge/running/fork_request.h"
#include "backstep/gui/panels/timeline/draw/timeline_draw.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

// What the menu is about, while it is open; each value is 0 where it does not apply.

std::string FlagText(uint16_t flags) {
  static constexpr struct {
    uint16_t flag;
    const char* text;
  } kTexts[] = {{replay::kStepFailed, "failed"},
                {replay::kStepCallFailed, "a call failed"},
                {replay::kStepHit, "hit by a fault or an edit"},
                {replay::kStepOutcomeFailed, "set the outcome to failed"},
                {replay::kStepOutcome, "set the outcome"},
                {replay::kStepIncomplete, "parts were dropped under overload"},
                {replay::kStepNested, "called by another agent's step"},
                {replay::kStepInherited, "shared with the parent branch"},
                {replay::kStepLive, "a call ran live"},
                {replay::kStepSame, "recomputed, the same as the parent's"},
                {replay::kStepDifferent, "recomputed, different from the parent's"}};
  std::string text;
  const bool failed = (flags & replay::kStepOutcomeFailed) != 0;
  for (const auto& [flag, what] : kTexts) {
    if (flag == replay::kStepOutcome && failed) continue;
    if ((flags & flag) != 0) text += (text.empty() ? "" : ", ") + std::string(what);
  }
  return text;
}

std::string SharesText(replay::TimeShares shares) {
  std::string text;
  const auto add = [&](const char* kind, uint8_t share) {
    const int percent = (share * 100 + 127) / 255;
    if (share == 0) return;
    text += (text.empty() ? "" : ", ") + std::string(kind) + " " + std::to_string(percent) + " %";
  };
  add("model", shares.model);
  add("tools", shares.tool);
  add("own work", shares.own);
  add("waiting", shares.waiting);
  return text;
}

void StepTooltip(Frame& frame, const replay::Timeline& timeline, StepNumber step) {
  const auto& lane = timeline.lanes[static_cast<size_t>(timeline.lane_of(step))];
  const uint32_t index = timeline.index_of(step);
  ImGui::TextUnformatted(Drawable(timeline.StepText(step)).c_str());
  ImGui::SameLine();
  Dim(frame, "step " + GroupDigits(step.value));
  const int64_t began = lane.began_ns(index), took = lane.ended_ns(index) - began;
  const bool rounded = (lane.flags(index) & replay::kStepRounded) != 0;
  Dim(frame, (rounded ? "about " : "") + replay::FormatDuration({took}) + ", from " +
                 replay::FormatDuration({began}) + (timeline.wall ? "" : " (virtual time)"));
  Dim(frame, SharesText(lane.shares(index)));
  const std::string flags = FlagText(lane.flags(index));
  if (!flags.empty()) ImGui::TextUnformatted(flags.c_str());
}

void FoldedTooltip(Frame& frame, const replay::LaneItem& item) {
  ImGui::Text("%s steps, %s to %s", GroupDigits(item.count).c_str(),
              GroupDigits(item.first.value).c_str(), GroupDigits(item.last.value).c_str());
  Dim(frame, SharesText(item.shares));
  const std::string flags = FlagText(item.flags);
  if (!flags.empty()) ImGui::TextUnformatted(("among them: " + flags).c_str());
  Dim(frame, "Zoom in to see each");
}

void MessageTooltip(Frame& frame, const replay::Timeline& timeline,
                    const replay::MessageOnTimeline& message) {
  ImGui::TextUnformatted(Drawable(timeline.MessageText(message)).c_str());
  const std::string to = timeline.lanes[static_cast<size_t>(message.to_lane)].name;
  std::string path = "to " + to;
  if (message.from_lane != replay::kOutsideLane) {
    path += ", sent by step " + GroupDigits(message.sent_by.value);
  }
  if (message.taken_by.value != 0) path += ", taken by step " + GroupDigits(message.taken_by.value);
  Dim(frame, path);
  const bool dropped = (message.flags & replay::kMessageDropped) != 0;
  if (dropped) ImGui::TextUnformatted("dropped: it was never carried");
  if (!dropped && message.taken_by.value == 0) ImGui::TextUnformatted("nobody has taken it");
  if ((message.flags & replay::kMessageEdited) != 0) {
    ImGui::TextUnformatted("hit by a fault or an edit");
  }
  if ((message.flags & replay::kMessageEarly) != 0) {
    ImGui::TextUnformatted("taken while its sender's step was open");
  }
}

void SegmentTooltip(Frame& frame, const replay::Timeline& timeline,
                    const replay::SegmentSpan& span) {
  const replay::TimelineSegment& segment = timeline.segments[span.segment];
  if (span.count > 1) {
    ImGui::Text("%s segments, the first is %s", GroupDigits(span.count).c_str(),
                Drawable(segment.name).c_str());
    return;
  }
  ImGui::TextUnformatted(Drawable(segment.name).c_str());
  Dim(frame, "steps " + GroupDigits(segment.began_after.value + 1) + " to " +
                 GroupDigits(segment.ended_after.value) + (segment.open ? ", still open" : ""));
}

std::string ShowCommand(const Frame& frame, StepNumber step) {
  const OpenFacts* facts = frame.model.open.value.get();
  if (facts == nullptr) return {};
  const std::string moment = facts->branch + ":" + std::to_string(step.value);
  return "backstep show " + replay::ShellQuote(facts->path) + " " + replay::ShellQuote(moment);
}

void StepItems(Frame& frame, const replay::Timeline& timeline, StepNumber step) {
  const auto& lane = timeline.lanes[static_cast<size_t>(timeline.lane_of(step))];
  Dim(frame, timeline.StepText(step) + ", step " + GroupDigits(step.value));
  ImGui::Separator();
  if (ImGui::MenuItem("Go here", "double click")) {
    frame.Send(SelectAgent{lane.name});
    frame.Send(GoTo{step});
  }
  frame.NameItem("menu:go-here");
  if (MenuLine(frame, "Fork here", "fork-here", WhyNotRunnable(frame.model))) {
    frame.Send(Fork{DraftHere(ForkDraft::Kind::kFault, step, lane.name)});
  }
  ImGui::Separator();
  if (ImGui::MenuItem("Copy id")) frame.Send(CopyText{timeline.StepText(step)});
  frame.NameItem("menu:copy-id");
  if (ImGui::MenuItem("Copy command line")) frame.Send(CopyText{ShowCommand(frame, step)});
  frame.NameItem("menu:copy-command");
}

void MessageItems(Frame& frame, const replay::Timeline& timeline,
                  const replay::MessageOnTimeline& message) {
  const std::string id = timeline.MessageText(message);
  const bool outside = message.from_lane == replay::kOutsideLane;
  Dim(frame, id);
  ImGui::Separator();
  if (ImGui::MenuItem("Go to the step that sent it", "[", false, !outside)) {
    frame.Send(GoTo{message.sent_by});
  }
  if (ImGui::MenuItem("Go to the step that took it", "]", false, message.taken_by.value != 0)) {
    frame.Send(GoTo{message.taken_by});
  }
  if (MenuLine(frame, "Drop it in a fork", "drop-message", WhyNotRunnable(frame.model))) {
    ForkDraft draft;
    draft.kind = ForkDraft::Kind::kDrop;
    draft.target = id;
    frame.Send(Fork{draft});
  }
  ImGui::Separator();
  if (ImGui::MenuItem("Copy id")) frame.Send(CopyText{id});
  const StepNumber at = message.taken_by.value != 0 ? message.taken_by : message.sent_by;
  if (ImGui::MenuItem("Copy command line")) frame.Send(CopyText{ShowCommand(frame, at)});
}

void LaneItemsMenu(Frame& frame, const replay::Timeline& timeline, int lane_number) {
  const auto& lane = timeline.lanes[static_cast<size_t>(lane_number)];
  const bool told = lane.role.empty() || lane.role == lane.name;
  Dim(frame, told ? lane.name : lane.name + ", " + lane.role);
  ImGui::Separator();
  const auto next = replay::NextOnLane(timeline, lane_number, frame.view.cursor, 1);
  const auto previous = replay::NextOnLane(timeline, lane_number, frame.view.cursor, -1);
  if (ImGui::MenuItem("Go to its next step", ".", false, next.has_value())) frame.Send(GoTo{*next});
  if (ImGui::MenuItem("Go to its previous step", ",", false, previous.has_value())) {
    frame.Send(GoTo{*previous});
  }
  if (ImGui::MenuItem("Show its conversation")) {
    frame.Send(SelectAgent{lane.name});
    frame.view.centre = CentreTab::kConversation;
  }
  ImGui::Separator();
  if (ImGui::MenuItem("Copy name")) frame.Send(CopyText{lane.name});
  const OpenFacts* facts = frame.model.open.value.get();
  if (facts != nullptr && ImGui::MenuItem("Copy command line")) {
    frame.Send(CopyText{"backstep log " + replay::ShellQuote(facts->path) + " --branch " +
                        replay::ShellQuote(facts->branch) + " --agent " +
                        replay::ShellQuote(lane.name)});
  }
}

void ViewItems(Frame& frame, const replay::Timeline& timeline) {
  TimelineWindow* window = &frame.view.timeline;
  ImGui::Separator();
  const bool selected = window->select_to > window->select_from;
  if (ImGui::MenuItem("Frame the selection", "F", false, selected)) {
    ShowRange(timeline, window->select_from, window->select_to, window);
  }
  const bool zoomed = window->to > window->from;
  if (ImGui::MenuItem("Show everything", selected ? nullptr : "F", false, zoomed)) {
    window->from = window->to = 0;
  }
  if (ImGui::MenuItem("Clear the selection", nullptr, false, selected)) {
    window->select_from = window->select_to = 0;
  }
  if (ImGui::MenuItem(window->by_step ? "By time" : "By step", "T")) ToggleMode(timeline, window);
}

void BookmarkTooltip(Frame& frame, size_t bookmark) {
  const Bookmark& mark = frame.view.bookmarks[bookmark];
  ImGui::Text("Bookmark %zu at step %s", bookmark + 1, GroupDigits(mark.step.value).c_str());
  if (!mark.note.empty()) Dim(frame, mark.note);
}

void TooltipText(Frame& frame, const replay::Timeline& timeline, const TimelineHover& hover) {
  if (hover.fork != nullptr) {
    ImGui::TextUnformatted(Drawable(hover.fork->text).c_str());
    Dim(frame, "Click to show " + hover.fork->branch);
  } else if (hover.bookmark != nullptr) {
    BookmarkTooltip(frame, hover.bookmark->bookmark);
  } else if (hover.arrow != nullptr) {
    MessageTooltip(frame, timeline, hover.arrow->message);
  } else if (hover.item != nullptr && hover.item->count > 1) {
    FoldedTooltip(frame, *hover.item);
  } else if (hover.item != nullptr) {
    StepTooltip(frame, timeline, hover.item->first);
  } else {
    SegmentTooltip(frame, timeline, *hover.span);
  }
}

}  // namespace

void DrawTimelineTooltip(Frame& frame, const replay::Timeline& timeline,
                         const TimelineHover& hover) {
  if (ImGui::IsMouseDown(0) || ImGui::IsPopupOpen("timeline-menu")) return;
  const bool any = hover.fork != nullptr || hover.bookmark != nullptr || hover.arrow != nullptr ||
                   hover.item != nullptr || hover.span != nullptr;
  if (!any) return;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {frame.Px(8), frame.Px(6)});
  ImGui::PushFont(frame.fonts.small);
  ImGui::BeginTooltip();
  ImGui::PushTextWrapPos(frame.Px(360));
  TooltipText(frame, timeline, hover);
  ImGui::PopTextWrapPos();
  ImGui::EndTooltip();
  ImGui::PopFont();
  ImGui::PopStyleVar();
}

void OpenTimelineMenu(const TimelineHover& hover) {
  *Kept("step") = static_cast<int>(hover.step.value);
  *Kept("message") =
      hover.arrow == nullptr ? 0 : static_cast<int>(hover.arrow->message.index) + 1;
  *Kept("lane") = hover.lane + 1;
  ImGui::OpenPopup("timeline-menu");
}

void DrawTimelineMenu(Frame& frame, const replay::Timeline& timeline) {
  // Read here: inside the popup another window's storage is meant.
  const auto message = static_cast<uint32_t>(*Kept("message"));
  const StepNumber step(static_cast<uint64_t>(static_cast<uint32_t>(*Kept("step"))));
  const int lane = *Kept("lane") - 1;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {frame.Px(8), frame.Px(8)});
  if (ImGui::BeginPopup("timeline-menu")) {
    if (message > 0 && message <= timeline.message_count) {
      MessageItems(frame, timeline, timeline.message(message - 1));
    } else if (step.value > 0 && step <= timeline.last) {
      StepItems(frame, timeline, step);
    } else if (lane >= 0 && lane < static_cast<int>(timeline.lanes.size())) {
      LaneItemsMenu(frame, timeline, lane);
    }
    ViewItems(frame, timeline);
    ImGui::EndPopup();
  }
  ImGui::PopStyleVar();
}

}  // namespace backstep::gui
