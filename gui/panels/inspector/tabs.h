// The inspector's tabs. Private to it.
#pragma once

#include <string>

#include "backstep/gui/panels/panel.h"

namespace backstep::gui {

void DrawStepTab(Frame& frame);
void DrawStateTab(Frame& frame);
void DrawMailboxTab(Frame& frame);
void DrawForkTab(Frame& frame);

// A message as a card: envelope, body, and a menu to edit, drop or travel. `role`: "took", "sent",
// "waits".
void DrawMessage(Frame& frame, const replay::MessageRow& message, const char* role);
// A form that replaces what `target` says; the fork is made at the latest moment that works.
ForkDraft EditOf(ForkDraft::Kind kind, const std::string& target, const std::string& text);
// Why a body cannot be edited as a text and run again; empty: it can.
std::string WhyNotEdit(const Frame& frame, const replay::BodyView& body);
// A small button "edit", named for scripts "edit:" and `id`. Disabled where `why_not` is not empty.
bool EditButton(Frame& frame, const std::string& id, const std::string& why_not, const char* does);
// A body: its text, or why there is none.
void DrawBody(Frame& frame, const std::string& id, const replay::BodyView& body);

}  // namespace backstep::gui
