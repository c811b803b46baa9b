// One sample of an evaluation as a run: its events in order, its state folded from their patches.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "backstep/recorder/adapters/core/importer.h"
#include "backstep/recorder/adapters/core/json_text.h"

namespace backstep::adapters {

// Texts that events refer to as "attachment://HASH": one sample's, which outlives this. One thread.
class Attachments {
 public:
  explicit Attachments(const Json* texts);
  // `value` with the texts in place of the references. What all together would grow beyond
  // kAttachedMax bytes stays a reference, and `left_out` is true from then on.
  Json Resolve(const Json& value);
  bool left_out() const { return left_out_; }

  static constexpr uint64_t kAttachedMax = 1ull << 30;

 private:
  void ResolveIn(Json* value);
  std::unordered_map<std::string_view, const std::string*> texts_;  // by hash
  uint64_t attached_ = 0;
  bool left_out_ = false;
};

// The state of a sample, kept up by JSON patches.
class SampleState {
 public:
  void Set(const Json& state);
  // Applies a "state" event's changes, or those of the store alone. False: one of them does not
  // fit; the others are applied.
  bool Change(const Json& changes, bool store);
  const Json& value() const { return value_; }
  bool known() const { return known_; }

 private:
  bool Patch(const Json& operation, Json* value);
  bool Grows(const Json& operation, const Json& value);

  uint64_t moved_ = 0;   // bytes that "move" and "copy" have walked over
  uint64_t walked_ = 0;  // members passed by on the way to what is changed
  Json value_ = Json::object();
  bool known_ = false;
};

// Tells the messages of a sample that kept no events: a conversation, tools answered by theirs.
void TellMessages(const Json& sample, Attachments* attachments, Sink& sink, SessionDraft* draft);

// Tells a sample.
void TellSample(const Json& sample, const std::string& path, Sink& sink, SessionDraft* draft);

}  // namespace backstep::adapters
