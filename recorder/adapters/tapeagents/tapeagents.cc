#include "backstep/recorder/adapters/tapeagents/tapeagents.h"

#include <unordered_map>
#include <utility>

#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/head_shape.h"
#include "backstep/recorder/adapters/core/source.h"
#include "backstep/recorder/adapters/tapeagents/tape.h"

namespace backstep::adapters {
namespace {

constexpr char kTapeAgents[] = "tapeagents";
constexpr std::string_view kSqliteMagic("SQLite format 3\0", 16);

const FormatInfo kTapeAgentsInfo{
    .name = kTapeAgents,
    .title = "TapeAgents tapes and their tapedata.sqlite",
    .brings = "agents and their call stack, one step each of the tape's, messages, actions with "
              "their observations, forks of tapes in the same import as branches; with the "
              "database the model calls whole, with tokens and cost",
    .lacks = "times of steps without a model call; forks of tapes that are not imported"};

bool IsTape(const Json& value) {
  const Json* steps = Find(value, "steps");
  return steps != nullptr && steps->is_array();
}

class TapeAgentsImporter : public Importer {
 public:
  const FormatInfo& info() const override { return kTapeAgentsInfo; }
  int Detect(const Head& head) const override;
  Status Read(Source& source, Sink& sink) override;
  Status Finish(Sink& sink) override;

 private:
  enum class Mark : uint8_t { kWaiting, kOpen, kDone };
  void Tell(const Json& tape, const Source& source, Sink& sink);
  Status HandOver(size_t index, Sink& sink);
  Status Leftovers(Sink& sink);

  std::vector<TapeDraft> tapes_;
  std::unordered_map<std::string, size_t> by_id_;
  std::vector<Mark> marks_;
  TapeData data_;
  std::string data_path_;
};

int TapeAgentsImporter::Detect(const Head& head) const {
  if (head.bytes.starts_with(kSqliteMagic)) {
    return head.bytes.find("LLMCalls") != std::string_view::npos ? 90 : 0;
  }
  const HeadShape shape(head.bytes);
  const std::string in = shape.array() ? "[]." : "";
  if (shape.Has(in + "metadata.n_added_steps") || shape.Has(in + "metadata.author_tape_id")) {
    return 95;
  }
  return shape.Has(in + "steps[].kind") && shape.Has(in + "metadata") ? 70 : 0;
}

void TapeAgentsImporter::Tell(const Json& tape, const Source& source, Sink& sink) {
  TapeDraft told = TellTape(tape, source.path(), sink);
  KeepOrigin(&told.draft, kTapeAgents, source);
  if (!told.draft.steps.empty() || !told.draft.notes.empty()) sink.Holds();
  if (!told.id.empty()) by_id_.emplace(told.id, tapes_.size());
  tapes_.push_back(std::move(told));
}

Status TapeAgentsImporter::Read(Source& source, Sink& sink) {
  Result<std::string_view> head = source.Peek();
  if (!head.ok()) return head.status();
  if (head->starts_with(kSqliteMagic)) {
    Result<std::string> bytes = source.ReadAll();
    if (!bytes.ok()) return bytes.status();
    data_path_ = source.path();
    const size_t before = data_.order.size();
    Status read = ReadTapeData(*bytes, source.path(), sink, &data_);
    for (const Json& tape : std::exchange(data_.tapes, {})) {
      if (IsTape(tape)) Tell(tape, source, sink);
    }
    if (data_.order.size() > before) sink.Holds();
    return read;
  }
  Result<Json> document = ReadDocument(source);
  if (!document.ok()) return document.status();
  if (IsTape(*document)) {
    Tell(*document, source, sink);
    return {};
  }
  if (!document->is_array()) {
    return Status::Corruption(source.path() + ": a tape has a list \"steps\"");
  }
  for (size_t i = 0; i < document->size(); ++i) {
    if (IsTape((*document)[i])) {
      Tell((*document)[i], source, sink);
    } else {
      sink.Skip({.file = source.path()}, "[" + std::to_string(i) + "] is no tape");
    }
  }
  return {};
}

// The tape it was forked from goes first.
Status TapeAgentsImporter::HandOver(size_t index, Sink& sink) {
  std::vector<size_t> line;  // from the fork to where it comes from
  for (size_t at = index; marks_[at] == Mark::kWaiting;) {
    marks_[at] = Mark::kOpen;
    line.push_back(at);
    const auto parent = by_id_.find(tapes_[at].parent_id);
    if (parent == by_id_.end()) break;
    at = parent->second;
  }
  for (; !line.empty(); line.pop_back()) {
    TapeDraft& tape = tapes_[line.back()];
    const auto parent = by_id_.find(tape.parent_id);
    const bool known = parent != by_id_.end() && parent->second != line.back();
    if (known && marks_[parent->second] == Mark::kDone) {
      tape.draft.shared_steps = SharedSteps(&tapes_[parent->second], &tape, sink);
      if (tape.draft.shared_steps > 0) tape.draft.parent_key = tape.parent_id;
    } else if (known) {
      sink.Skip({.file = tape.path}, "tape " + tape.id + " descends from itself; its parent " +
                                         tape.parent_id + " was not followed");
    }
    const bool first = by_id_.contains(tape.id) && by_id_[tape.id] == line.back();
    tape.draft.key = first ? tape.id : tape.id + "#" + std::to_string(line.back());
    Status written = sink.Session(tape.draft);
    if (!written.ok()) return written;
    marks_[line.back()] = Mark::kDone;
  }
  return {};
}

Status TapeAgentsImporter::Finish(Sink& sink) {
  for (TapeDraft& tape : tapes_) JoinCalls(&data_, &tape);
  marks_.assign(tapes_.size(), Mark::kWaiting);
  for (size_t i = 0; i < tapes_.size(); ++i) {
    Status status = HandOver(i, sink);
    if (!status.ok()) return status;
  }
  return Leftovers(sink);
}

// Calls that no tape here names: a run of their own when there are only they.
Status TapeAgentsImporter::Leftovers(Sink& sink) {
  SessionDraft draft;
  draft.name = FileStem(data_path_);
  draft.metadata = {{"import.format", kTapeAgents}, {"import.file", data_path_}};
  for (const std::string& id : data_.order) {
    TapeCall& call = data_.calls[id];
    if (call.used) continue;
    if (!tapes_.empty()) {
      sink.Skip({.file = data_path_}, "model call " + id + " is named by no tape of this import");
      continue;
    }
    call.effect.step = draft.Add(StepDraft{.agent = draft.Agent("unknown"),
                                           .name = id,
                                           .began = call.effect.began,
                                           .ended = call.effect.began});
    draft.Add(std::move(call.effect));
  }
  if (draft.steps.empty()) return {};
  return sink.Session(std::move(draft));
}

}  // namespace

std::unique_ptr<Importer> MakeTapeAgentsImporter() {
  return std::make_unique<TapeAgentsImporter>();
}

}  // namespace backstep::adapters
