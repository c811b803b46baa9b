#include "backstep/store/search/hit_source.h"

#include <algorithm>
#include <queue>
#include <utility>

#include "backstep/base/utf8.h"
#include "backstep/store/format/keys.h"
#include "backstep/store/search/scan/candidates.h"

namespace backstep::store {
namespace {

constexpr size_t kExcerptBefore = 80, kExcerptAfter = 240;
constexpr uint64_t kReadFirst = 1024;  // steps
constexpr uint64_t kReadPerQuestion = 64;
// All of a log is gone through so many times faster for a needle than step by step, at least.
constexpr uint64_t kNeedleGain = 4;

void CutExcerpt(const std::string& bytes, const Matcher::Found& found, SearchHit* hit) {
  size_t begin = found.begin > kExcerptBefore ? found.begin - kExcerptBefore : 0;
  size_t end = std::min(bytes.size(), found.begin + kExcerptAfter);
  begin = CharacterStart(bytes, begin);
  end = end < bytes.size() ? std::max(CharacterStart(bytes, end), found.begin) : end;
  hit->excerpt = bytes.substr(begin, end - begin);
  hit->found_at = found.begin - begin;
  hit->found_bytes = std::min(found.end, end) - found.begin;
  hit->cut_before = begin > 0;
  hit->cut_after = end < bytes.size();
}

bool Concerns(const Saying& saying, AgentId agent) {
  if (saying.call) return saying.call->agent == agent;
  return saying.message->id.sender == agent || saying.message->to == agent;
}

// Whether a nearer log holds a message of the same id, which is the one that the line sees.
Result<bool> Overridden(const std::vector<const Line*>& nearer, const Saying& saying) {
  if (!saying.message || nearer.empty()) return false;
  const std::string key = MessageKey(saying.message->id);
  for (const Line* line : nearer) {
    BACKSTEP_ASSIGN_OR_RETURN(const auto own, line->own_log().Get(key));
    if (own) return true;
  }
  return false;
}

class StreamSource : public HitSource {
 public:
  StreamSource(const StreamPart& part, const SearchQuery& query, HitTest* test,
               std::function<bool(uint64_t)> progress)
      : part_(part), query_(query), test_(*test), progress_(std::move(progress)),
        reader_(part.line, part.stream) {}

  Result<std::optional<PlacedHit>> Next() override {
    while (part_.file != nullptr && segment_ < part_.file->segments().size()) {
      BACKSTEP_ASSIGN_OR_RETURN(auto hit, FromSegment());
      if (hit) return hit;
    }
    return FromScan();
  }

  bool index_damaged() const override { return index_damaged_; }

 private:
  using Place = SegmentReader::Place;
  struct Later {
    bool operator()(const Place& a, const Place& b) const {
      return a.number != b.number ? a.number > b.number : a.place > b.place;
    }
  };

  Status OfIndex(Status status) {
    index_damaged_ = status.code() == StatusCode::kCorruption;
    return status;
  }

  // The next of the segment at hand; nullopt: it has no more, and the next one is at hand.
  Result<std::optional<PlacedHit>> FromSegment() {
    SegmentReader& segment = part_.file->segments()[segment_];
    if (!found_) {
      if (segment.from() > part_.last) return Leave();
      auto found = segment.Find(query_);
      if (!found.ok()) return OfIndex(found.status());
      found_ = std::move(found).value();
      at_ = 0;
      test_.answer()->unread += segment.unread();
      test_.answer()->from_index = true;
    }
    while (true) {
      BACKSTEP_RETURN_IF_ERROR(Gather(&segment));
      if (waiting_.empty()) return Leave();
      const Place place = waiting_.top();
      waiting_.pop();
      if (place.number > part_.last) continue;
      BACKSTEP_ASSIGN_OR_RETURN(const auto* sayings, reader_.At(place.number));
      if (place.place >= sayings->size()) {
        return OfIndex(Status::Corruption("the text index speaks of what was never said"));
      }
      BACKSTEP_ASSIGN_OR_RETURN(auto hit, Try((*sayings)[place.place], place));
      if (hit) return hit;
    }
  }

