// Where the lines of a difference break, and which words of them are marked.
#include <algorithm>

#include "backstep/base/utf8.h"
#include "backstep/gui/widgets/diff/diff_block.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

using Kind = replay::DiffLine::Kind;

class SideMaker {
 public:
  SideMaker(ImFont* font, float size, float width, LaidOutSide* side)
      : font_(font), size_(size), width_(width), side_(side) {}

  // Returns how many rows it took.
  size_t Add(const std::string& line, const std::vector<replay::DiffSpan>& spans, Kind kind,
             bool after) {
    const std::string shown = Show(line, spans);
    const char* const begin = shown.data();
    const char* const end = begin + shown.size();
    const char* at = begin;
    size_t rows = 0;
    do {
      const char* cut = at == end ? end
                                  : font_->CalcWordWrapPositionA(size_ / font_->FontSize, at, end,
                                                                 width_);
      if (cut == at && at < end) ++cut;
      while (cut < end && IsContinuation(*cut)) ++cut;
      AddRow(begin, at, cut, kind, after, rows == 0);
      ++rows;
      at = cut;
    } while (at < end);
    return rows;
  }

  void AddEmpty(Kind kind, bool absent, std::string label) {
    LaidOutSide::Row row;
    row.kind = kind;
    row.absent = absent;
    row.label = std::move(label);
    Finish(std::move(row));
  }

 private:
  // As it is drawn, with the spans moved along.
  std::string Show(const std::string& line, const std::vector<replay::DiffSpan>& spans) {
    std::string shown;
    size_t at = 0;
    spans_.clear();
    for (const auto& [from, to] : spans) {
      shown += Drawable(line.substr(at, from - at));
      const size_t begin = shown.size();
      shown += Drawable(line.substr(from, to - from));
      spans_.emplace_back(begin, shown.size());
      at = to;
    }
    return shown + Drawable(line.substr(at));
  }

  float Width(const char* from, const char* to) const {
    return font_->CalcTextSizeA(size_, 1e9f, 0, from, to).x;
  }

  void AddRow(const char* begin, const char* from, const char* to, Kind kind, bool after,
              bool first) {
    LaidOutSide::Row row;
    row.kind = kind;
    row.first = first;
    row.after = after;
    for (const auto& [span_from, span_to] : spans_) {
      const char* a = std::max(from, begin + span_from);
      const char* b = std::min(to, begin + span_to);
      if (a < b) row.marks.emplace_back(Width(from, a), Width(from, b));
    }
    side_->text.append(from, to);
    Finish(std::move(row));
  }

  void Finish(LaidOutSide::Row row) {
    side_->text += '\n';
    row.end = side_->text.size();
    side_->rows.push_back(std::move(row));
  }

  ImFont* const font_;
  const float size_, width_;
  LaidOutSide* side_;
  std::vector<replay::DiffSpan> spans_;
};

std::string GapLabel(uint64_t skipped) {
  return replay::FormatCount(skipped, "line") + " alike";
}

void SideBySide(const replay::TextDiff& diff, SideMaker left, SideMaker right) {
  for (const replay::DiffLine& line : diff.lines) {
    if (line.kind == Kind::kGap) {
      left.AddEmpty(Kind::kGap, false, GapLabel(line.skipped));
      right.AddEmpty(Kind::kGap, false, " ");
      continue;
    }
    size_t a = 0, b = 0;
    if (line.kind != Kind::kAdded) a = left.Add(line.before, line.before_spans, line.kind, false);
    if (line.kind != Kind::kRemoved) b = right.Add(line.after, line.after_spans, line.kind, true);
    for (; a < b; ++a) left.AddEmpty(line.kind, true, {});
    for (; b < a; ++b) right.AddEmpty(line.kind, true, {});
  }
}

void Unified(const replay::TextDiff& diff, SideMaker side) {
  std::vector<const replay::DiffLine*> added;
  const auto flush = [&] {
    for (const replay::DiffLine* line : added) {
      side.Add(line->after, line->after_spans, Kind::kAdded, true);
    }
    added.clear();
  };
  for (const replay::DiffLine& line : diff.lines) {
    const bool changed = line.kind == Kind::kChanged;
    if (changed || line.kind == Kind::kRemoved) {
      side.Add(line.before, line.before_spans, Kind::kRemoved, false);
    }
    if (changed || line.kind == Kind::kAdded) added.push_back(&line);
    if (line.kind != Kind::kGap && line.kind != Kind::kSame) continue;
    flush();
    if (line.kind == Kind::kGap) side.AddEmpty(Kind::kGap, false, GapLabel(line.skipped));
    else side.Add(line.after, {}, Kind::kSame, false);
  }
  flush();
}

}  // namespace

LaidOutDiff LayOutDiff(const replay::TextDiff& diff, ImFont* font, float size, float width,
                       bool unified) {
  LaidOutDiff out;
  if (unified) {
    Unified(diff, SideMaker(font, size, width, &out.left));
  } else {
    SideBySide(diff, SideMaker(font, size, width, &out.left),
               SideMaker(font, size, width, &out.right));
  }
  return out;
}

}  // namespace backstep::gui
