// Turns what the program gave into what the log holds: redacts, hashes, hands on to the store.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "backstep/recorder/pipeline/log_item.h"
#include "backstep/recorder/redact.h"
#include "backstep/store/line.h"
#include "backstep/store/log_writer.h"

namespace backstep::recorder {

// One thread. Every failure of it is the log's end.
class ItemWriter {
 public:
  // Not owned: `writer` outlives this.
  ItemWriter(store::LogWriter* writer, std::shared_ptr<const Redactor> redactor);

  Status Agent(AgentItem& item);
  Status Segment(SegmentItem& item);
  Status Begin(BeginItem& item);
  Status Message(MessageItem& item);
  Status Effect(EffectItem& item);
  Status Commit(CommitItem& item);
  Status Event(EventItem& item);

  // The newest step handed to the store.
  StepNumber last_step() const { return last_step_; }

 private:
  Status CommitWhole(CommitItem& item);
  Status CommitEdit(CommitItem& item);
  bool Redact(std::string* text) { return redactor_->Redact(text); }
  // What the agent's newest state was before it was redacted.
  void NoteLeft(AgentId agent, bool redacted, std::string&& state);
  void RedactStep(StepRecord* record);

  store::LogWriter* writer_;
  std::shared_ptr<const Redactor> redactor_;
  StepNumber last_step_;
  // States as their agents left them, of those that held a secret; the log keeps placeholders.
  std::map<AgentId, std::string> left_;
  std::string seam_;  // working memory
};

}  // namespace backstep::recorder