  Result<std::optional<PlacedHit>> Leave() {
    ++segment_;
    found_.reset();
    waiting_ = {};
    return std::optional<PlacedHit>();
  }

  // Puts all of `waiting_` that may be first: documents are in the order of their first saying.
  Status Gather(SegmentReader* segment) {
    for (; at_ < found_->size(); ++at_) {
      auto places = segment->SayingsOf((*found_)[at_]);
      if (!places.ok()) return OfIndex(places.status());
      if (!waiting_.empty() && Later()(places->front(), waiting_.top())) return {};
      for (const Place& place : *places) waiting_.push(place);
    }
    return {};
  }

  // The first are read one by one: of a word that many say that is the end of it.
  Result<std::optional<PlacedHit>> FromScan() {
    if (scan_ == nullptr) {
      uint64_t from = StreamStart(*part_.line, part_.stream) + 1;
      if (part_.file != nullptr) from = part_.file->covered() + 1;
      BACKSTEP_ASSIGN_OR_RETURN(const bool skips, SkipPays(from));
      upto_ = skips ? from + kReadFirst - 1 : part_.last;
      Scan(from, upto_);
    }
    while (true) {
      while (place_ < read_.sayings.size()) {
        const Place place{read_.number, place_};
        BACKSTEP_ASSIGN_OR_RETURN(auto hit, Try(read_.sayings[place_++], place));
        if (hit) return hit;
      }
      BACKSTEP_ASSIGN_OR_RETURN(const bool more, ReadNext());
      if (!more) return std::optional<PlacedHit>();
      if (++read_count_ % kReadPerQuestion == 0 && !GoesOn(read_.number)) {
        return Status::Cancelled("the search was cancelled");
      }
    }
  }

  // A needle is looked for in the whole log: not for a few steps that no index covers yet.
  Result<bool> SkipPays(uint64_t from) {
    if (part_.stream != Stream::kSteps || test_.needle().empty()) return false;
    if (part_.last < from || part_.last - from < kReadFirst) return false;
    BACKSTEP_ASSIGN_OR_RETURN(const uint64_t newest, StreamEnd(*part_.line, part_.stream));
    const uint64_t all = newest - StreamStart(*part_.line, part_.stream);
    return part_.last - from - kReadFirst >= all / kNeedleGain;
  }
  void Scan(uint64_t from, uint64_t last) {
    scan_ = std::make_unique<SayingScan>(part_.line, part_.stream, from, last);
  }
  bool GoesOn(uint64_t number) { return !progress_ || progress_(number); }

  // Reads the next that may be hits; false: there are no more.
  Result<bool> ReadNext() {
    place_ = 0;
    if (!candidates_) {
      BACKSTEP_ASSIGN_OR_RETURN(auto next, scan_->Next());
      if (next) {
        read_ = std::move(*next);
        return true;
      }
      if (upto_ == part_.last) return false;
      BACKSTEP_RETURN_IF_ERROR(SkipAhead());
      return ReadNext();
    }
    if (candidate_ == candidates_->size()) return false;
    read_.number = (*candidates_)[candidate_++];
    BACKSTEP_ASSIGN_OR_RETURN(const auto* sayings, reader_.At(read_.number));
    read_.sayings = *sayings;
    return true;
  }

  // Goes on behind `upto_`, where that can be told with those alone that may say it.
  Status SkipAhead() {
    // Progress is told of numbers, and none is read meanwhile.
    const uint64_t from = std::exchange(upto_, part_.last) + 1;
    BACKSTEP_ASSIGN_OR_RETURN(
        candidates_, StepsThatMaySay(*part_.line, from, part_.last, test_.needle(),
                                     [&] { return GoesOn(from - 1); }));
    candidate_ = 0;
    if (!candidates_) Scan(from, part_.last);
    return {};
  }

