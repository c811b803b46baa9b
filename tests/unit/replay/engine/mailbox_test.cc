#include "backstep/replay/engine/schedule/mailbox.h"

#include <vector>

#include "backstep/tests/support/catch.h"

namespace backstep::replay {
namespace {

Mail MakeMail(uint32_t ordinal, int64_t arrival, int64_t delay = 0) {
  Mail mail;
  mail.message.id = {AgentId{1}, AgentClock{1}, ordinal, 0};
  mail.message.to = "b";
  mail.message.delay = {delay};
  mail.arrival_virtual = {arrival};
  return mail;
}

std::vector<uint32_t> Order(const Mailbox& mailbox) {
  std::vector<uint32_t> order;
  mailbox.Visit([&](const Mail& mail) {
    order.push_back(mail.message.id.ordinal);
    return true;
  });
  return order;
}

TEST_CASE("Messages without a delay are delivered in the order of sending, whatever the time") {
  Mailbox mailbox;
  mailbox.Add(MakeMail(0, 50));
  mailbox.Add(MakeMail(1, 10));
  mailbox.Add(MakeMail(2, 30));
  REQUIRE(Order(mailbox) == std::vector<uint32_t>{0, 1, 2});
}

TEST_CASE("A delayed message goes first once it has arrived by the time of the oldest other one") {
  Mailbox mailbox;
  mailbox.Add(MakeMail(0, 20, 10));
  mailbox.Add(MakeMail(1, 15));
  mailbox.Add(MakeMail(2, 20));
  mailbox.Add(MakeMail(3, 18, 5));
  REQUIRE(Order(mailbox) == std::vector<uint32_t>{1, 3, 0, 2});
}

TEST_CASE("Delayed messages that arrive together go in the order of sending") {
  Mailbox mailbox;
  mailbox.Add(MakeMail(1, 20, 10));
  mailbox.Add(MakeMail(0, 20, 20));
  REQUIRE(Order(mailbox) == std::vector<uint32_t>{1, 0});
}

TEST_CASE("A message leaves once, and a second one under its id is not delivered") {
  Mailbox mailbox;
  mailbox.Add(MakeMail(0, 1));
  mailbox.Add(MakeMail(0, 2));
  mailbox.Add(MakeMail(1, 3, 2));
  REQUIRE(mailbox.size() == 2);
  REQUIRE(mailbox.Find(MakeMail(0, 0).message.id)->arrival_virtual.ns == 1);
  REQUIRE(mailbox.Remove(MakeMail(1, 0).message.id));
  REQUIRE(!mailbox.Remove(MakeMail(1, 0).message.id));
  REQUIRE(mailbox.Find(MakeMail(1, 0).message.id) == nullptr);
  REQUIRE(Order(mailbox) == std::vector<uint32_t>{0});
}

}  // namespace
}  // namespace backstep::replay
