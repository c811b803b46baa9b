// Text that can be read, selected and copied, and what a panel says when it has nothing to show.
#pragma once

#include <string>
#include <string_view>

#include "backstep/gui/widgets/frame.h"

namespace backstep::gui {

// What can be drawn of `text`: control characters, invisible ones and those that the current font
// has no glyph of appear as a framed code point, "⟦U+1F600⟧", and bytes that are no UTF-8 as
// "⟦FF⟧"; line breaks and tabs stay.
std::string Drawable(std::string_view text);
// The same in one line: line breaks and tabs appear as "\n", "\r" and "\t".
std::string DrawableLine(std::string_view text);
// The same cut with an ellipsis to `width` pixels; what is framed stays in one piece.
std::string CutLine(std::string_view text, ImFont* font, float size, float width);

// The last part of a path, a slash behind it not counted.
std::string FileName(std::string_view path);

// The text with a line break wherever it must wrap in `width` pixels; `lines` counts them.
std::string WrapText(const std::string& text, ImFont* font, float size, float width, int* lines);

void Dim(Frame& frame, const std::string& text);
void Heading(Frame& frame, const std::string& text);
// One line cut with an ellipsis to `width` pixels (0: what is left); the whole in a tooltip.
void Elided(Frame& frame, const std::string& text, float width, ImU32 color);
// A label and its value in two columns, the value selectable.
void Fact(Frame& frame, const char* label, const std::string& value, float label_width);
// A block that wraps, can be selected with the mouse, and has "Copy" in its context menu, which
// copies `text` byte by byte. `lines_max` (0: no limit) cuts its height; it scrolls then.
void TextBlock(Frame& frame, const char* id, const std::string& text, ImFont* font,
               int lines_max = 0);

// Instead of a panel's contents.
void EmptyState(Frame& frame, const std::string& title, const std::string& hint);
void LoadingState(Frame& frame, const std::string& what, double share);
void ErrorState(Frame& frame, const std::string& error, const std::string& hint);

// A small rounded label.
void Pill(Frame& frame, const std::string& text, ImU32 color);
// A button in the accent's colour, named for scripts. Disabled where `why_not` is not empty, which
// is its tooltip then.
bool PrimaryButton(Frame& frame, const char* label, const std::string& why_not = {});
bool PlainButton(Frame& frame, const char* label, const char* tooltip = nullptr);
// A box to be ticked, seen on any ground; named for scripts as `name`. True: it was changed.
bool CheckBox(Frame& frame, const char* label, const char* name, bool* on);
// Gives the next item the caret where `name` is the field that is to have it.
void FocusIfWanted(Frame& frame, const char* name);
// Scrolls a table with a frozen heading no further than it takes to see this row of it.
void KeepRowInSight(int row, float row_height);
// A line that can be chosen, whatever its text is: "##" of a name does not end it.
bool ChoiceLine(const std::string& text, bool chosen, ImGuiSelectableFlags flags = 0);
// A text as the preview of a list that opens, where "##" would end it.
std::string Preview(std::string_view text);
// A menu's line, named for scripts as `name`. Disabled where `why_not` is not empty, which is its
// tooltip then.
bool MenuLine(Frame& frame, const char* label, const std::string& name,
              const std::string& why_not = {});
// A tooltip for the last item, which may be disabled.
void Hint(const char* text);

}  // namespace backstep::gui
