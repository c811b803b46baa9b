#include "backstep/recorder/adapters/own_traces/restore.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/own_traces/keys.h"
#include "backstep/recorder/adapters/own_traces/own_span.h"
#include "backstep/recorder/adapters/spans/span_codec.h"

namespace backstep::adapters {
namespace {

// Spans may stand in any order: what lies in a span is joined to it at the end. One session.
class Restorer {
 public:
  Restorer(const SpanCollector& collector, const CollectedSession& session, Sink& sink)
      : collector_(collector), session_(session), sink_(sink) {}

  Result<SessionDraft> Run() {
    std::unordered_set<uint64_t> seen;
    for (const SpanSketch* sketch : session_.spans) {
      if (!seen.insert(sketch->content).second) {
        Tell(*sketch, "the same span, word for word, stands before it");
        continue;
      }
      BACKSTEP_ASSIGN_OR_RETURN(const std::string bytes, sink_.Read(sketch->body));
      BACKSTEP_RETURN_IF_ERROR(DecodeSpan(bytes, &span_));
      Take(sketch);
    }
    AddSegments();
    AddSteps();
    AddMessages();
    AddRest();
    Describe();
    return std::move(draft_);
  }

 private:
  template <typename T>
  struct In {  // what lies in a span
    const SpanSketch* sketch;
    T what;
  };
  struct Taking {
    std::string id;
    OwnMessage message;
    bool activates;
  };
  struct Own {  // a step
    std::string agent;
    uint64_t number, begin_after, segment;
    StepDraft draft;
  };
  struct Sending {
    std::string id;
    OwnMessage message;
  };

  void Tell(const SpanSketch& sketch, const std::string& reason) {
    Place place{collector_.file(sketch.file)};
    (sketch.by_line ? place.line : place.offset) = sketch.place;
    sink_.Skip(place, reason);
  }

  void Take(const SpanSketch* sketch) {
    const OwnAttributes said(span_.attributes);
    const std::string kind = said.Text(own::kKind);
    if (kind == "session") {
      TakeSession(said);
    } else if (kind == "agent") {
      TakeAgent(said);
    } else if (kind == "segment") {
      SegmentDraft segment{said.Text("llmmas.segment.name"), {}, span_.began, span_.ended};
      segments_.push_back({sketch, {said.Count(own::kSegment), std::move(segment)}});
    } else if (kind == "step") {
      TakeStep(sketch, said);
    } else if (kind == "send") {
      sent_.push_back({sketch, {said.Text("llmmas.message.id"), OwnMessageOf(span_, sink_)}});
    } else if (kind == "process") {
      taken_.push_back({sketch, {said.Text("llmmas.message.id"), OwnMessageOf(span_, sink_),
                                 said.True(own::kActivates)}});
    } else if (kind == "event") {
      if (auto note = OwnNote(span_.name, span_.began, span_.attributes, sink_)) {
        notes_.push_back({sketch, std::move(*note)});
      }
    } else if (const auto effect = ParseEffectKind(kind)) {
      effects_.push_back({sketch, OwnEffect(span_, *effect, sink_)});
    } else {
      Tell(*sketch, "a span of an export of a kind that is not known: " + kind.substr(0, 64));
    }
  }

  void TakeSession(const OwnAttributes& said) {
    draft_.restored = true;
    draft_.name = said.Text("llmmas.session.id");
    draft_.user_id = said.Text("user.id");
    draft_.group_id = said.Text(own::kGroup);
    const Result<Json> tags = ParseJson(said.Text(own::kTags));
    if (tags.ok() && tags->is_array()) {
      for (const Json& tag : *tags) {
        if (tag.is_string()) draft_.tags.push_back(tag.get<std::string>());
      }
    }
    draft_.metadata = said.Pairs(own::kMetadata);
    draft_.outcome = OwnOutcome(span_).value_or(Outcome{});
    draft_.began = span_.began;
    draft_.ended = span_.ended;
    TakeNotes(nullptr);
  }

  // Of the span at hand; `sketch` null: of the whole run.
  void TakeNotes(const SpanSketch* sketch) {
    for (const SpanEvent& event : span_.events) {
      auto note = OwnNote(event.name, event.at, event.attributes, sink_);
      if (note) notes_.push_back({sketch, std::move(*note)});
    }
  }

  void TakeAgent(const OwnAttributes& said) {
    AgentDraft& agent = draft_.agents[draft_.Agent(said.Text(own::kAgentName)).value];
    agent.role = said.Text("llmmas.agent.role");
    agent.model = said.Text("gen_ai.request.model");
    agent.implementation = said.Text(own::kImplementation);
    agent.attributes = said.Text(own::kAgentAttributes);
  }

  void TakeStep(const SpanSketch* sketch, const OwnAttributes& said) {
    Own step{said.Text(own::kAgentName), said.Count(own::kNumber), said.Count(own::kBeginAfter),
             said.Count(own::kSegment), {}};
    step.draft.name = said.Text(own::kStepName);
    if (const auto index = said.Integer(own::kIndex)) {
      step.draft.program_index = static_cast<uint64_t>(*index);
    }
    step.draft.began = span_.began;
    step.draft.ended = span_.ended;
    step.draft.error = OwnError(span_);
    step.draft.outcome = OwnOutcome(span_);
    step.draft.faults = OwnFaults(span_);
    steps_.push_back({sketch, std::move(step)});
    TakeNotes(sketch);
  }