  Result<std::optional<PlacedHit>> Try(const Saying& saying, const Place& place) {
    uint64_t step = place.number;
    if (part_.stream == Stream::kOutside) {
      step = saying.message->sent_after.value;
      if (step < part_.sent_from || step > part_.sent_to) return std::optional<PlacedHit>();
    }
    BACKSTEP_ASSIGN_OR_RETURN(auto hit, test_.Try(*part_.line, saying));
    if (!hit) return std::optional<PlacedHit>();
    BACKSTEP_ASSIGN_OR_RETURN(const bool overridden, Overridden(part_.nearer, saying));
    if (overridden) return std::optional<PlacedHit>();
    hit->step = StepNumber(step);
    const uint32_t behind = part_.stream == Stream::kOutside ? 1 : 0;
    return std::optional(PlacedHit{{step, behind, place.number, place.place}, std::move(*hit)});
  }

  const StreamPart part_;
  const SearchQuery& query_;
  HitTest& test_;
  const std::function<bool(uint64_t)> progress_;
  SayingReader reader_;
  bool index_damaged_ = false;
  // By index:
  size_t segment_ = 0;
  std::optional<std::vector<uint32_t>> found_;   // documents of the segment at hand
  size_t at_ = 0;                                // the next of them
  std::priority_queue<Place, std::vector<Place>, Later> waiting_;
  // By reading:
  std::unique_ptr<SayingScan> scan_;
  uint64_t upto_ = 0;                                // the last number that `scan_` reads
  std::optional<std::vector<uint64_t>> candidates_;  // behind it, when they alone are read
  size_t candidate_ = 0;
  SayingScan::Numbered read_;
  uint64_t read_count_ = 0;
  size_t place_ = 0;
};

// Hits that were found beforehand.
class ListSource : public HitSource {
 public:
  explicit ListSource(std::vector<PlacedHit> hits) : hits_(std::move(hits)) {
    std::stable_sort(hits_.begin(), hits_.end(), [](const PlacedHit& a, const PlacedHit& b) {
      return a.place < b.place;
    });
  }
  Result<std::optional<PlacedHit>> Next() override {
    if (at_ == hits_.size()) return std::optional<PlacedHit>();
    return std::optional(std::move(hits_[at_++]));
  }

