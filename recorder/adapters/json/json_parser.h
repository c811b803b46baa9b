// Reads the text of one JSON value. Private to json_text.cc.
#pragma once

#include <string>
#include <string_view>

#include "backstep/recorder/adapters/core/json_text.h"

namespace backstep::adapters {

// Used once.
class JsonParser {
 public:
  explicit JsonParser(std::string_view text) : text_(text) {}
  Result<Json> Whole();

 private:
  // Each false: failed, with reason_ at at_.
  bool Value(Json* out, int depth);
  bool Object(Json* out, int depth);
  bool Array(Json* out, int depth);
  bool String(std::string* out);
  bool Escape(std::string* out);
  bool Hex4(uint32_t* unit);
  bool Number(Json* out);
  bool Word(Json* out);
  bool Fail(const char* reason);
  bool FailAt(const char* expected);
  void SkipSpace();
  char Next() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  const std::string_view text_;
  size_t at_ = 0;
  const char* reason_ = "";
};

}  // namespace backstep::adapters
