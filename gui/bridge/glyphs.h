// Which code points a view needs drawn; read on the reader's thread, so that no frame walks bodies.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "backstep/gui/bridge/model.h"
#include "backstep/replay/view/comparison/step_pair.h"
#include "backstep/replay/view/conversation/conversation.h"
#include "backstep/replay/view/moment/state_view.h"

namespace backstep::gui {

// Latin, Greek, Cyrillic, punctuation, arrows, box drawing and shapes are always there: pairs of
// the first and the last, ended by 0.
inline constexpr uint16_t kGlyphsAlways[] = {
    0x0020, 0x024f, 0x0370, 0x04ff, 0x2010, 0x205e, 0x20a0, 0x20bf, 0x2190, 0x21ff, 0x2200,
    0x22ff, 0x2500, 0x25ff, 0x27e6, 0x27e7, 0xfffd, 0xfffd, 0};

// Code points beyond those that are always there, ascending; of the basic plane, bounded.
using Glyphs = std::vector<uint16_t>;

// Each adds what is missing; true when something was added.
bool AddGlyph(uint32_t code_point, Glyphs* glyphs);
bool AddNeededGlyphs(std::string_view text, Glyphs* glyphs);
bool AddGlyphsOf(const replay::CheckpointView& view, Glyphs* glyphs);
bool AddGlyphsOf(const replay::Conversation& chat, Glyphs* glyphs);
bool AddGlyphsOf(const OpenFacts& facts, Glyphs* glyphs);
bool AddGlyphsOf(const replay::StepPair& pair, Glyphs* glyphs);
bool AddGlyphsOf(const replay::StateView& view, Glyphs* glyphs);

}  // namespace backstep::gui
