#include "backstep/store/state/materialize.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace backstep::store {
namespace {

// Finds bytes of literal logs among those at hand.
class Shared {
 public:
  explicit Shared(AtHand at_hand) : at_hand_(at_hand) {}

  // How much of the literals from `where` on (as in a piece), `length` at most, is at hand in one
  // run; its bytes in `*bytes`. Where nothing is: 0, and in `*gap` how much to read before asking
  // again.
  uint64_t Find(uint64_t where, uint64_t length, const char** bytes, uint64_t* gap) {
    *gap = length;
    if (at_hand_.table == nullptr) return 0;
    const std::vector<Piece>& pieces = at_hand_.table->pieces();
    // Both tables mostly have the same order.
    const size_t near_end = std::min(pieces.size(), next_ + kLookAhead);
    for (size_t i = next_; i < near_end; ++i) {
      if (Holds(pieces[i], where)) return Take(i, where, length, bytes);
    }
    Sort();
    const auto after = std::upper_bound(
        by_place_.begin(), by_place_.end(), where,
        [&](uint64_t value, uint32_t i) { return value < pieces[i].where; });
    if (after != by_place_.begin() && Holds(pieces[after[-1]], where)) {
      return Take(after[-1], where, length, bytes);
    }
    if (after != by_place_.end()) {
      *gap = std::min(length, pieces[*after].where - where);
    }
    return 0;
  }

 private:
  static constexpr size_t kLookAhead = 4;

  static bool Literal(const Piece& piece) {
    return piece.source() == Source::kLog || piece.source() == Source::kOther;
  }
  static bool Holds(const Piece& piece, uint64_t where) {
    return Literal(piece) && piece.where <= where && where - piece.where < piece.length;
  }

  uint64_t Take(size_t i, uint64_t where, uint64_t length, const char** bytes) {
    const Piece& piece = at_hand_.table->pieces()[i];
    const uint64_t skip = where - piece.where;
    *bytes = at_hand_.bytes.data() + piece.start + skip;
    next_ = i;
    return std::min(length, piece.length - skip);
  }

  void Sort() {
    if (sorted_) return;
    sorted_ = true;
    const std::vector<Piece>& pieces = at_hand_.table->pieces();
    for (size_t i = 0; i < pieces.size(); ++i) {
      if (Literal(pieces[i])) by_place_.push_back(static_cast<uint32_t>(i));
    }
    std::sort(by_place_.begin(), by_place_.end(),
              [&](uint32_t a, uint32_t b) { return pieces[a].where < pieces[b].where; });
  }

  AtHand at_hand_;
  size_t next_ = 0;
  bool sorted_ = false;
  std::vector<uint32_t> by_place_;
};

struct Wanted {
  uint64_t where = 0;  // as in a piece
  uint64_t length = 0;
  char* out = nullptr;
};

void GatherLiterals(const Piece& piece, char* out, Shared* shared, std::vector<Wanted>* wanted) {
  uint64_t where = piece.where;
  for (uint64_t length = piece.length; length > 0;) {
    const char* bytes = nullptr;
    uint64_t gap = 0;
    uint64_t done = shared->Find(where, length, &bytes, &gap);
    if (done > 0) {
      std::memcpy(out, bytes, done);
    } else {
      wanted->push_back({where, gap, out});
      done = gap;
    }
    where += done;
    length -= done;
    out += done;
  }
}

// In order of the logs: a block is then decompressed once, however scattered its pieces.
Status ReadWanted(std::vector<Wanted>* wanted, AgentId owner, LiteralReader* literals) {
  std::sort(wanted->begin(), wanted->end(),
            [](const Wanted& a, const Wanted& b) { return a.where < b.where; });
  for (const Wanted& part : *wanted) {
    const Piece piece{part.where};
    const bool own = piece.source() == Source::kLog;
    BACKSTEP_RETURN_IF_ERROR(literals->Copy(
        own ? owner : OwnerOfPlace(piece.position()),
        own ? piece.position() : OffsetOfPlace(piece.position()), part.length, part.out));
  }
  return {};
}

}  // namespace

std::shared_ptr<Buffer> Buffer::Make(uint64_t size) {
  std::unique_ptr<char[]> bytes(new (std::nothrow) char[size]);
  if (bytes == nullptr) return nullptr;
  return std::shared_ptr<Buffer>(new Buffer(std::move(bytes), size));
}

Result<std::shared_ptr<const Buffer>> Materialize(const PieceTable& table, AgentId owner,
                                                  std::string_view base, AtHand at_hand,
                                                  LiteralReader* literals) {
  std::shared_ptr<Buffer> buffer = Buffer::Make(table.size());
  if (buffer == nullptr) {
    return Status::Io("not enough memory for a body of " + std::to_string(table.size()) +
                      " bytes");
  }
  Shared shared(at_hand);
  std::vector<Wanted> wanted;
  for (const Piece& piece : table.pieces()) {
    char* const out = buffer->data() + piece.start;
    if (piece.source() == Source::kLog || piece.source() == Source::kOther) {
      GatherLiterals(piece, out, &shared, &wanted);
      continue;
    }
    const std::string_view source = piece.source() == Source::kBase ? base : table.inline_bytes();
    if (piece.position() > source.size() || piece.length > source.size() - piece.position()) {
      return Status::Corruption("a piece lies outside the version it is taken from");
    }
    std::memcpy(out, source.data() + piece.position(), piece.length);
  }
  BACKSTEP_RETURN_IF_ERROR(ReadWanted(&wanted, owner, literals));
  return std::shared_ptr<const Buffer>(std::move(buffer));
}

}  // namespace backstep::store
