#include "backstep/tests/bench/workloads.h"

#include <algorithm>
#include <cmath>

namespace backstep::bench {
namespace {

std::string Content(Corpus* corpus, double longest = 4096) {
  // As many between 200 and 400 bytes as between 400 and 800.
  const size_t size =
      static_cast<size_t>(200 * std::pow(longest / 200, corpus->random().NextUnit()));
  return corpus->random().Next() % 5 == 0 ? EscapeJson(corpus->Rows(size)) : corpus->Escaped(size);
}

std::string ChatMessage(Corpus* corpus, const std::string& content) {
  static const char* const kRoles[] = {"user", "assistant", "tool"};
  return std::string("{\"role\":\"") + kRoles[corpus->random().Next() % 3] +
         "\",\"content\":\"" + content + "\",\"id\":\"" + corpus->HexId() + "\"},";
}

// A history that grows: by appends alone; with counters in front; with rewrites in the middle;
// with the oldest messages dropped.
class History : public Workload {
 public:
  enum class Kind { kAppend, kCounter, kEdit, kWindow };
  History(const char* name, Kind kind, uint64_t seed)
      : name_(name), kind_(kind), corpus_(seed) {}

  const char* name() const override { return name_; }

  Step Next() override {
    ++step_;
    Step step;
    const std::string message = ChatMessage(&corpus_, Content(&corpus_));
    messages_ += message;
    step.inserted = message;
    if (kind_ == Kind::kEdit && step_ % 10 == 0) step.inserted += Rewrite();
    if (kind_ == Kind::kWindow) {
      while (messages_.size() > kWindowBytes) messages_.erase(0, messages_.find("\"},") + 3);
    }
    std::string state = "{";
    if (kind_ != Kind::kAppend) {
      tokens_ += message.size() / 4;
      const std::string numbers[] = {std::to_string(step_),
                                     std::to_string(1760000000000 + step_ * 1733),
                                     std::to_string(tokens_)};
      state += "\"agent\":\"researcher\",\"step\":" + numbers[0] + ",\"updated_at\":" +
               numbers[1] + ",\"total_tokens\":" + numbers[2] + ",";
      step.inserted += numbers[0] + numbers[1] + numbers[2];
    }
    state += "\"messages\":[" + messages_ + "]}";
    step.puts.push_back({Put::Kind::kState, std::move(state)});
    return step;
  }

 private:
  static constexpr size_t kWindowBytes = size_t{128} << 10;

  std::string Rewrite() {
    const size_t size = 50 + corpus_.random().Next() % 450;
    const size_t at = corpus_.random().Next() % messages_.size();
    std::string text = corpus_.Escaped(size);
    messages_.replace(at, std::min(size, messages_.size() - at), text);
    return text;
  }

  const char* name_;
  Kind kind_;
  Corpus corpus_;
  uint64_t step_ = 0;
  uint64_t tokens_ = 0;
  std::string messages_;
};

// An object with many fields of which five change at each step.
class Plan : public Workload {
 public:
  explicit Plan(uint64_t seed) : corpus_(seed) {
    for (int i = 0; i < 700; ++i) values_.push_back(Value());
  }
  const char* name() const override { return "plan"; }

  Step Next() override {
    Step step;
    for (int i = 0; i < 5; ++i) {
      std::string& value = values_[corpus_.random().Next() % values_.size()];
      value = Value();
      step.inserted += value;
    }
    std::string state = "{";
    for (size_t i = 0; i < values_.size(); ++i) {
      state += "\"task_" + std::to_string(i) + "\":{\"title\":\"item number " +
               std::to_string(i * 7919) +
               " of the plan\",\"depends_on\":[" + std::to_string(i / 2) + "],\"state\":\"" +
               values_[i] + "\"},";
    }
    state.back() = '}';
    if (first_) step.inserted = state;
    first_ = false;
    step.puts.push_back({Put::Kind::kState, std::move(state)});
    return step;
  }

