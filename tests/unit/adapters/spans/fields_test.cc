#include "backstep/recorder/adapters/spans/fields.h"

#include <fstream>
#include <sstream>
#include <string>

#include "backstep/recorder/adapters/spans/meaning.h"
#include "backstep/tests/support/catch.h"

namespace backstep::adapters {
namespace {

bool IsKnown(const std::string& key) {
  if (FindField(key) != nullptr) return true;
  for (const char* word : {"agent", "chat", "process", "tools/call", "ai.toolCall"}) {
    if (FindRole(key, word) != nullptr) return true;
  }
  std::string_view rest;
  const size_t number = key.find(".N.");
  return number != std::string::npos &&
         FindFamily(key.substr(0, number) + ".0.role", &rest).has_value();
}

TEST_CASE("Every key that the documentation names is known") {
  std::ifstream file(std::string(BACKSTEP_SOURCE_DIR) + "/docs/import.md");
  std::stringstream all;
  all << file.rdbuf();
  const std::string text = all.str();
  const size_t begin = text.find("| what | keys, in order |");
  REQUIRE(begin != std::string::npos);
  const std::string table = text.substr(begin, text.find("\n\n", begin) - begin);
  size_t keys = 0;
  for (size_t open = table.find('`'); open != std::string::npos; open = table.find('`', open)) {
    const size_t close = table.find('`', open + 1);
    const std::string key = table.substr(open + 1, close - open - 1);
    open = close + 1;
    const bool event = key.rfind("gen_ai.choice", 0) == 0 || key == "gen_ai.user.message" ||
                       key == "data.input";
    if (event || key.find(' ') != std::string::npos) continue;
    INFO(key);
    CHECK(IsKnown(key));
    ++keys;
  }
  CHECK(keys > 60);
}

TEST_CASE("Of two keys that say the same the first in the table counts, a handed-on one last") {
  Span span;
  span.Set("metadata", R"({"langgraph_node": "from metadata"})");
  span.Set("traceloop.association.properties.langgraph_node", "handed on");
  span.Set("llm.model_name", "second");
  span.Set("gen_ai.request.model", "first");
  Meaning meaning = Understand(&span);
  CHECK(meaning.Text(Field::kNode) == "handed on");
  CHECK(meaning.Text(Field::kModel) == "first");
  span.Set("langgraph_node", "its own");
  meaning = Understand(&span);
  CHECK(meaning.Text(Field::kNode) == "its own");
}

TEST_CASE("A word that says nothing leaves it to the next key") {
  Span span;
  span.Set("gen_ai.operation.name", "chain");
  span.Set("langfuse.observation.type", "span");
  span.Set("openinference.span.kind", "TOOL");
  CHECK(Understand(&span).role == SpanRole::kTool);
}

}  // namespace
}  // namespace backstep::adapters
