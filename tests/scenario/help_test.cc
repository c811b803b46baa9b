// Every verb has help with an example, within 100 columns, and docs/cli.md knows every flag of it.
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "backstep/tests/scenario/stage.h"
#include "backstep/tests/support/catch.h"

namespace backstep::testing {
namespace {

std::vector<std::string> Verbs(Stage& stage) {
  std::istringstream help(stage.Run("backstep --help").output);
  std::vector<std::string> verbs;
  bool inside = false;
  for (std::string line; std::getline(help, line);) {
    if (line.rfind("Usage:", 0) == 0) inside = true;
    else if (line.empty()) inside = false;
    else if (inside) verbs.push_back(line.substr(2, line.find(' ', 2) - 2));
  }
  return verbs;
}

std::string Documentation() {
  std::ifstream file(BACKSTEP_SOURCE_DIR "/docs/cli.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The part of the page about one verb.
std::string SectionOf(const std::string& page, const std::string& verb) {
  const size_t begin = page.find("\n## " + verb + "\n");
  if (begin == std::string::npos) return {};
  return page.substr(begin, page.find("\n## ", begin + 1) - begin);
}

void CheckKeys(const std::string& json, const std::string& page) {
  static const std::regex key("\"([a-z_]+)\": ?");
  std::set<std::string> keys;
  for (std::sregex_iterator it(json.begin(), json.end(), key), end; it != end; ++it) {
    keys.insert((*it)[1]);
  }
  CHECK(keys.size() > 1);
  for (const std::string& name : keys) {
    INFO("docs/cli.md does not document the field " << name);
    CHECK(page.find("`" + name + "`") != std::string::npos);
  }
}

}  // namespace

TEST_CASE("every verb has help with an example that fits 100 columns") {
  Stage stage;
  const std::vector<std::string> verbs = Verbs(stage);
  REQUIRE(verbs.size() == 18);
  for (const std::string& verb : verbs) {
    const Stage::Ended help = stage.Run("backstep " + verb + " --help");
    INFO(help.output);
    CHECK(help.code == 0);
    CHECK(help.output.find("Example") != std::string::npos);
    CHECK(help.output.find("  backstep " + verb) != std::string::npos);
    std::istringstream lines(help.output);
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 100);
  }
}

TEST_CASE("the page about the command line has every verb and every flag") {
  Stage stage;
  const std::string page = Documentation();
  for (const std::string& verb : Verbs(stage)) {
    const std::string section = SectionOf(page, verb);
    INFO("verb " << verb);
    REQUIRE_FALSE(section.empty());
    const std::string help = stage.Run("backstep " + verb + " --help").output;
    static const std::regex flag("--[a-z][a-z-]*");
    CHECK(std::regex_search(help, flag));
    for (std::sregex_iterator it(help.begin(), help.end(), flag), end; it != end; ++it) {
      INFO("flag " << it->str());
      // The example of `run` hands flags of its own to the program.
      const bool of_program = it->str() == "--llm";
      CHECK((it->str() == "--help" || of_program || section.find(it->str()) != std::string::npos));
    }
  }
}

TEST_CASE("the page about the command line has every field of the JSON that is printed") {
  Stage stage;
  REQUIRE(stage.Run("backstep run -o a.backstep -- mas").code == 0);
  REQUIRE(stage.Run("backstep replay a.backstep --edit-message '@outside/0.0=other' --name b "
                    "--on-miss llm=live --on-miss tool:check=live --json > replay.json").code == 0);
  const std::string page = Documentation();
  for (const std::string command :
       {"info a.backstep", "list .", "show a.backstep main:2", "state a.backstep last",
        "diff a.backstep main b", "diff a.backstep main:2 b:3", "branches a.backstep",
        "digest a.backstep main", "verify a.backstep", "search a.backstep draft"}) {
    const Stage::Ended ended = stage.Run("backstep " + command + " --json");
    INFO(command << "\n" << ended.output);
    CHECK(ended.code == 0);
    CheckKeys(ended.output, page);
  }
  CheckKeys(stage.Run("cat replay.json").output, page);
}

}  // namespace backstep::testing
