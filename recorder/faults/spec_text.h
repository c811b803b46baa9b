// YAML or JSON text as a bounded tree that keeps line numbers: what fault and edit files are read
// from. Internal to recorder and replay; not installed API.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backstep/base/status.h"

namespace backstep::recorder {

struct SpecEntry;

// One value. Immutable after parsing.
struct SpecNode {
  enum class Kind : uint8_t { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  int line = 0;                  // from 1
  bool quoted = false;           // scalar: a string whatever it looks like
  std::string text;              // scalar
  std::vector<SpecNode> items;   // list
  std::vector<SpecEntry> entries;  // map, in the order of the file; keys are unique

  bool IsNull() const { return kind == Kind::kNull; }
  bool IsScalar() const { return kind == Kind::kScalar; }
  bool IsList() const { return kind == Kind::kList; }
  bool IsMap() const { return kind == Kind::kMap; }
  // The value under `key` of a map; nullptr: none, or no map.
  const SpecNode* Find(std::string_view key) const;

  // A whole number not below 0, a number, true/false; nullopt: this is none.
  std::optional<uint64_t> AsCount() const;
  std::optional<double> AsNumber() const;
  std::optional<bool> AsBool() const;
  // "a list", "a map", "a value", "nothing".
  const char* KindName() const;
  // Compact JSON of the whole value, keys in the order of the file; plain scalars by YAML's core
  // schema.
  std::string ToJson() const;
};

struct SpecEntry {
  std::string key;
  int line = 0;
  SpecNode value;
};

// At most 4 MiB of text, 64 levels and 200,000 values, references counted each time.
// InvalidArgument: "origin:line: what is wrong".
Result<SpecNode> ParseSpecText(const std::string& text, const std::string& origin);

// InvalidArgument "origin:line: what".
Status SpecError(const std::string& origin, int line, const std::string& what);

// Whether `word` is so near to one of `known` that it can only be a slip of the keyboard.
bool IsTypo(std::string_view word, const std::vector<std::string>& known);

}  // namespace backstep::recorder
