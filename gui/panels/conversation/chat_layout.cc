#include "backstep/gui/panels/conversation/chat_layout.h"

#include <algorithm>
#include <cmath>

#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

using replay::BodyView;
using replay::ChatKind;
using replay::ChatRow;

constexpr size_t kFoldedBytes = 1600;
constexpr int kFoldedLines = 8, kFoldedAnswerLines = 6, kFoldedToolLines = 4;
constexpr int kSlackLines = 2;            // that are shown rather than folded
constexpr float kBubbleShare = 0.86f;
constexpr float kGap = 6, kAbove = 24, kCardIndent = 20;

// `text` cut to its first lines.
std::string FirstLines(const std::string& text, int lines) {
  size_t at = 0;
  for (int i = 0; i < lines; ++i) {
    at = text.find('\n', at);
    if (at == std::string::npos) return text;
    ++at;
  }
  return text.substr(0, at - 1);
}

std::string Remark(const BodyView& body) {
  const std::string size = replay::FormatBytes(body.size_bytes);
  if (!body.present) return "nothing";
  if (body.dropped) return "dropped under overload: " + size;
  if (body.binary) return size + " of " + (body.media_type.empty() ? "bytes" : body.media_type);
  if (body.size_bytes == 0) return "empty";
  return size + ", not read here: go to the step to see it";
}

class BoxMaker {
 public:
  BoxMaker(const Frame& frame, const ChatRow& row, float width)
      : frame_(frame), theme_(frame.theme), row_(row), whole_width_(width), key_(ChatKey(row)) {}

  ChatBox Make() {
    box_.above = row_.first_of_step ? frame_.Px(kAbove) : 0;
    box_.title_color = theme_.text_dim;
    switch (row_.kind) {
      case ChatKind::kTook: Message(false); break;
      case ChatKind::kSent: Message(true); break;
      case ChatKind::kModel: Model(); break;
      case ChatKind::kTool: Tool(); break;
      default: Strip(); break;
    }
    box_.row_height = box_.above + box_.height + frame_.Px(kGap);
    return std::move(box_);
  }

 private:
  float HeadHeight() const { return frame_.fonts.small->FontSize + frame_.Px(4); }

  // `readable`: shown instead of the body's own text where it is not empty.
  void Add(const std::string& part, const std::string& label, const BodyView& body, ImFont* font,
           int lines_folded, const std::string& readable = {}) {
    ChatText text;
    text.key = key_ + part;
    text.label = label;
    text.font = font;
    text.color = theme_.text;
    if (body.text.empty()) {
      text.shown = Remark(body);
      text.color = theme_.text_faint;
      text.font = frame_.fonts.small;
    } else {
      text.whole = &body.text;
      Fold(readable.empty() ? body.text : readable, lines_folded, &text);
      const std::string size = replay::FormatBytes(body.size_bytes);
      const size_t read = body.text.size();
      if (read < body.size_bytes) text.note = replay::FormatBytes(read) + " of " + size;
      else if (text.foldable) text.note = size;
    }
    box_.texts.push_back(std::move(text));
  }

  void Fold(const std::string& words, int lines_folded, ChatText* text) {
    text->unfolded = frame_.view.unfolded.contains(text->key);
    const bool long_text = words.size() > kFoldedBytes;
    const std::string raw(text->unfolded ? std::string_view(words)
                                         : replay::CutUtf8(words, kFoldedBytes));
    int lines = 1;
    text->shown = WrapText(Drawable(raw), text->font, text->font->FontSize, TextWidth(), &lines);
    const bool many = lines > lines_folded + kSlackLines;
    text->foldable = long_text || many || text->unfolded;
    if (!text->unfolded && (many || long_text)) text->shown = FirstLines(text->shown, lines_folded);
  }

  // What a fault or an edit changed.
  void AddExcerpt(const std::string& label, const std::string& words) {
    if (words.empty()) return;
    ChatText text;
    text.key = key_ + label;
    text.label = label;
    text.font = frame_.fonts.mono;
    text.color = theme_.text;
    text.whole = &words;
    Fold(words, kFoldedToolLines, &text);
    box_.texts.push_back(std::move(text));
  }

  float TextWidth() const { return box_.width - 2 * frame_.Px(kBoxPad) - frame_.Px(4); }

  // Stacks head and texts, and gives the box its height.
  void Stack() {
    const float line = frame_.fonts.small->FontSize;
    float y = frame_.Px(4) + HeadHeight();
    for (ChatText& text : box_.texts) {
      if (!text.label.empty()) y += line + frame_.Px(2);
      const auto lines = 1 + std::count(text.shown.begin(), text.shown.end(), '\n');
      text.y = y;
      text.height = static_cast<float>(lines) * text.font->FontSize;
      y += text.height + frame_.Px(2);
      if (text.foldable || !text.note.empty()) y += line + frame_.Px(4);
      y += frame_.Px(2);
    }
    box_.height = y + frame_.Px(3);
  }

  void Message(bool sent) {
    // What was heard begins at the left edge, what was said ends at the right: two columns that can
    // be read down.
    box_.width = std::floor(whole_width_ * kBubbleShare);
    if (sent) box_.x = whole_width_ - box_.width;
    box_.title = sent ? "to " + row_.who : row_.who;
    if (!row_.topic.empty()) box_.title += "  \u00b7  " + row_.topic;
    if (row_.edited) box_.title += "  \u00b7  edited";
    if (row_.dropped) box_.title += "  \u00b7  dropped";
    if (row_.early) box_.title += "  \u00b7  early";
    box_.detail = row_.id;
    box_.fill = sent ? WithAlpha(theme_.accent, theme_.dark ? 0.2f : 0.14f) : theme_.card;
    box_.border = theme_.border;
    if (sent) box_.border = WithAlpha(theme_.accent, 0.45f);
    if (row_.edited) box_.mark = ChatMark::kChanged, box_.border = theme_.changed;
    if (row_.dropped) box_.mark = ChatMark::kFault, box_.border = theme_.fault;
    Add("body", "", row_.body, frame_.fonts.body, kFoldedLines, row_.readable);
    Stack();
  }

