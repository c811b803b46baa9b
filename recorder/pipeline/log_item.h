// What waits to be written: everything the log is made of, in the order it will stand there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backstep/schemas/records.h"
#include "backstep/store/state/state_edit.h"

namespace backstep::recorder {

class ItemWriter;

// Bytes that the buffers of an edit take.
size_t EditRoom(const StateEdit& edit);

// One record and its bodies, as the program gave them: not yet redacted, hashed or encoded.
// Values; one owner at a time.
class LogItem {
 public:
  // What a pool keeps by kind; kOther: what comes too rarely.
  enum class Kind : uint8_t { kOther, kBegin, kMessage, kEffect, kCommit };

  virtual ~LogItem() = default;
  LogItem(const LogItem&) = delete;
  LogItem& operator=(const LogItem&) = delete;
  virtual Status WriteTo(ItemWriter& writer) = 0;
  // Memory it holds while it waits, about.
  virtual size_t Bytes() const = 0;
  // Makes it as new, but for the room of its bodies.
  virtual void Clear() {}
  Kind kind() const { return kind_; }

 protected:
  explicit LogItem(Kind kind = Kind::kOther) : kind_(kind) {}

 private:
  const Kind kind_;
};

struct AgentItem final : LogItem {
  AgentRecord record;
  Body initial_state;
  Status WriteTo(ItemWriter& writer) override;
  size_t Bytes() const override { return sizeof *this + initial_state.bytes.size(); }
};

struct SegmentItem final : LogItem {
  SegmentRecord record;
  Status WriteTo(ItemWriter& writer) override;
  size_t Bytes() const override { return sizeof *this; }
};

struct BeginItem final : LogItem {
  BeginItem() : LogItem(Kind::kBegin) {}
  StepBegin record;
  Status WriteTo(ItemWriter& writer) override;
  size_t Bytes() const override { return sizeof *this; }
  void Clear() override;
  size_t Room() const { return 0; }
};

struct MessageItem final : LogItem {
  MessageItem() : LogItem(Kind::kMessage) {}
  MessageRecord record;  // body: kDropped when there was no room for it
  Body body{{}, {}};
  Status WriteTo(ItemWriter& writer) override;
  size_t Bytes() const override { return sizeof *this + Room(); }
  void Clear() override;
  size_t Room() const { return body.bytes.capacity(); }
};

struct EffectItem final : LogItem {
  EffectItem() : LogItem(Kind::kEffect) {}
  EffectRecord record;  // request, response: kDropped, or where it is stored already
  Body request{{}, {}};
  Body response{{}, {}};
  std::vector<std::string> volatile_fields;  // for the hash, where the record has none
  Status WriteTo(ItemWriter& writer) override;
  size_t Bytes() const override { return sizeof *this + Room(); }
  void Clear() override;
  // For when the bodies hold what they will hold.
  void DropUnusedRoom();
  size_t Room() const { return request.bytes.capacity() + response.bytes.capacity(); }
};

struct CommitItem final : LogItem {
  CommitItem() : LogItem(Kind::kCommit) {}
  StepRecord record;    // state: kDropped when there was no room for it
  std::variant<std::monostate, Body, StateEdit> state;
  // Room for what `state` will hold; nothing that is meant.
  std::string spare_bytes;
  StateEdit spare_edit;
  Status WriteTo(ItemWriter& writer) override;
  size_t Bytes() const override;
  void Clear() override;
  // For when `state` has what it will hold.
  void DropUnusedRoom();
  size_t Room() const { return spare_bytes.capacity() + EditRoom(spare_edit); }
};

struct EventItem final : LogItem {
  EventRecord record;
  Status WriteTo(ItemWriter& writer) override;
  size_t Bytes() const override { return sizeof *this + record.data.size(); }
};

// Puts a copy of the bytes into the room of others, or, where that is too small or far too large,
// into one as large as they are.
void Hold(std::string_view bytes, std::string* room);

// A reference to a body that was not kept.
BodyRef DroppedRef(size_t size, const std::string& media_type);

}  // namespace backstep::recorder
