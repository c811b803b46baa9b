// The wire format of a message that is in memory whole, over protobuf's CodedInputStream.
#pragma once

#include <google/protobuf/io/coded_stream.h>

#include <cstdint>
#include <string_view>

namespace backstep::adapters {

// Numbers of https://protobuf.dev/programming-guides/encoding.
enum class Wire : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// The fields of a message one after another. One thread; views into the message.
class WireReader {
 public:
  explicit WireReader(std::string_view message)
      : message_(message),
        in_(reinterpret_cast<const uint8_t*>(message.data()), static_cast<int>(message.size())) {}

  // Goes to the next field; false: the end, or broken (see ok).
  bool Next() {
    if (!ok_ || in_.CurrentPosition() >= static_cast<int>(message_.size())) return false;
    const uint32_t tag = in_.ReadTag();
    field_ = tag >> 3;
    number_ = 0;
    bytes_ = {};
    if (field_ == 0) return Fail();
    wire_ = static_cast<Wire>(tag & 7);
    switch (wire_) {
      case Wire::kVarint: return in_.ReadVarint64(&number_) || Fail();
      case Wire::kFixed64: return in_.ReadLittleEndian64(&number_) || Fail();
      case Wire::kFixed32: {
        uint32_t number = 0;
        if (!in_.ReadLittleEndian32(&number)) return Fail();
        number_ = number;
        return true;
      }
      case Wire::kBytes: return Bytes();
    }
    return Fail();
  }
  uint32_t field() const { return field_; }
  Wire wire() const { return wire_; }
  uint64_t number() const { return number_; }         // of a varint or fixed field
  std::string_view bytes() const { return bytes_; }   // of a field of bytes
  bool ok() const { return ok_; }
  int position() const { return in_.CurrentPosition(); }  // broken: about where

 private:
  bool Fail() { return ok_ = false; }
  bool Bytes() {
    uint32_t size = 0;
    if (!in_.ReadVarint32(&size)) return Fail();
    const auto at = static_cast<size_t>(in_.CurrentPosition());
    if (size > message_.size() - at || !in_.Skip(static_cast<int>(size))) return Fail();
    bytes_ = message_.substr(at, size);
    return true;
  }

  std::string_view message_;
  google::protobuf::io::CodedInputStream in_;
  uint32_t field_ = 0;
  Wire wire_ = Wire::kVarint;
  uint64_t number_ = 0;
  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace backstep::adapters
