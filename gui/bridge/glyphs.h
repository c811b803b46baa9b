// Which code points a view needs drawn; read on the reader's thread, so that no frame walks bodies.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "backstep/gui/bridge/model.h"
#include "backstep/replay/view/comparison/step_pair.h"
#include "backstep/replay/view/conversation/conversation.h"
#include "backstep/replay/view/state_view.h"

namespace backstep::gui {

// Code points beyond those that are always there, ascending; of the basic plane, bounded.
using Glyphs = std::vector<uint16_t>;

// Each adds what is missing; true when something was added.
bool AddGlyphsOf(const replay::CheckpointView& view, Glyphs* glyphs);
bool AddGlyphsOf(const replay::Conversation& chat, Glyphs* glyphs);
bool AddGlyphsOf(const OpenFacts& facts, Glyphs* glyphs);
bool AddGlyphsOf(const replay::StepPair& pair, Glyphs* glyphs);
bool AddGlyphsOf(const replay::StateView& view, Glyphs* glyphs);

}  // namespace backstep::gui