 private:
  std::vector<PlacedHit> hits_;
  size_t at_ = 0;
};

// The messages that the line sees of a step, whatever its record says that it sent.
Result<std::vector<Saying>> MessagesOf(Line& line, const StepBegin& step) {
  std::vector<Saying> sayings;
  for (uint32_t ordinal = 0;; ++ordinal) {
    uint32_t copy = 0;
    for (;; ++copy) {
      Result<MessageRecord> message = line.FindMessage({step.agent, step.clock, ordinal, copy});
      if (message.status().code() == StatusCode::kNotFound) break;
      if (!message.ok()) return message.status();
      sayings.push_back({std::move(message).value(), std::nullopt});
    }
    if (copy == 0) return sayings;
  }
}

// What a step that has not committed has said so far.
Result<std::vector<Saying>> SayingsOfOpen(Line& line, const StepBegin& step) {
  BACKSTEP_ASSIGN_OR_RETURN(auto sayings, MessagesOf(line, step));
  BACKSTEP_ASSIGN_OR_RETURN(auto effects, line.Effects(step.agent, step.clock));
  std::vector<Saying> answers;
  for (EffectRecord& effect : effects) {
    if (effect.response.where == BodyRef::Where::kNone) continue;
    answers.push_back({std::nullopt, std::move(effect)});
  }
  sayings.insert(sayings.begin(), std::make_move_iterator(answers.begin()),
                 std::make_move_iterator(answers.end()));
  return sayings;
}

// Messages that a step had sent when the branch `own` left, and did not send when it ran again.
Status AddUnsent(Line& line, Line& own, StepNumber last, HitTest* test,
                 std::vector<PlacedHit>* hits) {
  BACKSTEP_ASSIGN_OR_RETURN(const Cut cut, own.CutAt(own.fork()));
  for (const OpenStep& open : cut.open) {
    BACKSTEP_ASSIGN_OR_RETURN(const auto number, line.StepOf(open.begin.agent, open.begin.clock));
    if (!number || *number > last) continue;
    BACKSTEP_ASSIGN_OR_RETURN(const StepRecord step, line.Step(*number));
    BACKSTEP_ASSIGN_OR_RETURN(const auto messages, MessagesOf(line, open.begin));
    for (const Saying& saying : messages) {
      const MessageId& id = saying.message->id;
      if (std::any_of(step.sent.begin(), step.sent.end(),
                      [&](const SentMessage& sent) { return sent.id == id; })) {
        continue;
      }
      BACKSTEP_ASSIGN_OR_RETURN(auto hit, test->Try(line, saying));
      if (!hit) continue;
      hit->step = *number;
      hits->push_back({{number->value, 0, UINT64_MAX, id.ordinal}, std::move(*hit)});
    }
  }
  return {};
}

}  // namespace

Result<std::optional<SearchHit>> HitTest::Try(Line& line, const Saying& saying) {
  if (agent_ && !Concerns(saying, *agent_)) return std::optional<SearchHit>();
  const auto body = ReadWords(line, saying.body());
  if (!body.ok()) {
    const StatusCode code = body.status().code();
    if (code != StatusCode::kIncomplete && code != StatusCode::kCorruption) return body.status();
    ++answer_->unread;
    return std::optional<SearchHit>();
  }
  if (!*body) return std::optional<SearchHit>();
  const auto found = matcher_.Match((*body)->bytes, (*body)->media_type);
  if (!found) return std::optional<SearchHit>();
  SearchHit hit;
  hit.message = saying.message;
  hit.call = saying.call;
  CutExcerpt((*body)->bytes, *found, &hit);
  return std::optional(std::move(hit));
}

std::unique_ptr<HitSource> MakeStreamSource(const StreamPart& part, const SearchQuery& query,
                                            HitTest* test,
                                            std::function<bool(uint64_t)> progress) {
  return std::make_unique<StreamSource>(part, query, test, std::move(progress));
}

Result<std::unique_ptr<HitSource>> MakeOpenSource(Line& line, HitTest* test) {
  std::vector<PlacedHit> hits;
  BACKSTEP_ASSIGN_OR_RETURN(const auto open, line.OpenSteps());
  for (size_t i = 0; i < open.size(); ++i) {
    BACKSTEP_ASSIGN_OR_RETURN(const auto sayings, SayingsOfOpen(line, open[i].begin));
    for (size_t place = 0; place < sayings.size(); ++place) {
      BACKSTEP_ASSIGN_OR_RETURN(auto hit, test->Try(line, sayings[place]));
      if (!hit) continue;
      hit->step = line.last();
      hit->open = true;
      hits.push_back({{line.last().value, 2, i, place}, std::move(*hit)});
    }
  }
  return std::unique_ptr<HitSource>(new ListSource(std::move(hits)));
}

Result<std::unique_ptr<HitSource>> MakeInheritedSource(Line& line, Line& own, StepNumber last,
                                                       const std::vector<const Line*>& nearer,
                                                       HitTest* test) {
  std::vector<PlacedHit> hits;
  if (!own.header().origin) return std::unique_ptr<HitSource>(new ListSource(std::move(hits)));
  BACKSTEP_RETURN_IF_ERROR(AddUnsent(line, own, last, test, &hits));
  BACKSTEP_ASSIGN_OR_RETURN(auto changes, InheritedChanges(own));
  for (MessageRecord& message : changes) {
    const MessageId id = message.id;
    const Saying saying{std::move(message), std::nullopt};
    BACKSTEP_ASSIGN_OR_RETURN(const auto step, line.StepOf(id.sender, id.clock));
    const StepNumber said = step.value_or(saying.message->sent_after);
    if (said > last) continue;
    BACKSTEP_ASSIGN_OR_RETURN(const bool overridden, Overridden(nearer, saying));
    if (overridden) continue;
    BACKSTEP_ASSIGN_OR_RETURN(auto hit, test->Try(own, saying));
    if (!hit) continue;
    hit->step = said;
    hits.push_back({{said.value, 0, UINT64_MAX, id.ordinal}, std::move(*hit)});
  }
  return std::unique_ptr<HitSource>(new ListSource(std::move(hits)));
}

}  // namespace backstep::store
