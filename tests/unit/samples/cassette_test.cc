#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "backstep/samples/software_team/llm.h"
#include "backstep/samples/software_team/models/sse.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"

using namespace team;
using backstep::StatusCode;
using backstep::testing::TempDir;

namespace {

const std::string kCassette =
    std::string(BACKSTEP_SOURCE_DIR) + "/tests/unit/samples/data/cassette.jsonl";

class NoProgress : public backstep::CallProgress {
 public:
  void Chunk(const std::string&) override {}
};

backstep::CallResult Asked(Llm& llm, const std::string& request) {
  NoProgress progress;
  return llm.Complete({.body = {request}}, progress);
}

std::string Text(const backstep::CallResult& result) {
  REQUIRE(result.ok());
  return AnswerText(result.response().body.bytes);
}

}  // namespace

TEST_CASE("a cassette answers the request it has recorded, however that is written") {
  auto llm = MakeCassetteLlm(kCassette);
  REQUIRE(llm.ok());
  CHECK((*llm)->Model() == "m-1");
  CHECK(Text(Asked(**llm, R"({ "model":"m-1", "messages":[{"role":"user","content":"one"}] })")) ==
        "first");
  CHECK(Text(Asked(**llm, R"({"input":[{"content":"two","role":"user"}],"model":"m-1"})")) ==
        "second");
  // Again and again: the same request, the same answer.
  const auto again =
      Asked(**llm, R"({"model":"m-1","messages":[{"role":"user","content":"one"}]})");
  CHECK(Text(again) == "first");
  CHECK(again.response().usage.input_tokens == 5);
}

TEST_CASE("other requests get the recorded answers in order, and then none") {
  auto llm = MakeCassetteLlm(kCassette);
  REQUIRE(llm.ok());
  for (const char* expected : {"first", "second", "third", "fourth"}) {
    CHECK(Text(Asked(**llm, R"({"messages":[]})")) == expected);
  }
  const auto limited = Asked(**llm, "{}");
  REQUIRE_FALSE(limited.ok());
  CHECK(limited.error().kind == "rate_limit");
  CHECK(limited.error().code == 429);
  CHECK_FALSE(Asked(**llm, "{}").ok());
  CHECK_FALSE(Asked(**llm, "not json").ok());
}

TEST_CASE("a cassette that is none says where and why") {
  TempDir dir;
  CHECK(MakeCassetteLlm(dir / "missing").status().code() == StatusCode::kNotFound);
  std::ofstream(dir / "broken") << "{\"request\": {}}\n{\"request\": {\"mess";
  const auto broken = MakeCassetteLlm(dir / "broken").status();
  CHECK(broken.code() == StatusCode::kInvalidArgument);
  CHECK(broken.message().find("broken:2") != std::string::npos);
  std::ofstream(dir / "empty") << "\n";
  CHECK(MakeCassetteLlm(dir / "empty").status().code() == StatusCode::kInvalidArgument);
}

TEST_CASE("real recorded exchanges are read") {
  const char* data = getenv("BACKSTEP_TEST_DATA");
  if (data == nullptr || !std::filesystem::is_directory(std::string(data) + "/llm_http")) {
    WARN("not run: BACKSTEP_TEST_DATA has no llm_http");
    return;
  }
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(data) + "/llm_http")) {
    if (entry.path().extension() != ".jsonl") continue;
    INFO(entry.path());
    auto llm = MakeCassetteLlm(entry.path());
    REQUIRE(llm.ok());
    CHECK(Asked(**llm, "{}").ok());
    ++files;
  }
  CHECK(files > 0);
}

TEST_CASE("a streamed answer is the same wherever it is cut") {
  const std::string stream =
      "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\r\n\r\n: comment\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"a\\nb\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\" c\"},\"finish_reason\":\"length\"}]}\n\n"
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3}}\n\ndata: [DONE]\n\n";
  const std::string whole = AssembleSse(stream);
  CHECK(AnswerText(whole) == "a\nb c");
  CHECK(whole.find("\"length\"") != std::string::npos);
  for (size_t cut = 0; cut <= stream.size(); ++cut) {
    SseAssembler assembler;
    assembler.Add(stream.substr(0, cut));
    assembler.Add(stream.substr(cut));
    CHECK(assembler.Finish() == whole);
  }
}
