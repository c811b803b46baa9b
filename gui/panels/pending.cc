#include "backstep/gui/panels/panel.h"
namespace backstep::gui {
__attribute__((weak)) void DrawTimeline(Frame&) {}
__attribute__((weak)) void DrawGraph(Frame&) {}
__attribute__((weak)) void DrawConversation(Frame&) {}
}
