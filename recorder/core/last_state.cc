#include "backstep/recorder/core/last_state.h"

#include <algorithm>

#include "backstep/recorder/pipeline/log_item.h"

namespace backstep::recorder {
namespace {

// Below it a copy is cheaper than a comparison.
constexpr size_t kComparedMin = 16u << 10;
constexpr int kSkipMax = 64;

// False: bytes were moved, which no edit can say.
bool EditOf(const std::vector<store::Hunk>& hunks, size_t old_size, std::string_view bytes,
            StateEdit* edit) {
  size_t used = 0;
  size_t old_at = 0;
  std::string_view insert;
  const auto splice = [&](size_t resumes) {
    if (resumes == old_at && insert.empty()) return;
    if (used == edit->splices.size()) edit->splices.emplace_back();
    StateEdit::Splice& next = edit->splices[used++];
    next.offset = old_at;
    next.remove = resumes - old_at;
    Hold(insert, &next.insert);
    insert = {};
  };
  for (const store::Hunk& hunk : hunks) {
    if (hunk.kind == store::Hunk::Kind::kInsert) {
      insert = bytes.substr(hunk.offset, hunk.length);
      continue;
    }
    if (hunk.offset < old_at) return false;
    splice(hunk.offset);
    old_at = hunk.offset + hunk.length;
  }
  splice(old_size);
  edit->splices.resize(used);
  return true;
}

size_t NewBytes(const std::vector<store::Hunk>& hunks) {
  size_t bytes = 0;
  for (const store::Hunk& hunk : hunks) {
    if (hunk.kind == store::Hunk::Kind::kInsert) bytes += hunk.length;
  }
  return bytes;
}

}  // namespace

bool LastState::Compare(std::string_view state, StateEdit* edit) {
  const auto& hunks = differ_.RunQuickly(bytes_.view(), state);
  const bool alike = NewBytes(hunks) <= state.size() / 2 &&
                     EditOf(hunks, bytes_.size(), state, edit);
  if (alike) bytes_.Patch(state, hunks);
  return alike;
}

bool LastState::Replace(const Body& state, StateEdit* edit) {
  if (state.bytes.size() < kComparedMin) {
    Forget();
    return false;
  }
  if (!any_ || media_type_ != state.media_type) {
    if (skipped_ < skip_) {
      ++skipped_;
      return false;
    }
    bytes_.Assign(state.bytes);
    media_type_ = state.media_type;
    any_ = true;
    return false;
  }
  if (Compare(state.bytes, edit)) {
    skip_ = 0;
    return true;
  }
  Forget();
  skip_ = skip_ == 0 ? 1 : std::min(2 * skip_, kSkipMax);
  return false;
}

void LastState::Forget() {
  if (!any_) return;
  bytes_ = {};
  any_ = false;
  skipped_ = 0;
}

}  // namespace backstep::recorder