  void AddSegments() {
    std::stable_sort(segments_.begin(), segments_.end(),
                     [](const auto& a, const auto& b) { return a.what.first < b.what.first; });
    std::unordered_map<uint64_t, SegmentIndex> by_span;
    for (auto& segment : segments_) {
      const SegmentIndex index(static_cast<uint32_t>(draft_.segments.size()));
      by_span.try_emplace(segment.sketch->id, index);
      segment_by_number_.try_emplace(segment.what.first, index);
      draft_.segments.push_back(std::move(segment.what.second));
    }
    for (size_t i = 0; i < segments_.size(); ++i) {
      const auto parent = by_span.find(segments_[i].sketch->parent);
      if (parent == by_span.end() || parent->second.value == i) continue;
      draft_.segments[i].parent = parent->second;
    }
  }

  void AddSteps() {
    std::stable_sort(steps_.begin(), steps_.end(), [](const auto& a, const auto& b) {
      return a.what.number < b.what.number;
    });
    std::unordered_map<uint64_t, StepIndex> by_number;
    for (auto& step : steps_) {
      step.what.draft.agent = draft_.Agent(step.what.agent);
      const auto segment = segment_by_number_.find(step.what.segment);
      if (segment != segment_by_number_.end()) step.what.draft.segment = segment->second;
      const StepIndex index = draft_.Add(std::move(step.what.draft));
      step_by_span_.try_emplace(step.sketch->id, index);
      by_number.try_emplace(step.what.number, index);
    }
    for (size_t i = 0; i < steps_.size(); ++i) {
      const StepIndex index(static_cast<uint32_t>(i));
      const auto parent = StepAt(steps_[i].sketch->parent);
      if (parent && *parent != index) draft_.steps[i].parent = parent;
      const auto before = by_number.find(steps_[i].what.begin_after);
      const bool ended = before != by_number.end() && before->second < index;
      if (ended) draft_.order.emplace_back(before->second, index);
    }
  }

  std::optional<StepIndex> StepAt(uint64_t span) const {
    const auto found = step_by_span_.find(span);
    if (found == step_by_span_.end()) return std::nullopt;
    return found->second;
  }

  MessageIndex AddMessage(const std::string& id, OwnMessage message) {
    message.draft.to = draft_.Agent(message.target);
    const MessageIndex index = draft_.Add(std::move(message.draft));
    message_by_id_.try_emplace(id, index);
    if (!message.reply_to.empty()) replies_.emplace_back(index, std::move(message.reply_to));
    return index;
  }

  void AddMessages() {
    for (auto& [sketch, sent] : sent_) {
      sent.message.draft.from = StepAt(sketch->parent);
      if (!sent.message.draft.from && sent.message.source != kOutsideName) {
        sent.message.draft.attributes.emplace_back("source", sent.message.source);
      }
      AddMessage(sent.id, std::move(sent.message));
    }
    for (auto& [sketch, taken] : taken_) {
      const auto step = StepAt(sketch->parent);
      if (!step) {
        Tell(*sketch, "the step that took this message is not there");
        continue;
      }
      const auto known = message_by_id_.find(taken.id);
      if (known == message_by_id_.end() && taken.message.source != kOutsideName) {
        taken.message.draft.attributes.emplace_back("source", taken.message.source);
      }
      const MessageIndex index = known != message_by_id_.end()
                                     ? known->second
                                     : AddMessage(taken.id, std::move(taken.message));
      MessageDraft& message = draft_.messages[index.value];
      message.to = draft_.steps[step->value].agent;
      message.taken_by = step;
      message.taken_in_mid_step = !taken.activates;
    }
    for (const auto& [index, to] : replies_) {
      const auto found = message_by_id_.find(to);
      if (found != message_by_id_.end()) draft_.messages[index.value].reply_to = found->second;
    }
  }

  void AddRest() {
    for (auto& [sketch, effect] : effects_) {
      const auto step = StepAt(sketch->parent);
      if (!step) {
        Tell(*sketch, "the step of this call is not there");
        continue;
      }
      effect.step = *step;
      draft_.Add(std::move(effect));
    }
    for (auto& [sketch, note] : notes_) {
      // An event's own span lies in its step; events on a step's span are that step's.
      if (sketch != nullptr) {
        note.step = StepAt(sketch->id);
        if (!note.step) note.step = StepAt(sketch->parent);
      }
      draft_.notes.push_back(std::move(note));
    }
  }

  void Describe() {
    draft_.metadata.emplace_back("import.format", collector_.format());
    if (!session_.spans.empty()) {
      draft_.metadata.emplace_back("import.file", collector_.file(session_.spans.front()->file));
    }
  }

  const SpanCollector& collector_;
  const CollectedSession& session_;
  Sink& sink_;
  Span span_;
  SessionDraft draft_;
  std::vector<In<std::pair<uint64_t, SegmentDraft>>> segments_;
  std::vector<In<Own>> steps_;
  std::vector<In<Sending>> sent_;
  std::vector<In<Taking>> taken_;
  std::vector<In<EffectDraft>> effects_;
  std::vector<In<NoteDraft>> notes_;
  std::unordered_map<uint64_t, SegmentIndex> segment_by_number_;
  std::unordered_map<uint64_t, StepIndex> step_by_span_;
  std::unordered_map<std::string, MessageIndex> message_by_id_;
  std::vector<std::pair<MessageIndex, std::string>> replies_;
};

}  // namespace

Result<SessionDraft> RestoreSession(const SpanCollector& collector, const CollectedSession& session,
                                    Sink& sink) {
  return Restorer(collector, session, sink).Run();
}

}  // namespace backstep::adapters
