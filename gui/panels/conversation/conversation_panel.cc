// An agent's conversation up to the cursor, as a chat.
#include <algorithm>
#include <vector>

#include <imgui_internal.h>

#include "backstep/gui/panels/conversation/chat_draw.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

constexpr int kHeightsMax = 20000;   // that are remembered
constexpr float kMarginRight = 8;
constexpr float kAgentWidth = 170;

void ChooseAgent(Frame& frame, const OpenFacts& facts) {
  ImGui::SetNextItemWidth(frame.Px(kAgentWidth));
  const float room = frame.Px(kAgentWidth) - ImGui::GetFrameHeight() -
                     2 * ImGui::GetStyle().FramePadding.x;
  const std::string name = CutLine(frame.view.agent, ImGui::GetFont(), ImGui::GetFontSize(), room);
  if (ImGui::BeginCombo("##agent", Preview(name).c_str())) {
    const auto offer = [&](const std::string& name) {
      if (ChoiceLine(name, name == frame.view.agent)) {
        frame.Send(SelectAgent{name});
      }
    };
    for (const std::string& name : facts.agents) offer(name);
    offer(kOutsideName);
    ImGui::EndCombo();
  }
  frame.NameItem("menu:chat-agent");
}

void DrawTop(Frame& frame, const replay::Conversation* chat) {
  if (frame.model.open.value != nullptr) ChooseAgent(frame, *frame.model.open.value);
  if (chat == nullptr) return;
  ImGui::SameLine(0, frame.Px(10));
  ImGui::AlignTextToFramePadding();
  std::string text = replay::FormatCount(chat->rows.size(), "row");
  if (chat->steps_total != 0) {
    text = std::to_string(chat->steps_shown) + " of " +
           replay::FormatCount(chat->steps_total, "step");
  }
  Elided(frame, text + " up to step " + std::to_string(chat->until.value), 0,
         frame.theme.text_dim);
}

// Heights of rows that have been measured, under what they depend on.
class Heights {
 public:
  explicit Heights(const Frame& frame, float width)
      : frame_(frame), width_(width), storage_(ImGui::GetStateStorage()) {
    if (storage_->Data.Size > kHeightsMax) storage_->Clear();
    seed_ = static_cast<ImGuiID>(width) * 31 +
            static_cast<ImGuiID>(storage_->GetInt(kEpoch)) * 7919 +
            static_cast<ImGuiID>(frame.fonts.body->FontSize * 8) +
            static_cast<ImGuiID>(frame.fonts.body->Glyphs.Size) * 104729;
  }
  float Of(const replay::ChatRow& row) {
    const size_t read = row.body.text.size() + row.request.text.size() + row.response.text.size();
    const ImGuiID key = ImHashStr(ChatKey(row).c_str(), 0, seed_ + (row.first_of_step ? 1 : 0) +
                                                               static_cast<ImGuiID>(read) * 2);
    float* height = storage_->GetFloatRef(key, 0);
    if (*height == 0) *height = LayOutChatRow(frame_, row, width_).row_height;
    return *height;
  }
  void Forget() { storage_->SetInt(kEpoch, storage_->GetInt(kEpoch) + 1); }

 private:
  static constexpr ImGuiID kEpoch = 1;
  const Frame& frame_;
  const float width_;
  ImGuiStorage* storage_;
  ImGuiID seed_ = 0;
};

// A newer moment or another agent shows its newest row.
bool Changed(const replay::Conversation& chat) {
  constexpr ImGuiID kShown = 2;
  const std::string shown = chat.agent + "@" + std::to_string(chat.until.value) + "#" +
                            std::to_string(chat.rows.size());
  const auto now = static_cast<int>(ImHashStr(shown.c_str()));
  ImGuiStorage* storage = ImGui::GetStateStorage();
  const bool changed = storage->GetInt(kShown) != now;
  storage->SetInt(kShown, now);
  return changed;
}

