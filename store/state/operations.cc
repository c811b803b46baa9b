#include "backstep/store/state/operations.h"

namespace backstep::store {
namespace {

constexpr uint8_t kHasBase = 1;

Status Malformed(const char* why) {
  return Status::Corruption(std::string("operations of a version: ") + why);
}

struct Head {
  std::optional<BaseVersion> base;
  uint64_t size = 0;
  uint32_t check = 0;
  uint64_t skip = 0;
};

Status ReadHead(ByteReader* in, Head* head) {
  uint8_t format, flags;
  if (!in->Byte(&format) || !in->Byte(&flags)) return Malformed("end early");
  BACKSTEP_RETURN_IF_ERROR(CheckFormat(format, "operations of a version"));
  if ((flags & ~kHasBase) != 0) return Malformed("unknown flags");
  if ((flags & kHasBase) != 0 && !ReadBase(in, &head->base.emplace())) {
    return Malformed("the base is out of bounds");
  }
  if (!in->Varint(&head->size) || !in->Fixed32(&head->check) || !in->Varint(&head->skip)) {
    return Malformed("end early");
  }
  if (head->size > kMaxBodyBytes) return Malformed("the version is too large");
  return {};
}

// Runs the operations of one value.
class Applier {
 public:
  Applier(const PieceTable& old, uint64_t size, VersionShape* next, std::vector<Copied>* copied)
      : old_(old), size_(size), next_(*next), copied_(copied) {}

  Status Run(ByteReader* in) {
    while (!in->empty()) {
      BACKSTEP_RETURN_IF_ERROR(Step(in));
      if (next_.table.pieces().size() > kMaxPieces) return Malformed("too many pieces");
    }
    if (next_.table.size() != size_) return Malformed("do not add up to the version's size");
    return {};
  }

 private:
  Status Step(ByteReader* in) {
    uint64_t head;
    if (!in->Varint(&head)) return Malformed("end early");
    const uint64_t operand = head >> 3;
    switch (static_cast<Operation>(head & 7)) {
      case Operation::kCopy:
        return Copy(operand);
      case Operation::kCopyUntil:
        if (operand > old_.size() - cursor_) return Malformed("a copy ends before it begins");
        return Copy(old_.size() - cursor_ - operand);
      case Operation::kForward:
        if (operand > old_.size() - cursor_) return Malformed("the cursor leaves the version");
        cursor_ += operand;
        return {};
      case Operation::kBack:
        if (operand > cursor_) return Malformed("the cursor leaves the version");
        cursor_ -= operand;
        return {};
      case Operation::kInline:
        return Inline(in, operand);
      case Operation::kLiteral:
        return Literal(operand);
      case Operation::kEarlier:
        return Earlier(in, operand);
      case Operation::kOther:
        return Other(in, operand);
    }
    return Malformed("unknown operation");
  }

  bool Fits(uint64_t length) const { return length <= size_ - next_.table.size(); }

  Status Copy(uint64_t length) {
    if (length > old_.size() - cursor_ || !Fits(length)) return Malformed("a copy is too long");
    if (copied_ != nullptr && length > 0) {
      copied_->push_back({cursor_, next_.table.size(), length});
    }
    next_.table.AddRange(old_, cursor_, length);
    cursor_ += length;
    return {};
  }

  Status Inline(ByteReader* in, uint64_t length) {
    std::string_view bytes;
    if (!Fits(length) || !in->Bytes(length, &bytes)) return Malformed("inline bytes end early");
    next_.table.AddInline(bytes);
    return {};
  }

  Status Literal(uint64_t length) {
    if (!Fits(length) || length > kMaxLogBytes - next_.log_end) {
      return Malformed("a literal is too long");
    }
    next_.table.Add(Source::kLog, next_.log_end, length);
    next_.log_end += length;
    return {};
  }

  Status Earlier(ByteReader* in, uint64_t length) {
    uint64_t distance;
    if (!in->Varint(&distance)) return Malformed("end early");
    if (!Fits(length) || distance > next_.log_end || length > distance) {
      return Malformed("an earlier literal is out of bounds");
    }
    next_.table.Add(Source::kLog, next_.log_end - distance, length);
    return {};
  }

  Status Other(ByteReader* in, uint64_t length) {
    uint64_t owner, offset;
    if (!in->Varint(&owner) || !in->Varint(&offset)) return Malformed("end early");
    if (!Fits(length) || owner > kMaxPlaceOwner || offset >= kMaxPlaceEnd) {
      return Malformed("another agent's literal is out of bounds");
    }
    const uint64_t place = PlaceOf(AgentId(static_cast<uint32_t>(owner)), offset);
    if (!FitsPlace(place, length)) return Malformed("another agent's literal is out of bounds");
    next_.table.Add(Source::kOther, place, length);
    return {};
  }

