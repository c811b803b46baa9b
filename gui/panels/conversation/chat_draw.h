// The second pass of the conversation: draws a row that has been laid out. Private to the panel.
#pragma once

#include "backstep/gui/panels/conversation/chat_layout.h"

namespace backstep::gui {

// At ImGui's cursor. Returns true when something was folded or unfolded: heights are to be measured
// again.
bool DrawChatRow(Frame& frame, const replay::ChatRow& row, const ChatBox& box, float width);

}  // namespace backstep::gui
