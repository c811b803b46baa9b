#include "backstep/gui/bridge/glyphs.h"

#include <algorithm>

#include "backstep/base/utf8.h"

namespace backstep::gui {
namespace {

constexpr size_t kGlyphsMax = 8000;

bool Always(uint32_t c) {
  for (size_t i = 0; kGlyphsAlways[i] != 0; i += 2) {
    if (c >= kGlyphsAlways[i] && c <= kGlyphsAlways[i + 1]) return true;
  }
  return c < 0x20;
}

}  // namespace

bool AddGlyph(uint32_t c, Glyphs* glyphs) {
  if (c > 0xffff || Always(c) || glyphs->size() >= kGlyphsMax) return false;
  const auto glyph = static_cast<uint16_t>(c);
  const auto place = std::lower_bound(glyphs->begin(), glyphs->end(), glyph);
  if (place != glyphs->end() && *place == glyph) return false;
  glyphs->insert(place, glyph);
  return true;
}

bool AddNeededGlyphs(std::string_view text, Glyphs* glyphs) {
  bool added = false;
  for (size_t at = 0; at < text.size();) {
    const bool ascii = static_cast<unsigned char>(text[at]) < 0x80;
    const CodePoint c = ascii ? CodePoint{0, 1} : DecodeUtf8(text, at);
    at += std::max<size_t>(c.bytes, 1);
    if (!ascii && c.bytes != 0) added |= AddGlyph(c.value, glyphs);
  }
  return added;
}

bool AddGlyphsOf(const replay::CheckpointView& view, Glyphs* glyphs) {
  bool added = false;
  const auto add = [&](std::string_view text) { added |= AddNeededGlyphs(text, glyphs); };
  for (const auto& message : view.mailboxes) add(message.body.text);
  for (const auto& agent : view.agents) {
    add(agent.name);
    add(agent.state.text);
  }
  if (!view.detail) return added;
  for (const auto& message : view.detail->took) add(message.body.text);
  for (const auto& message : view.detail->sent) add(message.body.text);
  for (const auto& call : view.detail->calls) {
    add(call.request.text);
    add(call.response.text);
  }
  return added;
}

bool AddGlyphsOf(const replay::Conversation& chat, Glyphs* glyphs) {
  bool added = false;
  for (const auto& row : chat.rows) {
    for (const auto* text : {&row.body.text, &row.answer.text, &row.request.text,
                             &row.response.text, &row.readable, &row.who}) {
      added |= AddNeededGlyphs(*text, glyphs);
    }
  }
  return added;
}

bool AddGlyphsOf(const OpenFacts& facts, Glyphs* glyphs) {
  bool added = AddNeededGlyphs(facts.session, glyphs);
  for (const std::string& agent : facts.agents) added |= AddNeededGlyphs(agent, glyphs);
  return added;
}

bool AddGlyphsOf(const replay::StepPair& pair, Glyphs* glyphs) {
  bool added = false;
  for (const auto& part : pair.parts) {
    added |= AddNeededGlyphs(part.a.text, glyphs);
    added |= AddNeededGlyphs(part.b.text, glyphs);
  }
  return added;
}

bool AddGlyphsOf(const replay::StateView& view, Glyphs* glyphs) {
  bool added = AddNeededGlyphs(view.body.text, glyphs);
  for (const auto& line : view.diff.lines) added |= AddNeededGlyphs(line.before, glyphs);
  return added;
}

}  // namespace backstep::gui
