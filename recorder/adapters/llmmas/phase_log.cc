#include "backstep/recorder/adapters/llmmas/phase_log.h"

#include <algorithm>
#include <map>

#include "backstep/recorder/adapters/conversations/odd_parts.h"
#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/core/source.h"

namespace backstep::adapters {
namespace {

// Each line is a step of whom it is from; what it says goes to whom it is to, if that is one agent.
class PhaseRun {
 public:
  explicit PhaseRun(Sink& sink) : sink_(sink) {}
  bool empty() const { return draft_.steps.empty(); }

  bool Add(const Json& line, const Place& place) {
    const std::string from = TextAt(line, "from_agent"), phase = TextAt(line, "phase");
    if (from.empty() || Find(line, "message_content") == nullptr) return false;
    StepDraft step{.agent = draft_.Agent(from), .name = TextAt(line, "message_type")};
    const auto [segment, added] =
        segments_.try_emplace(phase, static_cast<uint32_t>(draft_.segments.size()));
    const Json* at = Find(line, "timestamp");
    step.began = step.ended = at == nullptr ? TimeNs{} : TimeOf(*at);
    if (added) draft_.segments.push_back({.name = phase, .began = step.began});
    OddParts odd;
    odd.Time(line, "timestamp");
    odd.Tell(place, "", sink_);
    TimeNs& segment_ended = draft_.segments[segment->second.value].ended;
    segment_ended = std::max(segment_ended, step.ended);
    step.segment = segment->second;
    const TimeNs began = step.began;
    const StepIndex index = draft_.Add(std::move(step));
    if (waiting_ && draft_.messages[waiting_->value].to == draft_.steps[index.value].agent) {
      draft_.messages[waiting_->value].taken_by = index;
    }
    waiting_.reset();
    const std::string to = TextAt(line, "to_agent"), type = TextAt(line, "message_type");
    const std::string text = TextAt(line, "message_content");
    if (to.empty() || to == "All" || to == from) {
      draft_.notes.push_back(
          {.step = index, .name = type.empty() ? "message" : type, .category = "info", .data = text,
           .began = began});
    } else {
      MessageDraft message{.from = index, .to = draft_.Agent(to), .channel = phase, .kind = type};
      message.body = sink_.Keep(text, Media::kText);
      message.sent = began;
      waiting_ = draft_.Add(std::move(message));
    }
    KeepRest(line, index);
    return true;
  }

  Status Finish(const Source& source) {
    draft_.name = source.name();
    draft_.metadata = {{"import.format", "llmmas"}, {"import.file", source.path()}};
    return sink_.Session(std::move(draft_));
  }

 private:
  void KeepRest(const Json& line, StepIndex step) {
    for (const char* key : {"tool_calls", "metadata"}) {
      const Json* found = Find(line, key);
      if (found == nullptr || found->empty()) continue;
      draft_.notes.push_back(
          {.step = step, .name = key, .category = "info", .data = JsonText(*found)});
    }
  }

  Sink& sink_;
  SessionDraft draft_;
  std::map<std::string, SegmentIndex> segments_;
  std::optional<MessageIndex> waiting_;
};

}  // namespace

Status ReadPhaseLog(Source& source, Sink& sink) {
  PhaseRun run(sink);
  std::string_view text;
  for (;;) {
    bool more = false;
    BACKSTEP_ASSIGN_OR_RETURN(more, source.ReadLine(&text));
    if (!more) break;
    if (text.find_first_not_of(" \t") == text.npos) continue;
    const Result<Json> line = ParseJson(text);
    const Place place{source.path(), source.line()};
    if (!line.ok() || !run.Add(*line, place)) {
      sink.Skip(place, line.ok() ? "not a message of a phase" : line.status().message());
    }
  }
  if (run.empty()) return NoRunIn(source.path(), "llmmas");
  return run.Finish(source);
}

}  // namespace backstep::adapters
