// What the reader's thread has open, and how it tells the window of it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backstep/base/ids.h"
#include "backstep/base/status.h"
#include "backstep/gui/bridge/glyphs.h"
#include "backstep/gui/bridge/model.h"
#include "backstep/gui/bridge/reading/reader_queue.h"
#include "backstep/replay/view/explorer.h"

namespace backstep::gui {

// One thread, the reader's.
struct Shown {
  ReaderQueue* queue = nullptr;                  // not owned
  std::unique_ptr<replay::Explorer> explorer;    // null: nothing is open
  uint64_t generation = 0;                       // of what is open (Model::generation)
  StepNumber cursor;
  std::vector<std::string> touched;              // agents, by the newest comparison
  Glyphs glyphs;                                 // that any view has needed

  // For as long as what is open now is what the window shows.
  template <typename View>
  void Tell(Loaded<View> Model::*slot, Result<View> view) {
    queue->Tell([slot, view = std::move(view), generation = generation](Model* model,
                                                                        StepNumber*) mutable {
      if (model->generation == generation) Put(&(model->*slot), std::move(view));
    });
  }

  // The window needs glyphs for what a view says, before the view arrives there.
  template <typename View>
  void TellGlyphs(const Result<View>& view) {
    if (!view.ok() || !AddGlyphsOf(*view, &glyphs)) return;
    queue->Tell([glyphs = glyphs](Model* model, StepNumber*) { model->glyphs = glyphs; });
  }
};

}  // namespace backstep::gui
