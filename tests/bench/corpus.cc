#include "backstep/tests/bench/corpus.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "backstep/recorder/redact.h"

namespace backstep::bench {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFileLimit = size_t{128} << 10;

bool IsText(const fs::path& path) {
  static const std::set<std::string> kEndings = {".h",  ".hpp", ".md",   ".txt", ".html",
                                                 ".py", ".rst", ".json", ".jsonl"};
  const std::string name = path.filename().string();
  return kEndings.count(path.extension().string()) > 0 || name.rfind("README", 0) == 0 ||
         name.rfind("NEWS", 0) == 0;
}

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kFileLimit, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  return text;
}

}  // namespace

Corpus::Corpus(uint64_t seed) : random_(seed) {
  LoadFolder("/usr/share/doc", uint64_t{14} << 20);
  LoadFolder("/usr/include", uint64_t{6} << 20);
  if (const char* data = std::getenv("BACKSTEP_TEST_DATA")) LoadFolder(data, uint64_t{6} << 20);
  if (texts_.empty()) origin_ = "generated words";
  // Kinds of text alternate as in a conversation.
  for (size_t i = texts_.size(); i > 1; --i) {
    std::swap(texts_[i - 1], texts_[random_.Next() % i]);
  }
}

void Corpus::LoadFolder(const std::string& folder, uint64_t limit) {
  std::error_code error;
  std::vector<std::pair<uint64_t, fs::path>> paths;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (at->is_symlink(error) || !at->is_regular_file(error) || !IsText(at->path())) continue;
    paths.emplace_back(HashBytes(at->path().string()).low, at->path());
  }
  std::sort(paths.begin(), paths.end());
  const auto redactor = recorder::Redactor::Make({});
  std::set<uint64_t> seen;
  uint64_t loaded = 0;
  for (const auto& [order, path] : paths) {
    if (loaded >= limit) break;
    std::string text = ReadFile(path);
    // The same file lies in many packages.
    if (redactor.ok() && (*redactor)->Redact(&text)) continue;  // it would not come back as it went
    if (text.size() < 600 || !seen.insert(HashBytes(text.substr(0, 512)).low).second) continue;
    loaded += text.size();
    texts_.push_back(std::move(text));
  }
  if (loaded == 0) return;
  std::ostringstream out;
  out << (origin_.empty() ? "" : ", ") << folder << " (" << (loaded >> 10) << " KiB)";
  origin_ += out.str();
}

std::string Corpus::Text(size_t size) {
  static const char* const kWords[] = {
      "the",    "agent",   "plans",  "a",      "step",   "because", "test",    "failed",
      "with",   "return",  "value",  "of",     "file",   "line",    "message", "and",
      "then",   "reports", "to",     "review", "which",  "asks",    "for",     "another",
      "change", "in",      "module", "before", "commit", "it",      "passes",  "again"};
  std::string out;
  while (out.size() < size) {
    if (texts_.empty()) {
      out += kWords[random_.Next() % 32];
      out += random_.Next() % 9 == 0 ? ".\n" : " ";
      if (random_.Next() % 11 == 0) out += std::to_string(random_.Next() % 1000000) + " ";
      continue;
    }
    const std::string& text = texts_[text_ % texts_.size()];
    const size_t take = std::min(size - out.size(), text.size() - at_);
    out.append(text, at_, take);
    at_ += take;
    // Messages in a row come of different texts, and a text goes on where it was left.
    if (at_ >= text.size()) {
      ++text_;
      at_ = 0;
    }
  }
  out.resize(size);
  return out;
}

std::string Corpus::Escaped(size_t size) { return EscapeJson(Text(size)); }

std::string Corpus::Rows(size_t size) {
  std::string out = "[";
  while (out.size() < size) {
    out += "{\"id\":" + std::to_string(random_.Next() % 10000000) + ",\"name\":\"" +
           Escaped(12) + "\",\"score\":" + std::to_string(random_.NextUnit()) +
           ",\"ok\":" + (random_.Next() % 4 == 0 ? "false" : "true") + "},";
  }
  out.back() = ']';
  return out;
}

std::string Corpus::HexId() {
  Hash128 id{random_.Next(), random_.Next()};
  return id.ToHex().substr(0, 24);
}

std::string EscapeJson(const std::string& text) {
  static const char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20 || c >= 0x80) {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else {
      out += static_cast<char>(c);
    }
  }
  return out;
}

}  // namespace backstep::bench
