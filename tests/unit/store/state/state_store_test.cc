#include "backstep/store/state/state_store.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/store/format/keys.h"
#include "backstep/store/log/rocks/kv_store.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/edit_script.h"
#include "backstep/tests/support/memory_kv.h"
#include "backstep/tests/support/temp_dir.h"

namespace backstep::store {
namespace {

using testing::EditScript;
using testing::MemoryKv;

constexpr AgentId kAgent{3};
const char kType[] = "application/json";

// Logs in memory, by id.
struct Logs {
  std::map<LogId, MemoryKv> kv;
  StateReader Reader() {
    return StateReader([this](LogId log) -> const KvReader* {
      const auto found = kv.find(log);
      return found == kv.end() ? nullptr : &found->second;
    });
  }
};

// A recorded stream: what went in and the references that came out, with the log filled in.
struct Recorded {
  std::vector<std::string> states;
  std::vector<BodyRef> refs;
};

void Record(StateEncoder* encoder, LogId log, uint32_t stream, const std::string& state,
            Recorded* out) {
  Result<BodyRef> ref = encoder->Append(kAgent, stream, state, kType);
  REQUIRE(ref.ok());
  ref->log = log;
  out->states.push_back(state);
  out->refs.push_back(*ref);
}

Recorded RecordScript(Logs* logs, LogId log, EditScript::Kind kind, uint64_t seed, int steps) {
  Recorded recorded;
  StateEncoder encoder(&logs->kv[log]);
  EditScript script(kind, seed);
  for (int i = 0; i < steps; ++i) {
    Record(&encoder, log, kStateStream, script.Next(), &recorded);
  }
  return recorded;
}

// CHECK without building strings of whole states into the report.
bool Same(const Result<std::string>& read, const std::string& expected) {
  if (!read.ok()) UNSCOPED_INFO(read.status().ToString());
  return read.ok() && *read == expected;
}

TEST_CASE("Every version of every kind of stream reads back, in any order") {
  for (EditScript::Kind kind : EditScript::AllKinds()) {
    for (uint64_t seed = 1; seed <= 2; ++seed) {
      CAPTURE(static_cast<int>(kind), seed);
      Logs logs;
      const Recorded recorded = RecordScript(&logs, LogId(1), kind, seed, 200);
      StateReader reader = logs.Reader();
      const size_t count = recorded.refs.size();
      for (size_t i = 0; i < count; ++i) {
        REQUIRE(Same(reader.Read(recorded.refs[i]), recorded.states[i]));
      }
      for (size_t i = count; i-- > 0;) {
        REQUIRE(Same(reader.Read(recorded.refs[i]), recorded.states[i]));
      }
      RandomStream random(seed);
      for (int i = 0; i < 200; ++i) {
        const size_t at = random.Next() % count;
        if (i % 3 == 0) reader.Clear();
        REQUIRE(Same(reader.Read(recorded.refs[at]), recorded.states[at]));
      }
    }
  }
}

TEST_CASE("Version numbers of a stream go up by one and a scan visits them in order") {
  Logs logs;
  const Recorded recorded = RecordScript(&logs, LogId(1), EditScript::Kind::kMixed, 7, 400);
  std::vector<std::string> versions;
  for (size_t i = 0; i < recorded.refs.size(); ++i) {
    if (recorded.refs[i].where == BodyRef::Where::kInline) {
      CHECK(recorded.states[i].size() <= 64);
      continue;
    }
    REQUIRE(recorded.refs[i].where == BodyRef::Where::kVersion);
    CHECK(recorded.refs[i].position == versions.size());
    versions.push_back(recorded.states[i]);
  }
  REQUIRE(versions.size() > 200);
  StateReader reader = logs.Reader();
  uint64_t next = 5;
  const Status status =
      reader.Scan(LogId(1), kAgent, kStateStream, 5, versions.size() - 1,
                  [&](uint64_t version, std::string_view bytes) {
                    const bool as_written = version == next && bytes == versions[version];
                    ++next;
                    return as_written;
                  });
  CHECK(status.ok());
  CHECK(next == versions.size());
  int visits = 0;
  CHECK(reader.Scan(LogId(1), kAgent, kStateStream, 0, 9, [&](uint64_t, std::string_view) {
    return ++visits < 3;
  }).ok());
  CHECK(visits == 3);
}

TEST_CASE("A version that does not exist is a corruption, and names itself") {
  Logs logs;
  const Recorded recorded = RecordScript(&logs, LogId(1), EditScript::Kind::kAppend, 1, 5);
  StateReader reader = logs.Reader();
  BodyRef ref = recorded.refs.back();
  ref.position = 99;
  CHECK(reader.Read(ref).status().code() == StatusCode::kCorruption);
  CHECK(reader.Read(ref).status().message().find("version 99") != std::string::npos);
  ref = recorded.refs.back();
  ref.log = LogId(8);
  CHECK(reader.Read(ref).status().code() == StatusCode::kCorruption);
  ref = recorded.refs.back();
  ref.hash.low ^= 1;
  CHECK(reader.Read(ref).status().code() == StatusCode::kCorruption);
  ref = recorded.refs.back();
  ref.size += 1;
  CHECK(reader.Read(ref).status().code() == StatusCode::kCorruption);
  ref.size = UINT64_MAX;
  CHECK(reader.Read(ref).status().code() == StatusCode::kCorruption);
  ref.where = BodyRef::Where::kDropped;
  CHECK(reader.Read(ref).status().code() == StatusCode::kIncomplete);
}

TEST_CASE("Small bodies are inline, empty ones too") {
  MemoryKv kv;
  StateEncoder encoder(&kv);
  for (const std::string& bytes : {std::string(), std::string("{}"), std::string(64, 'x')}) {
    const Result<BodyRef> ref = encoder.Append(kAgent, kStateStream, bytes, kType);
    REQUIRE(ref.ok());
    CHECK(ref->where == BodyRef::Where::kInline);
    CHECK(ref->inline_bytes == bytes);
    CHECK(ref->size == bytes.size());
    CHECK(ref->hash == HashBytes(bytes));
    CHECK(ref->media_type == kType);
    REQUIRE(encoder.Newest(kAgent, kStateStream));
    CHECK(*encoder.Newest(kAgent, kStateStream) == bytes);
  }
  CHECK(kv.map().empty());
  CHECK(encoder.AppendLiteral(kAgent, std::string(65, 'x'), "").where ==
        BodyRef::Where::kLiteral);
}

TEST_CASE("An edit makes the same version as its result") {
  Logs logs;
  StateEncoder encoder(&logs.kv[LogId(1)]);
  RandomStream random(11);
  EditScript text(EditScript::Kind::kRewrite, 5);
  std::string state;
  Recorded recorded;
  for (int i = 0; i < 500; ++i) {
    StateEdit edit;
    if (i % 3 == 0) {
      edit = StateEdit::Append(state.size(), text.Text(random.Next() % 900));
    } else {
      uint64_t at = 0;
      const int splices = static_cast<int>(random.Next() % 7);
      for (int s = 0; s < splices && at < state.size(); ++s) {
        at += random.Next() % (state.size() - at);
        const uint64_t remove = std::min<uint64_t>(random.Next() % 500, state.size() - at);
        edit.splices.push_back({at, remove, text.Text(random.Next() % 400)});
        at += remove;
      }
    }
    state = edit.Apply(state).value();
    Result<BodyRef> ref = encoder.Append(kAgent, kStateStream, edit, kType);
    REQUIRE(ref.ok());
    CHECK(ref->hash == HashBytes(state));
    REQUIRE(*encoder.Newest(kAgent, kStateStream) == state);
    ref->log = LogId(1);
    recorded.states.push_back(state);
    recorded.refs.push_back(*ref);
  }
  StateReader reader = logs.Reader();
  for (size_t i = 0; i < recorded.refs.size(); ++i) {
    REQUIRE(Same(reader.Read(recorded.refs[i]), recorded.states[i]));
  }
}

TEST_CASE("An edit that does not fit is refused and changes nothing") {
  MemoryKv kv;
  StateEncoder encoder(&kv);
  const std::string state(500, 's');
  REQUIRE(encoder.Append(kAgent, kStateStream, state, kType).ok());
  const size_t keys = kv.map().size();
  const StateEdit past_end = StateEdit::Append(501, "x");
  const StateEdit overlap{{{10, 5, "a"}, {14, 1, "b"}}};
  const StateEdit huge{{{3, UINT64_MAX, ""}}};
  for (const StateEdit& edit : {past_end, overlap, huge}) {
    CHECK(encoder.Append(kAgent, kStateStream, edit, kType).status().code() ==
          StatusCode::kInvalidArgument);
  }
  CHECK(kv.map().size() == keys);
  CHECK(*encoder.Newest(kAgent, kStateStream) == state);
}

TEST_CASE("What Newest gave can be appended again, whole or in part") {
  Logs logs;
  StateEncoder encoder(&logs.kv[LogId(1)]);
  EditScript text(EditScript::Kind::kRewrite, 5);
  Recorded recorded;
  Record(&encoder, LogId(1), 0, text.Text(5000), &recorded);
  const std::string expected = std::string(encoder.Newest(kAgent, 0)->substr(700));
  Result<BodyRef> ref = encoder.Append(
      kAgent, 0, encoder.Newest(kAgent, 0)->substr(700), kType);
  REQUIRE(ref.ok());
  ref->log = LogId(1);
  CHECK(*encoder.Newest(kAgent, 0) == expected);
  StateReader reader = logs.Reader();
  CHECK(Same(reader.Read(*ref), expected));
}

TEST_CASE("Literals read back, and one that comes again is not stored again") {
  Logs logs;
  MemoryKv& kv = logs.kv[LogId(1)];
  StateEncoder encoder(&kv);
  EditScript text(EditScript::Kind::kRewrite, 5);
  std::vector<std::pair<std::string, BodyRef>> literals;
  for (size_t size : {65u, 80u, 500u, 70000u, 200000u, 3000u}) {
    const std::string bytes = text.Text(size);
    literals.emplace_back(bytes, encoder.AppendLiteral(kAgent, bytes, kType));
    const size_t keys = kv.map().size();
    const BodyRef again = encoder.AppendLiteral(kAgent, bytes, "text/plain");
    CHECK(again.position == literals.back().second.position);
    CHECK(again.media_type == "text/plain");
    CHECK(kv.map().size() == keys);
  }
  for (const auto& [key, value] : kv.map()) CHECK(value.size() <= 65536);
  StateReader reader = logs.Reader();
  for (auto& [bytes, ref] : literals) {
    ref.log = LogId(1);
    CHECK(Same(reader.Read(ref), bytes));
    ref.position += 1;
    CHECK(reader.Read(ref).status().code() == StatusCode::kCorruption);
  }
  // Part of a literal is found as well.
  const BodyRef part = encoder.AppendLiteral(kAgent, literals[5].first.substr(500, 2000), kType);
  CHECK(part.position == literals[5].second.position - 1 + 500);
}

TEST_CASE("Texts that an agent's streams share are stored once") {
  MemoryKv kv;
  StateEncoder encoder(&kv);
  EditScript text(EditScript::Kind::kRewrite, 9);
  std::string history;
  size_t new_bytes = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string message = text.Text(1200);
    new_bytes += message.size();
    history += message;
    REQUIRE(
        encoder.Append(kAgent, kLlmRequestStream, "{\"m\":[" + history + "],\"t\":1}", "").ok());
    REQUIRE(encoder.Append(kAgent, kStateStream, "{\"h\":[" + history + "]}", "").ok());
    encoder.AppendLiteral(kAgent, message, "");
  }
  size_t stored = 0;
  for (const auto& [key, value] : kv.map()) stored += value.size();
  CHECK(stored < new_bytes * 11 / 10);
}

TEST_CASE("What agents say to each other is stored once, whoever keeps it") {
  Logs logs;
  MemoryKv& kv = logs.kv[LogId(1)];
  StateEncoder encoder(&kv);
  EditScript text(EditScript::Kind::kRewrite, 12);
  RandomStream random(7);
  constexpr size_t kAgents = 8;
  std::vector<std::string> histories(kAgents);
  std::vector<std::pair<BodyRef, std::string>> written;
  const auto note = [&](BodyRef ref, const std::string& bytes) {
    ref.log = LogId(1);
    written.emplace_back(std::move(ref), bytes);
  };
  const auto keep = [&](size_t agent) {
    const auto ref = encoder.Append(AgentId(static_cast<uint32_t>(agent + 1)), kStateStream,
                                    "[" + histories[agent] + "]", kType);
    REQUIRE(ref.ok());
    note(*ref, "[" + histories[agent] + "]");
  };
  size_t new_bytes = 0;
  for (int i = 0; i < 400; ++i) {
    const size_t from = random.Next() % kAgents, to = random.Next() % kAgents;
    const std::string message = text.Text(700 + random.Next() % 1500);
    new_bytes += message.size();
    const AgentId sender(static_cast<uint32_t>(from + 1));
    note(encoder.AppendLiteral(sender, message, kType), message);
    histories[from] += message;
    keep(from);
    if (to == from) continue;
    histories[to] += "\"heard\": " + message;
    keep(to);
    const AgentId receiver(static_cast<uint32_t>(to + 1));
    note(encoder.AppendLiteral(receiver, message, kType), message);  // it is passed on
  }
  size_t literals = 0;
  for (const auto& [key, value] : kv.map()) literals += key[0] == 'L' ? value.size() : 0;
  CHECK(literals < new_bytes * 105 / 100);
  StateReader reader = logs.Reader();
  for (size_t i = 0; i < written.size(); ++i) {
    const auto& [ref, bytes] = written[(i * 7919) % written.size()];
    REQUIRE(Same(reader.Read(ref), bytes));
  }
}

TEST_CASE("A branch's first version is made from its ancestor's newest one") {
  Logs logs;
  EditScript script(EditScript::Kind::kCounter, 21);
  std::vector<Recorded> recorded(6);
  for (uint32_t log = 1; log <= 5; ++log) {
    StateEncoder encoder(&logs.kv[LogId(log)]);
    if (log > 1) {
      const Recorded& parent = recorded[log - 1];
      encoder.SetBase(kAgent, kStateStream, parent.refs.back(), parent.states.back());
      CHECK(*encoder.Newest(kAgent, kStateStream) == parent.states.back());
    }
    for (int i = 0; i < 40; ++i) {
      Record(&encoder, LogId(log), kStateStream, script.Next(), &recorded[log]);
    }
    CHECK(recorded[log].refs.front().position == 0);
  }
  // The branch holds what is new in it, not its base.
  size_t branch_bytes = 0;
  for (const auto& [key, value] : logs.kv[LogId(5)].map()) branch_bytes += value.size();
  CHECK(branch_bytes < recorded[4].states.back().size());
  StateReader reader = logs.Reader();
  for (uint32_t log = 5; log >= 1; --log) {
    for (size_t i = 0; i < 40; ++i) {
      REQUIRE(Same(reader.Read(recorded[log].refs[i]), recorded[log].states[i]));
    }
  }
  reader.Clear();
  CHECK(Same(reader.Read(recorded[5].refs[17]), recorded[5].states[17]));
  logs.kv.erase(LogId(2));
  reader.Clear();
  CHECK(reader.Read(recorded[5].refs[0]).status().code() == StatusCode::kCorruption);
}

TEST_CASE("A base that is no version elsewhere only serves edits") {
  Logs logs;
  StateEncoder encoder(&logs.kv[LogId(2)]);
  BodyRef base;
  base.where = BodyRef::Where::kInline;
  encoder.SetBase(kAgent, kStateStream, base, "[]");
  Result<BodyRef> ref = encoder.Append(kAgent, kStateStream,
                                       StateEdit{{{1, 0, std::string(100, '1')}}}, kType);
  REQUIRE(ref.ok());
  ref->log = LogId(2);
  StateReader reader = logs.Reader();
  CHECK(Same(reader.Read(*ref), "[" + std::string(100, '1') + "]"));
}

TEST_CASE("Bases that go in a circle are refused") {
  Logs logs;
  const std::string bytes(300, 'b');
  BodyRef base;
  base.where = BodyRef::Where::kVersion;
  base.owner = kAgent;
  base.size = bytes.size();
  std::vector<BodyRef> refs;
  for (uint32_t log = 1; log <= 2; ++log) {
    StateEncoder encoder(&logs.kv[LogId(log)]);
    base.log = LogId(3 - log);
    encoder.SetBase(kAgent, kStateStream, base, bytes);
    Result<BodyRef> ref = encoder.Append(kAgent, kStateStream, bytes, kType);
    REQUIRE(ref.ok());
    ref->log = LogId(log);
    refs.push_back(*ref);
  }
  StateReader reader = logs.Reader();
  CHECK(reader.Read(refs[0]).status().code() == StatusCode::kCorruption);
}

TEST_CASE("A much fragmented state is logged anew, not at every step") {
  MemoryKv kv;
  StateEncoder encoder(&kv);
  EditScript script(EditScript::Kind::kPlan, 4);
  size_t states = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string state = script.Next();
    states += state.size();
    REQUIRE(encoder.Append(kAgent, kStateStream, state, kType).ok());
  }
  size_t stored = 0;
  for (const auto& [key, value] : kv.map()) stored += value.size();
  CHECK(stored < states / 60);
  CHECK(encoder.RetainedBytes() < 2000000);
}

