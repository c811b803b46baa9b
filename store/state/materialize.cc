#include "backstep/store/state/materialize.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace backstep::store {
namespace {

// Finds bytes of literal logs among those at hand.
class Shared {
 public:
  explicit Shared(const AtHand& at_hand) : at_hand_(at_hand) {
    if (at_hand_.copied != nullptr) at_hand_.table = nullptr;
  }

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

// Fills a version's bytes, stretch by stretch; what lies in literal logs is left wanted.
class Filler {
 public:
  // `out`: where the byte at `begin` goes.
  Filler(const PieceTable& table, std::string_view base, const AtHand& at_hand, uint64_t begin,
         char* out)
      : table_(table), base_(base), at_hand_(at_hand), shared_(at_hand), begin_(begin),
        out_(out) {}

  Status Run() {
    uint64_t done = begin_;
    if (at_hand_.copied != nullptr) {
      for (const Copied& part : *at_hand_.copied) BACKSTEP_RETURN_IF_ERROR(Take(part, &done));
    }
    return FromPieces(done, table_.size());
  }
  std::vector<Wanted>* wanted() { return &wanted_; }

 private:
  char* Out(uint64_t at) const { return out_ + (at - begin_); }
  static Status Outside() {
    return Status::Corruption("a piece lies outside the version it is taken from");
  }
  static bool Within(uint64_t offset, uint64_t length, uint64_t size) {
    return offset <= size && length <= size - offset;
  }

  Status Take(const Copied& part, uint64_t* done) {
    if (!Within(part.from, part.length, at_hand_.bytes.size()) ||
        !Within(part.to, part.length, table_.size())) {
      return Outside();
    }
    if (part.to > *done) {
      BACKSTEP_RETURN_IF_ERROR(FromPieces(*done, part.to));
      *done = part.to;
    }
    const uint64_t skip = *done - part.to;
    if (skip >= part.length) return {};
    std::memcpy(Out(*done), at_hand_.bytes.data() + part.from + skip, part.length - skip);
    *done = part.to + part.length;
    return {};
  }

  Status FromPieces(uint64_t begin, uint64_t end) {
    if (begin >= end) return {};
    const std::vector<Piece>& pieces = table_.pieces();
    for (size_t i = table_.Find(begin); i < pieces.size() && pieces[i].start < end; ++i) {
      const uint64_t from = std::max<uint64_t>(pieces[i].start, begin);
      const uint64_t to = std::min(pieces[i].end(), end);
      const Piece part{pieces[i].where + (from - pieces[i].start),
                       static_cast<uint32_t>(to - from), static_cast<uint32_t>(from)};
      BACKSTEP_RETURN_IF_ERROR(FromPiece(part));
    }
    return {};
  }

  Status FromPiece(const Piece& piece) {
    char* const out = Out(piece.start);
    if (piece.source() == Source::kLog || piece.source() == Source::kOther) {
      GatherLiterals(piece, out, &shared_, &wanted_);
      return {};
    }
    const std::string_view source =
        piece.source() == Source::kBase ? base_ : table_.inline_bytes();
    if (!Within(piece.position(), piece.length, source.size())) return Outside();
    std::memcpy(out, source.data() + piece.position(), piece.length);
    return {};
  }

  const PieceTable& table_;
  const std::string_view base_;
  const AtHand& at_hand_;
  Shared shared_;
  const uint64_t begin_;
  char* const out_;
  std::vector<Wanted> wanted_;
};

}  // namespace

std::unique_ptr<Buffer> Buffer::Make(uint64_t size) {
  const uint64_t room = size + size / 8;
  std::unique_ptr<char[]> bytes(new (std::nothrow) char[room]);
  if (bytes == nullptr) return nullptr;
  return std::unique_ptr<Buffer>(new Buffer(std::move(bytes), size, room));
}

Status Materialize(const PieceTable& table, AgentId owner, std::string_view base,
                   const AtHand& at_hand, LiteralReader* literals, uint64_t begin, char* out) {
  Filler filler(table, base, at_hand, begin, out);
  BACKSTEP_RETURN_IF_ERROR(filler.Run());
  return ReadWanted(filler.wanted(), owner, literals);
}

}  // namespace backstep::store
