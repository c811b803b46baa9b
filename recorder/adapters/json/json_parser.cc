#include "backstep/recorder/adapters/json/json_parser.h"

#include <charconv>
#include <cmath>
#include <unordered_map>

#include "backstep/base/utf8.h"

namespace backstep::adapters {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";
// Objects with more keys than this look for one that occurs twice in a table.
constexpr size_t kKeysInTable = 16;

void AppendCodePoint(uint32_t value, std::string* out) {
  if (value < 0x80) {
    out->push_back(static_cast<char>(value));
    return;
  }
  const int more = value < 0x800 ? 1 : value < 0x10000 ? 2 : 3;
  static constexpr unsigned char kFirst[] = {0, 0xc0, 0xe0, 0xf0};
  out->push_back(static_cast<char>(kFirst[more] | (value >> (6 * more))));
  for (int i = more - 1; i >= 0; --i) {
    out->push_back(static_cast<char>(0x80 | ((value >> (6 * i)) & 0x3f)));
  }
}

bool IsHigh(uint32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool IsLow(uint32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

// Members of an object as they come; the last one of a key stands, where the first one stood.
class Members {
 public:
  explicit Members(Json::object_t* object) : object_(object) {}
  Json* Slot(std::string key) {
    if (object_->size() < kKeysInTable) {
      for (auto& [known, value] : *object_) {
        if (known == key) return &value;
      }
    } else {
      for (; tabled_ < object_->size(); ++tabled_) {
        places_.emplace((object_->begin() + static_cast<ptrdiff_t>(tabled_))->first, tabled_);
      }
      const auto found = places_.find(key);
      if (found != places_.end()) {
        return &(object_->begin() + static_cast<ptrdiff_t>(found->second))->second;
      }
    }
    object_->emplace_back(std::move(key), Json());
    return &object_->back().second;
  }

 private:
  Json::object_t* object_;
  std::unordered_map<std::string, size_t> places_;
  size_t tabled_ = 0;
};

}  // namespace

bool JsonParser::Fail(const char* reason) {
  reason_ = reason;
  return false;
}

bool JsonParser::FailAt(const char* reason) {
  return Fail(at_ < text_.size() ? reason : "it ends too early");
}

void JsonParser::SkipSpace() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return;
    ++at_;
  }
}

Result<Json> JsonParser::Whole() {
  if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
  Json value;
  bool good = Value(&value, 0);
  if (good) {
    SkipSpace();
    if (at_ < text_.size()) good = Fail("something follows the JSON value");
  }
  if (good) return value;
  return Status::Corruption("not JSON at byte " + std::to_string(at_) + ": " + reason_);
}

bool JsonParser::Value(Json* out, int depth) {
  SkipSpace();
  if (at_ >= text_.size()) return Fail("it ends where a value should be");
  if (depth >= kJsonDepthMax) return Fail("nested deeper than 512 levels");
  switch (text_[at_]) {
    case '{':
      return Object(out, depth);
    case '[':
      return Array(out, depth);
    case '"':
      *out = std::string();
      return String(out->get_ptr<std::string*>());
    default:
      return Word(out);
  }
}

bool JsonParser::Object(Json* out, int depth) {
  *out = Json::object();
  Members members(out->get_ptr<Json::object_t*>());
  ++at_;
  SkipSpace();
  if (Next() == '}') return ++at_, true;
  for (;;) {
    SkipSpace();
    if (Next() != '"') return FailAt("a key in quotes should be here");
    std::string key;
    if (!String(&key)) return false;
    SkipSpace();
    if (Next() != ':') return Fail("a colon should be here");
    ++at_;
    Json value;
    if (!Value(&value, depth + 1)) return false;
    *members.Slot(std::move(key)) = std::move(value);
    SkipSpace();
    if (Next() == '}') return ++at_, true;
    if (Next() != ',') return FailAt("a comma or } should be here");
    ++at_;
  }
}

