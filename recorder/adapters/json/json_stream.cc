#include "backstep/recorder/adapters/json/json_stream.h"

#include <utility>

#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/core/source.h"

namespace backstep::adapters {
namespace {

constexpr size_t kChunk = 64u << 10;
constexpr size_t kTakenMax = 256u << 20;  // bytes of one value
constexpr size_t kKeyMax = 64u << 10;     // bytes of a key
constexpr size_t kEnteredMax = 64;        // depth

// Whether one of the first lines is a whole object and the next begins one (or there is none), in a
// file that is no list: the first line itself may be damaged.
bool HasOneALine(std::string_view head) {
  const bool all = head.size() < kPeekBytes;  // of the file
  bool whole = false;
  for (bool first = true; !head.empty(); first = false) {
    const size_t end = head.find('\n');
    std::string_view line = head.substr(0, end);
    if (whole) return line.empty() || line.front() == '{';
    if (first && line.starts_with('[')) return false;
    if (end == head.npos && !all) return false;  // cut off here, perhaps
    if (line.ends_with('\r')) line.remove_suffix(1);
    whole = line.starts_with('{') && line.ends_with('}') && ParseJson(line).ok();
    head.remove_prefix(end == head.npos ? head.size() : end + 1);
  }
  return whole;
}

class Walk {
 public:
  Walk(Source& source, JsonVisitor& visitor, Sink& sink)
      : source_(source), visitor_(visitor), sink_(sink) {}

  Status Run() {
    std::string chunk(kChunk, '\0');
    BACKSTEP_ASSIGN_OR_RETURN(const std::string_view head, source_.Peek());
    one_a_line_ = HasOneALine(head);
    for (;;) {
      base_ = source_.offset();
      size_t size = 0;
      BACKSTEP_ASSIGN_OR_RETURN(size, source_.Read(chunk.data(), chunk.size()));
      if (size == 0) break;
      BACKSTEP_RETURN_IF_ERROR(Feed(std::string_view(chunk).substr(0, size)));
    }
    if (state_ == State::kScalar) BACKSTEP_RETURN_IF_ERROR(EndOfValue());
    const bool between = state_ == State::kValue || state_ == State::kLost;
    if (!open_.empty() || !between) {
      sink_.Skip(PlaceOf(begun_, begun_line_), "the file ends in the middle of this value");
    }
    return {};
  }

 private:
  enum class State {
    kValue,     // a value, or the end of the list
    kKey,       // a key, or the end of the object
    kKeyText,   // within one
    kColon,
    kAfter,     // a comma, or the end of what is open
    kInside,    // an object or list that is taken or passed over
    kScalar,
    kString,    // a text that is taken or passed over
    kLost,      // behind something broken
  };

  Status Feed(std::string_view chunk) {
    for (at_ = 0; at_ < chunk.size(); ++at_) {
      const char c = chunk[at_];
      const bool fresh = std::exchange(fresh_, false);
      if (c == '\n') ++line_;
      if (fresh && one_a_line_ && c == '{' && UnderWay()) BACKSTEP_RETURN_IF_ERROR(Tear());
      switch (state_) {
        case State::kInside: Inside(chunk); break;
        case State::kString: Text(chunk); break;
        case State::kKeyText: KeyText(c); break;
        case State::kLost: BACKSTEP_RETURN_IF_ERROR(Lost(c)); break;
        case State::kScalar: BACKSTEP_RETURN_IF_ERROR(Scalar(c)); break;
        default: BACKSTEP_RETURN_IF_ERROR(Between(c)); break;
      }
      fresh_ = chunk[at_] == '\n';
      if (ended_) BACKSTEP_RETURN_IF_ERROR(EndOfValue());
    }
    return {};
  }

  bool UnderWay() const {
    return state_ != State::kLost && (state_ != State::kValue || !open_.empty());
  }

  // In a file that has one value a line the next one begins before this one has ended.
  Status Tear() {
    sink_.Skip(PlaceOf(top_begun_, top_line_), "the line ends in the middle of this value");
    BACKSTEP_RETURN_IF_ERROR(LeaveAll());
    takes_ = too_long_ = quoted_ = escaped_ = false;
    text_.clear();
    state_ = State::kValue;
    return {};
  }