TEST_CASE("Damaged values give an error or the right bytes, never others") {
  RandomStream random(99);
  for (EditScript::Kind kind : EditScript::AllKinds()) {
    Logs logs;
    const Recorded recorded = RecordScript(&logs, LogId(1), kind, 3, 60);
    MemoryKv::Map& map = logs.kv[LogId(1)].map();
    const MemoryKv::Map whole = map;
    for (int round = 0; round < 100; ++round) {
      map = whole;
      for (uint64_t damages = 1 + random.Next() % 3; damages > 0; --damages) {
        auto at = map.begin();
        std::advance(at, static_cast<std::ptrdiff_t>(random.Next() % map.size()));
        std::string& value = at->second;
        if (value.empty()) continue;
        switch (random.Next() % 4) {
          case 0: value[random.Next() % value.size()] ^= static_cast<char>(1 << random.Next() % 8);
            break;
          case 1: value.resize(random.Next() % value.size());
            break;
          case 2: value[random.Next() % value.size()] = static_cast<char>(random.Next());
            break;
          default: map.erase(at);
        }
      }
      StateReader reader = logs.Reader();
      for (int i = 0; i < 20; ++i) {
        const size_t which = random.Next() % recorded.refs.size();
        const Result<std::string> read = reader.Read(recorded.refs[which]);
        if (read.ok()) {
          REQUIRE((*read == recorded.states[which]));
        } else {
          REQUIRE((read.status().code() == StatusCode::kCorruption ||
                   read.status().code() == StatusCode::kVersionMismatch));
        }
      }
      // A scan has no reference to compare with; its own check must hold.
      if (recorded.refs.back().where != BodyRef::Where::kVersion) continue;
      std::map<uint64_t, const std::string*> by_version;
      for (size_t i = 0; i < recorded.refs.size(); ++i) {
        if (recorded.refs[i].where == BodyRef::Where::kVersion) {
          by_version[recorded.refs[i].position] = &recorded.states[i];
        }
      }
      bool right = true;
      (void)reader.Scan(LogId(1), kAgent, kStateStream, 0, by_version.size() - 1,
                        [&](uint64_t version, std::string_view bytes) {
                          return right = bytes == *by_version[version];
                        })
          .ok();
      REQUIRE(right);
    }
  }
}

