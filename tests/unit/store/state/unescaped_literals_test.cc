// Plain text that an answer said in JSON is kept as its place in the answer.
#include <string>
#include <utility>
#include <vector>

#include "backstep/store/format/keys.h"
#include "backstep/store/state/literals/unescaped_chunk.h"
#include "backstep/store/state/state_store.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/edit_script.h"
#include "backstep/tests/support/memory_kv.h"

namespace backstep::store {
namespace {

const AgentId kSpeaker(1), kHearer(2);

std::string Lines(testing::EditScript* text, size_t bytes) {
  std::string lines;
  while (lines.size() < bytes) lines += text->Text(40 + lines.size() % 37) + "\n\t\"";
  return lines;
}

std::string Escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') out += "\\n";
    else if (c == '\t') out += "\\t";
    else if (c == '"' || c == '\\') out += {'\\', c};
    else out += c;
  }
  return out;
}

std::string Answer(const std::string& text) {
  return "{\"role\":\"assistant\",\"content\":\"" + Escape(text) + "\"}";
}

size_t KeptBytes(testing::MemoryKv& kv) {
  size_t bytes = 0;
  for (const auto& [key, value] : kv.map()) bytes += key[0] == 'L' ? value.size() : 0;
  return bytes;
}

bool IsUnescaped(const std::string& key) {
  return key[0] == 'L' && key.size() == UnescapedKey({}, 0).size();
}

size_t UnescapedChunks(testing::MemoryKv& kv) {
  size_t chunks = 0;
  for (const auto& [key, value] : kv.map()) chunks += IsUnescaped(key) ? 1 : 0;
  return chunks;
}

class Written {
 public:
  explicit Written(testing::MemoryKv* kv)
      : reader_([kv](LogId) -> const KvReader* { return kv; }) {}
  void Note(BodyRef ref, const std::string& bytes) {
    ref.log = LogId(1);
    all_.emplace_back(std::move(ref), bytes);
  }
  // In an order in which no two neighbours were written beside each other.
  void Check() {
    for (size_t i = 0; i < all_.size(); ++i) {
      const auto& [ref, bytes] = all_[i * 7919 % all_.size()];
      const auto read = reader_.Read(ref);
      REQUIRE(read.ok());
      REQUIRE(*read == bytes);
    }
  }
  Status Read(size_t i) { return reader_.Read(all_[i].first).status(); }

 private:
  StateReader reader_;
  std::vector<std::pair<BodyRef, std::string>> all_;
};

}  // namespace

TEST_CASE("A message that says what an answer said costs next to nothing, and reads back") {
  testing::MemoryKv kv;
  StateEncoder encoder(&kv);
  testing::EditScript text(testing::EditScript::Kind::kRewrite, 5);
  Written written(&kv);
  std::string state, heard;
  for (int i = 0; i < 150; ++i) {
    const std::string said = Lines(&text, 300 + static_cast<size_t>(i) * 40);
    const std::string answer = Answer(said);
    written.Note(encoder.AppendLiteral(kSpeaker, answer, "application/json"), answer);
    const size_t kept = KeptBytes(kv);
    const std::string message = i % 3 == 0 ? "To all: " + said + "Yours." : said;
    written.Note(encoder.AppendLiteral(kSpeaker, message, "text/plain"), message);
    CHECK(KeptBytes(kv) - kept < 64);
    // In JSON and as plain text in what agents keep.
    state += answer;
    heard += message;
    const auto own = encoder.Append(kSpeaker, kStateStream, state, "application/json");
    const auto other = encoder.Append(kHearer, kStateStream, heard, "text/plain");
    REQUIRE(own.ok());
    REQUIRE(other.ok());
    written.Note(*own, state);
    written.Note(*other, heard);
  }
  CHECK(UnescapedChunks(kv) >= 150);
  written.Check();
}

TEST_CASE("Text longer than a chunk is found in its JSON too") {
  testing::MemoryKv kv;
  StateEncoder encoder(&kv);
  testing::EditScript text(testing::EditScript::Kind::kRewrite, 6);
  Written written(&kv);
  const std::string said = Lines(&text, 5 * kLiteralChunkBytes);
  const std::string answer = Answer(said);
  written.Note(encoder.AppendLiteral(kSpeaker, answer, "application/json"), answer);
  const size_t kept = KeptBytes(kv);
  written.Note(encoder.AppendLiteral(kSpeaker, said, "text/plain"), said);
  CHECK(KeptBytes(kv) - kept < 1000);
  for (const auto& [key, value] : kv.map()) {
    UnescapedChunk chunk;
    if (!IsUnescaped(key)) continue;
    REQUIRE(DecodeUnescapedChunk(value, *KeyU64(key, 5), &chunk));
    CHECK(chunk.size <= kLiteralChunkBytes);
  }
  written.Check();
}