  // Where no value is at hand.
  Status Between(char c) {
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') return {};
    if (state_ == State::kValue) {
      if (base_ + at_ < 3 && static_cast<unsigned char>(c) >= 0x80) return {};  // a byte order mark
      if (c == ']' && !open_.empty() && open_.back() == '[') return Close();
      if (c == ',' && open_.empty()) return {};  // between values of the top, as some print them
      if (c == '}' || c == ']' || c == ':' || c == ',') return Break("a value was expected");
      if (open_.empty() && c != '{' && c != '[') return Break("an object or a list was expected");
      return BeginValue(c);
    }
    if (state_ == State::kKey) {
      if (c == '}') return Close();
      if (c == ',') return {};
      if (c != '"') return Break("a key was expected");
      text_.clear();
      state_ = State::kKeyText;
      return {};
    }
    if (state_ == State::kColon) {
      if (c != ':') return Break("a colon was expected");
      state_ = State::kValue;
      return {};
    }
    if (c == ',') {
      state_ = open_.back() == '{' ? State::kKey : State::kValue;
      return {};
    }
    if (c == (open_.back() == '{' ? '}' : ']')) return Close();
    return Break("a comma was expected");
  }

  Status BeginValue(char c) {
    if (!open_.empty() && open_.back() == '[') path_.push_back("*");
    begun_ = base_ + at_;
    begun_line_ = line_;
    if (open_.empty()) {
      top_begun_ = begun_;
      top_line_ = line_;
      top_first_ = c;
    }
    const bool nests = c == '{' || c == '[';
    JsonWant want = visitor_.Begin(path_, c);
    if (want == JsonWant::kEnter && (!nests || open_.size() >= kEnteredMax)) want = JsonWant::kPass;
    if (want == JsonWant::kEnter) {
      open_.push_back(c);
      entered_.push_back(PlaceOf(begun_, begun_line_));
      state_ = c == '{' ? State::kKey : State::kValue;
      return {};
    }
    takes_ = want == JsonWant::kTake;
    too_long_ = false;
    text_.clear();
    Put(std::string_view(&c, 1));
    depth_ = nests ? 1 : 0;
    quoted_ = escaped_ = false;
    state_ = nests ? State::kInside : c == '"' ? State::kString : State::kScalar;
    return {};
  }

  void Put(std::string_view bytes) {
    if (!takes_ || too_long_) return;
    if (text_.size() + bytes.size() > kTakenMax) {
      too_long_ = true;
      std::string().swap(text_);  // an assignment would keep the room
      return;
    }
    text_.append(bytes);
  }

  // Over what can be passed without a look at each byte's meaning; leaves at_ on the last one.
  void Inside(std::string_view chunk) {
    const size_t from = at_;
    for (; at_ < chunk.size(); ++at_) {
      const char c = chunk[at_];
      if (c == '\n' && at_ != from) ++line_;
      if (c == '\n' && one_a_line_) {  // Feed looks at what the next line begins with
        ++at_;
        break;
      }
      if (quoted_) {
        if (escaped_) escaped_ = false;
        else if (c == '\\') escaped_ = true;
        else if (c == '"') quoted_ = false;
      } else if (c == '"') {
        quoted_ = true;
      } else if (c == '{' || c == '[') {
        ++depth_;
      } else if ((c == '}' || c == ']') && --depth_ == 0) {
        ended_ = true;
        ++at_;
        break;
      }
    }
    Put(chunk.substr(from, at_ - from));
    --at_;
  }

  void Text(std::string_view chunk) {
    const size_t from = at_;
    for (; at_ < chunk.size() && !ended_; ++at_) {
      const char c = chunk[at_];
      if (c == '\n' && at_ != from) ++line_;
      if (c == '\n' && one_a_line_) {
        ++at_;
        break;
      }
      if (escaped_) escaped_ = false;
      else if (c == '\\') escaped_ = true;
      else if (c == '"') ended_ = true;
    }
    Put(chunk.substr(from, at_ - from));
    --at_;
  }

  Status Scalar(char c) {
    if (c != ',' && c != '}' && c != ']' && c != '\n' && c != ' ' && c != '\r' && c != '\t') {
      Put(std::string_view(&c, 1));
      return {};
    }
    BACKSTEP_RETURN_IF_ERROR(EndOfValue());
    return Between(c);
  }

