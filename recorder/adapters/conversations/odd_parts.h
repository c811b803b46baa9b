// What of one record cannot be as it is, and is left out: told in one line.
#pragma once

#include <initializer_list>
#include <string>

#include "backstep/base/time.h"
#include "backstep/recorder/adapters/core/importer.h"
#include "backstep/recorder/adapters/core/json_text.h"

namespace backstep::adapters {

// One record. One thread.
class OddParts {
 public:
  // A member that is there and no time.
  void Time(const Json& record, std::string_view key);
  // A member that is there and no duration in seconds; what it is, 0 where it is none or missing.
  DurationNs Seconds(const Json& record, std::string_view key);
  // An end that lies before its beginning.
  void Ended(TimeNs began, TimeNs ended);
  // Members of a usage (those whose names speak of tokens) that are there and no counts.
  void Tokens(const Json* usage);
  void Add(const std::string& what);
  // Says it of `which` ("history[3]"), if there is anything to say.
  void Tell(const Place& place, const std::string& which, Sink& sink) const;

 private:
  std::string text_;
};

}  // namespace backstep::adapters
