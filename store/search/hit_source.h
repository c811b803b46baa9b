// Where hits come from: a stream of a log, by index or by reading; and what is few enough to be
// looked at one by one. Private header of store/search.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/store/search.h"
#include "backstep/store/search/matcher.h"
#include "backstep/store/search/sayings.h"
#include "backstep/store/search/text_file.h"

namespace backstep::store {

// Where a hit belongs among all others of the line.
struct HitPlace {
  uint64_t step = 0;       // that said it, or the newest before it
  uint32_t behind = 0;     // 0: said by the step, 1: after it, from outside, 2: by an open step
  uint64_t number = 0;
  uint64_t place = 0;
  auto operator<=>(const HitPlace&) const = default;
};

struct PlacedHit {
  HitPlace place;
  SearchHit hit;
};

// What one search asks of all that was said. One thread.
class HitTest {
 public:
  HitTest(const SearchQuery& query, const SearchOptions& options, SearchAnswer* answer)
      : matcher_(query), agent_(options.agent), answer_(answer) {}

  // The hit that it is; nullopt: it is none. `line`: reads the body.
  Result<std::optional<SearchHit>> Try(Line& line, const Saying& saying);
  SearchAnswer* answer() { return answer_; }
  const Needle& needle() const { return matcher_.needle(); }

 private:
  Matcher matcher_;
  const std::optional<AgentId> agent_;
  SearchAnswer* const answer_;
};

// Hits in their order, one at a time. One thread.
class HitSource {
 public:
  virtual ~HitSource() = default;
  // nullopt: that was all.
  virtual Result<std::optional<PlacedHit>> Next() = 0;
  // Whether the last error was that of a text index, and its file is to be made again.
  virtual bool index_damaged() const { return false; }
};

// What of a log's stream a line sees.
struct StreamPart {
  Line* line = nullptr;                 // of the log itself
  Stream stream = Stream::kSteps;
  uint64_t last = 0;                    // greatest number
  uint64_t sent_from = 0, sent_to = 0;  // of messages from outside: between these steps
  std::vector<const Line*> nearer;      // logs whose messages stand for this one's of the same id
  TextFile* file = nullptr;             // null: its bodies are read
};

// `progress` is called now and then with the number that was read last; false cancels.
std::unique_ptr<HitSource> MakeStreamSource(const StreamPart& part, const SearchQuery& query,
                                            HitTest* test,
                                            std::function<bool(uint64_t)> progress);

// What open steps have said by now; and of a log that is a branch, `own`, what it changed of what
// it inherited, and what it inherited of steps that ran in it again. `line`: the one that is
// searched; `nearer` as of StreamPart.
Result<std::unique_ptr<HitSource>> MakeOpenSource(Line& line, HitTest* test);
Result<std::unique_ptr<HitSource>> MakeInheritedSource(Line& line, Line& own, StepNumber last,
                                                       const std::vector<const Line*>& nearer,
                                                       HitTest* test);

}  // namespace backstep::store
