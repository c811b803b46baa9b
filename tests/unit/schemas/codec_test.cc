#include "backstep/schemas/codec/codec.h"

#include <cstring>
#include <functional>

#include "backstep/tests/support/catch.h"
#include "random_records.h"

namespace backstep {
namespace {

using testing::kOwnLog;
using testing::RandomRecords;

// Equality field by field: what the records themselves have no need of. Two records are equal when
// every field is, told by a text that holds them all.
class Text {
 public:
  template <typename T>
  Text& operator()(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      text_ += std::to_string(static_cast<int>(value));
    } else {
      text_ += std::to_string(value);
    }
    text_ += ';';
    return *this;
  }
  Text& operator()(const std::string& value) {
    text_ += std::to_string(value.size()) + ':' + value + ';';
    return *this;
  }
  template <typename Tag, typename Rep>
  Text& operator()(StrongInt<Tag, Rep> id) { return (*this)(id.value); }
  Text& operator()(TimeNs t) { return (*this)(t.ns); }
  Text& operator()(DurationNs d) { return (*this)(d.ns); }
  Text& operator()(const Hash128& h) { return (*this)(h.ToHex()); }
  Text& operator()(const MessageId& id) {
    return (*this)(id.sender)(id.clock)(id.ordinal)(id.copy);
  }
  template <typename A, typename B>
  Text& operator()(const std::pair<A, B>& pair) { return (*this)(pair.first)(pair.second); }
  template <typename T>
  Text& operator()(const std::optional<T>& value) {
    (*this)(value.has_value());
    return value ? (*this)(*value) : *this;
  }
  template <typename T>
  Text& operator()(const std::vector<T>& values) {
    (*this)(values.size());
    for (const T& value : values) (*this)(value);
    return *this;
  }
  Text& operator()(const BodyRef& r) {
    return (*this)(r.where)(r.log)(r.owner)(r.stream)(r.position)(r.size)(r.hash)(r.media_type)(
        r.inline_bytes);
  }
  Text& operator()(const Outcome& o) { return (*this)(o.kind)(o.score)(o.reason); }
  Text& operator()(const BranchOrigin& o) {
    return (*this)(o.parent)(o.fork)(o.experiment)(o.schedule);
  }
  Text& operator()(const LogHeader& h) {
    return (*this)(h.id)(h.name)(h.origin)(h.tags)(h.metadata)(h.group_id)(h.user_id)(h.command)(
        h.executable)(h.executable_hash)(h.working_directory)(h.program_name)(h.host)(
        h.writer_version)(h.process_id)(h.seed)(h.faults_text)(h.faults_origin)(h.began_wall);
  }
  Text& operator()(const LogEnd& e) {
    const ReplaySummary& s = e.summary;
    (*this)(s.reused)(s.exact)(s.edited)(s.fault)(s.live)(s.miss)(s.divergences)(s.changes);
    return (*this)(e.outcome)(e.ended_wall)(e.last_step)(e.dropped_bodies)(e.first_failure)(
        e.result)(e.result_detail)(e.divergences)(e.output);
  }
  Text& operator()(const AgentRecord& a) {
    return (*this)(a.id)(a.name)(a.role)(a.implementation)(a.model)(a.attributes)(
        a.initial_state)(a.registered_after);
  }
  Text& operator()(const SegmentRecord& s) {
    return (*this)(s.id)(s.parent)(s.name)(s.order)(s.began_wall)(s.ended_wall)(s.began_after)(
        s.ended_after);
  }
  Text& operator()(const StepBegin& b) {
    return (*this)(b.agent)(b.clock)(b.caller)(b.segment)(b.taken)(b.began_wall)(b.began_virtual)(
        b.begin_after)(b.program_index)(b.name);
  }
  Text& operator()(const TakenMessage& t) { return (*this)(t.id)(t.early); }
  Text& operator()(const SentMessage& s) {
    return (*this)(s.id)(s.to)(s.delay)(s.sent_virtual)(s.dropped);
  }
  Text& operator()(const StepError& e) { return (*this)(e.kind)(e.message); }
  Text& operator()(const FaultRecord& f) {
    return (*this)(f.spec_id)(f.type)(f.hook)(f.decision)(f.before)(f.after)(f.message)(
        f.effect_ordinal)(f.hidden);
  }
  Text& operator()(const StepRecord& s) {
    return (*this)(static_cast<const StepBegin&>(s))(s.number)(s.took)(s.sent)(s.effect_count)(
        s.state)(s.state_changed)(s.ended_wall)(s.own)(s.duration)(s.error)(s.outcome)(s.faults)(
        s.scheduler_state)(s.incomplete);
  }
  Text& operator()(const MessageRecord& m) {
    return (*this)(m.id)(m.to)(m.channel)(m.kind)(m.program_id)(m.edge_id)(m.attributes)(m.body)(
        m.reply_to)(m.sent_wall)(m.sent_virtual)(m.delay)(m.sent_after)(m.edited)(m.dropped)(
        m.offered_hash);
  }
  Text& operator()(const CallError& e) {
    return (*this)(e.kind)(e.code)(e.message)(e.retry_after);
  }
  Text& operator()(const Usage& u) {
    return (*this)(u.input_tokens)(u.output_tokens)(u.cached_tokens)(u.reasoning_tokens)(
        u.cost_usd)(u.time_to_first_token);
  }
  Text& operator()(const EffectRecord& e) {
    return (*this)(e.agent)(e.clock)(e.ordinal)(e.kind)(e.name)(e.provider)(e.parameters)(
        e.tool_type)(e.tool_call_id)(e.request_hash)(e.request)(e.response)(e.error)(e.usage)(
        e.finish_reason)(e.began_wall)(e.began_virtual)(e.duration)(e.injected_delay)(e.measured)(
        e.finished_after)(e.status)(e.moved)(e.substituted)(e.pure)(e.free);
  }
  Text& operator()(const EventRecord& e) {
    return (*this)(e.kind)(e.sequence)(e.step)(e.name)(e.category)(e.data)(e.began_wall)(
        e.duration)(e.after);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

template <typename T>
std::string Show(const T& value) { return Text()(value).text(); }

template <typename T, typename Decode>
void CheckRoundTrip(const T& record, const std::string& bytes, Decode decode) {
  const Result<T> back = decode(bytes, kOwnLog);
  INFO(back.status().ToString());
  REQUIRE(back.ok());
  CHECK(Show(*back) == Show(record));
}

// One byte string and what decodes it, whatever the record.
struct Sample {
  std::string bytes;
  std::function<Status(std::string_view)> decode;
};

template <typename Decode>
Sample MakeSample(std::string bytes, Decode decode) {
  return {std::move(bytes), [decode](std::string_view b) {
            return decode(b, kOwnLog).status();
          }};
}

std::vector<Sample> Samples(uint64_t seed) {
  RandomRecords random(seed);
  std::vector<Sample> samples;
  samples.push_back(MakeSample(Encode(random.Header()), DecodeLogHeader));
  samples.push_back(MakeSample(Encode(random.End()), DecodeLogEnd));
  samples.push_back(MakeSample(Encode(random.Agent(), kOwnLog), DecodeAgentRecord));
  samples.push_back(MakeSample(Encode(random.Segment()), DecodeSegmentRecord));
  samples.push_back(MakeSample(Encode(random.Begin()), DecodeStepBegin));
  samples.push_back(MakeSample(Encode(random.Step(), kOwnLog), DecodeStepRecord));
  samples.push_back(MakeSample(Encode(random.Message(), kOwnLog), DecodeMessageRecord));
  samples.push_back(MakeSample(Encode(random.Effect(), kOwnLog), DecodeEffectRecord));
  samples.push_back(MakeSample(Encode(random.Event()), DecodeEventRecord));
  return samples;
}

TEST_CASE("every record reads back as it was written") {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    RandomRecords random(seed);
    const LogHeader header = random.Header();
    CheckRoundTrip(header, Encode(header), DecodeLogHeader);
    const LogEnd end = random.End();
    CheckRoundTrip(end, Encode(end), DecodeLogEnd);
    const AgentRecord agent = random.Agent();
    CheckRoundTrip(agent, Encode(agent, kOwnLog), DecodeAgentRecord);
    const SegmentRecord segment = random.Segment();
    CheckRoundTrip(segment, Encode(segment), DecodeSegmentRecord);
    const StepBegin begin = random.Begin();
    CheckRoundTrip(begin, Encode(begin), DecodeStepBegin);
    const StepRecord step = random.Step();
    CheckRoundTrip(step, Encode(step, kOwnLog), DecodeStepRecord);
    const MessageRecord message = random.Message();
    CheckRoundTrip(message, Encode(message, kOwnLog), DecodeMessageRecord);
    const EffectRecord effect = random.Effect();
    CheckRoundTrip(effect, Encode(effect, kOwnLog), DecodeEffectRecord);
    const EventRecord event = random.Event();
    CheckRoundTrip(event, Encode(event), DecodeEventRecord);
  }
}

TEST_CASE("records with nothing set read back as such") {
  CheckRoundTrip(LogHeader{}, Encode(LogHeader{}), DecodeLogHeader);
  CheckRoundTrip(LogEnd{}, Encode(LogEnd{}), DecodeLogEnd);
  CheckRoundTrip(StepRecord{}, Encode(StepRecord{}), DecodeStepRecord);
  CheckRoundTrip(EffectRecord{}, Encode(EffectRecord{}), DecodeEffectRecord);
  CheckRoundTrip(MessageRecord{}, Encode(MessageRecord{}), DecodeMessageRecord);
}

TEST_CASE("a record longer than the scratch space reads back") {
  StepRecord step;
  for (uint32_t i = 0; i < 3000; ++i) {
    step.took.push_back({{AgentId(i), AgentClock(i), i, 0}, false});
  }
  step.scheduler_state = std::string(100000, 'x');
  CheckRoundTrip(step, Encode(step), DecodeStepRecord);
}

TEST_CASE(
    "a reference into the record's own log is kept as zero and follows the log it is read from") {
  MessageRecord message;
  message.body.where = BodyRef::Where::kLiteral;
  message.body.log = kOwnLog;
  const std::string bytes = Encode(message, kOwnLog);
  CHECK(DecodeMessageRecord(bytes, LogId(9))->body.log == LogId(9));
  message.body.log = LogId(5);
  CHECK(DecodeMessageRecord(Encode(message, kOwnLog), LogId(9))->body.log == LogId(5));
}

TEST_CASE("bytes at an odd address decode") {
  RandomRecords random(1);
  const StepRecord step = random.Step();
  const std::string shifted = "x" + Encode(step, kOwnLog);
  CheckRoundTrip(step, shifted.substr(0), [](const std::string& bytes, LogId log) {
    return DecodeStepRecord(std::string_view(bytes).substr(1), log);
  });
}

TEST_CASE("every truncation of a record is refused as corruption") {
  for (const Sample& sample : Samples(11)) {
    for (size_t size = 0; size < sample.bytes.size(); ++size) {
      const Status status = sample.decode(std::string_view(sample.bytes).substr(0, size));
      INFO("size " << size);
      REQUIRE(status.code() == StatusCode::kCorruption);
    }
    CHECK(sample.decode(sample.bytes + std::string(8, '\0')).code() == StatusCode::kCorruption);
  }
}

TEST_CASE("a flipped bit gives a record or corruption, and never anything else") {
  size_t refused = 0;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    for (const Sample& sample : Samples(seed)) {
      std::string bytes = sample.bytes;
      for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        bytes[bit / 8] ^= static_cast<char>(1 << (bit % 8));
        const Status status = sample.decode(bytes);
        REQUIRE((status.ok() || status.code() == StatusCode::kCorruption));
        if (!status.ok()) ++refused;
        bytes[bit / 8] ^= static_cast<char>(1 << (bit % 8));
      }
    }
  }
  CHECK(refused > 0);
}

