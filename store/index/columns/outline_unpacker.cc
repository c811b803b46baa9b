#include "backstep/store/index/columns/outline_unpacker.h"

#include <limits>

namespace backstep::store {
namespace {

constexpr uint64_t kScaleMax = 63;

uint64_t Plus(uint64_t base, uint64_t difference) {
  return base + static_cast<uint64_t>(UnZigZag(difference));
}

// What PlaceFrom and LengthOf of the packer left out, put back.
int64_t Scaled(uint64_t number, uint64_t scale) { return static_cast<int64_t>(number << scale); }

// One end from its place, the other from the length.
StepSpan SpanFrom(SpanBase from, int64_t base, uint64_t place, uint64_t length, uint64_t scale) {
  const int64_t at = Scaled(Plus(static_cast<uint64_t>(base >> scale), place), scale);
  const auto whole = static_cast<uint64_t>(Scaled(length, scale));
  if (IsFromEnd(from)) return {static_cast<int64_t>(static_cast<uint64_t>(at) - whole), at};
  return {at, static_cast<int64_t>(static_cast<uint64_t>(at) + whole)};
}

}  // namespace

Status OutlineUnpacker::Open(LogId log, StepNumber first, std::string_view chunk) {
  const Status damaged = Status::Corruption("the packed steps from " +
                                            std::to_string(first.value) + " on are damaged");
  ByteReader in(chunk);
  uint32_t hash[4] = {};
  for (uint32_t& part : hash) {
    if (!in.Fixed32(&part)) return damaged;
  }
  const Hash128 expected{uint64_t{hash[1]} << 32 | hash[0], uint64_t{hash[3]} << 32 | hash[2]};
  if (ChunkHash(log, first, chunk.substr(sizeof hash)) != expected) return damaged;
  uint8_t wall = 0, in_virtual = 0;
  if (!in.Varint(&steps_) || !in.Byte(&wall) || !in.Byte(&in_virtual)) return damaged;
  if (steps_ > kChunkSteps || wall >= kSpanBases || in_virtual >= kSpanBases) return damaged;
  wall_base_ = static_cast<SpanBase>(wall);
  virtual_base_ = static_cast<SpanBase>(in_virtual);
  for (size_t i = 0; i < kOutlineColumns; ++i) {
    const size_t most = i <= kColSent ? kChunkSteps : kChunkMessagesMax;
    if (!planes_.Take(&in, most, &columns_[i])) return damaged;
  }
  log_ = log;
  next_ = first;
  at_ = {};
  short_ = wrong_ = false;
  history_ = {};
  return {};
}

Result<const StepOutline*> OutlineUnpacker::Next() {
  constexpr uint64_t kIdMax = std::numeric_limits<uint32_t>::max();
  step_.number = next_;
  const uint64_t agent = Take(kColAgent);
  wrong_ |= agent > kIdMax || agent == kOutside.value;
  step_.agent = AgentId(static_cast<uint32_t>(agent));
  step_.clock = AgentClock(Plus(history_.last_clock(step_.agent) + 1, Take(kColClock)));
  step_.begin_after = StepNumber(next_.value - 1 - static_cast<uint64_t>(UnZigZag(Take(kColLag))));
  const uint64_t caller = Take(kColCaller);
  step_.caller.reset();
  if (caller != 0) step_.caller = AgentId(static_cast<uint32_t>(caller - 1));
  step_.flags = static_cast<uint8_t>(Take(kColFlags));
  step_.shares.model = static_cast<uint8_t>(Take(kColModel));
  step_.shares.tool = static_cast<uint8_t>(Take(kColTool));
  step_.shares.waiting = static_cast<uint8_t>(Take(kColWaiting));
  const int rest = 255 - step_.shares.model - step_.shares.tool - step_.shares.waiting;
  step_.shares.own = static_cast<uint8_t>(rest < 0 ? 0 : rest);
  TakeSpans();
  TakeTook();
  TakeSent();
  if (short_ || wrong_) {
    return Status::Corruption("the packed step " + std::to_string(next_.value) + " of log " +
                              std::to_string(log_.value) + " is damaged");
  }
  history_.Add(step_);
  next_ = next_.Next();
  return &step_;
}

void OutlineUnpacker::TakeSpans() {
  const uint64_t wall_scale = Take(kColWallScale);
  const uint64_t virtual_scale = Plus(wall_scale, Take(kColVirtualScale));
  if (wall_scale > kScaleMax || virtual_scale > kScaleMax) {
    wrong_ = true;
    return;
  }
  const auto wall_length = static_cast<uint64_t>(UnZigZag(Take(kColWallLength)));
  step_.wall = SpanFrom(wall_base_, history_.WallBase(wall_base_, step_.agent),
                        Take(kColWallPlace), wall_length, wall_scale);
  const int64_t whole = Scaled(wall_length, wall_scale) >> virtual_scale;
  const uint64_t length = Plus(static_cast<uint64_t>(whole), Take(kColVirtualLength));
  step_.in_virtual =
      SpanFrom(virtual_base_, history_.VirtualBase(virtual_base_, step_.agent, step_.wall),
               Take(kColVirtualPlace), length, virtual_scale);
}

void OutlineUnpacker::TakeTook() {
  step_.took.clear();
  const uint64_t told = Take(kColTook);
  if (told == 0) {
    for (size_t left = history_.Waiting(step_.agent); left > 0; --left) {
      step_.took.push_back({history_.TakeAt(step_.agent, 0), false, false});
    }
    return;
  }
  for (uint64_t i = 1; i < told && !short_ && !wrong_; ++i) TakeTaken();
}

void OutlineUnpacker::TakeTaken() {
  const uint64_t place = Take(kColTakenPlace), flags = Take(kColTakenFlags);
  StepOutline::Taken taken;
  taken.early = (flags & 1) != 0;
  taken.hit = (flags & 2) != 0;
  if (place > 0) {
    wrong_ |= place > OutlineHistory::kPlaces || place > history_.Waiting(step_.agent);
    if (!wrong_) taken.id = history_.TakeAt(step_.agent, place - 1);
  } else {
    taken.id.sender = AgentId(static_cast<uint32_t>(Take(kColTakenSender)));
    taken.id.clock = AgentClock(Plus(history_.last_clock(taken.id.sender), Take(kColTakenClock)));
    taken.id.ordinal = static_cast<uint32_t>(Take(kColTakenOrdinal));
    taken.id.copy = static_cast<uint32_t>(Take(kColTakenCopy));
    if (taken.early) history_.TakeEarly(taken.id);
  }
  step_.took.push_back(taken);
}

void OutlineUnpacker::TakeSent() {
  step_.sent.clear();
  const uint64_t count = Take(kColSent);
  for (uint64_t i = 0; i < count && !short_; ++i) {
    StepOutline::Sent sent;
    sent.to = AgentId(static_cast<uint32_t>(Take(kColSentTo)));
    const auto ordinal = static_cast<uint32_t>(Plus(i, Take(kColSentOrdinal)));
    sent.id = {step_.agent, step_.clock, ordinal, static_cast<uint32_t>(Take(kColSentCopy))};
    const uint64_t flags = Take(kColSentFlags);
    sent.dropped = (flags & 1) != 0;
    sent.hit = (flags & 2) != 0;
    step_.sent.push_back(sent);
  }
}

}  // namespace backstep::store
