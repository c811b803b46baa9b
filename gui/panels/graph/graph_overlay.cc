// What lies over the graph: to find an agent among many, Fit, the legend, and a count.
#include <algorithm>
#include <array>
#include <cctype>

#include <imgui.h>
#include <imgui_stdlib.h>

#include "backstep/gui/panels/graph/graph_draw.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

constexpr size_t kFindFrom = 24;         // agents from which one is looked for by name
constexpr float kFindWidth = 150;

void LegendTooltip(Frame& frame) {
  using replay::AgentCondition;
  ImGui::BeginTooltip();
  for (const AgentCondition condition :
       {AgentCondition::kIdle, AgentCondition::kRunning, AgentCondition::kWaiting,
        AgentCondition::kFailed, AgentCondition::kHit}) {
    static constexpr const char* kMeaning[] = {
        "idle", "running: it has just run, or a step of it is open",
        "waiting: it has called another agent", "failed: its newest step failed",
        "hit: a fault or an edit hit its newest step"};
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float line = ImGui::GetTextLineHeight();
    DrawCondition(ImGui::GetWindowDrawList(), {at.x + line / 2, at.y + line / 2}, frame.Px(4.5f),
                  condition, frame.theme);
    ImGui::SetCursorPosX(ImGui::GetCursorPosX() + line * 1.4f);
    ImGui::TextUnformatted(kMeaning[static_cast<size_t>(condition)]);
  }
  Dim(frame, "A number at a corner: messages waiting. Blue: what this step took and sent.");
  Dim(frame, "Drag nodes or the ground, Ctrl+wheel zooms, double-click travels.");
  ImGui::EndTooltip();
}

bool ManyAgents(const replay::AgentGraph& graph) { return graph.nodes.size() > kFindFrom; }

float ButtonsWidth(const Frame& frame) {
  ImFont* font = frame.fonts.small;
  return font->CalcTextSizeA(font->FontSize, 1e6f, 0, "Fit?").x + frame.Px(36);
}

// Fit and the legend.
void DrawButtons(Frame& frame, const GraphRegion& region) {
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {frame.Px(6), frame.Px(2)});
  ImGui::SetCursorScreenPos({region.max.x - ButtonsWidth(frame), region.min.y + frame.Px(6)});
  if (ImGui::Button("Fit")) frame.view.graph_zoom = 0;
  frame.NameItem("button:fit-graph");
  Hint("Show all agents");
  ImGui::SameLine(0, frame.Px(4));
  ImGui::Button("?");
  frame.NameItem("button:graph-legend");
  ImGui::PopStyleVar();
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {frame.Px(8), frame.Px(6)});
  if (ImGui::IsItemHovered()) LegendTooltip(frame);
  ImGui::PopStyleVar();
}


bool NameHas(const std::string& name, const std::string& words) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(name.begin(), name.end(), words.begin(), words.end(), same) != name.end();
}

// The next one after the chosen agent whose name has what was typed; null: none has.
const replay::GraphNode* NextNamed(const replay::AgentGraph& graph, const std::string& typed,
                                   const std::string& chosen) {
  const auto& nodes = graph.nodes;
  const auto at = std::find_if(nodes.begin(), nodes.end(),
                               [&](const auto& node) { return node.name == chosen; });
  const size_t first = at == nodes.end() ? 0 : static_cast<size_t>(at - nodes.begin()) + 1;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const replay::GraphNode& node = nodes[(first + i) % nodes.size()];
    if (NameHas(node.name, typed)) return &node;
  }
  return nullptr;
}

void DrawFind(Frame& frame, const replay::AgentGraph& graph, const GraphRegion& region) {
  std::string& typed = frame.view.find_typed;
  const replay::GraphNode* next =
      typed.empty() ? nullptr : NextNamed(graph, typed, frame.view.agent);
  const bool none = !typed.empty() && next == nullptr;
  const float room = region.max.x - region.min.x - ButtonsWidth(frame) - frame.Px(12);
  ImGui::SetCursorScreenPos({region.min.x + frame.Px(6), region.min.y + frame.Px(6)});
  ImGui::SetNextItemWidth(std::min(frame.Px(kFindWidth), room));
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {frame.Px(6), frame.Px(2)});
  ImGui::PushStyleColor(ImGuiCol_Text, none ? frame.theme.failed : frame.theme.text);
  const bool entered = ImGui::InputTextWithHint("##find", "Find an agent", &typed,
                                                ImGuiInputTextFlags_EnterReturnsTrue);
  ImGui::PopStyleColor();
  ImGui::PopStyleVar();
  frame.NameItem("field:find-agent");
  Hint(none ? "No agent has that in its name."
            : "Enter goes to it, and on to the next of that name.");
  if (!entered) return;
  if (next != nullptr) frame.Send(FindAgent{next->name});
  ImGui::SetKeyboardFocusHere(-1);
}

// "500 agents, 2 failed, 1 running", where they are too small to be counted by eye.
void DrawCount(Frame& frame, const replay::AgentGraph& graph, const GraphRegion& region) {
  using replay::AgentCondition;
  std::array<uint64_t, 5> counts{};
  uint64_t agents = 0;
  for (const replay::GraphNode& node : graph.nodes) {
    if (node.outside) continue;
    ++agents;
    ++counts[static_cast<size_t>(node.condition)];
  }
  std::string text = replay::FormatCount(agents, "agent");
  for (const AgentCondition condition : {AgentCondition::kFailed, AgentCondition::kHit,
                                         AgentCondition::kRunning, AgentCondition::kWaiting}) {
    const uint64_t count = counts[static_cast<size_t>(condition)];
    if (count == 0) continue;
    text += ", " + std::to_string(count) + " " + replay::AgentConditionName(condition);
  }
  const ImVec2 size = ImGui::CalcTextSize(text.c_str());
  const ImVec2 at{region.min.x + frame.Px(8), region.max.y - size.y - frame.Px(6)};
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled({at.x - frame.Px(4), at.y - frame.Px(2)},
                      {at.x + size.x + frame.Px(4), at.y + size.y + frame.Px(2)},
                      WithAlpha(frame.theme.card, 0.9f), frame.Px(3));
  draw->AddText(at, frame.theme.text_dim, text.c_str());
  frame.Name("graph-count", at, {at.x + size.x, at.y + size.y});
}

}  // namespace

ImVec2 GraphOverlaySize(const Frame& frame, const replay::AgentGraph& graph, float width) {
  const float high = frame.fonts.small->FontSize + frame.Px(12);
  return {ManyAgents(graph) ? width : ButtonsWidth(frame), high};
}

void DrawGraphOverlay(Frame& frame, const replay::AgentGraph& graph, const GraphRegion& region,
                      GraphDetail detail) {
  ImGui::PushFont(frame.fonts.small);
  if (ManyAgents(graph)) DrawFind(frame, graph, region);
  if (ManyAgents(graph) && detail == GraphDetail::kDot) DrawCount(frame, graph, region);
  DrawButtons(frame, region);
  ImGui::PopFont();
}

}  // namespace backstep::gui
