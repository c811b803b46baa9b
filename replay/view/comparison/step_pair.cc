#include "backstep/replay/view/comparison/step_pair.h"

#include <algorithm>
#include <map>

#include "backstep/base/hash.h"
#include "backstep/replay/compare/align.h"
#include "backstep/replay/view/json.h"
#include "backstep/replay/view/text.h"

namespace backstep::replay {
namespace {

constexpr size_t kPartsMax = 100;
constexpr size_t kStateBytesMax = 4u << 20;

// Little room beside each other: what differs is to be in sight.
TextDiffOptions PairDiffOptions() {
  TextDiffOptions options;
  options.context = 1;
  return options;
}

std::string NoteOf(const MessageRow& message) {
  std::vector<std::string> words;
  if (message.edited) words.push_back("edited");
  if (message.dropped) words.push_back("dropped");
  if (message.early) words.push_back("early");
  if (message.delay.ns != 0) words.push_back("delayed by " + FormatDuration(message.delay));
  return Joined(words);
}

std::string NoteOf(const CallRow& call) {
  std::vector<std::string> words;
  if (call.status != CallStatus::kRecorded) words.push_back(CallStatusName(call.status));
  if (call.moved) words.push_back("moved");
  if (call.substituted) words.push_back("substituted");
  words.push_back(FormatDuration(call.duration));
  const uint64_t tokens = call.usage.input_tokens + call.usage.output_tokens;
  if (tokens != 0) words.push_back(FormatCount(tokens, "token"));
  if (call.usage.cost_usd != 0) words.push_back(FormatCost(call.usage.cost_usd));
  return Joined(words);
}

bool IsNumber(const CallRow& call) {
  return call.kind == EffectKind::kClock || call.kind == EffectKind::kRandom;
}

Hash128 KeyOf(const CallRow& call, bool with_request) {
  Hasher hasher;
  hasher.AddNumber(static_cast<uint64_t>(call.kind));
  hasher.AddField(call.name);
  if (with_request) hasher.AddField(call.request_hash);
  return hasher.Digest();
}

class PairMaker {
 public:
  explicit PairMaker(StepPair* pair) : pair_(pair) {}

  void AddMessages(PairPart::Kind kind, const std::vector<MessageRow>& a,
                   const std::vector<MessageRow>& b) {
    // One agent's one step: what it sent is named alike on both sides.
    std::map<std::string, const MessageRow*> by_id;
    for (const MessageRow& row : b) by_id[row.id] = &row;
    for (const MessageRow& row : a) {
      const auto found = by_id.find(row.id);
      AddMessage(kind, &row, found == by_id.end() ? nullptr : found->second);
      if (found != by_id.end()) by_id.erase(found);
    }
    for (const MessageRow& row : b) {
      if (by_id.count(row.id) != 0) AddMessage(kind, nullptr, &row);
    }
  }

  void AddCalls(const std::vector<CallRow>& a, const std::vector<CallRow>& b) {
    std::vector<Hash128> keys_a, keys_b;
    for (const CallRow& call : a) keys_a.push_back(KeyOf(call, true));
    for (const CallRow& call : b) keys_b.push_back(KeyOf(call, true));
    const std::vector<Aligned> aligned = Align(keys_a, keys_b);
    // Numbers that the program drew come last: what was said and done is looked for first.
    for (const bool numbers : {false, true}) AddCalls(a, b, aligned, numbers);
  }

  void AddCalls(const std::vector<CallRow>& a, const std::vector<CallRow>& b,
                const std::vector<Aligned>& aligned, bool numbers) {
    for (const Aligned& at : aligned) {
      const CallRow* in_a = at.a ? &a[*at.a] : nullptr;
      const CallRow* in_b = at.b ? &b[*at.b] : nullptr;
      if (IsNumber(in_b ? *in_b : *in_a) != numbers) continue;
      if (in_a && in_b && KeyOf(*in_a, false) != KeyOf(*in_b, false)) {
        AddCall(in_a, nullptr);
        AddCall(nullptr, in_b);
      } else {
        AddCall(in_a, in_b);
      }
    }
  }

  void AddError(const StepDetail* a, const StepDetail* b) {
    const auto words = [](const StepDetail* side) {
      return side != nullptr && side->row.error
                 ? side->row.error->kind + ": " + side->row.error->message
                 : std::string();
    };
    const std::string in_a = words(a), in_b = words(b);
    if (in_a.empty() && in_b.empty()) return;
    PairPart part;
    part.kind = PairPart::Kind::kError;
    part.title = "failed";
    part.in_a = !in_a.empty(), part.in_b = !in_b.empty();
    Fill(ViewBytes({in_a, "text/plain"}, kStateBytesMax),
         ViewBytes({in_b, "text/plain"}, kStateBytesMax), &part);
    Add(std::move(part), in_a != in_b);
  }

  void AddBodies(PairPart part, const BodyView& a, const BodyView& b) {
    const bool differs = part.in_a != part.in_b || a.hash != b.hash;
    Fill(a, b, &part);
    Add(std::move(part), differs);
  }

  void Add(PairPart part, bool differs) {
    part.differs = differs;
    ++pair_->parts_total;
    if (differs) {
      const std::string kind = PairKindName(part.kind);
      auto& kinds = pair_->differs_in;
      if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.push_back(kind);
    }
    if (pair_->parts.size() >= kPartsMax) return;
    if (differs) {
      part.diff = DiffLaidOut(part.a.text, part.b.text, PairDiffOptions());
    } else {
      part.a = {};
    }
    pair_->parts.push_back(std::move(part));
  }

 private:
  static void Fill(const BodyView& a, const BodyView& b, PairPart* part) {
    if (part->in_a) part->a = a;
    if (part->in_b) part->b = b;
  }