float DrawOlder(Frame& frame, const replay::Conversation& chat) {
  if (!chat.cut) return 0;
  ImGui::PushFont(frame.fonts.small);
  ImGui::AlignTextToFramePadding();
  Dim(frame, "Older rows are left out.");
  ImGui::SameLine();
  if (chat.from.value != 0 && ImGui::Button("Go back to see them")) frame.Send(GoTo{chat.from});
  frame.NameItem("button:older");
  ImGui::PopFont();
  return ImGui::GetFrameHeightWithSpacing();
}

// The bar beside the rows of the cursor's step.
void DrawHere(Frame& frame, float top, float height) {
  const ImVec2 window = ImGui::GetWindowPos();
  const float y = window.y + top - ImGui::GetScrollY();
  ImGui::GetWindowDrawList()->AddRectFilled({window.x, y}, {window.x + frame.Px(3), y + height},
                                            frame.theme.accent, frame.Px(1.5f));
}

// Within this frame: in the old place other rows would show for one. What the frame measures of its
// content begins where the window then begins.
void ScrollAtOnce(float y) {
  ImGuiWindow* window = ImGui::GetCurrentWindow();
  window->DC.CursorStartPos.y -= y - window->Scroll.y;
  window->Scroll.y = y;
}

void DrawRows(Frame& frame, const replay::Conversation& chat) {
  const float indent = frame.Px(8);
  const float width = ImGui::GetContentRegionAvail().x - indent - frame.Px(kMarginRight);
  const float start = DrawOlder(frame, chat);
  Heights heights(frame, width);
  std::vector<float> tops{start};
  for (const replay::ChatRow& row : chat.rows) tops.push_back(tops.back() + heights.Of(row));
  const float bottom = tops.back() - ImGui::GetWindowHeight() + frame.Px(4);
  if (Changed(chat)) ScrollAtOnce(std::max(0.f, bottom));
  const float from = ImGui::GetScrollY(), to = from + ImGui::GetWindowHeight();
  const auto first = std::upper_bound(tops.begin() + 1, tops.end(), from) - tops.begin() - 1;
  bool toggled = false;
  for (auto i = static_cast<size_t>(first); i < chat.rows.size() && tops[i] < to; ++i) {
    const replay::ChatRow& row = chat.rows[i];
    ImGui::SetCursorPos({indent, tops[i]});
    toggled |= DrawChatRow(frame, row, LayOutChatRow(frame, row, width), width);
    if (row.step == frame.view.cursor && !row.open) DrawHere(frame, tops[i], tops[i + 1] - tops[i]);
  }
  ImGui::SetCursorPos({0, tops.back()});
  ImGui::Dummy({1, 1});
  if (toggled) heights.Forget();
}

void DrawReady(Frame& frame, const replay::Conversation& chat) {
  DrawTop(frame, &chat);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
  // The bar is always there: a width that comes and goes would measure rows twice.
  if (ImGui::BeginChild("rows", {0, 0}, false, ImGuiWindowFlags_AlwaysVerticalScrollbar)) {
    if (chat.rows.empty()) {
      EmptyState(frame, "Nothing yet", chat.agent + " has neither read nor said anything by now.");
    } else {
      DrawRows(frame, chat);
    }
  }
  ImGui::EndChild();
  ImGui::PopStyleVar();
}

}  // namespace

void DrawConversation(Frame& frame) {
  const Loaded<replay::Conversation>& chat = frame.model.conversation;
  const bool other = chat.value != nullptr && chat.value->agent != frame.view.agent;
  const auto& open = frame.model.open.value;
  if (open != nullptr && open->agents.empty()) {
    EmptyState(frame, "No conversation", "The recording names no agents.");
  } else if (frame.view.agent.empty()) {
    EmptyState(frame, "No agent is chosen", "Click one in the graph.");
  } else if (!chat.error.empty()) {
    DrawTop(frame, nullptr);
    ErrorState(frame, chat.error, "`backstep verify REC` says what is damaged.");
  } else if (chat.value == nullptr || other) {
    DrawTop(frame, nullptr);
    LoadingState(frame, "Reading the conversation", 1);
  } else {
    DrawReady(frame, *chat.value);
  }
}

}  // namespace backstep::gui
