#include "backstep/gui/bridge/reading/line_loader.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace backstep::gui {
namespace {

using Clock = std::chrono::steady_clock;

// Of each; what has been read is shown after it, so that it grows some two times a second.
constexpr auto kSlice = std::chrono::milliseconds(250);

}  // namespace

Result<std::unique_ptr<LineLoader>> LineLoader::Open(const replay::Explorer& explorer) {
  std::unique_ptr<LineLoader> loader(new LineLoader());
  BACKSTEP_ASSIGN_OR_RETURN(loader->line_, explorer.OpenLineAgain());
  // A branch can be looked at without its parent: its steps are not compared then.
  if (auto parent = explorer.OpenParent(); parent.ok()) loader->parent_ = std::move(*parent);
  loader->timeline_ = std::make_unique<replay::TimelineBuilder>(
      *loader->line_, loader->parent_.get(), &explorer.recording());
  loader->graph_ = std::make_unique<replay::AgentGraphBuilder>(*loader->line_);
  return loader;
}

Result<bool> LineLoader::Slice(const Listener& listener) {
  const auto until = Clock::now() + kSlice;
  bool given_up = false;
  const auto progress = [&](uint64_t done, uint64_t total) {
    given_up = !listener.meanwhile(static_cast<double>(done) /
                                   static_cast<double>(std::max<uint64_t>(total, 1)));
    return !given_up && Clock::now() < until;
  };
  const Status status =
      timeline_->Extend(progress, [this](const auto& step) { graph_->Add(step); });
  if (status.code() == StatusCode::kCancelled && !given_up) return false;
  BACKSTEP_RETURN_IF_ERROR(status);
  return true;
}

Status LineLoader::Read(const Listener& listener) {
  BACKSTEP_RETURN_IF_ERROR(line_->Refresh().status());
  BACKSTEP_RETURN_IF_ERROR(graph_->Begin());
  for (bool whole = false; !whole;) {
    BACKSTEP_ASSIGN_OR_RETURN(whole, Slice(listener));
    if (whole) BACKSTEP_RETURN_IF_ERROR(graph_->End());
    listener.grown(whole);
  }
  return {};
}

Result<replay::AgentGraph> LineLoader::GraphAt(StepNumber step,
                                               const std::vector<std::string>& touched) const {
  return graph_->At(std::min(step, graph_->read_to()), touched);
}

}  // namespace backstep::gui
