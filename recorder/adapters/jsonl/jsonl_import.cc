#include <map>
#include <set>
#include <unordered_set>

#include "backstep/recorder/adapters/conversations/head_shape.h"
#include "backstep/recorder/adapters/core/exact_log.h"
#include "backstep/recorder/adapters/core/source.h"
#include "backstep/recorder/adapters/jsonl/check_numbers.h"
#include "backstep/recorder/adapters/jsonl/jsonl.h"
#include "backstep/recorder/adapters/jsonl/record_json.h"

namespace backstep::adapters {
namespace {

using StepKey = std::pair<AgentId, AgentClock>;

// One session of a file: every record is checked against those before it, so that what is written
// holds together whatever the file says.
class JsonlReader {
 public:
  explicit JsonlReader(Sink& sink) : sink_(sink) {}

  Status Record(const Json& json) {
    const std::string type = TextAt(json, "type");
    BACKSTEP_RETURN_IF_ERROR(CheckNumbers(json));
    if (type == "session") return Session(json);
    if (log_ == nullptr) return Status::Corruption("the first line is to be that of the session");
    if (type == "agent") return Agent(json);
    if (type == "segment") return Segment(json);
    if (type == "message") return Message(json);
    if (type == "effect") return Effect(json);
    if (type == "begin") return Begin(json);
    if (type == "step") return Step(json);
    if (type == "event") return Event(json);
    if (type == "end") return End(EndFrom(json));
    return Status::NotFound("no record of type `" + type + "` is known");
  }
  bool open() const { return log_ != nullptr; }
  Status End(const LogEnd& end) {
    const Status sealed = log_->Seal(end);
    log_.reset();
    return sealed;
  }

 private:
  Status Session(const Json& json) {
    if (log_ != nullptr) BACKSTEP_RETURN_IF_ERROR(End({}));
    if (NumberAt(json, "backstep_jsonl").value_or(0) > kJsonlVersion) {
      return Status::VersionMismatch("written by a newer Backstep");
    }
    agents_ = segments_ = 0;
    last_ = 0;
    messages_.clear();
    taken_.clear();
    begun_.clear();
    committed_.clear();
    effects_.clear();
    state_sizes_.clear();
    names_.clear();
    BACKSTEP_ASSIGN_OR_RETURN(log_, sink_.OpenLog(HeaderFrom(json)));
    return {};
  }

  Status Agent(const Json& json) {
    const AgentRecord record = AgentFrom(json);
    if (record.id.value != agents_ + 1 || record.name.empty() || record.name[0] == '@' ||
        record.name.size() > 256) {
      return Broken("an agent out of order, or with a name that cannot be one");
    }
    if (!names_.insert(record.name).second) {
      return Broken("an agent with the name of another one");
    }
    ++agents_;
    BACKSTEP_ASSIGN_OR_RETURN(const auto state, BodyFrom(Find(json, "initial_state"), nullptr));
    const Body initial = state.value_or(Body{{}, {}});
    state_sizes_[record.id] = initial.bytes.size();
    return log_->Agent(record, initial);
  }

  Status Segment(const Json& json) {
    const SegmentRecord record = SegmentFrom(json);
    if (record.id.value != segments_ + 1) return Broken("a segment out of order");
    ++segments_;
    return log_->Segment(record);
  }

  Status Message(const Json& json) {
    MessageRecord record = MessageFrom(json);
    const bool outside = record.id.sender == kOutside;
    if (!IsAgent(record.to) || (!outside && !IsAgent(record.id.sender)) ||
        outside != (record.id.clock.value == 0)) {
      return Broken("a message from or to an agent that is not there");
    }
    if (record.sent_after.value > last_) return Broken("a message that was sent too late");
    if (!messages_.insert(record.id).second) return Broken("a message that was there before");
    BACKSTEP_ASSIGN_OR_RETURN(const auto body, BodyFrom(Find(json, "body"), &record.body));
    return log_->Message(record, body);
  }

  Status Effect(const Json& json) {
    EffectRecord record = EffectFrom(json);
    const StepKey step(record.agent, record.clock);
    if (!IsAgent(record.agent) || record.clock.value == 0 || committed_.count(step) > 0) {
      return Broken("a call of a step that is not there");
    }
    if (record.finished_after.value > last_) return Broken("a call that ended too late");
    if (record.ordinal != effects_[step]) return Broken("a call out of order");
    ++effects_[step];
    BACKSTEP_ASSIGN_OR_RETURN(const auto request, BodyFrom(Find(json, "request"), &record.request));
    BACKSTEP_ASSIGN_OR_RETURN(const auto response,
                              BodyFrom(Find(json, "response"), &record.response));
    return log_->Effect(record, request, response);
  }

  Status Begin(const Json& json) {
    const StepRecord record = StepFrom(json);
    BACKSTEP_RETURN_IF_ERROR(CheckBegin(record));
    return log_->Begin(record);
  }

  Status CheckBegin(const StepRecord& record) {
    if (!IsAgent(record.agent) || record.clock.value == 0) {
      return Broken("a step of an agent that is not there");
    }
    if (!begun_.insert({record.agent, record.clock}).second) {
      return Broken("a step that was there before");
    }
    if (record.caller && !IsAgent(record.caller->first)) {
      return Broken("a step called by an agent that is not there");
    }
    if (record.begin_after.value > last_) return Broken("a step that began too late");
    if (record.segment.value > segments_) return Broken("a step in a segment that is not there");
    for (const MessageId& id : record.taken) {
      if (messages_.count(id) == 0) return Broken("a step took a message that is not there");
    }
    return {};
  }