TEST_CASE("Versions read back from the log's own store, while it is written and after") {
  const testing::TempDir dir;
  std::filesystem::create_directory(dir / "log");
  Result<std::unique_ptr<KvStore>> writing = KvStore::Create(dir / "log");
  REQUIRE(writing.ok());
  WriteSet batch;
  StateEncoder encoder(&batch);
  EditScript script(EditScript::Kind::kCounter, 17);
  Recorded recorded;
  std::shared_ptr<KvReader> view;
  const auto log_reader = [&](LogId) { return view.get(); };
  StateReader live(log_reader);
  for (int i = 0; i < 300; ++i) {
    Record(&encoder, LogId(1), kStateStream, script.Next(), &recorded);
    if (i % 16 != 15) continue;
    REQUIRE((*writing)->Write(&batch, false).ok());
    view = (*writing)->View();
    REQUIRE(Same(live.Read(recorded.refs.back()), recorded.states.back()));
    REQUIRE(Same(live.Read(recorded.refs[recorded.refs.size() / 2]),
                 recorded.states[recorded.refs.size() / 2]));
  }
  REQUIRE((*writing)->Write(&batch, false).ok());
  view.reset();
  REQUIRE((*writing)->FinishAndClose().ok());

  Result<std::unique_ptr<KvStore>> reading = KvStore::OpenToRead(dir / "log", false);
  REQUIRE(reading.ok());
  view = (*reading)->View();
  StateReader reader(log_reader);
  RandomStream random(1);
  for (int i = 0; i < 300; ++i) {
    const size_t at = random.Next() % recorded.refs.size();
    REQUIRE(Same(reader.Read(recorded.refs[at]), recorded.states[at]));
  }
  view.reset();
}

