#include "backstep/gui/bridge/reading/looks.h"

#include <algorithm>
#include <utility>

#include "backstep/gui/bridge/clock.h"

namespace backstep::gui {
namespace {

constexpr size_t kBodyBytesMax = 256 << 10;  // of each body of a step
constexpr size_t kChangesMax = 200;
constexpr size_t kWaitingMax = 1000;         // messages of the mailboxes
constexpr size_t kWaitingSeen = 8;           // of these at first: about what fits into the panel
constexpr size_t kRowsSeen = 20;             // of a conversation, likewise
constexpr double kRestMs = 200;              // not moved for so long, also where frames are slow

replay::CheckpointOptions Whole() {
  replay::CheckpointOptions options;
  options.text_bytes_max = kBodyBytesMax;
  options.changes_max = kChangesMax;
  options.waiting_max = kWaitingMax;
  return options;
}

}  // namespace

void LookReader::Look(const Requests& now) {
  if (!now.looks()) return;
  looked_ms_ = SteadyMs();
  if (now.checkpoint) {
    replay::CheckpointOptions seen = Whole();
    seen.state_texts = false;  // the agents' panel shows sizes
    seen.waiting_max = kWaitingSeen;
    Checkpoint(*now.checkpoint, seen);
    checkpoint_ = now.checkpoint;
  }
  if (now.state) State(*now.state);
  if (now.chat) {
    replay::ConversationOptions seen;
    seen.rows_max = kRowsSeen;
    chat_.reset();
    if (Chat(*now.chat, seen)) chat_ = now.chat;
  }
}

std::optional<double> LookReader::RestInMs() const {
  if (!checkpoint_ && !chat_) return std::nullopt;
  return std::max(0.0, looked_ms_ + kRestMs - SteadyMs());
}

void LookReader::ReadRest() {
  if (RestInMs() != 0.0) return;
  if (chat_ && !shown_.queue->looking()) Chat(*std::exchange(chat_, {}), {});
  if (checkpoint_ && !shown_.queue->looking()) {
    Checkpoint(*std::exchange(checkpoint_, {}), Whole());
  }
}

void LookReader::Drop() {
  checkpoint_.reset();
  chat_.reset();
}

void LookReader::Checkpoint(StepNumber step, const replay::CheckpointOptions& options) {
  replay::Explorer& explorer = *shown_.explorer;
  auto view = replay::ViewCheckpoint(explorer.recording(), explorer.line(), step, options);
  shown_.TellGlyphs(view);
  shown_.Tell(&Model::checkpoint, std::move(view));
}

void LookReader::State(const AgentRequest& request) {
  store::Line& line = shown_.explorer->line();
  const auto agent = line.FindAgent(request.agent);
  Result<replay::StateView> state =
      agent ? replay::ViewState(line, *agent, request.until)
            : Result<replay::StateView>(Status::NotFound("no agent " + request.agent));
  shown_.TellGlyphs(state);
  shown_.Tell(&Model::state, std::move(state));
}

bool LookReader::Chat(const AgentRequest& request, const replay::ConversationOptions& options) {
  store::Line& line = shown_.explorer->line();
  const auto agent = line.FindAgent(request.agent);
  Result<replay::Conversation> chat =
      agent ? replay::ConversationOf(line, *agent, request.until, options)
            : Result<replay::Conversation>(Status::NotFound("no agent " + request.agent));
  const bool cut = chat.ok() && chat->cut;
  shown_.TellGlyphs(chat);
  shown_.Tell(&Model::conversation, std::move(chat));
  return cut;
}

}  // namespace backstep::gui