  Status Step(const Json& json) {
    StepRecord record = StepFrom(json);
    const StepKey key(record.agent, record.clock);
    if (record.number.value != last_ + 1) return Broken("a step out of order");
    BACKSTEP_RETURN_IF_ERROR(CheckBegin(record));
    for (TakenMessage& taken : record.took) {
      if (messages_.count(taken.id) == 0) return Broken("a step took a message that is not there");
      if (!taken_.insert(taken.id).second) return Broken("a message was taken twice");
      const StepKey sender(taken.id.sender, taken.id.clock);
      const bool ended =
          taken.id.sender == kOutside || sender == key || committed_.count(sender) > 0;
      taken.early = taken.early || !ended;
    }
    for (const SentMessage& sent : record.sent) {
      if (!IsAgent(sent.to) || sent.id.sender != record.agent || sent.id.clock != record.clock ||
          messages_.count(sent.id) == 0) {
        return Broken("a step sent a message that is not there");
      }
    }
    record.effect_count = effects_[key];
    effects_.erase(key);
    BACKSTEP_RETURN_IF_ERROR(log_->Begin(record));
    BACKSTEP_ASSIGN_OR_RETURN(ExactLog::State state, StateOf(json, &record));
    ++last_;
    committed_.insert(key);
    return log_->Commit(record, std::move(state));
  }

  Result<ExactLog::State> StateOf(const Json& json, StepRecord* record) {
    const Json* state = Find(json, "state");
    if (state == nullptr) return ExactLog::State();
    BACKSTEP_ASSIGN_OR_RETURN(auto body, BodyFrom(state, &record->state));
    if (!body) return ExactLog::State();
    uint64_t& size = state_sizes_[record->agent];
    if (Find(*state, "front") == nullptr) {
      size = body->bytes.size();
      return ExactLog::State(std::move(*body));
    }
    const auto front = NumberAt(*state, "front").value_or(-1);
    const auto back = NumberAt(*state, "back").value_or(-1);
    if (front < 0 || back < 0 || front + back > static_cast<double>(size)) {
      return Broken("a state that does not fit the one before it");
    }
    const auto keep_front = static_cast<uint64_t>(front), keep_back = static_cast<uint64_t>(back);
    StateEdit edit{{{keep_front, size - keep_front - keep_back, std::move(body->bytes)}}};
    size = keep_front + keep_back + edit.splices[0].insert.size();
    return ExactLog::State(std::move(edit));
  }

  Status Event(const Json& json) {
    const EventRecord record = EventFrom(json);
    if (record.after.value > last_) return Broken("an event that came too late");
    if (record.step && !IsAgent(record.step->first)) {
      return Broken("an event in a step of an agent that is not there");
    }
    return log_->Event(record);
  }

  bool IsAgent(AgentId id) const { return id.value != 0 && id.value <= agents_; }
  static Status Broken(const char* what) { return Status::Corruption(what); }

  Sink& sink_;
  std::unique_ptr<ExactLog> log_;
  uint32_t agents_ = 0, segments_ = 0;
  uint64_t last_ = 0;
  std::unordered_set<MessageId> messages_, taken_;
  std::set<StepKey> begun_, committed_;
  std::map<StepKey, uint32_t> effects_;  // of steps that have not ended
  std::set<std::string> names_;  // of agents
  std::map<AgentId, uint64_t> state_sizes_;
};

class JsonlImporter final : public Importer {
 public:
  const FormatInfo& info() const override {
    static const FormatInfo kInfo{"backstep_jsonl", "Backstep's own JSON Lines (backstep export)",
                                  "everything: ids, clocks, times, states, with the same digest",
                                  "branches: each was exported as a session of its own"};
    return kInfo;
  }

  int Detect(const Head& head) const override {
    const HeadShape shape(head.bytes);  // tools on the way reorder keys and change blanks
    if (!shape.object() || !shape.Has("backstep_jsonl")) return 0;
    return shape.First("type") == "session" || !shape.complete() ? 100 : 0;
  }

  Status Read(Source& source, Sink& sink) override {
    JsonlReader reader(sink);
    std::string_view text;
    for (;;) {
      BACKSTEP_ASSIGN_OR_RETURN(const bool more, source.ReadLine(&text));
      if (!more) break;
      if (text.find_first_not_of(" \t\r") == text.npos) continue;
      const Result<Json> json = ParseJson(text);
      const Status done = json.ok() ? reader.Record(*json) : json.status();
      if (done.ok()) continue;
      if (done.code() == StatusCode::kNotFound) {
        sink.Skip({source.path(), source.line()}, done.message());
        continue;
      }
      return done.WithContext(source.path() + ":" + std::to_string(source.line()));
    }
    if (!reader.open()) return {};
    sink.Skip({source.path(), source.line()}, "the last session ends without its last line");
    return reader.End({});
  }
};

}  // namespace

std::unique_ptr<Importer> MakeJsonlImporter() { return std::make_unique<JsonlImporter>(); }

}  // namespace backstep::adapters
