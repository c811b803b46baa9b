#include "backstep/gui/bridge/running/fork_request.h"
#include "backstep/gui/panels/inspector/tabs.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

constexpr int kLinesFolded = 8;

void DrawMenu(Frame& frame, const replay::MessageRow& message) {
  if (!ImGui::BeginPopupContextItem("message")) return;
  if (MenuLine(frame, "Edit this message and run again", "edit-message",
               WhyNotEdit(frame, message.body))) {
    frame.Send(Fork{EditOf(ForkDraft::Kind::kMessage, message.id, message.body.text)});
  }
  if (MenuLine(frame, "Drop this message and run again", "drop-message",
               WhyNotRunnable(frame.model))) {
    frame.Send(Fork{EditOf(ForkDraft::Kind::kDrop, message.id, message.body.text)});
  }
  ImGui::Separator();
  if (ImGui::MenuItem("Copy text")) frame.Send(CopyText{message.body.text});
  if (ImGui::MenuItem("Copy id")) frame.Send(CopyText{message.id});
  ImGui::EndPopup();
}

std::string Envelope(const replay::MessageRow& message) {
  std::string text = message.from + " to " + message.to;
  if (!message.kind.empty()) text += ", " + message.kind;
  if (message.edited) text += ", edited";
  if (message.dropped) text += ", dropped";
  if (message.early) text += ", early";
  if (message.delay.ns != 0) text += ", +" + replay::FormatDuration(message.delay);
  return text;
}

}  // namespace

ForkDraft EditOf(ForkDraft::Kind kind, const std::string& target, const std::string& text) {
  ForkDraft draft;
  draft.kind = kind;
  draft.target = target;
  draft.original = draft.text = text;
  return draft;
}

std::string WhyNotEdit(const Frame& frame, const replay::BodyView& body) {
  if (const std::string why = WhyNotRunnable(frame.model); !why.empty()) return why;
  if (body.whole || !body.present) return {};
  if (body.dropped) return "Its bytes were dropped under overload, so there is nothing to edit.";
  if (body.binary) return "It has bytes that are no UTF-8, which a text field would lose.";
  return "It is too long to be edited here.";
}

bool EditButton(Frame& frame, const std::string& id, const std::string& why_not, const char* does) {
  ImGui::BeginDisabled(!why_not.empty());
  const bool pressed = ImGui::SmallButton("edit");
  ImGui::EndDisabled();
  Hint(why_not.empty() ? does : why_not.c_str());
  frame.NameItem("edit:" + id);
  return pressed;
}

void DrawBody(Frame& frame, const std::string& id, const replay::BodyView& body) {
  if (!body.present) {
    Dim(frame, "nothing");
  } else if (body.dropped) {
    Dim(frame, replay::FormatBytes(body.size_bytes) + " that were dropped under overload");
  } else if (body.binary && body.text.empty()) {
    Dim(frame, replay::FormatBytes(body.size_bytes) + " of " +
                   (body.media_type.empty() ? "bytes" : body.media_type) + ", hash " +
                   body.hash.substr(0, 12));
  } else if (body.text.empty()) {
    Dim(frame, "empty");
  } else {
    const bool whole = frame.view.unfolded.count(id) != 0;
    const std::string shown = whole ? body.text : std::string(replay::CutUtf8(body.text, 4000));
    TextBlock(frame, ("##" + id).c_str(), shown, frame.fonts.mono, whole ? 40 : kLinesFolded);
    const bool foldable = body.text.size() > 400;
    if (foldable && ImGui::SmallButton(((whole ? "less##" : "more##") + id).c_str())) {
      if (whole) frame.view.unfolded.erase(id);
      else frame.view.unfolded.insert(id);
    }
    if (body.text.size() < body.size_bytes) {
      if (foldable) ImGui::SameLine();
      Dim(frame, replay::FormatBytes(body.text.size()) + " of " +
                     replay::FormatBytes(body.size_bytes));
    }
  }
}

void DrawMessage(Frame& frame, const replay::MessageRow& message, const char* role) {
  ImGui::PushID(message.id.c_str());
  ImGui::PushID(role);
  const float menu = frame.Px(44);
  Elided(frame, std::string(role) + "  " + Envelope(message),
         ImGui::GetContentRegionAvail().x - menu, frame.theme.text);
  frame.NameItem(std::string("message:") + message.id);
  DrawMenu(frame, message);
  ImGui::SameLine(ImGui::GetContentRegionMax().x - menu + frame.Px(4));
  if (EditButton(frame, message.id, WhyNotEdit(frame, message.body),
                 "Run again with another text of this message")) {
    frame.Send(Fork{EditOf(ForkDraft::Kind::kMessage, message.id, message.body.text)});
  }
  DrawBody(frame, std::string(role) + message.id, message.body);
  ImGui::PopID();
  ImGui::PopID();
  ImGui::Dummy({0, frame.Px(4)});
}

}  // namespace backstep::gui
