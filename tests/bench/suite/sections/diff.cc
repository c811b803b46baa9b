// The diff alone: ordinary edits and its worst cases, which must stay bounded.
#include <cstring>

#include "backstep/store/state/diff/diff.h"
#include "backstep/tests/bench/corpus.h"
#include "backstep/tests/bench/suite/section.h"

namespace backstep::bench {
namespace {

struct Case {
  std::string name, from, to;
};

std::string Edited(const std::string& text, int count, Corpus* corpus) {
  std::string edited = text;
  for (int i = 0; i < count; ++i) {
    edited.replace(corpus->random().Next() % (edited.size() - 9), 9, corpus->Text(7));
  }
  return edited;
}

std::string Rows(size_t size, size_t period) {
  std::string rows;
  for (size_t i = 0; rows.size() < size; ++i) {
    rows += "row " + std::to_string(i % period) + ": ok\n";
  }
  return rows;
}

// Letters and spaces that have nothing to do with any text.
std::string Unlike(size_t size, Corpus* corpus) {
  std::string text(size, ' ');
  for (char& c : text) c = static_cast<char>('a' + corpus->random().Next() % 26);
  return text;
}

std::vector<Case> Cases(size_t size) {
  Corpus corpus(7);
  const std::string text = corpus.Text(size);
  return {{"a message more", text, text + corpus.Text(800)},
          {"200 scattered edits", text, Edited(text, 200, &corpus)},
          {"halves swapped", text, text.substr(size / 2) + text.substr(0, size / 2)},
          {"another text", text, Unlike(size, &corpus)},
          {"repetitive text", Rows(size, 10), Rows(size, 7)},
          {"one byte over and over", std::string(size, 'a'), "b" + std::string(size - 3, 'a')}};
}

// Beside one memcmp of the same bytes: the least that finding a difference can cost.
double CompareNs(const std::string& text) {
  const std::string copy = text;
  const double begin = WallNs();
  const int difference = std::memcmp(text.data(), copy.data(), text.size());
  const double taken = WallNs() - begin;
  if (difference != 0) Fail("memcmp");
  return taken;
}

void MeasureSize(Context& context, size_t size, const std::string& label, int rounds) {
  for (const Case& c : Cases(size)) {
    std::vector<double> taken, compare;
    double inserted = 0;
    for (int i = 0; i < rounds; ++i) {
      store::Differ differ;
      const double begin = WallNs();
      const auto& hunks = differ.Run(c.from, c.to);
      taken.push_back(WallNs() - begin);
      inserted = 0;
      for (const auto& hunk : hunks) {
        if (hunk.kind == store::Hunk::Kind::kInsert) inserted += static_cast<double>(hunk.length);
      }
      compare.push_back(CompareNs(c.from));
    }
    context.add(Figure{label + ", " + c.name, Percentile(&taken, 0.5), "ns"}
                    .Against("memcmp", Percentile(&compare, 0.5)));
    context.add(Figure{"  bytes it stores anew", inserted, "B"}
                    .AtMost(static_cast<double>(c.to.size())));
  }
}

}  // namespace

void MeasureDiff(Context& context) {
  MeasureSize(context, size_t{64} << 10, "64 KiB", 21);
  MeasureSize(context, size_t{26} << 20, "26 MB", context.quick ? 1 : 5);
}

}  // namespace backstep::bench
