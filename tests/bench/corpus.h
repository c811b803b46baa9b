// Text to measure with: real text of this machine (or of BACKSTEP_TEST_DATA), else our own words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backstep/base/hash.h"

namespace backstep::bench {

// Hands out parts of the texts, each once while they last. One thread; the same seed and machine
// give the same parts.
class Corpus {
 public:
  explicit Corpus(uint64_t seed);
  // A part of `size` bytes.
  std::string Text(size_t size);
  // As JSON string contents, `size` bytes before escaping.
  std::string Escaped(size_t size);
  // A JSON array of rows as a tool returns them, about `size` bytes.
  std::string Rows(size_t size);
  std::string HexId();
  RandomStream& random() { return random_; }
  // What the texts are, for the report.
  const std::string& origin() const { return origin_; }

 private:
  void LoadFolder(const std::string& folder, uint64_t limit);
  RandomStream random_;
  std::string origin_;
  std::vector<std::string> texts_;
  size_t text_ = 0, at_ = 0;
};

std::string EscapeJson(const std::string& text);

}  // namespace backstep::bench