bool JsonParser::Array(Json* out, int depth) {
  *out = Json::array();
  auto* values = out->get_ptr<Json::array_t*>();
  ++at_;
  SkipSpace();
  if (Next() == ']') return ++at_, true;
  for (;;) {
    Json value;
    if (!Value(&value, depth + 1)) return false;
    values->push_back(std::move(value));
    SkipSpace();
    if (Next() == ']') return ++at_, true;
    if (Next() != ',') return FailAt("a comma or ] should be here");
    ++at_;
  }
}

bool JsonParser::String(std::string* out) {
  ++at_;
  while (at_ < text_.size()) {
    // Plain bytes in one piece.
    size_t end = at_;
    while (end < text_.size() && text_[end] != '"' && text_[end] != '\\' &&
           static_cast<unsigned char>(text_[end]) < 0x80) {
      ++end;
    }
    out->append(text_, at_, end - at_);
    at_ = end;
    if (at_ == text_.size()) break;
    if (text_[at_] == '"') return ++at_, true;
    if (text_[at_] == '\\') {
      if (!Escape(out)) return false;
      continue;
    }
    const CodePoint c = DecodeUtf8(text_, at_);
    if (c.bytes == 0) {
      out->append(kReplacement);
      ++at_;
    } else {
      out->append(text_, at_, c.bytes);
      at_ += c.bytes;
    }
  }
  return Fail("it ends within a string");
}

bool JsonParser::Escape(std::string* out) {
  ++at_;
  const char c = Next();
  ++at_;
  static constexpr std::string_view kNames = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
  if (const size_t known = kNames.find(c); known != std::string_view::npos) {
    out->push_back(kMeant[known]);
    return true;
  }
  uint32_t unit = 0;
  if (c != 'u') return --at_, Fail("no such escape");
  if (!Hex4(&unit)) return false;
  if (IsHigh(unit) && text_.substr(at_, 2) == "\\u") {
    const size_t before = at_;
    uint32_t low = 0;
    at_ += 2;
    if (!Hex4(&low)) return false;
    if (IsLow(low)) {
      AppendCodePoint(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00), out);
      return true;
    }
    at_ = before;
  }
  if (IsHigh(unit) || IsLow(unit)) {
    out->append(kReplacement);
  } else {
    AppendCodePoint(unit, out);
  }
  return true;
}

bool JsonParser::Hex4(uint32_t* unit) {
  const std::string_view digits = text_.substr(at_, 4);
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), *unit, 16);
  if (digits.size() < 4 || parsed.ptr != digits.data() + 4) {
    return Fail("four hex digits should follow \\u");
  }
  at_ += 4;
  return true;
}

bool JsonParser::Word(Json* out) {
  static const std::pair<std::string_view, Json> kWords[] = {
      {"null", nullptr},  {"true", true},         {"false", false},
      {"NaN", nullptr},   {"Infinity", nullptr},  {"-Infinity", nullptr}};
  for (const auto& [word, value] : kWords) {
    if (text_.substr(at_, word.size()) != word) continue;
    *out = value;
    at_ += word.size();
    return true;
  }
  return Number(out);
}

bool JsonParser::Number(Json* out) {
  size_t end = at_;
  bool whole = true;
  for (; end < text_.size(); ++end) {
    const char c = text_[end];
    if (c >= '0' && c <= '9') continue;
    if (c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E') break;
    if (c != '-' || end != at_) whole = false;
  }
  const char* first = text_.data() + at_;
  const char* last = text_.data() + end;
  if (end == at_) return Fail("a value should be here");
  if (whole) {
    int64_t number = 0;
    uint64_t large = 0;
    if (std::from_chars(first, last, number).ec == std::errc() && *first == '-') {
      *out = number;
      return at_ = end, true;
    }
    if (const auto parsed = std::from_chars(first, last, large);
        parsed.ec == std::errc() && parsed.ptr == last) {
      *out = large;
      return at_ = end, true;
    }
  }
  double real = 0;
  const auto parsed = std::from_chars(first, last, real);
  if (parsed.ptr != last || parsed.ec == std::errc::invalid_argument) return Fail("not a number");
  // What is too large for a number has none, as infinity.
  *out = parsed.ec == std::errc() && std::isfinite(real) ? Json(real) : Json(nullptr);
  return at_ = end, true;
}

}  // namespace backstep::adapters
