// A page of memory that a replay host shares with its debugger: where its run stands, for when it
// can no longer say so itself. A step costs two copies and no call of the operating system.
// Private.
//
// Layout: 8 bytes magic, u32 which of two slots holds, u32 live calls begun, u32 live calls ended,
// to byte 64 nothing; then the slots, each a u32 size and so many
// bytes: u64 committed, u32 count, and for each open activation its agent (u32 size, bytes), u64
// clock, u32 count of messages, and each (u32 size, bytes). Numbers as this machine has them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "backstep/base/status.h"
#include "backstep/schemas/cut_off.h"

namespace backstep::replay::host {

// What shows that a host still gets on: any change is a sign of life. Counts go round at 2^32.
struct SignsOfLife {
  uint32_t positions = 0;
  uint32_t calls_begun = 0, calls_ended = 0;
  bool running() const { return positions != 0; }
  bool in_live_call() const { return calls_begun != calls_ended; }
  bool operator==(const SignsOfLife&) const = default;
};

// The debugger's end. A host that dies while it writes leaves what it had written before, and
// nothing that a host does to the page can harm who reads it. One thread.
class PositionPage {
 public:
  // A new file of this user's alone. Io: path and reason.
  static Result<std::unique_ptr<PositionPage>> Create(const std::string& path);
  ~PositionPage();
  PositionPage(const PositionPage&) = delete;
  PositionPage& operator=(const PositionPage&) = delete;

  // What was written last; nothing for a page that was never written, or holds what no host writes.
  Position Read() const;
  // Cheap. All zero: it was never written.
  SignsOfLife Signs() const;

 private:
  explicit PositionPage(int fd) : fd_(fd) {}
  const int fd_;
};

// The host's end. One thread; CountLiveCall any thread.
class PositionWriter {
 public:
  // NotFound: there is none. InvalidArgument: no such page. Io: it cannot be mapped.
  static Result<std::unique_ptr<PositionWriter>> Open(const std::string& path);
  ~PositionWriter();
  PositionWriter(const PositionWriter&) = delete;
  PositionWriter& operator=(const PositionWriter&) = delete;

  // Keeps the innermost activations, and of each its first messages.
  void Write(const Position& position);
  // A call begins (true) or ends to run live.
  void CountLiveCall(bool begins);

 private:
  explicit PositionWriter(void* memory) : memory_(static_cast<char*>(memory)) {}
  char* const memory_;
};

// Of the socket that a host serves on.
std::string PositionPagePath(const std::string& socket_path);

}  // namespace backstep::replay::host