TEST_CASE("Text without escapes, or with other words, is kept as it is") {
  testing::MemoryKv kv;
  StateEncoder encoder(&kv);
  testing::EditScript text(testing::EditScript::Kind::kRewrite, 7);
  Written written(&kv);
  const std::string one = text.Text(2000), lines = Lines(&text, 2000);
  for (const std::string& body : {Answer(lines), one, Lines(&text, 3000), "{" + one + "}"}) {
    written.Note(encoder.AppendLiteral(kSpeaker, body, "text/plain"), body);
  }
  CHECK(UnescapedChunks(kv) == 0);
  written.Check();
}

// Each of these took time that grew with its square once, and all of them together a minute.
TEST_CASE("Long text with few escapes, and text that comes again, is kept once and reads back") {
  testing::MemoryKv kv;
  StateEncoder encoder(&kv);
  testing::EditScript text(testing::EditScript::Kind::kRewrite, 10);
  Written written(&kv);
  const auto keep = [&](const std::string& body) {
    written.Note(encoder.AppendLiteral(kSpeaker, body, "text/plain"), body);
  };
  keep("{\"data\":\"" + text.Text(6 << 20) + "\\n\"}");
  std::string draft = "\\n" + text.Text(64 << 10);
  size_t kept = 0;
  for (int i = 0; i < 100; ++i) {
    keep(draft += text.Text(200));
    if (i == 0) kept = KeptBytes(kv);
  }
  CHECK(KeptBytes(kv) - kept <= 100 * draft.size());
  for (const char filler : {'A', ' ', '\0', '=', '\\'}) keep("\\n" + std::string(1 << 20, filler));
  written.Check();
}

TEST_CASE("A chunk that says what cannot be is damage, not bytes") {
  testing::MemoryKv kv;
  StateEncoder encoder(&kv);
  testing::EditScript text(testing::EditScript::Kind::kRewrite, 8);
  const std::string said = Lines(&text, 3000), answer = Answer(said);
  const BodyRef literal = encoder.AppendLiteral(kSpeaker, answer, "application/json");
  const BodyRef message = encoder.AppendLiteral(kSpeaker, said, "text/plain");
  std::string key;
  for (const auto& [name, value] : kv.map()) key = IsUnescaped(name) ? name : key;
  REQUIRE(!key.empty());
  UnescapedChunk good;
  REQUIRE(DecodeUnescapedChunk(kv.map()[key], *KeyU64(key, 5), &good));
  const auto reads = [&](const std::string& value) {
    kv.map()[key] = value;
    Written written(&kv);
    written.Note(literal, answer);
    written.Note(message, said);
    REQUIRE(written.Read(0).ok());
    return written.Read(1);
  };
  CHECK(reads(EncodeUnescapedChunk(good)).ok());
  const uint64_t huge = uint64_t{1} << 62;
  for (const UnescapedChunk& bad :
       {UnescapedChunk{good.size - 1, good.distance, good.escaped_size},
        UnescapedChunk{good.size + 1, good.distance, good.escaped_size},
        UnescapedChunk{good.size, good.distance - 1, good.escaped_size},
        UnescapedChunk{good.size, huge, good.escaped_size},
        UnescapedChunk{good.size, good.distance, good.distance + 1},
        UnescapedChunk{good.size, 0, 0}, UnescapedChunk{huge, good.distance, huge},
        // Its own bytes, which are not there as such.
        UnescapedChunk{good.size, 1, 1}, UnescapedChunk{0, 0, 0}}) {
    CHECK(reads(EncodeUnescapedChunk(bad)).code() == StatusCode::kCorruption);
  }
  for (const std::string& bad : {std::string(), std::string("\x01"),
                                 EncodeUnescapedChunk(good) + "x", std::string(12, '\xff')}) {
    CHECK(reads(bad).code() == StatusCode::kCorruption);
  }
}

TEST_CASE("No chunk is made of one that lies elsewhere itself") {
  testing::MemoryKv kv;
  StateEncoder encoder(&kv);
  testing::EditScript text(testing::EditScript::Kind::kRewrite, 9);
  Written written(&kv);
  // What a text says is JSON itself, and is said, and so on.
  std::string said = Lines(&text, 1500);
  std::vector<std::string> layers = {said};
  for (int i = 0; i < 3; ++i) layers.push_back(Answer(layers.back()));
  for (size_t i = layers.size(); i-- > 0;) {
    written.Note(encoder.AppendLiteral(kSpeaker, layers[i], "text/plain"), layers[i]);
  }
  CHECK(UnescapedChunks(kv) >= 1);
  written.Check();
}

}  // namespace backstep::store
