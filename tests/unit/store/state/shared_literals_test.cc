#include <string>
#include <utility>
#include <vector>

#include "backstep/store/format/keys.h"
#include "backstep/store/state/operations.h"
#include "backstep/store/state/state_store.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/edit_script.h"
#include "backstep/tests/support/memory_kv.h"

namespace backstep::store {
namespace {

constexpr size_t kSpeakers = 6;
constexpr size_t kListeners = 4;

std::string WithId(size_t number) { return std::to_string(number) + ": "; }

size_t LiteralBytes(testing::MemoryKv& kv) {
  size_t bytes = 0;
  for (const auto& [key, value] : kv.map()) bytes += key[0] == 'L' ? value.size() : 0;
  return bytes;
}

}  // namespace

TEST_CASE("Small talk that others hear in full is stored once, and reads back") {
  testing::MemoryKv kv;
  StateEncoder encoder(&kv);
  testing::EditScript text(testing::EditScript::Kind::kRewrite, 21);
  RandomStream random(5);
  std::vector<std::string> histories(kListeners);
  std::vector<std::pair<BodyRef, std::string>> written;
  size_t new_bytes = 0;
  for (size_t i = 0; i < 600; ++i) {
    // Every now and then something long is said: what the short things lie beside.
    const std::string said =
        WithId(i) + text.Text(i % 60 < kSpeakers ? 1500 : 350 + random.Next() % 200);
    new_bytes += said.size();
    encoder.AppendLiteral(AgentId(static_cast<uint32_t>(1 + i % kSpeakers)), said, "text/plain");
    if (i % kSpeakers != kSpeakers - 1) {
      for (std::string& history : histories) history += said;
      continue;
    }
    for (size_t listener = 0; listener < kListeners; ++listener) {
      histories[listener] += said;
      auto ref = encoder.Append(AgentId(static_cast<uint32_t>(100 + listener)), kStateStream,
                                histories[listener], "text/plain");
      REQUIRE(ref.ok());
      ref->log = LogId(1);
      written.emplace_back(*ref, histories[listener]);
    }
  }
  // Four listeners would keep it four times more.
  CHECK(LiteralBytes(kv) < new_bytes * 12 / 10);
  StateReader reader([&](LogId) -> const KvReader* { return &kv; });
  for (size_t i = 0; i < written.size(); i += 13) {
    const auto bytes = reader.Read(written[i].first);
    REQUIRE(bytes.ok());
    REQUIRE(*bytes == written[i].second);
  }
}

TEST_CASE("A large state keeps what it heard once in a while, a small one refers to it") {
  testing::MemoryKv kv;
  StateEncoder encoder(&kv);
  testing::EditScript text(testing::EditScript::Kind::kRewrite, 22);
  const AgentId speaker(1), small(2), large(3);
  std::string small_state = text.Text(2000), large_state = text.Text(400000);
  REQUIRE(encoder.Append(small, kStateStream, small_state, "text/plain").ok());
  REQUIRE(encoder.Append(large, kStateStream, large_state, "text/plain").ok());
  for (uint64_t version = 1; version <= 5; ++version) {
    const std::string said = WithId(version) + text.Text(800);
    encoder.AppendLiteral(speaker, said, "text/plain");
    encoder.AppendLiteral(speaker, text.Text(40000), "text/plain");  // that nobody heard
    REQUIRE(encoder.Append(small, kStateStream, small_state += said, "text/plain").ok());
    REQUIRE(encoder.Append(large, kStateStream, large_state += said, "text/plain").ok());
    CHECK(kv.map().at(OpsKey(small, kStateStream, version))[0] == kSharingFormat);
    CHECK(kv.map().at(OpsKey(large, kStateStream, version))[0] == kOperationsFormat);
  }
}

}  // namespace backstep::store
