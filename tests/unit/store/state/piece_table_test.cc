#include "backstep/store/state/piece_table.h"

#include <string>

#include "backstep/base/hash.h"
#include "backstep/store/state/operations.h"
#include "backstep/store/state/varint.h"
#include "backstep/tests/support/catch.h"

namespace backstep::store {
namespace {

// A table with pieces of all sources; `log` and `base` are what they are pieces of.
VersionShape Example() {
  VersionShape shape;
  shape.log_end = 5000;
  shape.check = 0x12345678;
  shape.base = BaseVersion{LogId(2), AgentId(7), 1, 40, 1000};
  shape.table.Add(Source::kLog, 100, 50);
  shape.table.AddInline("counter=12");
  shape.table.Add(Source::kBase, 10, 990);
  shape.table.Add(Source::kLog, 4000, 1000);
  shape.table.Add(Source::kOther, PlaceOf(AgentId(kMaxPlaceOwner), 7), 300);
  shape.table.Add(Source::kOther, PlaceOf(AgentId(2), kMaxPlaceEnd - 101), 100);
  shape.table.AddInline("}");
  return shape;
}

bool SamePieces(const PieceTable& a, const PieceTable& b) {
  if (a.pieces().size() != b.pieces().size() || a.inline_bytes() != b.inline_bytes()) return false;
  for (size_t i = 0; i < a.pieces().size(); ++i) {
    const Piece &x = a.pieces()[i], &y = b.pieces()[i];
    if (x.where != y.where || x.length != y.length || x.start != y.start) return false;
  }
  return true;
}

TEST_CASE("Numbers of every size keep their value as varints") {
  for (int shift = 0; shift < 64; ++shift) {
    for (uint64_t number : {uint64_t{1} << shift, (uint64_t{1} << shift) - 1, ~uint64_t{0}}) {
      std::string bytes;
      PutVarint(&bytes, number);
      CHECK(bytes.size() == VarintSize(number));
      uint64_t back = 0;
      ByteReader in(bytes);
      REQUIRE(in.Varint(&back));
      CHECK(back == number);
      CHECK(in.empty());
      CHECK(UnZigZag(ZigZag(static_cast<int64_t>(number))) == static_cast<int64_t>(number));
      ByteReader cut(std::string_view(bytes).substr(0, bytes.size() - 1));
      CHECK_FALSE(cut.Varint(&back));
    }
  }
  uint64_t back = 0;
  ByteReader too_long(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10));
  CHECK_FALSE(too_long.Varint(&back));
}

TEST_CASE("Neighbouring pieces of one source become one") {
  PieceTable table;
  table.Add(Source::kLog, 10, 5);
  table.Add(Source::kLog, 15, 7);
  table.AddInline("ab");
  table.AddInline("cd");
  table.Add(Source::kBase, 22, 3);
  CHECK(table.pieces().size() == 3);
  CHECK(table.size() == 19);
  CHECK(table.inline_bytes() == "abcd");
  CHECK(table.Find(0) == 0);
  CHECK(table.Find(11) == 0);
  CHECK(table.Find(12) == 1);
  CHECK(table.Find(18) == 2);
}

TEST_CASE("A range of a table is the same bytes in another") {
  // Pieces of the log and base as if their bytes were their positions.
  const auto at = [](const PieceTable& table, uint64_t offset) {
    const Piece& piece = table.pieces()[table.Find(offset)];
    const uint64_t position = piece.position() + (offset - piece.start);
    return piece.source() == Source::kInline
               ? uint64_t{static_cast<uint8_t>(table.inline_bytes()[position])}
               : position + (piece.source() == Source::kBase ? 100000 : 1000);
  };
  RandomStream random(3);
  PieceTable table;
  while (table.pieces().size() < 60) {
    const uint64_t kind = random.Next() % 3;
    if (kind == 2) {
      table.AddInline(std::string(1 + random.Next() % 9, static_cast<char>(random.Next() % 100)));
    } else {
      table.Add(static_cast<Source>(kind), random.Next() % 50000, 1 + random.Next() % 20);
    }
  }
  for (int round = 0; round < 300; ++round) {
    PieceTable out;
    std::vector<uint64_t> expected;
    for (int part = 0; part < 3; ++part) {
      const uint64_t offset = random.Next() % table.size();
      const uint64_t length = random.Next() % (table.size() - offset + 1);
      out.AddRange(table, offset, length);
      for (uint64_t i = 0; i < length; ++i) expected.push_back(at(table, offset + i));
    }
    REQUIRE(out.size() == expected.size());
    bool same = true;
    for (uint64_t i = 0; i < expected.size(); ++i) same = same && at(out, i) == expected[i];
    REQUIRE(same);
  }
}

TEST_CASE("A piece table keeps its value when stored") {
  const VersionShape shape = Example();
  const std::string value = EncodePieceTable(shape);
  const Result<VersionShape> back = DecodePieceTable(value);
  REQUIRE(back.ok());
  CHECK(SamePieces(back->table, shape.table));
  CHECK(back->base == shape.base);
  CHECK(back->log_end == shape.log_end);
  CHECK(back->check == shape.check);
}

TEST_CASE("A piece table that cannot be is refused") {
  const std::string value = EncodePieceTable(Example());
  for (size_t size = 0; size < value.size(); ++size) {
    CHECK(DecodePieceTable(value.substr(0, size)).status().code() == StatusCode::kCorruption);
  }
  CHECK(DecodePieceTable(value + "x").status().code() == StatusCode::kCorruption);
  std::string newer = value;
  newer[0] = static_cast<char>(kSharingFormat + 1);
  CHECK(DecodePieceTable(newer).status().code() == StatusCode::kVersionMismatch);
  VersionShape outside = Example();
  outside.log_end = 4999;
  CHECK(DecodePieceTable(EncodePieceTable(outside)).status().code() == StatusCode::kCorruption);
  outside = Example();
  outside.base->size = 999;
  CHECK(DecodePieceTable(EncodePieceTable(outside)).status().code() == StatusCode::kCorruption);
  // The last byte of one agent's log is never followed by the first of another's.
  outside = Example();
  outside.table.Add(Source::kOther, PlaceOf(AgentId(1), kMaxPlaceEnd - 5), 5);
  CHECK(DecodePieceTable(EncodePieceTable(outside)).status().code() == StatusCode::kCorruption);
  // Any byte changed: an error or a table within its bounds, never a crash.
  for (size_t at = 0; at < value.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = value;
      flipped[at] ^= static_cast<char>(1 << bit);
      const Result<VersionShape> read = DecodePieceTable(flipped);
      if (read.ok()) CHECK(read->table.size() <= kMaxBodyBytes);
    }
  }
}

