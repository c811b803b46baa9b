// What a queue item says that it holds is what it holds, room of items before it included.
#include "backstep/recorder/pipeline/log_item.h"

#include <string>

#include "backstep/tests/support/catch.h"

namespace backstep::recorder {
namespace {

constexpr size_t kSlack = 8192;

TEST_CASE("A body takes its own size, whatever had the room before it") {
  std::string room;
  for (const size_t size : {100, 90000, 100000, 500, 130000, 70000, 3000, 0, 200000}) {
    Hold(std::string(size, 'x'), &room);
    REQUIRE(room == std::string(size, 'x'));
    CHECK(room.capacity() <= 2 * size + kSlack);
  }
  std::string().swap(room);
  Hold(std::string(90000, 'x'), &room);
  Hold(std::string(100000, 'x'), &room);
  CHECK(room.capacity() < 110000);
}

TEST_CASE("An item that comes back counts the room it kept, and drops what it does not use") {
  CommitItem item;
  Body state;
  Hold(std::string(100000, 'x'), &state.bytes);
  item.state = std::move(state);
  CHECK(item.Bytes() >= 100000);
  item.Clear();
  CHECK(item.Bytes() >= 100000);  // for the state of the next step
  item.state = StateEdit::Append(100000, std::string(300, 'y'));
  item.DropUnusedRoom();
  CHECK(item.Bytes() >= 300);
  CHECK(item.Bytes() < kSlack);
  CHECK(item.spare_bytes.capacity() < kSlack);

  EffectItem call;
  Hold(std::string(50000, 'x'), &call.request.bytes);
  Hold(std::string(60000, 'x'), &call.response.bytes);
  call.Clear();
  CHECK(call.Bytes() >= 110000);
  Hold(std::string(40000, 'y'), &call.request.bytes);
  call.DropUnusedRoom();
  CHECK(call.request.bytes.size() == 40000);
  CHECK(call.Bytes() < 60000);
}

}  // namespace
}  // namespace backstep::recorder
