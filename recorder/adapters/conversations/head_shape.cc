#include "backstep/recorder/adapters/conversations/head_shape.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

namespace backstep::adapters {
namespace {

constexpr size_t kShapeDepthMax = 6;      // deeper keys tell formats no further apart
constexpr size_t kShapePathsMax = 4'000;  // a map with a key for each of its items
constexpr size_t kFirstValueMax = 200;    // bytes

// Notes paths until the text ends or breaks.
class ShapeReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit ShapeReader(std::map<std::string, std::string>* first) : first_(first) {}

  bool null() override { return Value("null"); }
  bool boolean(bool value) override { return Value(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return Value(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return Value(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return Value(text); }
  bool string(string_t& text) override { return Value(text.substr(0, kFirstValueMax)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(size_t) override { return Open("{", ""); }
  bool start_array(size_t) override { return Open("[", "[]"); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& name) override {
    key_ = name;
    return true;
  }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  struct Level {
    std::string path;
    bool array;
  };

  std::string Path() const {
    if (levels_.empty()) return "";
    const Level& level = levels_.back();
    if (level.array) return level.path;
    return level.path.empty() ? key_ : level.path + "." + key_;
  }
  bool Note(const std::string& path, const std::string& value) {
    if (levels_.size() <= kShapeDepthMax && !path.empty() && first_->size() < kShapePathsMax) {
      first_->try_emplace(path, value);
    }
    return true;
  }
  bool Value(const std::string& value) { return Note(Path(), value); }
  bool Open(const char* value, const char* suffix) {
    const bool deep = levels_.size() > kShapeDepthMax;
    const std::string path = deep ? "" : Path();
    Note(path, value);
    levels_.push_back({path + suffix, *suffix != '\0'});
    if (*suffix != '\0') Note(levels_.back().path, "");
    return true;
  }
  bool Close() {
    levels_.pop_back();
    return true;
  }

  std::map<std::string, std::string>* first_;
  std::vector<Level> levels_;
  std::string key_;
};

}  // namespace

HeadShape::HeadShape(std::string_view head) {
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  head.remove_prefix(std::min(head.find_first_not_of(" \t\r\n"), head.size()));
  if (head.empty() || (head[0] != '{' && head[0] != '[')) return;
  object_ = head[0] == '{';
  ShapeReader reader(&first_);
  nlohmann::json::sax_parse(head.begin(), head.end(), &reader,
                            nlohmann::json::input_format_t::json, false);
}

const std::string& HeadShape::First(const std::string& path) const {
  static const std::string kNone;
  const auto found = first_.find(path);
  return found == first_.end() ? kNone : found->second;
}

}  // namespace backstep::adapters
