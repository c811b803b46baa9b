// A conversation that grows, as the state of an agent: a JSON array of {"role", "content"}, one
// turn a line, so that a longer one is the shorter one with something in its end.
#pragma once

#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/samples/software_team/llm.h"
#include "backstep/schemas/message.h"

namespace team {

class Chat {
 public:
  // The state of an agent that has said and heard nothing yet.
  static backstep::Body Empty() { return {"[]"}; }
  // InvalidArgument: not a conversation.
  static backstep::Result<Chat> Parse(const backstep::Body& state);

  const std::vector<Turn>& turns() const { return turns_; }
  bool empty() const { return turns_.empty(); }
  void Add(const std::string& role, const std::string& text);

  // What was added since the state was committed last, as an edit of that state.
  backstep::StateEdit Added() const;
  // The edit has been committed.
  void Committed();

 private:
  std::vector<Turn> turns_;
  uint64_t committed_bytes_ = 2;   // of the state as committed last
  std::string added_;              // turns since, each with its comma and newline
  bool committed_any_ = false;
};

}  // namespace team
