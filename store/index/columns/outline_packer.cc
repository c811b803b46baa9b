#include "backstep/store/index/columns/outline_packer.h"

#include <bit>

namespace backstep::store {
namespace {

uint64_t Difference(uint64_t a, uint64_t b) { return ZigZag(static_cast<int64_t>(a - b)); }

int64_t LengthOf(const StepSpan& span, int scale) {
  return static_cast<int64_t>(static_cast<uint64_t>(span.ended_ns) -
                              static_cast<uint64_t>(span.began_ns)) >> scale;
}

int64_t PlaceFrom(int64_t base, int64_t time, int scale) {
  return static_cast<int64_t>(static_cast<uint64_t>(time >> scale) -
                              static_cast<uint64_t>(base >> scale));
}

}  // namespace

void OutlinePacker::Places::Add(size_t base, int64_t place) {
  const uint64_t number = ZigZag(place);
  from[base].push_back(number);
  bits[base] += static_cast<uint64_t>(std::bit_width(number));
}

size_t OutlinePacker::Places::Smallest() const {
  size_t best = 0;
  for (size_t i = 1; i < kSpanBases; ++i) {
    if (!from[i].empty() && bits[i] < bits[best]) best = i;
  }
  return best;
}

void OutlinePacker::Add(const StepOutline& step) {
  packable_ = packable_ && step.agent != kOutside && step.number == next_;
  next_ = next_.Next();
  if (!packable_) return;
  packed_ = step;
  Put(kColAgent, step.agent.value);
  Put(kColClock, Difference(step.clock.value, history_.last_clock(step.agent) + 1));
  Put(kColLag, Difference(step.number.value - 1, step.begin_after.value));
  Put(kColCaller, step.caller ? uint64_t{step.caller->value} + 1 : 0);
  Put(kColFlags, step.flags);
  Put(kColModel, step.shares.model);
  Put(kColTool, step.shares.tool);
  Put(kColWaiting, step.shares.waiting);
  AddSpans(step, &packed_);
  AddTook(step);
  AddSent(step);
  history_.Add(packed_);
}

void OutlinePacker::AddSpans(const StepOutline& step, StepOutline* packed) {
  const int wall_scale = PackedScale(step.wall, kPackedWallBits);
  const int virtual_scale = PackedScale(step.in_virtual, kPackedVirtualBits);
  packed->wall = PackedSpan(step.wall, kPackedWallBits);
  packed->in_virtual = PackedSpan(step.in_virtual, kPackedVirtualBits);
  Put(kColWallScale, static_cast<uint64_t>(wall_scale));
  Put(kColWallLength, ZigZag(LengthOf(packed->wall, wall_scale)));
  Put(kColVirtualScale, Difference(static_cast<uint64_t>(virtual_scale),
                                   static_cast<uint64_t>(wall_scale)));
  Put(kColVirtualLength,
      Difference(static_cast<uint64_t>(LengthOf(packed->in_virtual, virtual_scale)),
                 static_cast<uint64_t>(LengthOf(packed->wall, virtual_scale))));
  for (size_t i = 0; i < kSpanBases; ++i) {
    const auto base = static_cast<SpanBase>(i);
    const auto time = [&](const StepSpan& span) {
      return IsFromEnd(base) ? span.ended_ns : span.began_ns;
    };
    if (base != SpanBase::kBeganByWall) {
      const int64_t from = history_.WallBase(base, step.agent);
      wall_.Add(i, PlaceFrom(from, time(packed->wall), wall_scale));
    }
    const int64_t from = history_.VirtualBase(base, step.agent, packed->wall);
    virtual_.Add(i, PlaceFrom(from, time(packed->in_virtual), virtual_scale));
  }
}

void OutlinePacker::AddTook(const StepOutline& step) {
  const size_t waiting = history_.Waiting(step.agent);
  bool all = step.took.size() == waiting;
  for (size_t i = 0; all && i < waiting; ++i) {
    const StepOutline::Taken& taken = step.took[i];
    all = !taken.early && !taken.hit && taken.id == history_.WaitingAt(step.agent, i);
  }
  Put(kColTook, all ? 0 : step.took.size() + 1);
  if (all) {
    for (size_t i = 0; i < waiting; ++i) history_.TakeAt(step.agent, 0);
    return;
  }
  for (const StepOutline::Taken& taken : step.took) AddTaken(step.agent, taken);
  packable_ = packable_ && columns_[kColTakenPlace].size() <= kChunkMessagesMax;
}

void OutlinePacker::AddTaken(AgentId taker, const StepOutline::Taken& taken) {
  const auto place = history_.PlaceOf(taker, taken.id);
  Put(kColTakenPlace, place ? *place + 1 : 0);
  Put(kColTakenFlags, (taken.early ? uint64_t{1} : 0) | (taken.hit ? uint64_t{2} : 0));
  if (place) {
    history_.TakeAt(taker, *place);
    return;
  }
  Put(kColTakenSender, taken.id.sender.value);
  Put(kColTakenClock, Difference(taken.id.clock.value, history_.last_clock(taken.id.sender)));
  Put(kColTakenOrdinal, taken.id.ordinal);
  Put(kColTakenCopy, taken.id.copy);
  if (taken.early) history_.TakeEarly(taken.id);
}

void OutlinePacker::AddSent(const StepOutline& step) {
  Put(kColSent, step.sent.size());
  for (size_t i = 0; i < step.sent.size(); ++i) {
    const StepOutline::Sent& sent = step.sent[i];
    packable_ = packable_ && sent.id.sender == step.agent && sent.id.clock == step.clock;
    Put(kColSentTo, sent.to.value);
    Put(kColSentOrdinal, Difference(sent.id.ordinal, i));
    Put(kColSentCopy, sent.id.copy);
    Put(kColSentFlags, (sent.dropped ? uint64_t{1} : 0) | (sent.hit ? uint64_t{2} : 0));
  }
  packable_ = packable_ && columns_[kColSentTo].size() <= kChunkMessagesMax;
}

std::optional<std::string> OutlinePacker::Finish(LogId log) {
  if (!packable_) return std::nullopt;
  std::string bytes;
  PutVarint(&bytes, next_.value - first_.value);
  const size_t wall = wall_.Smallest(), in_virtual = virtual_.Smallest();
  bytes.push_back(static_cast<char>(wall));
  bytes.push_back(static_cast<char>(in_virtual));
  columns_[kColWallPlace] = std::move(wall_.from[wall]);
  columns_[kColVirtualPlace] = std::move(virtual_.from[in_virtual]);
  PlaneWriter planes;
  for (const std::vector<uint64_t>& column : columns_) planes.Put(column, &bytes);
  const Hash128 hash = ChunkHash(log, first_, bytes);
  std::string chunk;
  PutFixed32(&chunk, static_cast<uint32_t>(hash.high));
  PutFixed32(&chunk, static_cast<uint32_t>(hash.high >> 32));
  PutFixed32(&chunk, static_cast<uint32_t>(hash.low));
  PutFixed32(&chunk, static_cast<uint32_t>(hash.low >> 32));
  return chunk + bytes;
}

}  // namespace backstep::store
