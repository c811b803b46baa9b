#include "backstep/replay/view/diff/text_diff.h"

#include <algorithm>

#include "backstep/base/hash.h"
#include "backstep/replay/compare/align.h"
#include "backstep/replay/view/conversation/chat_text.h"
#include "backstep/replay/view/diff/word_diff.h"

namespace backstep::replay {
namespace {

constexpr size_t kLaidOutBytesMax = 16u << 20;

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<Hash128> HashesOf(const std::vector<std::string_view>& lines) {
  std::vector<Hash128> hashes;
  hashes.reserve(lines.size());
  for (const std::string_view line : lines) hashes.push_back(HashBytes(line));
  return hashes;
}

// Which of the aligned lines are shown: those that differ and `context` on either side.
std::vector<bool> Shown(const std::vector<Aligned>& aligned, size_t context) {
  std::vector<bool> shown(aligned.size());
  for (size_t i = 0; i < aligned.size(); ++i) {
    if (aligned[i].equal) continue;
    const size_t from = i - std::min(i, context);
    // What an earlier difference has marked need not be marked again.
    for (size_t k = std::min(aligned.size(), i + context + 1); k-- > from && !shown[k];) {
      shown[k] = true;
    }
  }
  return shown;
}

class DiffMaker {
 public:
  DiffMaker(std::string_view before, std::string_view after, const TextDiffOptions& options)
      : before_(LinesOf(before)), after_(LinesOf(after)), options_(options) {}

  TextDiff Make() {
    const auto aligned = Align(HashesOf(before_), HashesOf(after_));
    const auto shown = Shown(aligned, options_.context);
    uint64_t skipped = 0;
    for (size_t i = 0; i < aligned.size(); ++i) {
      diff_.changed += !aligned[i].equal;
      if (diff_.lines.size() >= options_.lines_max) continue;
      if (!shown[i]) {
        ++skipped;
        continue;
      }
      AddGap(&skipped);
      Add(aligned[i]);
    }
    AddGap(&skipped);
    return std::move(diff_);
  }

 private:
  void AddGap(uint64_t* skipped) {
    if (*skipped == 0) return;
    DiffLine line;
    line.kind = DiffLine::Kind::kGap;
    line.skipped = *skipped;
    diff_.lines.push_back(std::move(line));
    *skipped = 0;
  }

  void Add(const Aligned& at) {
    DiffLine line;
    const std::string_view before = at.a ? before_[*at.a] : std::string_view();
    const std::string_view after = at.b ? after_[*at.b] : std::string_view();
    line.before_number = at.a ? *at.a + 1 : 0;
    line.after_number = at.b ? *at.b + 1 : 0;
    line.kind = at.equal  ? DiffLine::Kind::kSame
                : !at.b   ? DiffLine::Kind::kRemoved
                : !at.a   ? DiffLine::Kind::kAdded
                          : DiffLine::Kind::kChanged;
    const bool both = line.kind == DiffLine::Kind::kChanged;
    const size_t from = both ? CutStart(before, after, options_.line_bytes_max) : 0;
    line.before = CutLine(before, from, options_.line_bytes_max);
    line.after = CutLine(after, from, options_.line_bytes_max);
    if (both) DiffWords(line.before, line.after, &line.before_spans, &line.after_spans);
    diff_.changed_shown += !at.equal;
    diff_.lines.push_back(std::move(line));
  }

  const std::vector<std::string_view> before_, after_;
  const TextDiffOptions options_;
  TextDiff diff_;
};

}  // namespace

TextDiff DiffTexts(std::string_view before, std::string_view after,
                   const TextDiffOptions& options) {
  return DiffMaker(before, after, options).Make();
}

std::string ToUnified(const TextDiff& diff) {
  std::string out, added;
  for (const DiffLine& line : diff.lines) {
    const bool removes = line.kind == DiffLine::Kind::kChanged ||
                         line.kind == DiffLine::Kind::kRemoved;
    const bool adds = line.kind == DiffLine::Kind::kChanged || line.kind == DiffLine::Kind::kAdded;
    if (removes) out += "-" + line.before + "\n";
    if (adds) added += "+" + line.after + "\n";
    if (removes || adds) continue;
    out += added;
    added.clear();
    if (line.kind == DiffLine::Kind::kSame) out += " " + line.after + "\n";
    else out += "@@ " + std::to_string(line.skipped) + " lines alike @@\n";
  }
  return out + added;
}

std::string LaidOut(const std::string& text) {
  std::string laid_out = ReadableJson(text, kLaidOutBytesMax);
  return laid_out.empty() ? text : laid_out;
}

TextDiff DiffLaidOut(const std::string& before, const std::string& after,
                     const TextDiffOptions& options) {
  const std::string a = LaidOut(before), b = LaidOut(after);
  return a == b ? DiffTexts(before, after, options) : DiffTexts(a, b, options);
}

}  // namespace backstep::replay
