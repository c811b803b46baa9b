#include <algorithm>
#include <cmath>

#include "backstep/replay/view/timeline/timeline_view.h"

namespace backstep::replay {
namespace {

constexpr uint32_t kChunksBefore = 128;   // of messages sent before the viewport that are looked at
constexpr double kFarPx = 4000;           // how far an arrow's end may lie outside

struct Extent {
  double began = 0, ended = 0;
};

class ArrowSearch {
 public:
  ArrowSearch(const Timeline& timeline, const TimelineViewport& viewport, const ArrowQuery& query)
      : timeline_(timeline), viewport_(viewport), query_(query) {
    FindVisible();
  }

  MessageArrowSet Run() {
    MessageArrowSet set;
    for (size_t lane = 0; lane < ranges_.size(); ++lane) {
      const auto [from, to] = ranges_[lane];
      set.total += timeline_.lanes[lane].SentBefore(to) - timeline_.lanes[lane].SentBefore(from);
    }
    if (last_ < first_) return set;
    if (set.total <= query_.max) {
      AddAllSent(&set.arrows);
    } else {
      AddNearest(&set.arrows);
    }
    AddTakenHere(&set.arrows);
    SortByDistance(&set.arrows);
    return set;
  }

 private:
  // Which steps of each lane are visible, and the least and greatest number among them.
  void FindVisible() {
    for (const Timeline::Lane& lane : timeline_.lanes) {
      const bool steps = viewport_.mode == TimelineMode::kSteps;
      uint32_t from = 0, to = 0;
      if (steps) {
        const double first = std::max(std::floor(viewport_.from) + 1, 1.0);
        from = lane.IndexOfNumber(static_cast<uint64_t>(first));
        to = lane.IndexOfNumber(static_cast<uint64_t>(std::max(std::ceil(viewport_.to), 0.0)) + 1,
                                from);
      } else {
        from = lane.IndexOfEnd(viewport_.from);
        to = lane.IndexOfEnd(viewport_.to, from);
        if (to < lane.size && static_cast<double>(lane.began_ns(to)) <= viewport_.to) ++to;
      }
      ranges_.emplace_back(from, to);
      if (from == to) continue;
      first_ = std::min(first_, lane.number(from).value);
      last_ = std::max(last_, lane.number(to - 1).value);
    }
  }

  bool Visible(uint32_t step) const {
    if (step < first_ || step > last_) return false;
    if (viewport_.mode == TimelineMode::kSteps) return true;
    const auto [began, ended] = StepExtent(timeline_, viewport_.mode, StepNumber(step));
    return ended >= viewport_.from && began <= viewport_.to;
  }

  bool OnLanes(const MessageOnTimeline& message) const {
    const auto on = [&](int lane) { return lane >= query_.first_lane && lane <= query_.last_lane; };
    return on(message.to_lane) || on(message.from_lane);
  }

  void Add(uint32_t index, std::vector<MessageArrow>* arrows) const {
    if (!OnLanes(timeline_.message(index))) return;
    arrows->push_back(ArrowOf(timeline_, viewport_, index));
  }

  void AddSentBy(uint32_t step, std::vector<MessageArrow>* arrows) const {
    for (uint32_t i = timeline_.FirstMessageSentBy(step); i < timeline_.message_count; ++i) {
      const MessageCell& cell = timeline_.message_cell(i);
      if (cell.sent_by != step) return;
      if ((cell.flags & kMessageOutside) == 0) Add(i, arrows);
    }
  }

  // There are few: visits the steps that sent, block by block.
  void AddAllSent(std::vector<MessageArrow>* arrows) const {
    for (size_t l = 0; l < ranges_.size(); ++l) {
      const Timeline::Lane& lane = timeline_.lanes[l];
      const auto [from, to] = ranges_[l];
      for (uint32_t i = from; i < to;) {
        const uint32_t end = std::min((i / LaneChunk::kLarge + 1) * LaneChunk::kLarge, to);
        if (lane.SentBefore(end) != lane.SentBefore(i)) {
          for (uint32_t k = i; k < end; ++k) {
            if (lane.cell(k).sent == 0) continue;
            AddSentBy(static_cast<uint32_t>(lane.number(k).value), arrows);
          }
        }
        i = end;
      }
    }
  }

  // Goes outward from the cursor in both directions.
  void AddNearest(std::vector<MessageArrow>* arrows) const {
    const uint64_t cursor = std::clamp(query_.cursor.value, first_, last_);
    const uint32_t begin = timeline_.FirstMessageSentBy(first_);
    const uint32_t end = timeline_.FirstMessageSentBy(last_ + 1);
    uint32_t right = timeline_.FirstMessageSentBy(cursor), left = right;
    size_t budget = 4 * query_.max + 256;
    while (arrows->size() < query_.max && budget > 0 && (left > begin || right < end)) {
      if (right < end) AddIfVisible(right++, arrows);
      if (left > begin) AddIfVisible(--left, arrows);
      --budget;
    }
  }

  void AddIfVisible(uint32_t index, std::vector<MessageArrow>* arrows) const {
    const MessageCell& cell = timeline_.message_cell(index);
    if ((cell.flags & kMessageOutside) != 0 || !Visible(cell.sent_by)) return;
    Add(index, arrows);
  }