  void AddMessage(PairPart::Kind kind, const MessageRow* a, const MessageRow* b) {
    const MessageRow& row = b != nullptr ? *b : *a;
    PairPart part;
    part.kind = kind;
    part.id = row.id;
    part.in_a = a != nullptr, part.in_b = b != nullptr;
    part.title = kind == PairPart::Kind::kTook ? "took " + row.id + " from " + row.from
                                               : "sent " + row.id + " to " + row.to;
    if (!row.kind.empty()) part.title += ", " + row.kind;
    if (a != nullptr) part.note_a = NoteOf(*a);
    if (b != nullptr) part.note_b = NoteOf(*b);
    Fill(a ? a->body : BodyView(), b ? b->body : BodyView(), &part);
    const bool differs = a == nullptr || b == nullptr || a->body.hash != b->body.hash ||
                         a->to != b->to || a->dropped != b->dropped || a->delay != b->delay;
    Add(std::move(part), differs);
  }

  void AddCall(const CallRow* a, const CallRow* b) {
    const CallRow& call = b != nullptr ? *b : *a;
    // Numbers that the program drew say nothing unless they differ.
    const bool alike = a != nullptr && b != nullptr && a->response.hash == b->response.hash;
    if (IsNumber(call) && alike) return;
    PairPart part;
    part.id = call.id;
    part.in_a = a != nullptr, part.in_b = b != nullptr;
    const std::string kind = EffectKindName(call.kind);
    const std::string name = call.name.empty() || call.name == kind ? kind : kind + " " + call.name;
    if (call.request.size_bytes != 0) {
      PairPart asked = part;
      asked.kind = PairPart::Kind::kRequest;
      asked.title = name + ": request";
      const BodyView none;
      AddBodies(std::move(asked), a ? a->request : none, b ? b->request : none);
    }
    part.kind = PairPart::Kind::kResponse;
    part.title = name + ": response";
    if (a != nullptr) part.note_a = NoteOf(*a);
    if (b != nullptr) part.note_b = NoteOf(*b);
    Fill(a ? Answer(*a) : BodyView(), b ? Answer(*b) : BodyView(), &part);
    Add(std::move(part), a == nullptr || b == nullptr || a->error != b->error ||
                             a->response.hash != b->response.hash);
  }

  static BodyView Answer(const CallRow& call) {
    if (!call.error) return call.response;
    return ViewBytes({FormatCallError(*call.error), "text/plain"}, kStateBytesMax);
  }

  StepPair* pair_;
};

// A message lies in the log as it was sent; a step that an edit or a fault hit read something else,
// of which the record holds the beginning.
std::vector<MessageRow> AsRead(const StepDetail& detail) {
  std::vector<MessageRow> rows = detail.took;
  for (MessageRow& row : rows) {
    for (const FaultRow& fault : detail.faults) {
      if (fault.target != row.id || fault.after.empty()) continue;
      row.body = ViewBytes({fault.after, row.body.media_type}, kStateBytesMax);
      row.edited = true;
      // A record of a fault keeps the beginning of a long text only.
      row.body.whole = row.body.whole && !fault.after.ends_with("…");
    }
  }
  return rows;
}

Json PartJson(const PairPart& part) {
  Json json;
  json["kind"] = PairKindName(part.kind);
  json["title"] = part.title;
  json["in_a"] = part.in_a;
  json["in_b"] = part.in_b;
  json["differs"] = part.differs;
  json["changed_lines"] = part.diff.changed;
  return json;
}

}  // namespace

const char* PairKindName(PairPart::Kind kind) {
  switch (kind) {
    case PairPart::Kind::kTook: return "took";
    case PairPart::Kind::kRequest: return "request";
    case PairPart::Kind::kResponse: return "response";
    case PairPart::Kind::kSent: return "sent";
    case PairPart::Kind::kState: return "state";
    case PairPart::Kind::kError: return "error";
  }
  return "";
}

StepPair PairSteps(const StepDetail* a, const StepDetail* b) {
  StepPair pair;
  if (a != nullptr) pair.row_a = a->row, pair.a = a->row.number;
  if (b != nullptr) pair.row_b = b->row, pair.b = b->row.number;
  const StepDetail none;
  const StepDetail& in_a = a != nullptr ? *a : none;
  const StepDetail& in_b = b != nullptr ? *b : none;
  PairMaker maker(&pair);
  maker.AddError(a, b);
  maker.AddMessages(PairPart::Kind::kTook, AsRead(in_a), AsRead(in_b));
  maker.AddCalls(in_a.calls, in_b.calls);
  maker.AddMessages(PairPart::Kind::kSent, in_a.sent, in_b.sent);
  return pair;
}

void AddStates(const std::optional<Body>& a, const std::optional<Body>& b, StepPair* pair) {
  if (!a && !b) return;
  PairPart part;
  part.kind = PairPart::Kind::kState;
  part.title = "state after it";
  part.in_a = a.has_value(), part.in_b = b.has_value();
  PairMaker(pair).AddBodies(std::move(part), a ? ViewBytes(*a, kStateBytesMax) : BodyView(),
                            b ? ViewBytes(*b, kStateBytesMax) : BodyView());
}

std::string ToJson(const StepPair& pair) {
  Json json;
  json["step"] = pair.agent + "/" + std::to_string(pair.clock.value);
  json["a"] = pair.a.value == 0 ? Json(nullptr) : Json(pair.a.value);
  json["b"] = pair.b.value == 0 ? Json(nullptr) : Json(pair.b.value);
  json["differs_in"] = pair.differs_in;
  json["parts"] = Json::array();
  for (const PairPart& part : pair.parts) json["parts"].push_back(PartJson(part));
  json["parts_total"] = pair.parts_total;
  return Dump(json, true);
}

}  // namespace backstep::replay
