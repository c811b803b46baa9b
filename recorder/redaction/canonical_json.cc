#include "backstep/recorder/redaction/canonical_json.h"

#include <algorithm>

namespace backstep::recorder {
namespace {

constexpr int kDepthMax = 256;

// The rests of the pointers that lead into the value at hand. An empty rest names the value itself.
using Pointers = std::vector<std::string_view>;

// Whether the first token of `pointer` ("/a~1b/c") is `key`.
bool FirstTokenIs(std::string_view pointer, std::string_view key) {
  size_t k = 0;
  size_t i = 1;
  for (; i < pointer.size() && pointer[i] != '/'; ++i, ++k) {
    char c = pointer[i];
    if (c == '~' && i + 1 < pointer.size()) c = pointer[++i] == '1' ? '/' : '~';
    if (k >= key.size() || key[k] != c) return false;
  }
  return k == key.size();
}

std::string_view AfterFirstToken(std::string_view pointer) {
  const size_t slash = pointer.find('/', 1);
  return slash == std::string_view::npos ? std::string_view() : pointer.substr(slash);
}

Pointers Into(const Pointers& pointers, std::string_view key) {
  Pointers inner;
  for (std::string_view pointer : pointers) {
    if (!pointer.empty() && FirstTokenIs(pointer, key)) inner.push_back(AfterFirstToken(pointer));
  }
  return inner;
}

bool NamesWhole(const Pointers& pointers) {
  return std::any_of(pointers.begin(), pointers.end(),
                     [](std::string_view pointer) { return pointer.empty(); });
}

class Canonicalizer {
 public:
  explicit Canonicalizer(std::string_view text) : text_(text) { out_.reserve(text.size()); }

  bool Run(const Pointers& pointers) {
    if (!Value(pointers, 0)) return false;
    SkipSpace();
    return at_ == text_.size();
  }
  std::string TakeOut() { return std::move(out_); }

 private:
  struct Member {
    std::string_view key;
    size_t begin = 0, end = 0;  // in out_
  };

  void SkipSpace() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' ||
                                  text_[at_] == '\t')) {
      ++at_;
    }
  }

  bool Take(char c) {
    SkipSpace();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // The string at the cursor, quotes included.
  bool String(std::string_view* raw) {
    SkipSpace();
    const size_t begin = at_;
    if (at_ >= text_.size() || text_[at_] != '"') return false;
    for (size_t i = begin + 1;;) {
      const size_t quote = text_.find('"', i);
      if (quote == std::string_view::npos) return false;
      size_t escapes = 0;
      while (quote - 1 - escapes > begin && text_[quote - 1 - escapes] == '\\') ++escapes;
      i = quote + 1;
      if (escapes % 2 != 0) continue;
      at_ = i;
      *raw = text_.substr(begin, at_ - begin);
      return true;
    }
  }

  bool Scalar() {
    const size_t begin = at_;
    while (at_ < text_.size() && ScalarChar(text_[at_])) ++at_;
    const std::string_view raw = text_.substr(begin, at_ - begin);
    const bool word = raw == "true" || raw == "false" || raw == "null";
    const bool number = !raw.empty() && (raw[0] == '-' || (raw[0] >= '0' && raw[0] <= '9'));
    if (!word && !number) return false;
    out_ += raw;
    return true;
  }

  static bool ScalarChar(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E' || c == '+' || c == '-' ||
           c == '.';
  }

  bool Value(const Pointers& pointers, int depth) {
    SkipSpace();
    if (at_ >= text_.size() || depth > kDepthMax) return false;
    if (text_[at_] == '{') return Object(pointers, depth);
    if (text_[at_] == '[') return Array(pointers, depth);
    if (text_[at_] != '"') return Scalar();
    std::string_view raw;
    if (!String(&raw)) return false;
    out_ += raw;
    return true;
  }

  bool Array(const Pointers& pointers, int depth) {
    ++at_;
    out_ += '[';
    if (Take(']')) {
      out_ += ']';
      return true;
    }
    for (size_t index = 0;; ++index) {
      const size_t begin = out_.size();
      const Pointers inner =
          pointers.empty() ? Pointers() : Into(pointers, std::to_string(index));
      if (!Value(inner, depth + 1)) return false;
      if (NamesWhole(inner)) {
        out_.resize(begin);
      } else {
        out_ += ',';
      }
      if (Take(']')) break;
      if (!Take(',')) return false;
    }
    if (out_.back() == ',') out_.pop_back();
    out_ += ']';
    return true;
  }

  bool Object(const Pointers& pointers, int depth) {
    ++at_;
    out_ += '{';
    std::vector<Member> members;
    const size_t begin = out_.size();
    if (!Take('}')) {
      do {
        if (!ObjectMember(pointers, depth, &members)) return false;
      } while (Take(','));
      if (!Take('}')) return false;
    }
    Sort(begin, &members);
    if (out_.size() > begin) out_.pop_back();  // the comma behind the last member
    out_ += '}';
    return true;
  }

  bool ObjectMember(const Pointers& pointers, int depth, std::vector<Member>* members) {
    Member member;
    if (!String(&member.key) || !Take(':')) return false;
    member.begin = out_.size();
    out_ += member.key;
    out_ += ':';
    const std::string_view name = member.key.substr(1, member.key.size() - 2);
    const Pointers inner = pointers.empty() ? Pointers() : Into(pointers, name);
    if (!Value(inner, depth + 1)) return false;
    out_ += ',';
    if (NamesWhole(inner)) {
      out_.resize(member.begin);
      return true;
    }
    member.end = out_.size();
    members->push_back(member);
    return true;
  }

  void Sort(size_t begin, std::vector<Member>* members) {
    const auto by_key = [](const Member& a, const Member& b) { return a.key < b.key; };
    if (std::is_sorted(members->begin(), members->end(), by_key)) return;
    std::stable_sort(members->begin(), members->end(), by_key);
    std::string sorted;
    sorted.reserve(out_.size() - begin);
    for (const Member& member : *members) {
      sorted.append(out_, member.begin, member.end - member.begin);
    }
    out_.replace(begin, std::string::npos, sorted);
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::optional<std::string> CanonicalJson(std::string_view text,
                                         const std::vector<std::string>& left_out) {
  Pointers pointers;
  for (const std::string& pointer : left_out) {
    if (!pointer.empty() && pointer[0] == '/') pointers.push_back(pointer);
  }
  Canonicalizer canonicalizer(text);
  if (!canonicalizer.Run(pointers)) return std::nullopt;
  return canonicalizer.TakeOut();
}

}  // namespace backstep::recorder