TEST_CASE("Operations make the version that they were written for") {
  VersionShape old;
  old.log_end = 300;
  old.table.Add(Source::kLog, 0, 300);
  OperationsWriter writer(300, 320);
  writer.Copy(0, 100);
  writer.Inline("7");
  writer.Copy(101, 190);
  writer.Literal(40);
  writer.Copy(20, 10);
  writer.Earlier(310, 8);
  writer.Copy(291, 9);
  writer.Other(PlaceOf(AgentId(9), 1234567), 42);
  const Hash128 hash{1, 0xabcdef0123456789};
  const std::string value = writer.Finish(std::nullopt, 400, hash, 20);
  VersionShape made;
  REQUIRE(ApplyOperations(value, old, &made).ok());
  PieceTable expected;
  expected.Add(Source::kLog, 0, 100);
  expected.AddInline("7");
  expected.Add(Source::kLog, 101, 190);
  expected.Add(Source::kLog, 320, 40);
  expected.Add(Source::kLog, 20, 10);
  expected.Add(Source::kLog, 310, 8);
  expected.Add(Source::kLog, 291, 9);
  expected.Add(Source::kOther, PlaceOf(AgentId(9), 1234567), 42);
  CHECK(SamePieces(made.table, expected));
  CHECK(made.log_end == 360);
  CHECK(made.check == 0x23456789);
  CHECK(ApplyOperations(value, VersionShape(), &made).code() == StatusCode::kCorruption);
  for (size_t size = 0; size < value.size(); ++size) {
    CHECK_FALSE(ApplyOperations(value.substr(0, size), old, &made).ok());
  }
  for (size_t at = 0; at < value.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = value;
      flipped[at] ^= static_cast<char>(1 << bit);
      if (ApplyOperations(flipped, old, &made).ok()) CHECK(made.table.size() <= kMaxBodyBytes);
    }
  }
}

TEST_CASE("What refers to no other agent's literals is written as it was before that could be") {
  OperationsWriter alone(300, 300);
  alone.Copy(0, 300);
  CHECK(alone.Finish(std::nullopt, 300, {}, 0)[0] == kOperationsFormat);
  OperationsWriter shares(300, 300);
  shares.Other(PlaceOf(AgentId(1), 0), 300);
  CHECK(shares.Finish(std::nullopt, 300, {}, 0)[0] == kSharingFormat);
  VersionShape shape;
  shape.table.AddInline("a");
  CHECK(EncodePieceTable(shape)[0] == kPieceTableFormat);
  CHECK(EncodePieceTable(Example())[0] == kSharingFormat);
}

TEST_CASE("Operations that copy the old version again and again stop at the version's size") {
  VersionShape old;
  old.log_end = 1 << 20;
  old.table.Add(Source::kLog, 0, 1 << 20);
  OperationsWriter writer(1 << 20, old.log_end);
  for (int i = 0; i < 5000; ++i) writer.Copy(0, 1 << 20);
  VersionShape made;
  const std::string value = writer.Finish(std::nullopt, kMaxBodyBytes, Hash128(), 0);
  CHECK(ApplyOperations(value, old, &made).code() == StatusCode::kCorruption);
  CHECK(made.table.size() <= kMaxBodyBytes);
  const std::string larger = writer.Finish(std::nullopt, kMaxBodyBytes + 1, Hash128(), 0);
  CHECK(ApplyOperations(larger, old, &made).code() == StatusCode::kCorruption);
}

}  // namespace
}  // namespace backstep::store
