#include "backstep/recorder/adapters/tapeagents/tape.h"

#include <algorithm>
#include <set>

#include "backstep/base/hash.h"
#include "backstep/recorder/adapters/conversations/fields.h"

namespace backstep::adapters {
namespace {

constexpr size_t kFramesMax = 64;

std::string DigestOf(std::string_view text) { return HashBytes(text).ToHex(); }

bool IsAction(const std::string& kind) {
  return kind.ends_with("_action") || kind == "execute_code" || kind == "action";
}

bool IsAnswer(const std::string& kind) {
  return kind.ends_with("_observation") || kind == "code_execution_result" ||
         kind == "action_execution_failure" || kind == "observation";
}

// Who says what no agent does.
std::string OutsiderOf(const std::string& kind) {
  return kind == "user" || kind == "question" || kind == "task" || kind == "system" ? "user"
                                                                                    : "environment";
}

// What a step says: its content or the like, else its fields.
std::string TextOf(const Json& step) {
  for (const char* key : {"content", "reasoning", "text", "task", "code"}) {
    const Json* value = Find(step, key);
    if (value != nullptr && value->is_string() && !value->get_ref<const std::string&>().empty()) {
      return value->get<std::string>();
    }
  }
  Json fields = step;
  fields.erase("metadata");
  return JsonText(fields);
}

// Tells the steps of one tape in turn.
class TapeTeller {
 public:
  TapeTeller(TapeDraft* out, Sink* sink) : out_(out), talk_(&out->draft, sink), sink_(sink) {}

  void Step(const Json& step, size_t index) {
    const Json* metadata = Find(step, "metadata");
    const std::string kind = TextAt(step, "kind");
    const std::string path = metadata == nullptr ? "" : TextAt(*metadata, "agent");
    const std::string text = TextOf(step);
    const std::string agent = path.empty() ? OutsiderOf(kind) : NameOf(path);
    const StepIndex said = talk_.Say({.agent = agent,
                                      .text = text,
                                      .media = MediaOf(text),
                                      .item = &step,
                                      .index = index,
                                      .name = kind,
                                      .kind = kind});
    if (!path.empty()) out_->draft.steps[said.value].segment = FrameOf(path);
    Address(step, kind, path);
    Tools(step, kind, text);
    out_->prompt_ids.push_back(metadata == nullptr ? "" : TextAt(*metadata, "prompt_id"));
    out_->items.push_back(DigestOf(JsonText(step)));
  }

 private:
  // An agent's name is the last part of its path; of two with the same one the later bears the
  // whole path.
  std::string NameOf(const std::string& path) {
    const auto [place, is_new] = names_.emplace(path, "");
    if (is_new) {
      const std::string last = path.substr(path.rfind('/') + 1);
      place->second = !last.empty() && taken_.insert(last).second ? last : path;
    }
    return place->second;
  }
  // The call on the stack that a path names, as a segment within its caller's.
  SegmentIndex FrameOf(const std::string& path) {
    size_t depth = 0, at = 0;
    for (; at <= path.size() && depth < kFramesMax; ++depth) {
      const size_t end = std::min(path.find('/', at), path.size());
      const std::string name = path.substr(at, end - at);
      at = end + 1;
      if (depth < frames_.size() && frames_[depth].first == name) continue;
      frames_.resize(depth);
      SegmentDraft frame{.name = name};
      if (depth > 0) frame.parent = frames_.back().second;
      frames_.emplace_back(name,
                           SegmentIndex(static_cast<uint32_t>(out_->draft.segments.size())));
      out_->draft.segments.push_back(std::move(frame));
    }
    frames_.resize(depth);
    return frames_.back().second;
  }
  void Address(const Json& step, const std::string& kind, const std::string& path) {
    if (kind == "call") {
      const std::string callee = TextAt(step, "agent_name");
      if (!callee.empty()) talk_.To(NameOf(path.empty() ? callee : path + "/" + callee), "call");
    } else if (kind == "respond" && path.find('/') != std::string::npos) {
      talk_.To(NameOf(path.substr(0, path.rfind('/'))), "respond");
    } else if (kind == "broadcast") {
      const Json* to = Find(step, "to");
      if (to == nullptr || !to->is_array()) return;
      for (const Json& one : *to) {
        const std::string name = BodyText(one);
        if (!name.empty()) talk_.To(NameOf(path.empty() ? name : path + "/" + name), "broadcast");
      }
    }
  }
  void Tools(const Json& step, const std::string& kind, const std::string& text) {
    if (IsAction(kind)) {
      Json request = step;
      request.erase("metadata");
      talk_.Call({.step = {},
                  .name = kind,
                  .tool_type = "action",
                  .request = sink_->Keep(JsonText(request), Media::kJson)},
                 "");
    } else if (IsAnswer(kind)) {
      std::optional<CallError> error;
      if (kind == "action_execution_failure") {
        error = CallError{.kind = "tool_error", .message = CutText(TextAt(step, "error"), 4096)};
      }
      talk_.Answer("", text, MediaOf(text), error);  // the first observation answers nothing
    } else if (const Json* calls = Find(step, "tool_calls");
               calls != nullptr && calls->is_array()) {
      for (const Json& call : *calls) {
        const Json* function = Find(call, "function");
        const Json* arguments = function == nullptr ? nullptr : Find(*function, "arguments");
        const std::string request = arguments == nullptr ? "" : BodyText(*arguments);
        talk_.Call({.step = {},
                    .name = function == nullptr ? "" : TextAt(*function, "name"),
                    .tool_type = TextAt(call, "type"),
                    .request = sink_->Keep(request, MediaOf(request))},
                   TextAt(call, "id"));
      }
    } else if (kind == "tool") {
      talk_.Answer(TextAt(step, "tool_call_id"), text, MediaOf(text));
    }
  }

