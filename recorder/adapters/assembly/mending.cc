#include "backstep/recorder/adapters/assembly/mending.h"

#include <utility>

#include "backstep/recorder/adapters/core/draft.h"
#include "backstep/recorder/adapters/spans/span_words.h"

namespace backstep::adapters {
namespace {

constexpr size_t kQuotedMax = 40;  // bytes of a value that is told

bool MendTimeOfSpan(TimeNs* time) {
  const bool odd = time->ns < 0 || *time > kTimeMax;
  if (odd) *time = {};
  return odd;
}

class Words {
 public:
  void Add(const std::string& what) { (text_ += text_.empty() ? "" : "; ") += what; }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

void TellIds(const Span& span, Words* words) {
  const auto tell = [&](std::string_view id, size_t bytes, const char* what) {
    if (id.empty() || (id.size() == 2 * bytes && IsHex(id))) return;
    words->Add(std::string("its ") + what + " id, kept as it is, is not of " +
               std::to_string(bytes) + " bytes");
  };
  tell(span.trace_id, kTraceIdSize, "trace");
  tell(span.span_id, kSpanIdSize, "span");
  tell(span.parent_id, kSpanIdSize, "parent's");
}

void MendTimesOf(Span* span, Words* words) {
  if (MendTimeOfSpan(&span->began)) span->odd |= kOddBegin;
  if (MendTimeOfSpan(&span->ended)) span->odd |= kOddEnd;
  for (SpanEvent& event : span->events) {
    if (MendTimeOfSpan(&event.at)) span->odd |= kOddEventTime;
  }
  for (const auto& [odd, what] : {std::pair{kOddBegin, "the time at which it began"},
                                  {kOddEnd, "the time at which it ended"},
                                  {kOddDuration, "its duration"},
                                  {kOddEventTime, "the time of an event"}}) {
    if (span->odd & odd) words->Add(std::string(what) + " is left out: it cannot be that");
  }
  if (span->ended.ns != 0 && span->ended < span->began) {
    words->Add("it ended before it began: it has no duration");
  }
}

void TellCounts(const Meaning& meaning, Words* words) {
  for (const auto& [field, what] : {std::pair{Field::kInputTokens, "tokens in"},
                                    {Field::kOutputTokens, "tokens out"},
                                    {Field::kCachedTokens, "cached tokens"},
                                    {Field::kReasoningTokens, "reasoning tokens"},
                                    {Field::kCost, "cost"}}) {
    const bool sound = field == Field::kCost
                           ? meaning.Real(field) >= 0 && meaning.Real(field) < 1e15
                           : meaning.IsCount(field);
    if (!meaning.Has(field) || sound) continue;
    words->Add("its " + std::string(what) + " are left out: " +
               JsonText(Json(std::string(meaning.Text(field).substr(0, kQuotedMax)))));
  }
}

}  // namespace

std::string MendSpan(const Meaning& meaning, bool otlp_ids, Span* span) {
  Words words;
  if (otlp_ids) TellIds(*span, &words);
  MendTimesOf(span, &words);
  TellCounts(meaning, &words);
  if (span->beyond_room > 0) {
    words.Add(std::to_string(span->beyond_room) + " of its attributes, events and links are left "
              "out: no span has room for so many");
  }
  return words.Take();
}

}  // namespace backstep::adapters
