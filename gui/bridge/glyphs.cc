#include "backstep/gui/bridge/glyphs.h"

#include "backstep/gui/app/fonts.h"

namespace backstep::gui {

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
