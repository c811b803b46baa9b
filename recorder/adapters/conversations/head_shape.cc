#include "backstep/recorder/adapters/conversations/head_shape.h"

#include <algorithm>
#include <vector>

#include "backstep/recorder/adapters/json/json_stream.h"

namespace backstep::adapters {
namespace {

constexpr size_t kShapeDepthMax = 6;      // deeper keys tell formats no further apart
constexpr size_t kShapePathsMax = 4'000;  // a map with a key for each of its items
constexpr size_t kFirstValueMax = 200;    // bytes

// Notes paths until the text ends or is no JSON. Tolerant: what a parser must refuse within a value
// (lone surrogates, NaN, broken UTF-8) tells nothing about the shape.
class ShapeReader {
 public:
  ShapeReader(std::string_view text, std::map<std::string, std::string>* first)
      : text_(text), first_(first) {}

  // True: one whole value was read.
  bool Read() {
    while (Skip() && Token()) {
      if (levels_.empty()) return true;
    }
    return false;
  }

 private:
  struct Level {
    std::string path;
    bool array;
  };

  bool Skip() {
    at_ = std::min(text_.find_first_not_of(" \t\r\n,:", at_), text_.size());
    return at_ < text_.size();
  }
  // False: the text ends here, or is broken.
  bool Token() {
    const char c = text_[at_];
    if (c == '"') return Text();
    if (c == '{' || c == '[') return Open(c);
    if (c == '}' || c == ']') {
      ++at_;
      if (levels_.empty()) return false;
      levels_.pop_back();
      is_key_ = !levels_.empty() && !levels_.back().array;
      return true;
    }
    const size_t end = text_.find_first_of(" \t\r\n,]}", at_);
    if (end == at_ || levels_.empty()) return false;
    Value(text_.substr(at_, end - at_));
    at_ = std::min(end, text_.size());
    return end != std::string_view::npos;
  }
  bool Text() {
    size_t end = at_ + 1;
    while ((end = text_.find_first_of("\"\\", end)) != text_.npos && text_[end] == '\\') {
      end += 2;
    }
    const std::string_view text = text_.substr(at_ + 1, end == text_.npos ? end : end - at_ - 1);
    at_ = end == std::string_view::npos ? text_.size() : end + 1;
    if (levels_.empty()) return false;
    if (is_key_) {
      key_ = text;
      is_key_ = false;
      return true;
    }
    Value(text);
    return end != std::string_view::npos;
  }
  bool Open(char c) {
    ++at_;
    if (levels_.size() > 10'000) return false;
    const std::string path = levels_.size() > kShapeDepthMax ? "" : Path();
    Note(path, std::string_view(c == '{' ? "{" : "["));
    levels_.push_back({c == '[' ? path + "[]" : path, c == '['});
    if (c == '[') Note(levels_.back().path, "");
    is_key_ = c == '{';
    return true;
  }
  void Value(std::string_view value) {
    Note(Path(), value.substr(0, kFirstValueMax));
    is_key_ = !levels_.back().array;
  }
  std::string Path() const {
    if (levels_.empty()) return "";
    const Level& level = levels_.back();
    if (level.array) return level.path;
    return level.path.empty() ? key_ : level.path + "." + key_;
  }
  void Note(const std::string& path, std::string_view value) {
    if (levels_.size() <= kShapeDepthMax && !path.empty() && first_->size() < kShapePathsMax) {
      first_->try_emplace(path, value);
    }
  }

  std::string_view text_;
  std::map<std::string, std::string>* first_;
  size_t at_ = 0;
  std::vector<Level> levels_;
  std::string key_;
  bool is_key_ = false;  // the next text is a key
};

}  // namespace

HeadShape::HeadShape(std::string_view head) {
  head = FromFirstValue(head);
  if (head.empty()) return;
  object_ = head[0] == '{';
  complete_ = ShapeReader(head, &first_).Read();
}

const std::string& HeadShape::First(const std::string& path) const {
  static const std::string kNone;
  const auto found = first_.find(path);
  return found == first_.end() ? kNone : found->second;
}

}  // namespace backstep::adapters
