// What a search found, as rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/schemas/records.h"
#include "backstep/store/line.h"
#include "backstep/store/recording.h"
#include "backstep/store/search.h"

namespace backstep::replay {

struct SearchRow {
  std::string moment;        // main:812, just after it was said
  StepNumber number;         // its step
  bool open = false;         // said by a step that has not committed
  std::string id;            // of the message, planner/12.0, or the call, planner/12#1
  std::string from, to;      // of a message; a call's agent, and empty
  std::string kind, name;    // of a message, and empty; of a call ("llm"), and the model or tool
  bool call = false;
  std::string before, found, after;     // one line each: what stands around the words
  bool cut_before = false, cut_after = false;
};

struct SearchView {
  std::string branch;
  std::vector<SearchRow> rows;   // as they were said
  bool more = false;             // the limit cut them
  uint64_t unread = 0;           // bodies that were dropped or cannot be read
};

SearchView ViewSearch(const store::Recording& recording, const store::Line& line,
                      const store::SearchAnswer& answer);
std::string ToJson(const SearchView& view);

// "planner -> coder"; of a call "planner <- tool search".
std::string WhoText(const SearchRow& row);
// The row's text in one line, so that of what stands before the words at most `columns` show.
std::string FoundText(const SearchRow& row, size_t columns_before);

}  // namespace backstep::replay
