// Files whose beginning is no part of a run: words a program printed, a torn line, a stream's
// pings.
#include <algorithm>

#include "backstep/recorder/adapters/core/importer.h"
#include "backstep/tests/unit/adapters/conversations/telling.h"

namespace backstep::adapters {
namespace {

// What the importer that is surest of it makes of a text.
struct Understood {
  std::string format;
  testing::Told told;
  size_t steps = 0, calls = 0;
  Status status;
};

void Understand(const std::string& text, Understood* understood) {
  const auto importers = AllImporters();
  Importer* best = nullptr;
  int sure = 0;
  for (const auto& importer : importers) {
    const int now = testing::SureOf(*importer, text);
    if (now > sure) best = importer.get();
    sure = std::max(sure, now);
  }
  REQUIRE(best != nullptr);
  understood->format = best->info().name;
  const auto source = Source::OfBytes("in", text);
  understood->status = best->Read(*source, understood->told);
  if (understood->status.ok()) understood->status = best->Finish(understood->told);
  for (const SessionDraft& draft : understood->told.sessions) {
    understood->steps += draft.steps.size();
    understood->calls += draft.effects.size();
  }
}

std::string OtlpLine(int i) {
  return R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name",)"
         R"("value":{"stringValue":"s"}}]},)"
         R"("scopeSpans":[{"spans":[{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736",)"
         R"("spanId":"00f067aa0ba9020)" +
         std::to_string(i) + R"(","name":"chat","startTimeUnixNano":"170000000000000000)" +
         std::to_string(i) +
         R"(","endTimeUnixNano":"1700000000000000009","attributes":[{"key":)"
         R"("gen_ai.operation.name","value":{"stringValue":"chat"}}]}]}]}]})"
         "\n";
}

// Where the parser's chunks meet.
constexpr size_t kJsonChunk = 64 << 10;

constexpr char kConsoleSpan[] = R"({
    "name": "chat",
    "context": {
        "trace_id": "0x4bf92f3577b34da6a3ce929d0e0e4736",
        "span_id": "0x00f067aa0ba902b7"
    },
    "parent_id": null,
    "start_time": "2025-01-01T00:00:00.000000Z",
    "end_time": "2025-01-01T00:00:01.000000Z",
    "attributes": {"gen_ai.operation.name": "chat"}
}
)";

TEST_CASE("a value that begins a chunk behind words is found") {
  for (const size_t before : {kJsonChunk - 1, kJsonChunk, kJsonChunk + 1}) {
    Understood understood;
    Understand("! " + std::string(before - 3, 'x') + "\n" + OtlpLine(1) + OtlpLine(2), &understood);
    INFO(before);
    CHECK(understood.format == "otlp");
    CHECK(understood.status == Status());
    CHECK(understood.calls == 2);
  }
}

TEST_CASE("a torn line hides no last line that ends without a break") {
  Understood understood;
  std::string last = OtlpLine(2);
  last.pop_back();
  Understand(OtlpLine(1).substr(0, 200) + "\n" + last, &understood);
  CHECK(understood.status == Status());
  CHECK(understood.calls == 1);
  CHECK(understood.told.skipped.size() == 1);
}

}  // namespace

TEST_CASE(
    "spans on a console are found behind what the program printed before, and before what "
    "follows") {
  const std::string span = kConsoleSpan;
  for (const auto& [text, told] : std::vector<std::pair<std::string, size_t>>{
           {span, 0},
           {"INFO: starting\nloading the model\n" + span, 1},
           {"[INFO] starting\n" + span, 2},
           {"[2025-01-01 10:00:00] starting {now}\n" + span, 2},
           {span + "Done, bye.\n", 1},
           {"INFO\n" + span + "in between\n", 2}}) {
    INFO(text);
    Understood understood;
    Understand(text, &understood);
    CHECK(understood.format == "otel_sdk");
    CHECK(understood.calls == 1);
    std::string reasons;
    for (const std::string& reason : understood.told.skipped) reasons += reason + "\n";
    INFO(reasons);
    CHECK(understood.told.skipped.size() == told);
    CHECK(reasons.find("the file ends in the middle") == std::string::npos);
  }
}

TEST_CASE("OTLP by lines comes in but for the first line, wherever that is torn") {
  const std::string first = OtlpLine(1), rest = OtlpLine(2) + OtlpLine(3) + OtlpLine(4);
  for (size_t cut = 1; cut + 1 < first.size(); cut += 7) {
    for (const std::string& torn : {first.substr(0, cut) + "\n", first.substr(cut)}) {
      INFO(torn);
      Understood understood;
      Understand(torn + rest, &understood);
      CHECK(understood.format == "otlp");
      REQUIRE(understood.status.ok());
      // A span that is whole in a torn line comes in.
      const bool whole =
          torn.starts_with(R"({"resourceSpans")") && torn.find("\"chat\"}}]}") != torn.npos;
      CHECK(understood.calls == (whole ? 4 : 3));
      CHECK_FALSE(understood.told.skipped.empty());
    }
  }
  for (const char* garbage : {"garbage\n", "{garbage\n", "\n\nTraces:\n"}) {
    INFO(garbage);
    Understood understood;
    Understand(garbage + rest, &understood);
    CHECK(understood.format == "otlp");
    CHECK(understood.calls == 3);
  }
}

TEST_CASE("a list of objects on lines of their own is no file of lines") {
  Understood understood;
  std::string list = "[\n" + OtlpLine(1) + ",\n" + OtlpLine(2) + "]\n";
  Understand(list, &understood);
  CHECK(understood.calls == 2);
  CHECK(understood.told.skipped.empty());
}

TEST_CASE("event streams begin with comments, ids and waits too") {
  const std::string event =
      "event: message_chunk\ndata: "
      "{\"thread_id\":\"t\",\"id\":\"1\",\"agent\":\"a\",\"content\":\"x\"}\n\n";
  for (const char* before :
       {"", ": ping\n\n", ": ping - 2025-01-01 00:00:00+00:00\r\n\r\n", "id: 7\n",
        "retry: 3000\n\n", ":\nid: 1\nretry: 5\n", "\xEF\xBB\xBF"}) {
    INFO(before);
    Understood understood;
    Understand(before + event, &understood);
    CHECK(understood.format == "langgraph_stream");
    CHECK(understood.steps == 1);
    CHECK(understood.told.skipped.empty());
  }
}

TEST_CASE("files of lines come in but for a broken first line") {
  const std::string exchange =
      R"({"method":"POST","uri":"http://h/v1/chat/completions","request":{"model":"m"},)"
      R"("status":200,)"
      R"("response":{"choices":[]}})"
      "\n";
  const std::string record =
      R"({"instance_id":"i","metadata":{"agent_class":"c"},"history":[{"id":1,"source":"agent",)"
      R"("action":"run","args":{}}]})" "\n";
  for (const auto& [format, line] : {std::pair<std::string, std::string>{"llm_http", exchange},
                                     {"openhands", record}}) {
    for (const std::string& before :
         {std::string(": ping\n"), line.substr(0, line.size() - 9) + "\n",
          line.substr(line.size() / 2)}) {
      INFO(before);
      Understood understood;
      Understand(before + line + line, &understood);
      CHECK(understood.format == format);
      REQUIRE(understood.status.ok());
      CHECK(understood.steps == 2);
      CHECK(understood.told.skipped.size() == 1);
    }
  }
}

}  // namespace backstep::adapters
