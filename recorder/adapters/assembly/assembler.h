// The work behind AssembleSession: reads the spans of a session in order and writes its draft. One
// session, one thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "backstep/recorder/adapters/assembly/assemble.h"
#include "backstep/recorder/adapters/spans/exchange.h"
#include "backstep/recorder/adapters/spans/meaning.h"
#include "backstep/recorder/adapters/assembly/tree.h"
#include "backstep/recorder/adapters/assembly/wiring.h"

namespace backstep::adapters {

class Assembler {
 public:
  Assembler(const SpanCollector& collector, const CollectedSession& session, Sink& sink,
            const BodyFinder& find_body)
      : collector_(collector), session_(session), sink_(sink), find_body_(find_body),
        wiring_(&draft_) {}

  Result<SessionDraft> Run();

 private:
  // What is known of a span while it is at hand.
  struct Current {
    int32_t at = 0;
    const SpanNode* node = nullptr;
    Meaning meaning;
    SpanExchange exchange;
    Failure failure;
    std::optional<StepIndex> step;        // the one it is, or lies in
    std::optional<StepIndex> outer_step;  // the one around it
    std::optional<SegmentIndex> segment;
  };

  Status Take(int32_t at);
  void Describe(Current* now);
  // assemble.cc: what orders and holds
  void AddSegment(Current* now);
  std::string StepAgent(const Current& now);
  void AddStep(Current* now);
  void Activate(const Current& now);
  void NameAgent(const Current& now, AgentIndex agent);
  std::string ImpliedAgent(const Current& now);
  Wiring::Node PlaceInGraph(const Current& now) const;
  void AddMessage(const Current& now);
  void NoteLinks(const Current& now);
  std::vector<StepIndex> Causes(StepIndex step) const;
  void JoinLinks();
  void Conclude();
  // emit.cc: what lies in steps
  void AddEffect(Current* now);
  void KeepOutput(const Current& now, const KeptBody& output);
  void KeepConversation(const Current& now);
  void FlushStates();
  void AddFaults(const Current& now);
  void AddEvents(const Current& now);
  void AddSpanNote(const Current& now);
  std::string SpanData(const Current& now);
  std::optional<KeptBody> Keep(const std::optional<SpanExchange::Part>& part);
  const Attributes& AttributesOf(OriginId origin);
  uint32_t ResourceNumber(OriginId resource);
  void DescribeResources();

  std::optional<StepIndex> StepOf(int32_t node) const {
    if (node < 0 || steps_[node] == UINT32_MAX) return std::nullopt;
    return StepIndex(steps_[node]);
  }

  const SpanCollector& collector_;
  const CollectedSession& session_;
  Sink& sink_;
  const BodyFinder& find_body_;
  SessionDraft draft_;
  Wiring wiring_;
  SpanTree tree_;
  std::string bytes_;  // of span_
  Span span_;
  std::vector<uint32_t> steps_;     // by node: the step it is; UINT32_MAX: none
  std::vector<uint32_t> segments_;  // by node: the segment it is or lies in
  std::unordered_map<uint64_t, int32_t> node_by_id_;
  std::unordered_map<uint32_t, std::vector<StepIndex>> steps_by_trace_;
  std::vector<uint8_t> effects_in_step_;         // by step: it has one
  std::map<uint32_t, std::string> states_;       // by step: its newest conversation
  size_t states_bytes_ = 0;
  // of a root that is no step: the first one in it works on it
  std::optional<KeptBody> root_input_;
  struct Link {
    uint64_t span;
    std::optional<uint32_t> trace;
  };
  std::map<uint32_t, std::vector<Link>> links_;  // by step: what it or spans in it point at
  struct Processed {
    StepIndex step;
    Wiring::Named name;
    KeptBody body;
  };
  std::vector<Processed> processed_;
  std::unordered_map<OriginId, Attributes> origin_attributes_;
  std::map<OriginId, std::string> origin_bytes_;
  std::map<uint64_t, uint32_t> resource_numbers_;  // place of its body -> number from 1
  std::vector<OriginId> resources_;
  std::string root_failure_;
  size_t event_room_ = 100'000;  // events that may still be kept by themselves
  bool root_ok_ = false, root_failed_ = false, reconstructed_ = false;
};

}  // namespace backstep::adapters