  void KeyText(char c) {
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      if (text_.find('\\') != text_.npos) {
        Result<Json> key = ParseJson('"' + text_ + '"');
        if (key.ok()) text_ = key->get<std::string>();
      }
      path_.push_back(text_);
      state_ = State::kColon;
      return;
    }
    if (text_.size() < kKeyMax) text_.push_back(c);
  }

  Status EndOfValue() {
    ended_ = false;
    Status status;
    if (too_long_) {
      sink_.Skip(PlaceOf(begun_, begun_line_), "a value longer than 256 MiB");
    } else if (takes_) {
      status = visitor_.Take(path_, text_, PlaceOf(begun_, begun_line_));
    }
    takes_ = too_long_ = false;
    if (text_.capacity() > (1u << 20)) std::string().swap(text_);
    AfterValue();
    return status;
  }

  Status Close() {
    const Status status = LeaveInnermost();
    AfterValue();
    return status;
  }

  Status LeaveInnermost() {
    const Place place = entered_.back();
    open_.pop_back();
    entered_.pop_back();
    return visitor_.Leave(path_, place);
  }

  void AfterValue() {
    if (!open_.empty()) path_.pop_back();
    state_ = open_.empty() ? State::kValue : State::kAfter;
    if (open_.empty() && top_first_ == '{' && top_line_ == line_) one_a_line_ = true;
  }

  Status Break(const char* reason) {
    sink_.Skip(PlaceOf(base_ + at_, line_), std::string("no JSON from here on: ") + reason);
    const Status status = LeaveAll();
    state_ = State::kLost;
    escaped_ = false;
    fresh_line_ = false;
    return status;
  }

  // What was entered has ended, as far as it went.
  Status LeaveAll() {
    Status status;
    while (!open_.empty() && status.ok()) {
      if (open_.size() - 1 < path_.size()) path_.resize(open_.size() - 1);
      status = LeaveInnermost();
    }
    path_.clear();
    return status;
  }

  Status Lost(char c) {
    if (fresh_line_ && (c == '{' || c == '[')) {
      state_ = State::kValue;
      return Between(c);
    }
    fresh_line_ = c == '\n';
    return {};
  }

  Place PlaceOf(uint64_t offset, uint64_t line) const {
    Place place;
    place.file = source_.path();
    place.offset = offset;
    if (line > 1) place.line = line;
    return place;
  }

  Source& source_;
  JsonVisitor& visitor_;
  Sink& sink_;
  JsonPath path_;
  std::string open_;  // the brackets that were entered
  std::vector<Place> entered_;  // where
  std::string text_;  // of a key or of what is taken
  State state_ = State::kValue;
  uint64_t base_ = 0, begun_ = 0, line_ = 1, begun_line_ = 1;
  uint64_t top_begun_ = 0, top_line_ = 1;  // of the value of the top
  char top_first_ = 0;
  bool one_a_line_ = false;  // a whole object was on a line of its own
  bool fresh_ = false;       // a line begins
  size_t at_ = 0, depth_ = 0;
  bool takes_ = false, too_long_ = false, quoted_ = false, escaped_ = false, ended_ = false;
  bool fresh_line_ = false;
};

}  // namespace

std::string_view FromFirstValue(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (bool first = true; !text.empty(); first = false) {
    const size_t begin = first ? text.find_first_not_of(" \t\r\n") : 0;
    if (begin == text.npos) return {};
    text.remove_prefix(begin);
    const size_t inner = text.find_first_not_of(" \t\r\n", 1);
    const char next = inner == text.npos ? '\0' : text[inner];
    const bool object = text[0] == '{' && (next == '"' || next == '}' || next == '\0');
    if (object || (text[0] == '[' && (next == '{' || next == '[' || next == ']'))) return text;
    const size_t end = text.find('\n');
    if (end == text.npos) return {};
    text.remove_prefix(end + 1);
  }
  return {};
}

Status WalkJson(Source& source, JsonVisitor& visitor, Sink& sink) {
  return Walk(source, visitor, sink).Run();
}

}  // namespace backstep::adapters