  const PieceTable& old_;
  const uint64_t size_;
  VersionShape& next_;
  std::vector<Copied>* const copied_;
  uint64_t cursor_ = 0;
};

}  // namespace

uint32_t CheckOf(const Hash128& hash) { return static_cast<uint32_t>(hash.low); }

void OperationsWriter::Put(Operation operation, uint64_t operand) {
  PutVarint(&operations_, operand << 3 | static_cast<uint64_t>(operation));
}

void OperationsWriter::Copy(uint64_t old_offset, uint64_t length) {
  if (old_offset > cursor_) Put(Operation::kForward, old_offset - cursor_);
  if (old_offset < cursor_) Put(Operation::kBack, cursor_ - old_offset);
  cursor_ = old_offset + length;
  const uint64_t rest = old_size_ - cursor_;
  // Counted from the end, the long copy before an append is the same few bytes at every step.
  if (rest < length) {
    Put(Operation::kCopyUntil, rest);
  } else {
    Put(Operation::kCopy, length);
  }
}

void OperationsWriter::Inline(std::string_view bytes) {
  Put(Operation::kInline, bytes.size());
  operations_.append(bytes);
}

void OperationsWriter::Literal(uint64_t length) {
  Put(Operation::kLiteral, length);
  log_at_ += length;
}

void OperationsWriter::Earlier(uint64_t position, uint64_t length) {
  Put(Operation::kEarlier, length);
  PutVarint(&operations_, log_at_ - position);
}

void OperationsWriter::Other(uint64_t place, uint64_t length) {
  shares_ = true;
  Put(Operation::kOther, length);
  PutVarint(&operations_, OwnerOfPlace(place).value);
  PutVarint(&operations_, OffsetOfPlace(place));
}

std::string OperationsWriter::Finish(const std::optional<BaseVersion>& base, uint64_t size,
                                     const Hash128& hash, uint64_t skip) const {
  std::string out;
  out.reserve(operations_.size() + 48);
  out.push_back(static_cast<char>(shares_ ? kSharingFormat : kOperationsFormat));
  out.push_back(static_cast<char>(base ? kHasBase : 0));
  if (base) PutBase(&out, *base);
  PutVarint(&out, size);
  PutFixed32(&out, CheckOf(hash));
  PutVarint(&out, skip);
  out.append(operations_);
  return out;
}

Status ApplyOperations(std::string_view value, const VersionShape& old, VersionShape* next,
                       std::vector<Copied>* copied) {
  ByteReader in(value);
  Head head;
  BACKSTEP_RETURN_IF_ERROR(ReadHead(&in, &head));
  if (head.skip > kMaxLogBytes - old.log_end) return Malformed("over a bound");
  if (copied != nullptr) copied->clear();
  next->check = head.check;
  next->table.Clear();
  next->log_end = old.log_end + head.skip;
  next->base = head.base ? head.base : old.base;
  if (!head.base) return Applier(old.table, head.size, next, copied).Run(&in);
  if (old.base || old.table.size() != 0) return Malformed("a base after the first version");
  PieceTable base;
  base.Add(Source::kBase, 0, head.base->size);
  return Applier(base, head.size, next, nullptr).Run(&in);
}

Result<uint64_t> AddedLiterals(std::string_view value) {
  ByteReader in(value);
  Head head;
  BACKSTEP_RETURN_IF_ERROR(ReadHead(&in, &head));
  uint64_t added = 0;
  while (!in.empty()) {
    uint64_t word, place;
    std::string_view bytes;
    if (!in.Varint(&word)) return Malformed("end early");
    const auto operation = static_cast<Operation>(word & 7);
    if (operation == Operation::kLiteral) added += word >> 3;
    if (added > kMaxLogBytes) return Malformed("a literal is too long");
    if (operation == Operation::kInline && !in.Bytes(word >> 3, &bytes)) {
      return Malformed("inline bytes end early");
    }
    const int places = operation == Operation::kEarlier ? 1
                       : operation == Operation::kOther ? 2
                                                        : 0;
    for (int i = 0; i < places; ++i) {
      if (!in.Varint(&place)) return Malformed("end early");
    }
  }
  return added;
}

}  // namespace backstep::store
