// A line as one OTLP trace. What is held at a time: the events of steps that have not gone out yet,
// annotations up to a bound, and 32 bytes for each message from outside.
#include <algorithm>
#include <iterator>
#include <utility>
#include <map>

#include "backstep/recorder/adapters/export/export.h"
#include "backstep/recorder/adapters/export/outside.h"
#include "backstep/recorder/adapters/export/span_maker.h"

namespace backstep::adapters {
namespace {

constexpr size_t kSpansPerPiece = 256;
constexpr size_t kPieceBytesMax = 4u << 20;
constexpr size_t kHeldBytesMax = 16u << 20;    // annotations, and what is said of the whole run
constexpr size_t kWaitingBytesMax = 4u << 20;  // events that wait for their step
using StepRef = std::pair<AgentId, AgentClock>;

size_t SizeOf(const EventRecord& event) {
  return sizeof event + event.name.size() + event.category.size() + event.data.size();
}

size_t SizeOf(const OutSpan& span) {
  size_t size = 0;
  for (const auto& [key, value] : span.attributes) {
    const auto* text = std::get_if<std::string>(&value);
    size += key.size() + (text != nullptr ? text->size() : 8);
  }
  return size;
}

class OtlpExport {
 public:
  OtlpExport(store::Line& line, const ExportOptions& options, const ByteSink& out)
      : line_(line), from_(std::max(options.from, StepNumber(1))),
        to_(std::min(options.to, line.last())), out_(out),
        proto_(options.format == ExportFormat::kOtlpProto), spans_(line),
        outside_(line, StepNumber(from_.value - 1), to_), next_(from_) {}

  Status Run() {
    if (!proto_) {
      BACKSTEP_RETURN_IF_ERROR(out_("{\"resourceSpans\":[{\"resource\":" +
                                    ResourceJson(spans_.Resource()) +
                                    ",\"scopeSpans\":[{\"scope\":{\"name\":\"backstep\"},"
                                    "\"spans\":["));
    }
    BACKSTEP_RETURN_IF_ERROR(HoldEvents());
    BACKSTEP_RETURN_IF_ERROR(Put(spans_.Session(held_[StepRef()])));
    held_.erase(StepRef());
    for (const AgentRecord& agent : line_.agents()) {
      if (agent.id != kOutside) BACKSTEP_RETURN_IF_ERROR(Put(spans_.Agent(agent)));
    }
    BACKSTEP_ASSIGN_OR_RETURN(const auto segments, line_.Segments());
    for (const SegmentRecord& segment : segments) {
      BACKSTEP_RETURN_IF_ERROR(Put(spans_.Segment(segment)));
    }
    BACKSTEP_RETURN_IF_ERROR(outside_.Find());
    BACKSTEP_RETURN_IF_ERROR(StepsAndEvents());
    BACKSTEP_RETURN_IF_ERROR(FlushPiece());
    return proto_ ? Status() : out_("\n]}]}]}\n");
  }

 private:
  Status Put(OutSpan span) {
    if (!proto_) {
      const char* before = first_ ? "\n" : ",\n";
      first_ = false;
      return out_(before + SpanJson(span));
    }
    piece_bytes_ += SizeOf(span);
    piece_.push_back(std::move(span));
    const bool full = piece_.size() >= kSpansPerPiece || piece_bytes_ >= kPieceBytesMax;
    return full ? FlushPiece() : Status();
  }

  Status Put(Result<OutSpan> span) {
    if (!span.ok()) return span.status();
    return Put(std::move(*span));
  }

  Status FlushPiece() {
    if (piece_.empty()) return {};
    const std::string bytes = SpansProto(spans_.Resource(), piece_);
    piece_.clear();
    piece_bytes_ = 0;
    return out_(bytes);
  }

  // What stands on a span that goes out before the event is reached: annotations come last.
  static bool IsHeld(const EventRecord& event) {
    return !event.step || event.category == "annotation";
  }

  bool InRange(const EventRecord& event) const {
    if (event.step || event.category == "annotation") return true;
    return event.after >= StepNumber(from_.value - 1) && event.after <= to_;
  }

  Status HoldEvents() {
    size_t bytes = 0;
    return line_.ScanEvents([&](const EventRecord& event) {
      if (IsHeld(event) && InRange(event)) {
        bytes += SizeOf(event);
        if (bytes > kHeldBytesMax) return false;
        held_[event.step.value_or(StepRef())].push_back(event);
      }
      ++events_held_;
      return true;
    });
  }