 private:
  std::string Value() { return corpus_.Escaped(10 + corpus_.random().Next() % 30); }

  Corpus corpus_;
  std::vector<std::string> values_;
  bool first_ = true;
};

// An agent in a conversation, everything recorded: a message comes in, the model is asked with the
// whole history, its answer goes into the history, and a message goes out with it.
class Chat : public Workload {
 public:
  Chat(const char* name, double longest, uint64_t seed)
      : name_(name), longest_(longest), corpus_(seed) {}
  const char* name() const override { return name_; }

  Step Next() override {
    Step step;
    const std::string in =
        "{\"role\":\"user\",\"content\":\"" + Content(&corpus_, longest_) + "\"},";
    history_ += in;
    const std::string answer = Content(&corpus_, longest_);
    const std::string id = corpus_.HexId();
    const std::string usage = "{\"prompt_tokens\":" + std::to_string(history_.size() / 4) +
                              ",\"completion_tokens\":" + std::to_string(answer.size() / 4) + "}";
    step.inserted = in + answer + id + usage;
    step.puts.push_back({Put::Kind::kRequest, "{\"model\":\"m-large\",\"messages\":[" + history_ +
                                                  "],\"temperature\":0.2,\"max_tokens\":2048}"});
    step.puts.push_back({Put::Kind::kLiteral,
                         "{\"id\":\"" + id + "\",\"choices\":[{\"index\":0,\"message\":{\"role\":"
                         "\"assistant\",\"content\":\"" + answer +
                         "\"},\"finish_reason\":\"stop\"}],\"usage\":" + usage + "}"});
    history_ += "{\"role\":\"assistant\",\"content\":\"" + answer + "\"},";
    // What another agent gets is the plain text, not the JSON of it.
    step.puts.push_back({Put::Kind::kLiteral, Plain(answer)});
    step.puts.push_back({Put::Kind::kState, "{\"turn\":" + std::to_string(++turn_) +
                                                ",\"history\":[" + history_ + "]}"});
    return step;
  }

 private:
  // What a parser makes of what EscapeJson wrote.
  static std::string Plain(const std::string& escaped) {
    std::string out;
    for (size_t i = 0; i < escaped.size(); ++i) {
      if (escaped[i] != '\\' || i + 1 >= escaped.size()) {
        out += escaped[i];
        continue;
      }
      ++i;
      if (escaped[i] == 'u' && i + 4 < escaped.size()) {
        AddLatin(static_cast<unsigned>(std::stoul(escaped.substr(i + 1, 4), nullptr, 16)), &out);
        i += 4;
        continue;
      }
      out += escaped[i] == 'n' ? '\n' : escaped[i] == 't' ? '\t' : escaped[i];
    }
    return out;
  }

  static void AddLatin(unsigned value, std::string* out) {
    if (value >= 0x80) *out += static_cast<char>(0xc0 | value >> 6);
    *out += static_cast<char>(value < 0x80 ? value : 0x80 | (value & 0x3f));
  }

  const char* name_;
  double longest_;
  Corpus corpus_;
  std::string history_;
  uint64_t turn_ = 0;
};

}  // namespace

std::vector<std::string> WorkloadNames() {
  return {"append", "counter", "edit", "window", "plan", "chat", "smalltalk"};
}

std::unique_ptr<Workload> MakeWorkload(const std::string& name, uint64_t seed) {
  if (name == "append") return std::make_unique<History>("append", History::Kind::kAppend, seed);
  if (name == "counter") return std::make_unique<History>("counter", History::Kind::kCounter, seed);
  if (name == "edit") return std::make_unique<History>("edit", History::Kind::kEdit, seed);
  if (name == "window") return std::make_unique<History>("window", History::Kind::kWindow, seed);
  if (name == "plan") return std::make_unique<Plan>(seed);
  if (name == "chat") return std::make_unique<Chat>("chat", 4096, seed);
  if (name == "smalltalk") return std::make_unique<Chat>("smalltalk", 500, seed);
  return nullptr;
}

}  // namespace backstep::bench
