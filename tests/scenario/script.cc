#include "backstep/tests/scenario/script.h"

#include <algorithm>
#include <map>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace backstep::testing {
namespace {

const std::map<std::string, std::string>& Placeholders() {
  static const std::map<std::string, std::string> all = {
      {"n", "[0-9]+"},
      {"hex", "[0-9a-f]+"},
      {"size", "[-+]?[0-9.]+(?: [KMG]?B)?"},
      {"dur", "[-+]?[0-9.]+ (?:ns|us|ms|s|min [0-9]+ s|h [0-9]+ min)"},
      {"time", "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"},
      {"path", "\\S+"},
      {"any", ".*"}};
  return all;
}

std::string OneSpaced(const std::string& line) {
  std::string out;
  for (const char c : line) {
    if (c != ' ' || out.empty() || out.back() != ' ') out += c;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::regex Pattern(const std::string& line) {
  std::string pattern;
  const std::string text = OneSpaced(line);
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t end = text[i] == '<' ? text.find('>', i) : std::string::npos;
    const auto found = end == std::string::npos
                           ? Placeholders().end()
                           : Placeholders().find(text.substr(i + 1, end - i - 1));
    if (found != Placeholders().end()) {
      pattern += found->second;
      i = end;
    } else {
      if (std::string("\\^$.|?*+()[]{}").find(text[i]) != std::string::npos) pattern += '\\';
      pattern += text[i];
    }
  }
  return std::regex(pattern);
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Matches with "..." as any number of lines; `furthest` is the first actual line not matched.
bool MatchFrom(const std::vector<std::string>& expected, size_t e,
               const std::vector<std::string>& actual, size_t a, size_t* furthest) {
  *furthest = std::max(*furthest, a);
  if (e == expected.size()) return a == actual.size();
  if (expected[e] == "...") {
    for (size_t next = a; next <= actual.size(); ++next) {
      if (MatchFrom(expected, e + 1, actual, next, furthest)) return true;
    }
    return false;
  }
  return a < actual.size() && std::regex_match(OneSpaced(actual[a]), Pattern(expected[e])) &&
         MatchFrom(expected, e + 1, actual, a + 1, furthest);
}

void AddDetail(std::vector<ScriptLine>* script, const std::string& line, const std::string& where) {
  if (script->empty()) throw std::runtime_error(where + ": nothing stands before this line");
  ScriptLine& last = script->back();
  const std::string rest = line.size() > 2 ? line.substr(2) : "";
  if (line[0] == '?') last.exit_code = std::stoi(rest);
  else last.lines.push_back(rest);
}

}  // namespace

std::vector<ScriptLine> ParseScript(const std::string& text, const std::string& origin) {
  static const std::vector<std::string> kWords = {"$",      "needs", "file", "start", "await",
                                                  "signal", "kill",  "wait", "reopen"};
  std::vector<ScriptLine> script;
  int number = 0;
  for (const std::string& line : Lines(text)) {
    const std::string where = origin + ":" + std::to_string(++number);
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == '>' || line[0] == '|' || line[0] == '?') {
      AddDetail(&script, line, where);
      continue;
    }
    const size_t space = line.find(' ');
    ScriptLine parsed{number, line.substr(0, space),
                      space == std::string::npos ? "" : line.substr(space + 1), {}, 0};
    if (std::find(kWords.begin(), kWords.end(), parsed.word) == kWords.end()) {
      throw std::runtime_error(where + ": there is no word '" + parsed.word + "'");
    }
    script.push_back(std::move(parsed));
  }
  return script;
}

std::string Mismatch(const std::vector<std::string>& expected, const std::string& actual) {
  const std::vector<std::string> lines = Lines(actual);
  size_t furthest = 0;
  if (MatchFrom(expected, 0, lines, 0, &furthest)) return {};
  std::string text = "it printed\n";
  for (size_t i = 0; i < lines.size(); ++i) {
    text += (i == furthest ? "first unexpected > " : "> ") + lines[i] + "\n";
  }
  if (furthest == lines.size()) text += "and then nothing more\n";
  return text + "expected\n" + [&] {
    std::string all;
    for (const std::string& line : expected) all += "> " + line + "\n";
    return all;
  }();
}

}  // namespace backstep::testing