TEST_CASE("Retained bytes count the newest versions") {
  MemoryKv kv;
  StateEncoder encoder(&kv);
  CHECK_FALSE(encoder.Newest(kAgent, kStateStream));
  REQUIRE(encoder.Append(kAgent, kStateStream, std::string(100000, 'r'), kType).ok());
  CHECK(encoder.RetainedBytes() >= 100000);
}

TEST_CASE("What is new is asked about with what lies around it, and refused it is not written") {
  Logs logs;
  MemoryKv& kv = logs.kv[LogId(1)];
  StateEncoder encoder(&kv);
  EditScript text(EditScript::Kind::kAppend, 5);
  const std::string first = text.Text(60000);
  REQUIRE(encoder.Append(kAgent, kStateStream, first, kType).ok());
  const std::string second = first.substr(5000, 20000) + "MARK" + first.substr(25000) + "END";
  std::vector<std::string> asked;
  const auto ask = [&](bool answer) {
    return encoder.AppendIfClean(kAgent, kStateStream, second, kType, 100,
                                 [&, answer](std::string_view part) {
                                   asked.emplace_back(part);
                                   return answer;
                                 });
  };
  const auto refused = ask(false);
  REQUIRE(refused.ok());
  CHECK_FALSE(refused->has_value());
  CHECK(asked == std::vector<std::string>{second.substr(0, 100)});
  CHECK(*encoder.Newest(kAgent, kStateStream) == first);
  asked.clear();
  const auto ref = ask(true);
  REQUIRE(ref.ok());
  REQUIRE(ref->has_value());
  CHECK(asked == std::vector<std::string>{second.substr(0, 100), second.substr(19900, 204),
                                          second.substr(second.size() - 103)});
  BodyRef own = **ref;
  own.log = LogId(1);
  CHECK(logs.Reader().Read(own).value() == second);
}

}  // namespace
}  // namespace backstep::store