  TapeDraft* out_;
  Talk talk_;
  Sink* sink_;
  std::map<std::string, std::string> names_;  // by path
  std::set<std::string> taken_;
  std::vector<std::pair<std::string, SegmentIndex>> frames_;  // the stack, outermost first
};

// What each step is, sent and called, with what came of it.
std::vector<Hash128> DeedsOf(const TapeDraft& tape, Sink& sink) {
  std::vector<std::string> deeds = tape.items;
  const SessionDraft& draft = tape.draft;
  for (const MessageDraft& message : draft.messages) {
    if (!message.from) continue;
    deeds[message.from->value] +=
        " to " + draft.agents[message.to.value].name + " " + message.channel + " taken by " +
        (message.taken_by ? std::to_string(message.taken_by->value) : "nobody");
  }
  for (const EffectDraft& effect : draft.effects) {
    std::string answer = effect.error ? effect.error->message : "none";
    if (effect.response) {
      const Result<std::string> body = sink.Read(*effect.response);
      answer = body.ok() ? DigestOf(*body) : "unread";
    }
    deeds[effect.step.value] += " calls " + effect.name + " " + answer;
  }
  std::vector<Hash128> hashes;
  for (const std::string& deed : deeds) hashes.push_back(HashBytes(deed));
  return hashes;
}

}  // namespace

TapeDraft TellTape(const Json& tape, const std::string& path, Sink& sink) {
  TapeDraft out;
  out.path = path;
  out.draft.name = FileStem(path);
  if (const Json* metadata = Find(tape, "metadata")) {
    out.id = TextAt(*metadata, "id");
    out.parent_id = TextAt(*metadata, "parent_id");
    KeepRest(&out.draft, "source.", *metadata, {});
    const Json* error = Find(*metadata, "error");
    if (error != nullptr && !error->is_null() && !BodyText(*error).empty()) {
      out.draft.outcome = {.kind = Outcome::Kind::kFailed, .reason = MetaText(*error)};
    }
  }
  if (const Json* context = Find(tape, "context")) {
    KeepMeta(&out.draft, "source.context", *context);
    const Json* steps = Find(tape, "steps");
    if (steps != nullptr && steps->empty() && context->is_string()) {  // a run that is to begin
      out.draft.notes.push_back({.name = "context",
                                 .category = "info",
                                 .kept_data = sink.Keep(BodyText(*context), Media::kText)});
    }
  }
  TapeTeller teller(&out, &sink);
  const Json& steps = *Find(tape, "steps");
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].is_object()) {
      teller.Step(steps[i], i);
    } else {
      sink.Skip({.file = path}, "steps[" + std::to_string(i) + "] is no step");
    }
  }
  return out;
}

void JoinCalls(TapeData* data, TapeDraft* tape) {
  std::set<std::string> joined;
  for (uint32_t i = 0; i < tape->prompt_ids.size(); ++i) {
    const auto call = data->calls.find(tape->prompt_ids[i]);
    if (call == data->calls.end() || !joined.insert(call->first).second) continue;
    call->second.used = true;
    EffectDraft effect = call->second.effect;
    effect.step = StepIndex(i);
    tape->draft.Add(std::move(effect));
    StepDraft& step = tape->draft.steps[i];
    if (step.began.ns == 0) step.began = step.ended = call->second.effect.began;
  }
}

uint64_t SharedSteps(TapeDraft* one, TapeDraft* other, Sink& sink) {
  for (TapeDraft* tape : {one, other}) {
    if (tape->deeds.empty()) tape->deeds = DeedsOf(*tape, sink);
  }
  const auto differ = std::mismatch(one->deeds.begin(), one->deeds.end(), other->deeds.begin(),
                                    other->deeds.end());
  return static_cast<uint64_t>(differ.first - one->deeds.begin());
}

}  // namespace backstep::adapters
