// Where a word may lie in the literal logs of a log, gone through in the order in which they lie on
// the disk. Private header of store/search.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "backstep/base/ids.h"
#include "backstep/base/status.h"
#include "backstep/store/format/kv.h"
#include "backstep/store/search/scan/needle.h"

namespace backstep::store {

// Parts of literal logs, added in the order of agents and of their ends.
class Stretches {
 public:
  void Add(AgentId owner, uint64_t begin, uint64_t end) { all_.push_back({owner, begin, end}); }
  // Whether one of them lies in this part of the owner's log, or partly; of an owner of whom there
  // is none, yes.
  bool Meet(AgentId owner, uint64_t begin, uint64_t end) const;

 private:
  struct Stretch {
    AgentId owner;
    uint64_t begin, end;
  };
  std::vector<Stretch> all_;
};

// Sets in `*found` what holds the needle, which is not empty, or may as JSON: all that does lies in
// a stretch, and so does all that is not there to be read. false: so many chunks do that this is no
// help, or they are damaged. `go_on` is asked now and then; Cancelled when it says no.
Result<bool> ScanLiterals(const KvReader& log, const Needle& needle,
                          const std::function<bool()>& go_on, Stretches* found);

}  // namespace backstep::store