TEST_CASE("random bytes and random damage are never taken for more than they are") {
  RandomStream random(42);
  for (int round = 0; round < 300; ++round) {
    for (const Sample& sample : Samples(static_cast<uint64_t>(round % 7))) {
      std::string bytes = sample.bytes;
      for (int hits = 0; hits < 4; ++hits) {
        bytes[random.Next() % bytes.size()] = static_cast<char>(random.Next());
      }
      const Status status = sample.decode(bytes);
      REQUIRE((status.ok() || status.code() == StatusCode::kCorruption));
      for (char& c : bytes) c = static_cast<char>(random.Next());
      const Status noise = sample.decode(bytes);
      REQUIRE((noise.ok() || noise.code() == StatusCode::kCorruption));
    }
  }
}

TEST_CASE("a small record cannot claim a huge list") {
  // One segment of three words; the root is a step whose list of taken messages claims 2^29 - 1
  // elements of no size.
  std::string bytes = Encode(StepBegin{});
  const std::string sound = bytes;
  for (size_t word = 2; word < bytes.size() / 8; ++word) {
    bytes = sound;
    // A list pointer, offset -1, element size "inline composite" and the greatest count.
    const uint64_t pointer = 0xfffffffffffffffdULL;
    memcpy(bytes.data() + word * 8, &pointer, 8);
    const Result<StepBegin> begin = DecodeStepBegin(bytes, kOwnLog);
    if (begin.ok()) {
      CHECK(begin->taken.size() < 1000);
    }
  }
}

TEST_CASE("an enumerator from the future is corruption, not a wild value") {
  EventRecord event;
  event.kind = static_cast<EventRecord::Kind>(7);
  CHECK(DecodeEventRecord(Encode(event), kOwnLog).status().code() == StatusCode::kCorruption);
  EffectRecord effect;
  effect.status = static_cast<CallStatus>(6);
  CHECK(DecodeEffectRecord(Encode(effect), kOwnLog).status().code() == StatusCode::kCorruption);
}

TEST_CASE("a step of an ordinary run takes few hundred bytes") {
  StepRecord step;
  step.took.push_back({{AgentId(1), AgentClock(1), 0, 0}, false});
  step.taken.push_back(step.took[0].id);
  step.sent.push_back({{AgentId(2), AgentClock(1), 0, 0}, AgentId(1), {}, {}, false});
  step.state.where = BodyRef::Where::kVersion;
  step.state.media_type = "application/json";
  CHECK(Encode(step).size() <= 480);
}

}  // namespace
}  // namespace backstep
