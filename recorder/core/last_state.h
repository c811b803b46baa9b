// What an agent left last, where the program's own thread can compare with it: a large state that
// changed little is queued as the edit that makes it, and not copied.
#pragma once

#include <string>
#include <string_view>

#include "backstep/schemas/message.h"
#include "backstep/store/state/diff/diff.h"
#include "backstep/store/state/newest_bytes.h"
#include "backstep/store/state/state_edit.h"

namespace backstep::recorder {

// One step at a time, as its agent. Costs at most a few copies of the state, whatever it is; a
// program whose states have nothing in common is soon asked less and less.
class LastState {
 public:
  // Makes `state` the last one. True: `edit` (its buffers are used again) makes it of the one
  // before. False: it is to be queued whole: it is small, the first, of another media type, or most
  // of it is new.
  bool Replace(const Body& state, StateEdit* edit);
  // What comes next is queued whole: the one before did not reach the log as it was given here.
  void Forget();

 private:
  bool Compare(std::string_view state, StateEdit* edit);

  store::NewestBytes bytes_;
  std::string media_type_;
  store::Differ differ_;
  bool any_ = false;
  // States not compared because many before had little in common, and how many come next.
  int skipped_ = 0, skip_ = 0;
};

}  // namespace backstep::recorder
