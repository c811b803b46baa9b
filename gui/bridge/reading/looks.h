// What follows the cursor: the checkpoint, the state and the conversation of an agent. While the
// cursor is on its way only as much is read as the panels show without being scrolled; the rest of
// it lies all over a long recording. It follows once the cursor has rested.
#pragma once

#include <optional>

#include "backstep/gui/bridge/reading/shown.h"

namespace backstep::gui {

// One thread, the reader's. Something must be open, but for RestInMs and Drop.
class LookReader {
 public:
  explicit LookReader(Shown* shown) : shown_(*shown) {}

  // What of `now` follows the cursor.
  void Look(const Requests& now);
  // When the rest is to be read, in ms from now; nullopt: there is none.
  std::optional<double> RestInMs() const;
  // Reads the rest if that time has come, and stops where something newer is looked for.
  void ReadRest();
  // Something else is open, or nothing.
  void Drop();

 private:
  void Checkpoint(StepNumber step, const replay::CheckpointOptions& options);
  void State(const AgentRequest& request);
  // Returns whether older rows were left out.
  bool Chat(const AgentRequest& request, const replay::ConversationOptions& options);

  Shown& shown_;
  // Of what was looked at last, what is still to be read in full.
  std::optional<StepNumber> checkpoint_;
  std::optional<AgentRequest> chat_;
  double looked_ms_ = 0;
};

}  // namespace backstep::gui
