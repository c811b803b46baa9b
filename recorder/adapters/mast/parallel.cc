// Runs whose agents work at the same time.
#include <string.h>

#include <deque>
#include <map>

#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/talk.h"
#include "backstep/recorder/adapters/mast/shapes.h"

namespace backstep::adapters {
namespace {

constexpr size_t kQuotedMin = 40;   // bytes; shorter answers are found in any text
constexpr size_t kQuotedLast = 4;   // answers of each agent that others may still quote
constexpr size_t kQuotedAgents = 16;

// Whether a text is part of another, in time that grows with their sum and not their product.
bool Holds(const std::string& text, const std::string& part) {
  return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

struct Answered {
  StepIndex step;
  std::string text;
};

struct Output {
  StepIndex step;
  KeptBody text;
};

// Several conversations that quote each other's answers.
class PeerReview {
 public:
  PeerReview(const Json& trajectory, const MastRun& run) : run_(run) {
    for (const auto& [agent, items] : trajectory.items()) {
      if (!items.is_array()) {
        run.sink->Skip({.file = run.path}, "trajectory." + agent + " is no list of messages");
        continue;
      }
      run.draft->Agent(agent);
      peers_.push_back({agent, &items, Talk(run.draft, run.sink), {}});
    }
  }
  // Message by message of each, as they worked side by side.
  void Tell() {
    std::vector<Peer*> speaking;
    for (Peer& peer : peers_) speaking.push_back(&peer);
    for (size_t i = 0; !speaking.empty(); ++i) {
      std::erase_if(speaking, [i](const Peer* peer) { return i >= peer->items->size(); });
      for (Peer* peer : speaking) Item((*peer->items)[i], i, peer);
    }
  }

 private:
  struct Peer {
    std::string name;
    const Json* items;
    Talk talk;
    std::deque<Answered> answers;  // the last ones
  };

  void Item(const Json& item, size_t index, Peer* peer) {
    const Json* content = Find(item, "content");
    const std::string text = content == nullptr ? "" : LinesText(*content);
    const bool prompted = TextAt(item, "role") != "assistant";
    const std::vector<StepIndex> quoted = prompted ? Quoted(text, *peer) : std::vector<StepIndex>();
    if (prompted && quoted.empty()) peer->talk.Ask(text, Media::kText, "prompt");
    const StepIndex step = peer->talk.Say({.agent = peer->name,
                                           .text = text,
                                           .item = &item,
                                           .index = index,
                                           .name = prompted ? "prompt" : "answer"});
    peer->talk.Nobody();
    const KeptBody body = quoted.empty() ? KeptBody{} : run_.sink->Keep(text, Media::kText);
    for (const StepIndex from : quoted) {
      run_.draft->Add(MessageDraft{.from = from,
                                   .to = run_.draft->steps[step.value].agent,
                                   .taken_by = step,
                                   .kind = "quoted",
                                   .body = body});
    }
    if (prompted || text.size() < kQuotedMin) return;
    peer->answers.push_back({step, text});
    if (peer->answers.size() > kQuotedLast) peer->answers.pop_front();
  }

  // The others' answers that a prompt holds.
  std::vector<StepIndex> Quoted(const std::string& text, const Peer& reader) const {
    std::vector<StepIndex> quoted;
    for (size_t i = 0; i < peers_.size() && i < kQuotedAgents; ++i) {
      if (&peers_[i] == &reader) continue;
      for (const Answered& answer : peers_[i].answers) {
        if (Holds(text, answer.text)) quoted.push_back(answer.step);
      }
    }
    return quoted;
  }

  const MastRun& run_;
  std::deque<Peer> peers_;
};

// MA-ToT's lines: rounds, in them an output of each reasoner, then the verifier on each.
class Reasoning {
 public:
  explicit Reasoning(const MastRun& run) : run_(run) {
    const Json* problem = Find(run.file, "problem_statement");
    const std::string text = problem == nullptr ? "" : LinesText(*problem);
    if (!text.empty()) problem_ = run.sink->Keep(text, Media::kText);
  }

  void Line(const std::string& line) {
    const std::string_view bare = Bare(line);
    if (line.find("##########") != std::string::npos && bare.starts_with("Round ")) {
      End();
      round_ = SegmentIndex(static_cast<uint32_t>(run_.draft->segments.size()));
      run_.draft->segments.push_back({.name = std::string(bare)});
    } else if (line.find("*****") != std::string::npos && bare.empty()) {
      End();
    } else if (line.starts_with("*****") && bare.ends_with(" output:")) {
      End();
      agent_ = bare.substr(0, bare.size() - 8);
    } else if (agent_.empty() && line.starts_with("Reasoner ") &&
               line.find(": Answer:") != std::string::npos) {
      agent_ = "Verifier";
      subject_ = line.substr(0, line.find(':'));
      AddText(line);
    } else if (!agent_.empty()) {
      AddText(line);
    } else if (!bare.empty()) {
      run_.draft->notes.push_back(
          {.step = last_, .name = "log", .category = "info", .data = line});
    }
  }

  void End() {
    if (agent_.empty()) return;
    Talk& talk = TalkOf(agent_);
    const auto asked = subject_.empty() ? outputs_.end() : outputs_.find(subject_);
    if (subject_.empty() && problem_) talk.Ask(*problem_);
    const StepIndex step = talk.Say({.agent = agent_, .text = text_, .index = steps_++});
    talk.Nobody();
    run_.draft->steps[step.value].segment = round_;
    last_ = step;
    if (asked != outputs_.end()) {
      run_.draft->Add(MessageDraft{.from = asked->second.step,
                                   .to = run_.draft->steps[step.value].agent,
                                   .taken_by = step,
                                   .body = asked->second.text});
    }
    if (subject_.empty()) outputs_[agent_] = {step, run_.sink->Keep(text_, Media::kText)};
    agent_.clear();
    subject_.clear();
    text_.clear();
  }

 private:
  static std::string_view Bare(std::string_view line) {
    const size_t begin = line.find_first_not_of(" \t\r*#");
    if (begin == std::string_view::npos) return {};
    return line.substr(begin, line.find_last_not_of(" \t\r*#") + 1 - begin);
  }
  void AddText(const std::string& line) {
    if (!text_.empty()) text_ += '\n';
    text_ += line;
  }
  Talk& TalkOf(const std::string& agent) {
    const auto found = talks_.find(agent);
    if (found != talks_.end()) return found->second;
    return talks_.emplace(agent, Talk(run_.draft, run_.sink)).first->second;
  }

  const MastRun& run_;
  std::optional<KeptBody> problem_;
  std::map<std::string, Talk> talks_;
  std::map<std::string, Output> outputs_;  // by reasoner, the newest
  std::optional<SegmentIndex> round_;
  std::optional<StepIndex> last_;
  std::string agent_, subject_, text_;  // of the entry that is read; no agent: between entries
  uint64_t steps_ = 0;
};

}  // namespace

void TellPeerReview(const Json& trajectory, const MastRun& run) {
  PeerReview(trajectory, run).Tell();
}

void TellTreeOfThoughts(const Json& trajectory, const MastRun& run) {
  Reasoning reasoning(run);
  for (const Json& line : trajectory) reasoning.Line(BodyText(line));
  reasoning.End();
}

}  // namespace backstep::adapters