  void BeginCard(const std::string& title, ImU32 bar) {
    box_.x = frame_.Px(kCardIndent);
    box_.width = whole_width_ - 2 * frame_.Px(kCardIndent);
    box_.mark = ChatMark::kFold;
    box_.open = frame_.view.unfolded.contains(key_ + "asked");
    box_.title = title;
    box_.fill = theme_.panel;
    box_.border = row_.error ? theme_.failed : theme_.border;
    box_.bar = bar;
    box_.detail = row_.duration.ns > 0 ? replay::FormatDuration(row_.duration) : "";
    if (row_.status != CallStatus::kRecorded && row_.status != CallStatus::kExact) {
      Detail(CallStatusName(row_.status));
    }
    if (row_.substituted) Detail("substituted");
  }

  void Detail(const std::string& more) {
    if (!box_.detail.empty()) box_.detail += "  \u00b7  ";
    box_.detail += more;
  }

  void Failed() {
    ChatText text;
    text.key = key_ + "error";
    int lines = 1;
    text.font = frame_.fonts.body;
    text.shown = WrapText(Drawable(replay::FormatCallError(*row_.error)), text.font,
                          text.font->FontSize, TextWidth(), &lines);
    text.color = theme_.failed;
    box_.texts.push_back(std::move(text));
  }

  void Model() {
    BeginCard("model  " + row_.who, theme_.model);
    if (row_.usage.input_tokens + row_.usage.output_tokens != 0) {
      Detail(std::to_string(row_.usage.input_tokens) + " in, " +
             std::to_string(row_.usage.output_tokens) + " out");
    }
    if (row_.usage.cost_usd > 0) Detail(replay::FormatCost(row_.usage.cost_usd));
    if (box_.open) Asked();
    if (row_.error) Failed();
    const bool words = row_.answer.present;
    if (!row_.error) {
      Add("answer", box_.open ? "answered" : "", words ? row_.answer : row_.response,
          words ? frame_.fonts.body : frame_.fonts.mono, kFoldedAnswerLines,
          row_.readable_response);
    }
    Stack();
  }

  void Asked() {
    for (size_t i = 0; i < row_.prompt.size(); ++i) {
      std::string label = row_.prompt[i].role;
      if (i == 0) {
        label += "  (" + std::to_string(row_.prompt.size()) + " of " +
                 replay::FormatCount(row_.prompt_total, "turn") + ")";
      }
      Add("prompt" + std::to_string(i), label, row_.prompt[i].body, frame_.fonts.body,
          kFoldedAnswerLines);
    }
    if (row_.prompt.empty()) {
      Add("request", "asked", row_.request, frame_.fonts.mono, kFoldedAnswerLines,
          row_.readable_request);
    }
  }

  void Tool() {
    BeginCard(row_.topic + "  " + row_.who, theme_.tool);
    if (box_.open) {
      Add("request", "asked", row_.request, frame_.fonts.mono, kFoldedToolLines,
          row_.readable_request);
    }
    if (row_.error) Failed();
    if (!row_.error) {
      Add("response", box_.open ? "answered" : "", row_.response, frame_.fonts.mono,
          kFoldedToolLines, row_.readable_response);
    }
    Stack();
  }

  // Failures, faults, edits, outcomes: across the whole width.
  void Strip() {
    box_.x = frame_.Px(kCardIndent);
    box_.width = whole_width_ - 2 * frame_.Px(kCardIndent);
    box_.title_color = theme_.text;
    box_.detail = row_.about;
    ImU32 color = theme_.failed;
    if (row_.kind == ChatKind::kFailure) {
      box_.mark = ChatMark::kFailed;
      box_.title = "the step failed: " + row_.topic;
    } else if (row_.kind == ChatKind::kOutcome) {
      const bool ok = row_.topic == "ok", failed = row_.topic == "failed";
      box_.mark = ok ? ChatMark::kOk : failed ? ChatMark::kFailed : ChatMark::kChanged;
      color = ok ? theme_.ok : failed ? theme_.failed : theme_.changed;
      box_.title = "said how the run ended";
    } else {
      box_.mark = ChatMark::kFault;
      color = theme_.fault;
      box_.title = row_.kind == ChatKind::kEdit ? "edit  " + row_.who
                                                : "fault " + row_.topic + "  " + row_.who;
    }
    box_.fill = WithAlpha(color, 0.1f);
    box_.border = WithAlpha(color, 0.6f);
    box_.bar = color;
    Add("body", "", row_.body, frame_.fonts.body, kFoldedLines);
    AddExcerpt("before", row_.before);
    AddExcerpt("after", row_.after);
    Stack();
  }

  const Frame& frame_;
  const Theme& theme_;
  const ChatRow& row_;
  const float whole_width_;
  const std::string key_;
  ChatBox box_;
};

}  // namespace

std::string ChatKey(const ChatRow& row) {
  return std::string(replay::ChatKindName(row.kind)) + ":" + row.id + ":" +
         std::to_string(row.ordinal) + ":";
}

ChatBox LayOutChatRow(const Frame& frame, const ChatRow& row, float width) {
  return BoxMaker(frame, row, width).Make();
}

}  // namespace backstep::gui
