// The diff, and the search for what is known already: ordinary edits and worst cases, which must
// stay bounded.
#include <cstring>

#include "backstep/store/format/kv.h"
#include "backstep/store/state/diff/diff.h"
#include "backstep/store/state/state_store.h"
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

// Takes what is put and keeps nothing.
class Nowhere : public store::KvBatch {
 public:
  void Put(std::string_view, std::string_view) override {}
  void Delete(std::string_view) override {}
};

// Keeps bodies of 64 KiB to 8 MiB, one after the other.
double KeepNs(const std::vector<std::string>& bodies) {
  Nowhere nowhere;
  store::StateEncoder encoder(&nowhere);
  const double begin = WallNs();
  for (const std::string& body : bodies) encoder.AppendLiteral(AgentId(1), body, "text/plain");
  return WallNs() - begin;
}

std::vector<std::string> Drafts(const std::string& text, const char* front) {
  std::vector<std::string> drafts;
  for (size_t i = 0; i < 100; ++i) drafts.push_back(front + text.substr(0, (64 << 10) + 200 * i));
  return drafts;
}

// What a message holds is looked for in what an answer said, with its escapes: a body with hardly
// any must not take longer for it.
void MeasureEscapes(Context& context) {
  Corpus corpus(8);
  const std::string text = corpus.Text(size_t{8} << 20);
  const double plain = KeepNs({text});
  context.add(Figure{"8 MiB kept, plain", plain, "ns"});
  context.add(Figure{"  with one escape", KeepNs({text + "\\n"}), "ns"}
                  .Against("plain", plain).RatioAtMost(4));
  context.add(Figure{"  of one byte, with one escape",
                     KeepNs({"\\n" + std::string(text.size(), 'A')}), "ns"}
                  .Against("plain", plain).RatioAtMost(4));
  const double drafts = KeepNs(Drafts(text, ""));
  context.add(Figure{"100 drafts of 64 KiB, each longer", drafts, "ns"});
  context.add(Figure{"  with one escape", KeepNs(Drafts(text, "\\n")), "ns"}
                  .Against("without", drafts).RatioAtMost(8));
}

}  // namespace

void MeasureDiff(Context& context) {
  MeasureSize(context, size_t{64} << 10, "64 KiB", 21);
  MeasureSize(context, size_t{26} << 20, "26 MB", context.quick ? 1 : 5);
  MeasureEscapes(context);
}

}  // namespace backstep::bench
