// Feeds an importer bytes. Built with libFuzzer's entry point and a main of its own, for compilers
// that have no libFuzzer: it plays the files it is given, then changes of them.
//
//   import_fuzz FORMAT [--rounds N] [--seed N] FILE...
//
// FORMAT is a name of `backstep import --list-formats`, or `any`: told by the content, and so every
// Detect is fed too.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/recorder/adapters/core/exact_log.h"
#include "backstep/recorder/adapters/core/source.h"
#include "backstep/recorder/adapters/import.h"
#include "backstep/recorder/adapters/ordering/check_draft.h"
#include "backstep/recorder/adapters/ordering/order.h"

namespace backstep::adapters {
namespace {

constexpr size_t kInputMax = 1u << 20;

// Takes a log that is written as it was, and forgets it.
class FuzzLog final : public ExactLog {
 public:
  explicit FuzzLog(size_t* steps) : steps_(*steps) {}
  Status Agent(const AgentRecord&, const Body&) override { return {}; }
  Status Segment(const SegmentRecord&) override { return {}; }
  Status Begin(const StepBegin&) override { return {}; }
  Status Message(const MessageRecord&, const std::optional<Body>&) override { return {}; }
  Status Effect(const EffectRecord&, const std::optional<Body>&,
                const std::optional<Body>&) override {
    return {};
  }
  Status Commit(const StepRecord&, State) override {
    ++steps_;
    return {};
  }
  Status Event(const EventRecord&) override { return {}; }
  Status Seal(const LogEnd&) override { return {}; }

 private:
  size_t& steps_;
};

// Takes runs as an import does, up to the point of writing them.
class FuzzSink final : public Sink {
 public:
  KeptBody Keep(std::string_view bytes, Media media) override {
    const KeptBody kept{bodies_.size(), bytes.size(), media};
    bodies_.append(bytes);
    return kept;
  }
  Result<std::string> Read(const KeptBody& body) override {
    if (body.at + body.size > bodies_.size()) std::abort();
    return bodies_.substr(body.at, body.size);
  }
  Status Session(SessionDraft draft) override {
    // A draft that contradicts itself is a bug of the importer, whatever it was fed.
    if (!CheckDraft(&draft).ok()) std::abort();
    const Order order = OrderOf(&draft);
    const auto begun = std::count_if(
        order.happenings.begin(), order.happenings.end(),
        [](const Happening& happening) { return happening.kind == Happening::Kind::kBegin; });
    if (static_cast<size_t>(begun) != draft.steps.size()) std::abort();
    steps += draft.steps.size();
    return {};
  }
  Result<std::unique_ptr<ExactLog>> OpenLog(LogHeader) override {
    return std::unique_ptr<ExactLog>(std::make_unique<FuzzLog>(&steps));
  }
  void Skip(const Place&, const std::string&) override {}
  const std::vector<std::string>& label_files() const override { return labels_; }

  size_t steps = 0;

 private:
  std::string bodies_;
  std::vector<std::string> labels_;
};

std::string& FormatUnderTest() {
  static std::string format = "any";
  return format;
}

// The steps they understood.
size_t FeedImporters(std::string bytes) {
  size_t steps = 0;
  const auto importers = AllImporters();
  for (const auto& importer : importers) {
    const std::string& name = importer->info().name;
    if (FormatUnderTest() != "any" && FormatUnderTest() != name) continue;
    const auto source = Source::OfBytes("in", bytes);
    const Result<std::string_view> begin = source->Peek();
    if (!begin.ok()) return steps;
    const bool claimed = importer->Detect({*begin, begin->size() < (64u << 10), "in"}) > 0;
    if (FormatUnderTest() == "any" && !claimed) continue;
    FuzzSink sink;
    // What it makes of damage is its own affair, as long as it ends.
    if (importer->Read(*source, sink).ok()) static_cast<void>(importer->Finish(sink));
    steps += sink.steps;
  }
  return steps;
}

// A few changes of the kinds that files suffer: bytes, cuts, repeats, numbers, depth.
std::string Changed(std::string bytes, RandomStream* random) {
  for (uint64_t i = 0; i <= random->Next() % 6 && !bytes.empty(); ++i) {
    const size_t at = random->Next() % bytes.size();
    const size_t some = std::min<size_t>(bytes.size() - at, random->Next() % 200);
    switch (random->Next() % 7) {
      case 0: bytes[at] = static_cast<char>(random->Next()); break;
      case 1: bytes.erase(at, some); break;
      case 2: bytes.insert(at, bytes.substr(at, some)); break;
      case 3: bytes.resize(at); break;
      case 4: bytes.insert(at, "99999999999999999999"); break;
      case 5:
        bytes.insert(at, std::string(random->Next() % 2000, random->Next() % 2 ? '[' : '{'));
        break;
      default: bytes.replace(at, some, "\\ud800\\u0000"); break;
    }
  }
  return bytes.size() > kInputMax ? bytes.substr(0, kInputMax) : bytes;
}

}  // namespace
}  // namespace backstep::adapters

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  backstep::adapters::FeedImporters({reinterpret_cast<const char*>(data), size});
  return 0;
}

#ifndef BACKSTEP_LIBFUZZER
int main(int argc, char** argv) {
  using namespace backstep::adapters;
  if (argc < 2) return std::fprintf(stderr, "usage: import_fuzz FORMAT [--rounds N] FILE...\n"), 2;
  FormatUnderTest() = argv[1];
  uint64_t rounds = 100, seed = 1;
  std::vector<std::string> inputs, names;
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--rounds" && i + 1 < argc) {
      rounds = std::strtoull(argv[++i], nullptr, 10);
    } else if (word == "--seed" && i + 1 < argc) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else {
      names.push_back(word);
      std::ifstream in(word, std::ios::binary);
      inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
      inputs.back().resize(std::min(inputs.back().size(), kInputMax));
    }
  }
  if (inputs.empty()) inputs.emplace_back("{}");
  const std::string last = "import_fuzz." + FormatUnderTest() + ".last";
  backstep::RandomStream random(seed);
  for (size_t i = 0; i < inputs.size(); ++i) {
    // Damage to what was never understood finds nothing.
    if (FeedImporters(inputs[i]) > 0 || names.empty()) continue;
    return std::fprintf(stderr, "%s: no step comes of it\n", names[i].c_str()), 1;
  }
  for (uint64_t round = 0; round < rounds; ++round) {
    // Left where a crash can be looked at.
    const std::string bytes = Changed(inputs[random.Next() % inputs.size()], &random);
    std::ofstream(last, std::ios::binary) << bytes;
    FeedImporters(bytes);
  }
  std::remove(last.c_str());
  std::printf("%zu inputs, %llu rounds of %s: nothing broke\n", inputs.size(),
              static_cast<unsigned long long>(rounds), FormatUnderTest().c_str());
  return 0;
}
#endif
