// The first pass of the conversation: a row's box and the texts in it, measured. Private to the
// panel. A row's layout follows from the row, what is unfolded, the width and the fonts alone.
#pragma once

#include <string>
#include <vector>

#include "backstep/gui/panels/panel.h"
#include "backstep/replay/view/conversation/conversation.h"

namespace backstep::gui {

inline constexpr float kBoxPad = 8;  // between a box's edge and its texts

struct ChatText {
  std::string key;             // unique; in ViewState::unfolded where it is shown whole
  std::string label;           // a dim line above it; may be empty
  std::string shown;           // with a line break wherever it wraps
  std::string note;            // "1.2 KB of 34 KB"; may be empty
  const std::string* whole = nullptr;  // what is copied; null: `shown` is a remark of ours
  bool foldable = false, unfolded = false;
  ImFont* font = nullptr;
  ImU32 color = 0;
  float y = 0, height = 0;     // of the text itself, in its box
};

// What the box's little mark is.
enum class ChatMark { kNone, kFold, kFailed, kFault, kChanged, kOk };

struct ChatBox {
  float x = 0, width = 0;      // in the row
  float height = 0;            // of the box alone
  float row_height = 0;        // with the line of its step above and the gap below
  float above = 0;             // of the line of its step; 0: none
  std::string title, detail;   // the head's left and right
  ImU32 title_color = 0;
  ImU32 fill = 0, border = 0, bar = 0;  // 0: none
  ChatMark mark = ChatMark::kNone;
  bool open = false;           // of kFold
  std::vector<ChatText> texts;
};

ChatBox LayOutChatRow(const Frame& frame, const replay::ChatRow& row, float width);

// Unique in a conversation.
std::string ChatKey(const replay::ChatRow& row);

}  // namespace backstep::gui
