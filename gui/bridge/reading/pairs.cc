#include "backstep/gui/bridge/reading/pairs.h"

#include <utility>

#include "backstep/replay/view/comparison/step_pair.h"

namespace backstep::gui {

bool PairReader::Compare() {
  if (!wanted_) return false;
  auto pair = shown_.explorer->OpenPair(wanted_->a, wanted_->b);
  const auto go_on = [this](uint64_t, uint64_t) { return meanwhile_(); };
  auto view = pair.ok() ? (*pair)->Compare(go_on) : Result<replay::ComparisonView>(pair.status());
  if (view.status().code() == StatusCode::kCancelled) return false;
  wanted_.reset();
  pair_ = view.ok() ? std::move(*pair) : nullptr;
  shown_.touched = view.ok() ? view->lines.agents_touched : std::vector<std::string>();
  // It stays when another branch is looked at: not of one generation.
  shown_.queue->Tell([view = std::move(view)](Model* model, StepNumber*) mutable {
    Put(&model->comparison, std::move(view));
  });
  return true;
}

void PairReader::Pair(PairRequest request) {
  if (pair_ == nullptr) return;
  auto view = Find(std::move(request));
  if (view.status().code() == StatusCode::kCancelled) return;
  shown_.TellGlyphs(view);
  shown_.queue->Tell([view = std::move(view)](Model* model, StepNumber*) mutable {
    Put(&model->pair, std::move(view));
  });
}

Result<replay::StepPair> PairReader::Find(PairRequest request) {
  if (request.agent.empty()) {
    if (request.step.value == 0) return replay::StepPair();
    store::Line& line = shown_.explorer->line();
    BACKSTEP_ASSIGN_OR_RETURN(const StepRecord step, line.Step(request.step));
    request.agent = line.AgentName(step.agent);
    request.clock = step.clock;
  }
  return pair_->Steps(request.agent, request.clock,
                      [this] { return !shown_.queue->PairWaits() && meanwhile_(); });
}

void PairReader::Drop() {
  wanted_.reset();
  pair_ = nullptr;
  shown_.touched.clear();
  shown_.queue->Tell([](Model* model, StepNumber*) {
    model->comparison = {};
    model->pair = {};
  });
}

}  // namespace backstep::gui
