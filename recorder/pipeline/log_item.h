// What waits to be written: everything the log is made of, in the order it will stand there.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "backstep/schemas/records.h"
#include "backstep/store/state/state_edit.h"

namespace backstep::recorder {

class ItemWriter;

// One record and its bodies, as the program gave them: not yet redacted, hashed or encoded.
// Values; one owner at a time.
struct LogItem {
  virtual ~LogItem() = default;
  virtual Status WriteTo(ItemWriter& writer) = 0;
  // Memory it holds while it waits, about.
  virtual size_t Bytes() const = 0;
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
  StepBegin record;
  Status WriteTo(ItemWriter& writer) override;
  size_t Bytes() const override { return sizeof *this; }
};

struct MessageItem final : LogItem {
  MessageRecord record;  // body: kDropped when there was no room for it
  Body body{{}, {}};
  Status WriteTo(ItemWriter& writer) override;
  size_t Bytes() const override { return sizeof *this + body.bytes.size(); }
};

struct EffectItem final : LogItem {
  EffectRecord record;  // request, response: kDropped, or where it is stored already
  Body request{{}, {}};
  Body response{{}, {}};
  std::vector<std::string> volatile_fields;  // for the hash, where the record has none
  Status WriteTo(ItemWriter& writer) override;
  size_t Bytes() const override {
    return sizeof *this + request.bytes.size() + response.bytes.size();
  }
};

struct CommitItem final : LogItem {
  StepRecord record;    // state: kDropped when there was no room for it
  std::variant<std::monostate, Body, StateEdit> state;
  Status WriteTo(ItemWriter& writer) override;
  size_t Bytes() const override;
};

struct EventItem final : LogItem {
  EventRecord record;
  Status WriteTo(ItemWriter& writer) override;
  size_t Bytes() const override { return sizeof *this + record.data.size(); }
};

// A reference to a body that was not kept.
BodyRef DroppedRef(size_t size, const std::string& media_type);

}  // namespace backstep::recorder
