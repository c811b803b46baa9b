// Files of a known format without a run in them: one rule for all formats.
#include <filesystem>
#include <fstream>

#include "backstep/recorder/adapters/import.h"
#include "backstep/tests/unit/adapters/drafts.h"

namespace backstep::adapters {
namespace {

struct Hollow {
  const char* format;
  const char* text;
};

// What each format looks like around nothing.
constexpr Hollow kHollow[] = {
    {"otlp", R"({"resourceSpans":[]})"},
    {"otlp", R"({"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{},"spans":[]}]}]})"},
    {"otlp", R"([{"resourceSpans":[]},{"resourceSpans":[]}])"},
    {"llmmas", R"({"trace_id":"t","start_time_unix_nano":1,"spans":[]})"},
    {"jaeger", R"({"data":[{"traceID":"t","spans":[],"x":"operationName"}]})"},
    {"langfuse", R"({"trace":{"id":"t","projectId":"p","sessionId":null},"observations":[]})"},
    {"deepeval", R"({"uuid":"u","baseSpans":[],"agentSpans":[],"llmSpans":[]})"},
    {"who_when", R"({"history":[],"is_correct":false,"mistake_agent":"a","mistake_step":"0"})"},
    {"who_when", "[]"},
    {"tau", R"({"task_id":1,"reward":0,"info":{"task":{"instruction":"i"}},"traj":[]})"},
    {"tau", "[]"},
    {"autogen_recorded", "[]"},
    {"mast", R"({"instance_id":"i","problem_statement":"p","other_data":{},"trajectory":[],)"
             R"("note":{"text":"t","options":{"m":"yes"}}})"},
    {"mast", R"({"run_id":1,"prompt":"p","content":""})"},
    {"tapeagents", R"({"metadata":{"id":"t"},"steps":[]})"},
    {"langgraph_stream", ": ping\n\n"},
    {"langgraph_thread", R"({"values":{"messages":[]},"next":[],"checkpoint":{}})"},
    {"swe_agent", R"({"trajectory":[],"history":[],"info":{}})"},
    {"openhands", R"({"instance_id":"i","metadata":{"agent_class":"c"},"history":[]})"},
    {"openhands", "[]"},
    {"inspect",
     R"({"version":2,"status":"success","eval":{"task":"t"},"samples":[{"id":1,"events":[]}]})"},
    {"adk", R"({"id":"s","events":[]})"},
    {"generative_agents", "# 基础人设\n\n## 甲\n\n年龄：1\n"}};

// The one line that an import of such a file ends with.
std::string RefusalOf(const std::string& text, const std::string& format,
                      bool with_another = false) {
  testing::Imported imported;
  ImportOptions options;
  options.recording = imported.path();
  options.format = format;
  options.files = {imported.dir() / "hollow"};
  std::ofstream(options.files[0]) << text;
  if (with_another) {
    options.files.push_back(imported.dir() / "run");
    std::ofstream(options.files[1])
        << R"({"history":[{"role":"a","content":"b"}],"mistake_agent":"a","mistake_step":"0"})";
  }
  const Status status = Import(options).status();
  CHECK_FALSE(status.ok());
  CHECK_FALSE(std::filesystem::exists(options.recording));
  CHECK(status.message().find('\n') == std::string::npos);
  CHECK(status.message().starts_with(options.files[0]));
  const size_t after = std::min(options.files[0].size(), status.message().size());
  return status.message().substr(after);
}

}  // namespace

TEST_CASE("a file of a known format without a run in it is refused in the same words for each") {
  for (const Hollow& hollow : kHollow) {
    INFO(hollow.format << ": " << hollow.text);
    const std::string refusal = RefusalOf(hollow.text, hollow.format);
    CHECK(refusal.starts_with(": no run in it (format " + std::string(hollow.format) +
                              " recognised)"));
  }
}

TEST_CASE("a hollow file is refused whatever is imported beside it") {
  CHECK(RefusalOf(R"({"task_id":1,"reward":0,"traj":[]})", "", true)
            .starts_with(": no run in it (format tau recognised)"));
}

TEST_CASE("no format makes a recording of an empty list, object or line") {
  for (const auto& importer : AllImporters()) {
    for (const char* text :
         {"[]", "{}", "[{}]", "\n", R"({"messages":[]})", R"({"resourceSpans":[]})"}) {
      INFO(importer->info().name << ": " << text);
      CHECK_FALSE(RefusalOf(text, importer->info().name).empty());
    }
  }
  for (const char* text : {"[]", "{}", "[{}]", "\n", R"({"messages":[]})"}) {
    INFO(text);
    CHECK(RefusalOf(text, "").find("of no format") != std::string::npos);
  }
}

TEST_CASE("what is kept of a list of runs are those in which something happens") {
  testing::Imported imported;
  ImportOptions options;
  options.recording = imported.path();
  options.files = {imported.dir() / "runs.json"};
  std::ofstream(options.files[0])
      << R"([{"task_id":1,"trial":0,"traj":[]},{"task_id":2,"trial":0,"traj":[{"role":"user",)"
         R"("content":"a"}]}])";
  const auto summary = Import(options);
  REQUIRE(summary.ok());
  CHECK(summary->sessions == 1);
  REQUIRE(summary->skipped_count == 1);
  CHECK(summary->skipped[0].reason == "runs task 1 trial 0: left out, nothing happens in it");
}

}  // namespace backstep::adapters
