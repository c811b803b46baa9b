#include "backstep/recorder/core/session_core.h"

#include <algorithm>
#include <cmath>

namespace backstep::recorder {
namespace {

constexpr size_t kAgentNameMax = 256;

Status ForkedStatus() {
  return Status::Unavailable(
      "this process was forked from the one that records; nothing of it is recorded");
}

bool NameIsValid(const std::string& name) {
  return !name.empty() && name.size() <= kAgentNameMax && name[0] != '@';
}

// A valid name that stands for one that is not: the same each time.
std::string StandInName(const std::string& name) {
  if (name.empty()) return "(unnamed)";
  constexpr size_t kKept = 200;
  std::string stand_in = "(";
  stand_in.append(name, 0, kKept);
  if (name.size() > kKept) stand_in.append("~").append(HashBytes(name).ToHex());
  stand_in += ')';
  return stand_in;
}

}  // namespace

SessionCore::~SessionCore() {
  if (Forked()) (void)drain_.release();
}

void SessionCore::Fail(const Status& status) {
  recording_ = false;
  Complain(status);
}

void SessionCore::Complain(const Status& status) {
  std::lock_guard lock(status_mutex_);
  if (status_.ok()) status_ = status;
}

void SessionCore::FailInside(const char* what) noexcept {
  recording_ = false;
  try {
    Fail(Status::Internal(std::string("the recorder gave up: ") + what));
  } catch (...) {
    // No memory even for the message: enabled() still tells.
  }
}

Status SessionCore::status() const {
  if (Forked()) return ForkedStatus();
  std::lock_guard lock(status_mutex_);
  return status_;
}

AgentEntry* SessionCore::FindLocked(std::string_view name) {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

AgentEntry& SessionCore::AddLocked(const AgentSpec& spec) {
  AgentEntry& entry = agents_.emplace_back();
  entry.id = AgentId(static_cast<uint32_t>(agents_.size() - 1));
  entry.name = spec.name;
  entry.role = spec.role;
  entry.state_bytes = spec.initial_state.bytes.size();
  by_name_.emplace(entry.name, &entry);
  auto item = std::make_unique<AgentItem>();
  item->record.id = entry.id;
  item->record.name = spec.name;
  item->record.role = spec.role;
  item->record.implementation = spec.implementation;
  item->record.model = spec.model;
  item->record.attributes = spec.attributes;
  item->record.registered_after = StepNumber(committed_);
  item->initial_state = spec.initial_state;
  PushLocked(std::move(item));
  return entry;
}

AgentEntry& SessionCore::FindOrAddLocked(const std::string& name) {
  if (AgentEntry* known = FindLocked(name)) return *known;
  AgentSpec spec;
  spec.name = name;
  if (!NameIsValid(name)) {
    spec.name = StandInName(name);
    Complain(Status::InvalidArgument(
        std::string("no agent can be named `").append(name, 0, kAgentNameMax) +
        "` (1 to 256 bytes, not starting with @); recorded as `" + spec.name + "`"));
    if (AgentEntry* known = FindLocked(spec.name)) return *known;
  }
  return AddLocked(spec);
}

AgentId SessionCore::AddAgent(const AgentSpec& spec) {
  AgentId id;
  Protect([&] {
    std::lock_guard order(queue_.mutex());
    if (const AgentEntry* known = FindLocked(spec.name)) {
      id = known->id;
    } else if (NameIsValid(spec.name)) {
      id = AddLocked(spec).id;
    } else {
      id = FindOrAddLocked(spec.name).id;
    }
  });
  return id;
}

void SessionCore::PushLocked(std::unique_ptr<LogItem> item) {
  if (!recording_.load(std::memory_order_relaxed)) return;
  if (!queue_.PushLocked(std::move(item))) {
    Fail(Status::Incomplete("the disk is too slow: not even steps without their bodies have room; "
                            "nothing is recorded after step " + std::to_string(committed_)));
  }
}

SegmentId SessionCore::BeginSegment(const std::string& name, SegmentId parent) {
  SegmentId id;
  Protect([&] {
    const TimeNs now = clock_->Now();
    std::lock_guard order(queue_.mutex());
    auto item = std::make_unique<SegmentItem>();
    SegmentRecord& record = item->record;
    record.id = SegmentId(static_cast<uint32_t>(segments_.size() + 1));
    if (parent.value > segments_.size()) {
      Complain(Status::InvalidArgument("segment `" + name + "`: there is no segment " +
                                       std::to_string(parent.value)));
      parent = {};
    }
    if (parent.value == 0 && !open_segments_.empty()) parent = open_segments_.back();
    record.parent = parent;
    record.name = name;
    record.order = children_[parent]++;
    record.began_wall = now;
    record.began_after = StepNumber(committed_);
    segments_.push_back(record);
    open_segments_.push_back(record.id);
    id = record.id;
    PushLocked(std::move(item));
  });
  return id;
}

void SessionCore::EndSegment(SegmentId id) {
  if (!Live()) return;
  Protect([&] {
    const TimeNs now = clock_->Now();
    std::lock_guard order(queue_.mutex());
    const auto open = std::find(open_segments_.begin(), open_segments_.end(), id);
    if (open == open_segments_.end()) return;
    open_segments_.erase(open);
    SegmentRecord& record = segments_[id.value - 1];
    record.ended_wall = now;
    record.ended_after = StepNumber(committed_);
    auto item = std::make_unique<SegmentItem>();
    item->record = record;
    PushLocked(std::move(item));
  });
}

Outcome Comparable(Outcome outcome) {
  if (outcome.score && !std::isfinite(*outcome.score)) outcome.score.reset();
  return outcome;
}

void SessionCore::SetOutcome(const Outcome& outcome) {
  Protect([&] {
    std::lock_guard order(queue_.mutex());
    outcome_ = Comparable(outcome);
  });
}

void SessionCore::SetEnd(const LogEnd& end) {
  Protect([&] {
    std::lock_guard order(queue_.mutex());
    end_ = end;
  });
}

void SessionCore::Event(EventRecord event) {
  Protect([&] {
    if (event.began_wall == TimeNs()) event.began_wall = clock_->Now();
    (void)queue_.HasRoom(0);  // an event goes in in any case; this slows down who makes too many
    auto item = std::make_unique<EventItem>();
    item->record = std::move(event);
    std::lock_guard order(queue_.mutex());
    item->record.after = StepNumber(committed_);
    PushLocked(std::move(item));
  });
}

bool SessionCore::HasRoom(size_t bytes) {
  if (bytes == 0) return true;
  if (queue_.HasRoom(bytes)) return true;
  ++dropped_bodies_;
  return false;
}

void SessionCore::KeepOrDrop(const Body& body, Body* kept, BodyRef* ref) {
  if (!recording_.load(std::memory_order_relaxed)) return;
  if (HasRoom(body.bytes.size())) {
    Hold(body.bytes, &kept->bytes);
    kept->media_type = body.media_type;
  } else {
    *ref = DroppedRef(body.bytes.size(), body.media_type);
    Hold({}, &kept->bytes);
  }
}

StepNumber SessionCore::Committed() const {
  return StepNumber(in_log_.load(std::memory_order_acquire));
}

Status SessionCore::Flush() {
  if (Recording()) {
    uint64_t mark = 0;
    {
      std::lock_guard order(queue_.mutex());
      mark = queue_.PushedLocked();
    }
    queue_.WaitWritten(mark);
  }
  return status();
}

Status SessionCore::Close(bool by_exception) {
  if (Forked()) return ForkedStatus();
  std::lock_guard lock(close_mutex_);
  if (!closed_) {
    closed_ = true;
    bool through = false;
    Protect([&] {
      close_status_ = CloseOnce(by_exception);
      through = true;
    });
    if (!through) close_status_ = status();
  }
  return close_status_;
}

Status SessionCore::CloseOnce(bool by_exception) {
  {
    std::lock_guard order(queue_.mutex());
    live_ = false;
    recording_ = false;
    if (by_exception && outcome_.kind != Outcome::Kind::kFailed) {
      outcome_ = {Outcome::Kind::kFailed, std::nullopt, "an exception left the session"};
    }
  }
  queue_.Close();
  if (drain_ != nullptr) {
    const Status sealed = drain_->Close([this](LogEnd* end) { CompleteEnd(end); });
    drain_.reset();
    if (!sealed.ok()) Complain(sealed);
  }
  const Status first = status();
  if (!first.ok() || dropped_bodies_ == 0) return first;
  return Status::Incomplete(
      "the disk could not keep up: " + std::to_string(dropped_bodies_.load()) +
      " bodies were dropped, in " + std::to_string(incomplete_steps_) +
      " steps; SessionOptions::queue_bytes_max gives it more room, block_max more time");
}

void SessionCore::CompleteEnd(LogEnd* end) {
  std::lock_guard order(queue_.mutex());
  const StepNumber last = end->last_step;
  *end = end_;
  end->outcome = outcome_;
  end->ended_wall = clock_->Now();
  end->last_step = last;
  end->dropped_bodies = dropped_bodies_;
  end->first_failure = status().ok() ? std::string() : status().ToString();
}

}  // namespace backstep::recorder
