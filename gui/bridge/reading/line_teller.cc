#include "backstep/gui/bridge/reading/line_teller.h"

#include <chrono>
#include <cmath>
#include <utility>

#include "backstep/gui/bridge/graph_layout.h"

namespace backstep::gui {
namespace {

constexpr double kProgressTold = 0.005;  // of all steps
// Each telling is a frame, which takes processor time from the reading.
constexpr auto kProgressApart = std::chrono::milliseconds(50);

}  // namespace

void LineTeller::Drop() {
  loader_ = nullptr;
  wanted_ = graph_read_ = false;
  laid_out_ = {};
  progress_told_ = 0;
}

void LineTeller::ReadOn() {
  if (!wanted_ || shown_.explorer == nullptr) return;
  const Status status = ReadAll();
  if (status.code() == StatusCode::kCancelled) return;  // asked for something else: goes on later
  wanted_ = false;
  if (status.ok()) return;
  shown_.queue->Tell([message = status.message(), generation = shown_.generation](Model* model,
                                                                                  StepNumber*) {
    if (model->generation != generation) return;
    if (model->timeline.loading) model->timeline = {nullptr, false, message};
    if (model->graph.loading) model->graph = {nullptr, false, message};
    if (model->session.loading) model->session = {nullptr, false, message};
  });
}

Status LineTeller::ReadAll() {
  if (loader_ == nullptr) {
    BACKSTEP_ASSIGN_OR_RETURN(loader_, LineLoader::Open(*shown_.explorer));
  }
  BACKSTEP_RETURN_IF_ERROR(loader_->Read({[this](double share) { return Meanwhile(share); },
                                          [this](bool whole) { TellGrown(whole); }}));
  const auto progress = [this](uint64_t, uint64_t) { return Meanwhile(1); };
  auto session = replay::ViewSession(shown_.explorer->recording(), shown_.explorer->session(),
                                     progress);
  if (session.status().code() == StatusCode::kCancelled) return session.status();
  shown_.Tell(&Model::session, std::move(session));
  return {};
}

bool LineTeller::Meanwhile(double share) {
  if (!meanwhile_()) return false;
  if (std::abs(share - progress_told_) < kProgressTold) return true;
  const auto now = std::chrono::steady_clock::now();
  if (now - progress_told_at_ < kProgressApart) return true;
  progress_told_ = share;
  progress_told_at_ = now;
  shown_.queue->Tell([share](Model* model, StepNumber*) { model->timeline_progress = share; });
  return true;
}

void LineTeller::TellGrown(bool whole) {
  shown_.queue->Tell([timeline = loader_->Timeline(), whole, generation = shown_.generation](
                         Model* model, StepNumber*) {
    if (model->generation != generation) return;
    model->timeline = {timeline, !whole, {}};
    if (whole) model->timeline_progress = 1;
  });
  TellGrownGraph(whole);
}

// Laid out by what has been read first, and again when all edges are known: nodes that move while
// they are looked at would be worse than an edge that has no place yet.
void LineTeller::TellGrownGraph(bool whole) {
  graph_read_ = true;
  if (whole || laid_out_.first == 0) {
    const auto graph = loader_->GraphAt(StepNumber(~uint64_t{0}), {});
    const std::pair shape{graph.ok() ? graph->nodes.size() : 0,
                          graph.ok() ? graph->edges.size() : 0};
    if (shape != laid_out_) {
      laid_out_ = shape;
      auto places = std::make_shared<const GraphPlaces>(LayOutGraph(*graph));
      shown_.queue->Tell([places, generation = shown_.generation](Model* model, StepNumber*) {
        if (model->generation == generation) model->places = places;
      });
    }
  }
  TellGraph();
}

void LineTeller::TellGraph() {
  if (graph_read_) shown_.Tell(&Model::graph, loader_->GraphAt(shown_.cursor, shown_.touched));
}

}  // namespace backstep::gui
