// Walks JSON that is too long to hold: one value, or several behind each other (lines, or printed
// one after another), and hands over the parts that are wanted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

// Names of the members on the way to a value; an item of a list is "*". Empty: a value of the top.
using JsonPath = std::vector<std::string>;

enum class JsonWant {
  kEnter,  // an object or list to look into; anything else is passed over
  kTake,   // whole, as text
  kPass,
};

class JsonVisitor {
 public:
  virtual ~JsonVisitor() = default;
  // A value begins, with '{', '[' or something else.
  virtual JsonWant Begin(const JsonPath& path, char first) = 0;
  // One that was wanted whole. The text is not checked: ParseJson does that. Valid during the call.
  virtual Status Take(const JsonPath& path, std::string_view text, const Place& place) = 0;
  // One that was entered, at `place`, has ended.
  virtual Status Leave(const JsonPath& path, const Place& place) {
    (void)path;
    (void)place;
    return {};
  }
};

// The text from the first line of it that may begin a value that is no scalar, past words that a
// program printed before; empty: there is none.
std::string_view FromFirstValue(std::string_view text);

// In a file whose lines are each an object, each line begins a value anew, whatever the one before
// it lacks. Goes on behind what is broken, at the next line that begins with '{' or '[', and tells
// `sink`. What it returns is the first failure of the visitor or of the source.
Status WalkJson(Source& source, JsonVisitor& visitor, Sink& sink);

}  // namespace backstep::adapters
