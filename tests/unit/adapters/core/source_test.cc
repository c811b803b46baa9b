#include "backstep/recorder/adapters/core/source.h"

#include "backstep/recorder/adapters/core/unpack.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/adapters/core/packed.h"

namespace backstep::adapters {
namespace {

using testing::Deflated;
using testing::WriteTo;
using testing::Zstded;

std::string SomeText(size_t size) {
  std::string text;
  uint64_t x = 7;
  while (text.size() < size) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    text += "word " + std::to_string(x >> 40) + ((x >> 33) % 5 == 0 ? "\n" : " ");
  }
  text.resize(size);
  return text;
}

std::unique_ptr<Source> OpenedSource(const std::string& path, const SourceLimits& limits = {}) {
  auto source = Source::Open(path, limits);
  INFO(source.status().ToString());
  REQUIRE(source.ok());
  return std::move(source).value();
}

Status FailureOfAll(Source& source) {
  std::string_view line;
  for (;;) {
    const Result<bool> more = source.ReadLine(&line);
    if (!more.ok()) return more.status();
    if (!*more) return {};
  }
}

}  // namespace

TEST_CASE("a source reads plain, gzip and zstd files alike, whatever they are called") {
  const backstep::testing::TempDir dir;
  const std::string text = SomeText(3000000);
  const std::string two = Deflated(text.substr(0, 1000)) + Deflated(text.substr(1000));
  const std::string frames = Zstded(text.substr(0, 77)) + Zstded(text.substr(77));
  const std::string padded = Deflated(text) + std::string(500, '\0');
  for (const std::string& bytes : {text, Deflated(text), two, Zstded(text), frames, padded}) {
    const auto source = OpenedSource(WriteTo(dir / "a.json.gz", bytes));
    CHECK(source->name() == "a.json");
    const auto head = source->Peek();
    REQUIRE(head.ok());
    CHECK(*head == std::string_view(text).substr(0, kPeekBytes));
    CHECK(source->offset() == 0);
    const auto all = source->ReadAll();
    REQUIRE(all.ok());
    CHECK(*all == text);
    CHECK(source->offset() == text.size());
    CHECK(source->packed_offset() == bytes.size());
    CHECK(source->packed_size() == bytes.size());
    CHECK(source->ReadAll()->empty());
  }
}

TEST_CASE("a source gives lines of any length, their ends left off") {
  const std::string longest(700000, 'x');
  const auto source = Source::OfBytes("lines", "one\r\n\n" + longest + "\nlast");
  std::string_view line;
  for (const std::string& expected :
       {std::string("one"), std::string(), longest, std::string("last")}) {
    REQUIRE(source->ReadLine(&line).value());
    CHECK(line == expected);
  }
  CHECK_FALSE(source->ReadLine(&line).value());
  CHECK(source->line() == 4);
  CHECK(source->offset() == 6 + longest.size() + 5);
}

TEST_CASE("bytes can be taken between lines") {
  const auto source = Source::OfBytes("mixed", "ab\ncdef\ngh");
  std::string_view line;
  REQUIRE(source->ReadLine(&line).value());
  char two[2];
  REQUIRE(source->Read(two, 2).value() == 2);
  CHECK(std::string(two, 2) == "cd");
  REQUIRE(source->ReadLine(&line).value());
  CHECK(line == "ef");
  CHECK(source->Peek().value() == "gh");
}

TEST_CASE("packed files that are cut off or broken end where they are, after what could be read") {
  const std::string text = SomeText(400000);
  for (const std::string& packed : {Deflated(text), Zstded(text)}) {
    const auto cut = Source::OfBytes("cut.gz", packed.substr(0, packed.size() * 2 / 3));
    std::string got(text.size(), '\0');
    size_t size = 0;
    Status status;
    for (;;) {
      const auto more = cut->Read(got.data() + size, got.size() - size);
      if (!more.ok()) status = more.status();
      if (!more.ok() || *more == 0) break;
      size += *more;
    }
    CHECK(size > text.size() / 4);
    CHECK(text.compare(0, size, got, 0, size) == 0);
    CHECK(status.code() == StatusCode::kCorruption);
    CHECK(status.message() ==
          "cut.gz: at byte " + std::to_string(size) + ": the packed data is cut off");

    std::string broken = packed;
    for (size_t i = broken.size() / 2; i < broken.size() / 2 + 40; ++i) broken[i] ^= 0x5a;
    const Status failure = FailureOfAll(*Source::OfBytes("broken", broken));
    CHECK(failure.code() == StatusCode::kCorruption);
    CHECK(FailureOfAll(*Source::OfBytes("more", packed + "more")).code() ==
          StatusCode::kCorruption);
  }
}

TEST_CASE("what grows without measure is refused") {
  const std::string zeros(100u << 20, '\0');
  const Status bomb = FailureOfAll(*Source::OfBytes("bomb", Zstded(zeros), {.growth_max = 1100}));
  CHECK(bomb.code() == StatusCode::kCorruption);
  CHECK(bomb.message().find("expansion bomb") != std::string::npos);

  const std::string lines(3000, 'a');
  const SourceLimits limits{.unpacked_max = 100000, .line_max = 2000};
  CHECK(FailureOfAll(*Source::OfBytes("line", lines, limits)).code() ==
        StatusCode::kInvalidArgument);
  CHECK(Source::OfBytes("all", lines, limits)->ReadAll().status().code() ==
        StatusCode::kInvalidArgument);
  const std::string many = SomeText(300000);
  CHECK(FailureOfAll(*Source::OfBytes("many", many, limits)).code() ==
        StatusCode::kInvalidArgument);
}

TEST_CASE("a source that is no file says so") {
  const backstep::testing::TempDir dir;
  CHECK(Source::Open(dir / "nothing").status().code() == StatusCode::kNotFound);
  CHECK(Source::Open(dir.path()).status().code() == StatusCode::kInvalidArgument);
  CHECK(Source::Open("/dev/null").status().code() == StatusCode::kInvalidArgument);
  const auto empty = OpenedSource(WriteTo(dir / "empty", ""));
  CHECK(empty->Peek()->empty());
  CHECK(empty->ReadAll()->empty());
}

TEST_CASE("bytes are unpacked at once, within a bound") {
  const std::string text = SomeText(200000);
  CHECK(Unpacked(Packing::kDeflate, Deflated(text, -15), text.size()).value() == text);
  CHECK(Unpacked(Packing::kZstd, Zstded(text), text.size()).value() == text);
  CHECK(Unpacked(Packing::kNone, text, text.size()).value() == text);
  CHECK(Unpacked(Packing::kDeflate, Deflated(text, -15), text.size() - 1).status().code() ==
        StatusCode::kInvalidArgument);
  CHECK(Unpacked(Packing::kDeflate, "\xff\xff\xff", 10).status().code() == StatusCode::kCorruption);
}

}  // namespace backstep::adapters
