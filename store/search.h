// Finds where something was said: in the bodies of messages and in what calls answered.
//
// A word is a run of letters and digits, without regard to case; bodies of text and JSON are
// searched, others are not. Answers come from the recording's text index where there is one, and
// from the bodies themselves where not: they are the same. docs/index.md has the files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/schemas/records.h"

namespace backstep::store {

class Line;
class Recording;

// What is looked for. Immutable.
class SearchQuery {
 public:
  // Words that stand in a row, in lower case; of a single word, one.
  struct Term {
    std::vector<std::string> words;
    bool prefix = false;  // the last word may go on
  };

  // Words apart by spaces; "several words" in quotes stand in a row, as do the parts of what is
  // written together (tool_call, 3.14); word* is any word that begins so. All of it must be there.
  // InvalidArgument: not UTF-8, a quote that is not closed, a * elsewhere, nothing that is a word,
  // or too much; the message says what to do.
  static Result<SearchQuery> Parse(const std::string& text);

  const std::vector<Term>& terms() const { return terms_; }

 private:
  std::vector<Term> terms_;
};

struct SearchOptions {
  std::optional<AgentId> agent{};        // what it sent, was sent, or was answered
  std::optional<StepNumber> last{};      // only what was said by then; none: all of the line
  size_t limit = 20;                     // hits at most
};

// A message or an answer in which all words stand.
struct SearchHit {
  StepNumber step;        // of the line that said it; of what came from outside: the newest by then
  bool open = false;      // the step that said it has not committed; `step` is then the last one
  std::optional<MessageRecord> message;  // either this
  std::optional<EffectRecord> call;      // or this, of which it is the response
  std::string excerpt;    // bytes of the body around the words
  size_t found_at = 0, found_bytes = 0;  // one of them, in `excerpt`
  bool cut_before = false, cut_after = false;
};

struct SearchAnswer {
  std::vector<SearchHit> hits;  // in the order in which they were said
  bool more = false;            // the limit cut it: there are others
  uint64_t unread = 0;          // bodies that were dropped or cannot be read, of those looked at
  bool from_index = false;      // the text index gave some of it
};

// Gets the steps dealt with and how many there are, while bodies are indexed or read; returning
// false cancels.
using SearchProgress = std::function<bool(uint64_t done, uint64_t total)>;

// Asks one line. Keeps the files it reads open between questions. One thread, the line's.
class TextSearch {
 public:
  enum class Indexing {
    // Before an answer that would read much, the text index is made or caught up, for about as long
    // as that reading takes or for 2 s; the rest is read, and indexed by later questions.
    kWherePays,
    kAlways,     // all that it lacks, of any log, however long it takes
    kNever,      // the bodies are read, whatever index there is
  };

  // `recording` and `line` are not owned and outlive it.
  TextSearch(const Recording& recording, Line& line, Indexing indexing = Indexing::kWherePays);
  ~TextSearch();

  // Sees what the line has seen by its last Refresh. Where the index cannot be written, is held by
  // another process, or is damaged, bodies are read instead; a damaged one is made again.
  // Cancelled: what was indexed stays. Corruption, Io: the log cannot be read, with path and step.
  Result<SearchAnswer> Find(const SearchQuery& query, const SearchOptions& options,
                            const SearchProgress& progress = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Removes the text index, which is made again when it pays. Unavailable: another process is
// writing it. Io: path and reason.
Status DropTextIndex(const Recording& recording);

}  // namespace backstep::store
