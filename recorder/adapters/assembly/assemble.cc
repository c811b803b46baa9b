#include "backstep/recorder/adapters/assembly/assemble.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "backstep/recorder/adapters/assembly/assembler.h"
#include "backstep/recorder/adapters/spans/span_codec.h"

namespace backstep::adapters {
namespace {

constexpr size_t kStatesAtOnce = 8u << 20;  // bytes of conversations that wait for a newer one
constexpr size_t kLinksMax = 64;            // of one step
constexpr size_t kCausesMax = 8;            // steps of a linked trace that are looked at

bool IsCall(SpanRole role) {
  return role == SpanRole::kLlm || role == SpanRole::kTool || role == SpanRole::kRetriever;
}

Wiring::Named NameOf(const Meaning& meaning) {
  const auto text = [&](Field field) { return std::string(meaning.Text(field)); };
  Wiring::Named name{text(Field::kSource), text(Field::kTarget), text(Field::kMessageId),
                     text(Field::kMessageHash), text(Field::kEdge), text(Field::kChannel),
                     text(Field::kMessageType)};
  return name;
}

std::string AttributeText(const Attributes& attributes, std::string_view key) {
  for (const Attribute& attribute : attributes) {
    if (attribute.key == key) return std::string(attribute.text);
  }
  return {};
}

}  // namespace

void Assembler::AddSegment(Current* now) {
  const int32_t parent = now->node->parent;
  if (parent >= 0 && segments_[parent] != UINT32_MAX) {
    now->segment = SegmentIndex(segments_[parent]);
  }
  if (now->meaning.role == SpanRole::kSegment && !now->outer_step) {
    SegmentDraft segment;
    segment.name = now->meaning.Has(Field::kSegmentName) ? now->meaning.Text(Field::kSegmentName)
                                                         : span_.name;
    segment.parent = now->segment;
    segment.began = now->node->sketch->began;
    segment.ended = now->node->sketch->ended;
    now->segment = SegmentIndex(static_cast<uint32_t>(draft_.segments.size()));
    draft_.segments.push_back(std::move(segment));
  }
  if (now->segment) segments_[now->at] = now->segment->value;
}

// Whose step it is where no span says so: the service, if it has a name of its own.
std::string Assembler::ImpliedAgent(const Current& now) {
  const std::string service = AttributeText(AttributesOf(span_.resource), "service.name");
  if (!service.empty() && service.rfind("unknown_service", 0) != 0) return service;
  bool told = false;
  return AgentOf(span_, now.meaning, &told);
}

void Assembler::NameAgent(const Current& now, AgentIndex index) {
  AgentDraft& agent = draft_.agents[index.value];
  const Meaning& meaning = now.meaning;
  if (agent.role.empty()) agent.role = meaning.Text(Field::kAgentRole);
  if (agent.model.empty()) agent.model = meaning.Text(Field::kModel);
  if (agent.implementation.empty()) {
    agent.implementation = AttributeText(AttributesOf(span_.scope), "name");
  }
  if (agent.attributes.empty() && meaning.Has(Field::kAgentId)) {
    agent.attributes = JsonText(Json{{"id", std::string(meaning.Text(Field::kAgentId))}});
  }
}

Wiring::Node Assembler::PlaceInGraph(const Current& now) const {
  Wiring::Node node;
  node.parent = now.node->parent;
  node.number = now.meaning.Number(Field::kNodeStep);
  node.graph = now.node->sketch->node != 0;
  node.from_agent = now.meaning.Text(Field::kGraphParent);
  return node;
}

std::string Assembler::StepAgent(const Current& now) {
  const Meaning& meaning = now.meaning;
  bool told = false;
  if (meaning.role == SpanRole::kAgent) return AgentOf(span_, meaning, &told);
  if (meaning.Has(Field::kNode)) return std::string(meaning.Text(Field::kNode));
  if (meaning.Has(Field::kAgentName)) return std::string(meaning.Text(Field::kAgentName));
  return ImpliedAgent(now);
}

void Assembler::AddStep(Current* now) {
  const Meaning& meaning = now->meaning;
  const std::string agent = StepAgent(*now);
  StepDraft step;
  step.agent = draft_.Agent(agent.empty() ? "agent" : agent);
  NameAgent(*now, step.agent);
  step.parent = now->outer_step;
  step.segment = now->segment;
  step.name = span_.name;
  const Field index = meaning.Has(Field::kStepIndex) ? Field::kStepIndex : Field::kNodeStep;
  if (meaning.Has(index)) step.program_index = meaning.Number(index);
  step.began = now->node->sketch->began;
  step.ended = now->node->sketch->ended;
  if (now->failure.failed && !IsCall(meaning.role)) {
    step.error = StepError{now->failure.kind, now->failure.message};
  }
  now->step = draft_.Add(std::move(step));
  steps_[now->at] = now->step->value;
  effects_in_step_.push_back(0);
  steps_by_trace_[now->node->sketch->trace].push_back(*now->step);
  if (!IsCall(meaning.role)) Activate(*now);
}

// Gives a step what it works on.
void Assembler::Activate(const Current& now) {
  std::optional<KeptBody> input = Keep(now.exchange.request);
  if (!input && !now.outer_step) input = std::exchange(root_input_, std::nullopt);
  // llmmas-otel says each message by itself.
  if (!input && !now.exchange.response && now.meaning.Has(Field::kStepIndex)) return;
  const std::optional<KeptBody> output = Keep(now.exchange.response);
  if (now.meaning.role != SpanRole::kReceive) {
    const Wiring::Node place = PlaceInGraph(now);
    wiring_.Activated(*now.step, place, input, output);
    if (output && (!now.outer_step || place.graph)) KeepOutput(now, *output);
    return;
  }
  if (output) KeepOutput(now, *output);
  Wiring::Named name = NameOf(now.meaning);
  name.target = draft_.agents[draft_.steps[now.step->value].agent.value].name;
  // AutoGen's runtime: {"sender": …, "message_id": …}
  const Result<Json> context = ParseJson(AttributeText(span_.attributes, "message_context"));
  if (name.id.empty() && context.ok()) name.id = TextAt(*context, "message_id");
  processed_.push_back({*now.step, std::move(name), input.value_or(KeptBody{})});
}

void Assembler::AddMessage(const Current& now) {
  const Meaning& meaning = now.meaning;
  Wiring::Named name = NameOf(meaning);
  const bool sends = meaning.role == SpanRole::kSend;
  if (meaning.role == SpanRole::kHandoff) {
    for (std::string_view head : {"handoff to ", "Handoff: "}) {
      if (name.target.empty() && span_.name.substr(0, head.size()) == head) {
        name.target = span_.name.substr(head.size());
      }
    }
    NoteDraft note{.step = now.step, .kind = EventRecord::Kind::kHandoff, .name = name.target};
    note.began = now.node->sketch->began;
    draft_.notes.push_back(std::move(note));
    wiring_.HandedOff(now.step, name, Keep(now.exchange.request).value_or(KeptBody{}),
                      now.node->sketch->began);
    return;
  }
  // Without both ends it is a queue's doing and not an agent's, or what came from outside.
  if (name.target.empty() || (sends && name.source.empty())) return;
  std::optional<KeptBody> body;
  if (find_body_) {
    body =
        find_body_({session_.scope, session_.id, name.id, name.hash, sends ? "send" : "receive"});
  }
  if (!body && meaning.Has(Field::kMessageBody)) {
    body = sink_.Keep(meaning.Text(Field::kMessageBody), Media::kText);
  }
  const TimeNs at = now.node->sketch->began;
  if (sends) {
    wiring_.Sent(now.step, name, body.value_or(KeptBody{}), at, meaning.True(Field::kDropped));
  } else if (now.step) {
    wiring_.Took(*now.step, name, body.value_or(KeptBody{}), at,
                 effects_in_step_[now.step->value] != 0);
  }
}

void Assembler::NoteLinks(const Current& now) {
  if (!now.step || span_.links.empty()) return;
  std::vector<Link>& links = links_[now.step->value];
  for (const SpanLink& link : span_.links) {
    if (links.size() >= kLinksMax) return;
    links.push_back({SpanCollector::SpanKey(link.trace_id, link.span_id),
                     collector_.FindTrace(link.trace_id)});
  }
}

// The steps its links lead to: those around the spans pointed at, else the ones of their trace that
// had begun by then.
std::vector<StepIndex> Assembler::Causes(StepIndex step) const {
  std::vector<StepIndex> causes;
  const auto links = links_.find(step.value);
  if (links == links_.end()) return causes;
  for (const Link& link : links->second) {
    const auto node = node_by_id_.find(link.span);
    const int32_t around = node == node_by_id_.end() ? -1 : tree_.nodes[node->second].step;
    if (const std::optional<StepIndex> cause = StepOf(around)) {
      if (*cause != step) causes.push_back(*cause);
      continue;
    }
    const auto trace = link.trace ? steps_by_trace_.find(*link.trace) : steps_by_trace_.end();
    if (trace == steps_by_trace_.end()) continue;
    size_t looked_at = 0;
    for (auto it = trace->second.rbegin(); it != trace->second.rend(); ++it) {
      if (++looked_at > kCausesMax) break;
      const bool begun = draft_.steps[it->value].began <= draft_.steps[step.value].began;
      if (begun && *it != step) causes.push_back(*it);
    }
  }
  std::sort(causes.begin(), causes.end());
  causes.erase(std::unique(causes.begin(), causes.end()), causes.end());
  return causes;
}

void Assembler::JoinLinks() {
  for (const auto& [index, links] : links_) {
    const StepDraft& step = draft_.steps[index];
    for (StepIndex cause : Causes(StepIndex(index))) {
      const StepDraft& first = draft_.steps[cause.value];
      if (first.parent || step.parent || first.ended > step.began) continue;
      draft_.order.emplace_back(cause, StepIndex(index));
    }
  }
  for (const Processed& taken : processed_) {
    wiring_.Processed(taken.step, taken.name, taken.body, Causes(taken.step));
  }
}

void Assembler::Describe(Current* now) {
  const bool step = now->node->is_step;
  switch (now->meaning.role) {
    case SpanRole::kLlm: now->exchange = ModelExchange(span_, now->meaning); break;
    case SpanRole::kTool:
    case SpanRole::kRetriever: now->exchange = ToolExchange(span_, now->meaning); break;
    case SpanRole::kHandoff: now->exchange = PlainExchange(span_, now->meaning); break;
    default:
      if (step) now->exchange = PlainExchange(span_, now->meaning);
      else now->exchange.used.assign(span_.attributes.size(), false);
  }
  now->failure = FailureOf(span_, now->meaning);
  if (now->node->parent >= 0) return;
  root_ok_ = root_ok_ || span_.status == SpanStatus::kOk;
  const bool said = now->meaning.Has(Field::kSuccess) && !now->meaning.True(Field::kSuccess);
  if (!now->failure.failed && !said) return;
  root_failed_ = true;
  if (root_failure_.empty()) root_failure_ = now->failure.message;
}

Status Assembler::Take(int32_t at) {
  Current now;
  now.at = at;
  now.node = &tree_.nodes[at];
  BACKSTEP_ASSIGN_OR_RETURN(bytes_, sink_.Read(now.node->sketch->body));
  BACKSTEP_RETURN_IF_ERROR(DecodeSpan(bytes_, &span_));
  now.meaning = Understand(&span_);
  if (now.node->parent >= 0) now.outer_step = StepOf(tree_.nodes[now.node->parent].step);
  if (now.node->parent < 0 || states_bytes_ > kStatesAtOnce) FlushStates();
  Describe(&now);
  if (now.node->parent < 0) {
    const bool waits = !now.node->is_step && now.meaning.Has(Field::kInput);
    root_input_.reset();
    if (waits) root_input_ = sink_.Keep(now.meaning.Text(Field::kInput), Media::kText);
  }
  AddSegment(&now);
  now.step = now.outer_step;
  if (now.node->is_step) AddStep(&now);
  ResourceNumber(span_.resource);
  if (IsCall(now.meaning.role)) AddEffect(&now);
  const bool message = now.meaning.role == SpanRole::kSend ||
                       now.meaning.role == SpanRole::kHandoff ||
                       (now.meaning.role == SpanRole::kReceive && !now.node->is_step);
  if (message) AddMessage(now);
  NoteLinks(now);
  AddFaults(now);
  AddEvents(now);
  AddSpanNote(now);
  if (draft_.user_id.empty()) draft_.user_id = now.meaning.Text(Field::kUser);
  if (draft_.name.empty()) {
    draft_.name = session_.id.empty() ? std::string(span_.name) : session_.id;
  }
  return {};
}

void Assembler::Conclude() {
  FlushStates();
  JoinLinks();
  wiring_.Finish();
  draft_.state_source = reconstructed_ ? StateSource::kReconstructed : StateSource::kViewOnly;
  if (root_failed_) {
    draft_.outcome.kind = Outcome::Kind::kFailed;
    draft_.outcome.reason =
        root_failure_.empty() ? "a root span says that it failed" : root_failure_;
  } else if (root_ok_) {
    draft_.outcome.kind = Outcome::Kind::kOk;
    draft_.outcome.reason = "the root span's status is OK";
  }
  auto& metadata = draft_.metadata;
  metadata.emplace_back("import.format", collector_.format());
  std::set<std::string> files;
  for (const SpanSketch* sketch : session_.spans) {
    const std::string& file = collector_.file(sketch->file);
    if (files.size() < 16 && files.insert(file).second) metadata.emplace_back("import.file", file);
  }
  const auto known = [&](std::string_view key) {
    return std::any_of(metadata.begin(), metadata.end(),
                       [&](const auto& m) { return m.first == key; });
  };
  if (!session_.id.empty() && !known("session.id")) {
    metadata.emplace_back("session.id", session_.id);
  }
  for (size_t i = 0; i < session_.traces.size() && i < 16; ++i) {
    metadata.emplace_back("trace.id", collector_.trace_id(session_.traces[i]));
  }
  if (session_.traces.size() > 1) {
    metadata.emplace_back("trace.count", std::to_string(session_.traces.size()));
  }
  for (const auto& said : session_.metadata) metadata.push_back(said);
  DescribeResources();
}

Result<SessionDraft> Assembler::Run() {
  tree_ = GrowTree(collector_, session_, sink_);
  MarkSteps(&tree_);
  steps_.assign(tree_.nodes.size(), UINT32_MAX);
  segments_.assign(tree_.nodes.size(), UINT32_MAX);
  for (size_t i = 0; i < tree_.nodes.size(); ++i) {
    node_by_id_.try_emplace(tree_.nodes[i].sketch->id, static_cast<int32_t>(i));
  }
  for (int32_t at : tree_.order) BACKSTEP_RETURN_IF_ERROR(Take(at));
  Conclude();
  return std::move(draft_);
}

Result<SessionDraft> AssembleSession(const SpanCollector& collector,
                                     const CollectedSession& session, Sink& sink,
                                     const BodyFinder& find_body) {
  return Assembler(collector, session, sink, find_body).Run();
}

}  // namespace backstep::adapters
