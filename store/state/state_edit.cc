#include "backstep/store/state/state_edit.h"

#include <algorithm>

namespace backstep {
namespace {

Status Unfit(size_t index, const StateEdit::Splice& splice, const std::string& why) {
  return Status::InvalidArgument("splice " + std::to_string(index) + " of the edit (offset " +
                                 std::to_string(splice.offset) + ", remove " +
                                 std::to_string(splice.remove) + ") " + why);
}

}  // namespace

Result<uint64_t> StateEdit::ResultSize(uint64_t base_size) const {
  uint64_t size = base_size;
  uint64_t reached = 0;
  for (size_t i = 0; i < splices.size(); ++i) {
    const Splice& splice = splices[i];
    if (splice.offset > base_size || splice.remove > base_size - splice.offset) {
      return Unfit(i, splice, "lies outside the state of " + std::to_string(base_size) + " bytes");
    }
    if (splice.offset < reached) {
      return Unfit(i, splice, "overlaps the one before it or is out of order");
    }
    reached = splice.offset + splice.remove;
    size -= splice.remove;
    if (splice.insert.size() > UINT64_MAX - size) {
      return Unfit(i, splice, "makes the state too large");
    }
    size += splice.insert.size();
  }
  return size;
}

Result<std::string> StateEdit::Apply(std::string_view base) const {
  BACKSTEP_ASSIGN_OR_RETURN(const uint64_t size, ResultSize(base.size()));
  std::string out;
  out.reserve(size);
  uint64_t reached = 0;
  for (const Splice& splice : splices) {
    out.append(base.substr(reached, splice.offset - reached));
    out.append(splice.insert);
    reached = splice.offset + splice.remove;
  }
  out.append(base.substr(reached));
  return out;
}

void StateEdit::Part(std::string_view base, uint64_t begin, uint64_t end,
                     std::string* out) const {
  out->clear();
  uint64_t at = 0;  // in the result
  const auto add = [&](std::string_view bytes) {
    if (at < end && at + bytes.size() > begin) {
      const uint64_t skip = begin > at ? begin - at : 0;
      out->append(bytes.substr(skip, std::min<uint64_t>(end - at, bytes.size()) - skip));
    }
    at += bytes.size();
  };
  uint64_t reached = 0;
  for (const Splice& splice : splices) {
    add(base.substr(reached, splice.offset - reached));
    add(splice.insert);
    reached = splice.offset + splice.remove;
  }
  add(base.substr(reached));
}

}  // namespace backstep
