#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "backstep/samples/software_team/llm.h"
#include "backstep/tests/support/catch.h"

using namespace team;
using backstep::CallResult;

namespace {

// A server of one answer on a port of its own.
class OneAnswerServer {
 public:
  explicit OneAnswerServer(std::string answer) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(listen(listener_, 1) == 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    setenv("OPENAI_BASE_URL",
           ("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/v1/").c_str(), 1);
    setenv("OPENAI_API_KEY", "secret", 1);
    setenv("OPENAI_MODEL", "model-x", 1);
    thread_ = std::thread([this, answer = std::move(answer)] { Serve(answer); });
  }
  ~OneAnswerServer() {
    shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    close(listener_);
    for (const char* name : {"OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"}) unsetenv(name);
  }
  // What was asked, once it is answered.
  std::string Asked() {
    thread_.join();
    return asked_;
  }

 private:
  void Serve(const std::string& answer) {
    const int connection = accept(listener_, nullptr, nullptr);
    if (connection < 0) return;
    char buffer[4096];
    while (asked_.find("\r\n\r\n") == std::string::npos || asked_.back() != '}') {
      const ssize_t got = read(connection, buffer, sizeof buffer);
      if (got <= 0) break;
      asked_.append(buffer, static_cast<size_t>(got));
    }
    [[maybe_unused]] const ssize_t sent = write(connection, answer.data(), answer.size());
    close(connection);
  }

  int listener_;
  std::thread thread_;
  std::string asked_;
};

class Chunks : public backstep::CallProgress {
 public:
  void Chunk(const std::string& text) override { all.push_back(text); }
  std::vector<std::string> all;
};

CallResult Ask(Llm& llm, Chunks* chunks) {
  return llm.Complete({.body = {R"({"messages":[],"model":"model-x"})"}}, *chunks);
}

// False where the program was built without libcurl.
bool Built() {
  setenv("OPENAI_API_KEY", "secret", 1);
  auto llm = MakeOpenAiLlm();
  unsetenv("OPENAI_API_KEY");
  if (!llm.ok()) CHECK(llm.status().message().find("libcurl4-openssl-dev") != std::string::npos);
  return llm.ok();
}

}  // namespace

TEST_CASE("an answer is streamed from any endpoint that speaks the API") {
  if (!Built()) return;
  OneAnswerServer server(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
      "data: {\"model\":\"model-x\",\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"lo\"},\"finish_reason\":\"stop\"}]}\n\n"
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,"
      "\"prompt_tokens_details\":{\"cached_tokens\":4}}}\n\ndata: [DONE]\n\n");
  auto llm = MakeOpenAiLlm();
  REQUIRE(llm.ok());
  CHECK((*llm)->Model() == "model-x");
  Chunks chunks;
  const CallResult result = Ask(**llm, &chunks);
  REQUIRE(result.ok());
  CHECK(AnswerText(result.response().body.bytes) == "Hello");
  CHECK(chunks.all == std::vector<std::string>{"Hel", "lo"});
  CHECK(result.response().usage.input_tokens == 9);
  CHECK(result.response().usage.cached_tokens == 4);
  CHECK(result.response().finish_reason == "stop");
  const std::string asked = server.Asked();
  CHECK(asked.rfind("POST /v1/chat/completions", 0) == 0);
  CHECK(asked.find("Authorization: Bearer secret") != std::string::npos);
  CHECK(asked.find("\"stream\":true") != std::string::npos);
}

TEST_CASE("failures of an endpoint are values that an agent can act on") {
  if (!Built()) return;
  struct Expected {
    const char* answer;
    const char* kind;
    int64_t code;
  };
  const Expected expected = GENERATE(
      Expected{"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nConnection: close\r\n\r\n{}",
               "rate_limit", 429},
      Expected{"HTTP/1.1 503 Down\r\nConnection: close\r\n\r\n", "network_error", 503},
      Expected{"HTTP/1.1 401 No\r\nConnection: close\r\n\r\n{\"error\":1}", "unknown", 401},
      Expected{"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
               "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n", "network_error", 0},
      Expected{"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
               "data: {\"error\":{\"message\":\"overloaded\"}}\n\n", "unknown", 0},
      Expected{"", "network_error", 0});
  OneAnswerServer server(expected.answer);
  auto llm = MakeOpenAiLlm();
  REQUIRE(llm.ok());
  Chunks chunks;
  const CallResult result = Ask(**llm, &chunks);
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().kind == expected.kind);
  CHECK(result.error().code == expected.code);
  if (expected.code == 429) CHECK(result.error().retry_after == backstep::Milliseconds(7000));
}

TEST_CASE("an answer that was not streamed is taken as it is") {
  if (!Built()) return;
  OneAnswerServer server(
      "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
      "{\"choices\":[{\"message\":{\"content\":\"all at once\"},\"finish_reason\":\"stop\"}]}");
  auto llm = MakeOpenAiLlm();
  REQUIRE(llm.ok());
  Chunks chunks;
  const CallResult result = Ask(**llm, &chunks);
  REQUIRE(result.ok());
  CHECK(AnswerText(result.response().body.bytes) == "all at once");
}

TEST_CASE("without a key for the official endpoint the reason is told") {
  unsetenv("OPENAI_API_KEY");
  unsetenv("OPENAI_BASE_URL");
  CHECK_FALSE(MakeOpenAiLlm().ok());
}