  // Sent before the viewport or from outside, and taken in it.
  void AddTakenHere(std::vector<MessageArrow>* arrows) const {
    const uint32_t end = timeline_.FirstMessageSentBy(last_ + 1);
    const uint32_t own = timeline_.FirstMessageSentBy(first_);
    size_t room = query_.max / 4 + 8;
    const uint32_t newest = end / MessageChunk::kMessages;
    const uint32_t oldest = newest - std::min(newest, kChunksBefore);
    for (uint32_t c = newest + 1; c-- > oldest && room > 0;) {
      if (c >= timeline_.message_chunks.size()) continue;
      if (timeline_.message_chunks[c]->taken_max < first_) continue;
      const uint32_t from = c * MessageChunk::kMessages;
      uint32_t to = std::min(from + MessageChunk::kMessages, end);
      if (timeline_.message_chunks[c]->outside == 0) to = std::min(to, own);
      for (uint32_t i = to; i > from && room > 0;) {
        --i;
        const MessageCell& cell = timeline_.message_cell(i);
        const bool elsewhere = i < own || (cell.flags & kMessageOutside) != 0;
        if (!elsewhere || cell.taken_by == 0 || !Visible(cell.taken_by)) continue;
        Add(i, arrows);
        --room;
      }
    }
  }

  void SortByDistance(std::vector<MessageArrow>* arrows) const {
    const auto distance = [&](const MessageArrow& arrow) {
      const auto away = [&](uint64_t step) {
        return step > query_.cursor.value ? step - query_.cursor.value : query_.cursor.value - step;
      };
      const uint64_t sent = away(arrow.message.sent_by.value);
      if (arrow.message.taken_by.value == 0) return sent;
      return std::min(sent, away(arrow.message.taken_by.value));
    };
    std::stable_sort(arrows->begin(), arrows->end(), [&](const auto& a, const auto& b) {
      return distance(a) < distance(b);
    });
    if (arrows->size() > query_.max) arrows->resize(query_.max);
  }

  const Timeline& timeline_;
  const TimelineViewport& viewport_;
  const ArrowQuery& query_;
  std::vector<std::pair<uint32_t, uint32_t>> ranges_;  // by lane
  uint64_t first_ = UINT64_MAX, last_ = 0;
};

// By step a message leaves at its sender's end and lands at its taker's begin. By time it leaves
// when its taker began if the sender was at work then (it called it, or sent in mid-step).
std::pair<double, double> Positions(const Timeline& timeline, TimelineMode mode,
                                    const MessageOnTimeline& message) {
  Extent sender, taker;
  if (message.from_lane != kOutsideLane) {
    std::tie(sender.began, sender.ended) = StepExtent(timeline, mode, message.sent_by);
  } else if (message.sent_by.value != 0) {
    sender.ended = StepExtent(timeline, mode, message.sent_by).second;
    sender.began = sender.ended;
  }
  if (message.taken_by.value == 0) return {sender.ended, sender.ended};
  std::tie(taker.began, taker.ended) = StepExtent(timeline, mode, message.taken_by);
  if (mode == TimelineMode::kSteps) {
    const bool early = message.taken_by <= message.sent_by;
    return early ? std::pair(sender.began, taker.ended) : std::pair(sender.ended, taker.began);
  }
  const double sent = std::clamp(taker.began, sender.began, sender.ended);
  return {sent, std::clamp(sent, taker.began, taker.ended)};
}

}  // namespace

MessageArrow ArrowOf(const Timeline& timeline, const TimelineViewport& viewport, uint32_t index) {
  MessageArrow arrow;
  arrow.message = timeline.message(index);
  const auto [from, to] = Positions(timeline, viewport.mode, arrow.message);
  const auto cut = [&](double position) {
    return static_cast<float>(
        std::clamp(viewport.X(position), -kFarPx, viewport.width_px + kFarPx));
  };
  arrow.x0 = cut(from);
  arrow.x1 = cut(to);
  return arrow;
}

MessageArrowSet MessageArrows(const Timeline& timeline, const TimelineViewport& viewport,
                              const ArrowQuery& query) {
  return ArrowSearch(timeline, viewport, query).Run();
}

std::vector<MessageArrow> ArrowsOfStep(const Timeline& timeline, const TimelineViewport& viewport,
                                       StepNumber step, size_t max) {
  std::vector<MessageArrow> arrows;
  if (step.value == 0 || step > timeline.last) return arrows;
  const uint32_t own = timeline.FirstMessageSentBy(step.value);
  for (uint32_t i = own; i < timeline.message_count && arrows.size() < max; ++i) {
    const MessageCell& cell = timeline.message_cell(i);
    if (cell.sent_by != step.value) break;
    if ((cell.flags & kMessageOutside) == 0) arrows.push_back(ArrowOf(timeline, viewport, i));
  }
  // What it took was sent a little before, or a little after where the sender was still open.
  const uint32_t newest = std::min(own / MessageChunk::kMessages + 2,
                                   static_cast<uint32_t>(timeline.message_chunks.size()));
  const uint32_t oldest = newest - std::min(newest, kChunksBefore);
  for (uint32_t c = newest; c-- > oldest && arrows.size() < max;) {
    if (timeline.message_chunks[c]->taken_max < step.value) continue;
    const uint32_t from = c * MessageChunk::kMessages;
    const uint32_t to = std::min(from + MessageChunk::kMessages, timeline.message_count);
    for (uint32_t i = from; i < to && arrows.size() < max; ++i) {
      if (timeline.message_cell(i).taken_by == step.value) {
        arrows.push_back(ArrowOf(timeline, viewport, i));
      }
    }
  }
  return arrows;
}

}  // namespace backstep::replay