  Status StepsAndEvents() {
    uint64_t seen = 0;
    Status failure;
    const Status scanned = line_.ScanEvents([&](const EventRecord& event) {
      const bool held = seen++ < events_held_ && IsHeld(event);
      if (held || !InRange(event)) return true;
      failure = event.step ? Wait(event) : Put(spans_.Event(event));
      return failure.ok();
    });
    BACKSTEP_RETURN_IF_ERROR(failure);
    BACKSTEP_RETURN_IF_ERROR(scanned);
    BACKSTEP_RETURN_IF_ERROR(StepsUpTo(to_));
    BACKSTEP_RETURN_IF_ERROR(OutsideUpTo(to_));
    for (auto& [step, events] : std::exchange(held_, {})) {  // of steps that never ended
      auto& late = waiting_[step];
      std::move(events.begin(), events.end(), std::back_inserter(late));
    }
    return LateEvents(true);
  }

  Status Wait(const EventRecord& event) {
    waiting_[*event.step].push_back(event);
    waiting_bytes_ += SizeOf(event);
    if (waiting_bytes_ < waiting_max_) return {};
    BACKSTEP_RETURN_IF_ERROR(StepsUpTo(std::min(event.after, to_)));
    BACKSTEP_RETURN_IF_ERROR(LateEvents(false));
    waiting_bytes_ = 0;
    for (const auto& [step, events] : waiting_) {
      for (const EventRecord& left : events) waiting_bytes_ += SizeOf(left);
    }
    waiting_max_ = std::max(kWaitingBytesMax, 2 * waiting_bytes_);  // of steps that are open still
    return {};
  }

  // Events whose step has gone out before they came.
  Status LateEvents(bool last) {
    for (auto at = waiting_.begin(); at != waiting_.end();) {
      BACKSTEP_ASSIGN_OR_RETURN(const auto number, line_.StepOf(at->first.first, at->first.second));
      const bool open = !number || *number > to_;
      const bool gone = number && *number < next_ && *number >= from_;
      const bool never = last && open && to_ == line_.last();
      for (EventRecord& event : at->second) {
        if (never) event.step.reset();
        if (gone || never) BACKSTEP_RETURN_IF_ERROR(Put(spans_.Event(event)));
      }
      const bool done = number && (*number < next_ || *number > to_);
      at = done ? waiting_.erase(at) : std::next(at);
    }
    return {};
  }

  Status StepsUpTo(StepNumber to) {
    if (to < next_) return {};
    Status failure;
    const Status scanned = line_.ScanStepsInFull(
        next_, to, [&](const auto& step, const auto& effects, const auto& sent) {
          failure = Step(step, effects, sent);
          return failure.ok();
        });
    next_ = StepNumber(to.value + 1);
    return failure.ok() ? scanned : failure;
  }

  Status OutsideUpTo(StepNumber by) {
    return outside_.UpTo(by, [this](const auto& message) { return Put(spans_.Sent(message)); });
  }

  Events EventsOf(const StepRef& step) {
    Events events;
    for (auto* source : {&waiting_, &held_}) {
      const auto found = source->find(step);
      if (found == source->end()) continue;
      std::move(found->second.begin(), found->second.end(), std::back_inserter(events));
      source->erase(found);
    }
    return events;
  }

  Status Step(const StepRecord& step, const std::vector<EffectRecord>& effects,
              const std::vector<MessageRecord>& sent) {
    BACKSTEP_RETURN_IF_ERROR(OutsideUpTo(StepNumber(step.number.value - 1)));
    BACKSTEP_RETURN_IF_ERROR(Put(spans_.Step(step, EventsOf({step.agent, step.clock}))));
    for (const TakenMessage& taken : step.took) {
      const auto message = line_.FindMessage(taken.id);
      if (message.ok()) BACKSTEP_RETURN_IF_ERROR(Put(spans_.Took(step, *message)));
    }
    for (const EffectRecord& effect : effects) BACKSTEP_RETURN_IF_ERROR(Put(spans_.Effect(effect)));
    for (const MessageRecord& message : sent) {
      BACKSTEP_RETURN_IF_ERROR(Put(spans_.Sent(message)));
    }
    return {};
  }

  store::Line& line_;
  const StepNumber from_, to_;
  const ByteSink& out_;
  const bool proto_;
  const SpanMaker spans_;
  OutsideMessages outside_;
  StepNumber next_;  // the first step that has not gone out
  bool first_ = true;
  std::vector<OutSpan> piece_;
  size_t piece_bytes_ = 0;
  std::map<StepRef, Events> held_, waiting_;
  uint64_t events_held_ = 0;  // of all events, from the front, those that HoldEvents saw
  size_t waiting_bytes_ = 0, waiting_max_ = kWaitingBytesMax;
};

}  // namespace

Status ExportOtlp(store::Line& line, const ExportOptions& options, const ByteSink& out) {
  return OtlpExport(line, options, out).Run();
}

}  // namespace backstep::adapters
