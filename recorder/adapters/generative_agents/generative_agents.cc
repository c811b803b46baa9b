#include "backstep/recorder/adapters/generative_agents/generative_agents.h"

#include <map>
#include <utility>

#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/core/source.h"

namespace backstep::adapters {
namespace {

constexpr char kGenerativeAgents[] = "generative_agents";

// The headings of the log, as its program writes them.
constexpr std::string_view kPersonas = "基础人设";
constexpr std::string_view kActivities = "活动记录";
constexpr std::string_view kDialogues = "对话记录";
constexpr std::string_view kPlace = "位置：";
constexpr std::string_view kActivity = "活动：";

const FormatInfo kGenerativeAgentsInfo{
    .name = kGenerativeAgents,
    .title = "generative agents' simulation logs (Markdown)",
    .brings = "agents with their personas, a segment a tick, a step for each change of place or "
              "activity with both as the recorded state, a step and a message for each line said",
    .lacks = "model calls, tokens, memories and plans of the agents"};

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

// "20240213-06:10", whatever its figures.
bool IsTick(std::string_view heading) {
  constexpr std::string_view kShape = "dddddddd-dd:dd";
  if (heading.size() < kShape.size()) return false;
  for (size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = heading[i] >= '0' && heading[i] <= '9';
    if (kShape[i] == 'd' ? !digit : heading[i] != kShape[i]) return false;
  }
  return true;
}

// The same as a time; 0: it is none.
TimeNs TickTime(std::string_view heading) {
  if (!IsTick(heading)) return {};
  const std::string text(heading);
  return TimeOf(Json(text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6, 2) + "T" +
                     text.substr(9, 5) + ":00Z"));
}

class TownTeller {
 public:
  TownTeller(Sink& sink, SessionDraft* draft) : sink_(sink), draft_(draft) {
    draft->state_source = StateSource::kRecorded;
  }

  // False: the line means nothing here.
  bool Line(std::string_view line) {
    line = Trimmed(line);
    if (line.empty()) return true;
    if (line.starts_with("# ")) return Part(line.substr(2));
    if (line.starts_with("## ")) return Section(Trimmed(line.substr(3)));
    if (line.starts_with("### ")) return Entry(Trimmed(line.substr(4)));
    switch (section_) {
      case Within::kPersona:
        persona_ += persona_.empty() ? "" : "\n";
        persona_ += line;
        return !agent_.empty();
      case Within::kActivities:
        return Activity(line);
      case Within::kDialogue:
        return Said(line);
      case Within::kNothing:
        return false;
    }
    return false;
  }

  // Whether the line just read names a tick at a time that cannot be.
  bool TakeOddTime() { return std::exchange(odd_time_, false); }

  void End() {
    EndEntry();
    EndLine();
    if (tick_) draft_->segments[tick_->value].ended = time_;
  }

 private:
  enum class Within : uint8_t { kNothing, kPersona, kActivities, kDialogue };

  bool Part(std::string_view heading) {
    End();
    section_ = Within::kNothing;
    if (heading.starts_with(kPersonas)) {
      personas_ = true;
      return true;
    }
    personas_ = false;
    time_ = TickTime(heading);
    if (!IsTick(heading)) return false;
    odd_time_ = time_.ns == 0;
    tick_ = SegmentIndex(static_cast<uint32_t>(draft_->segments.size()));
    draft_->segments.push_back({.name = std::string(heading), .began = time_});
    ++ticks_;
    return true;
  }

  bool Section(std::string_view heading) {
    EndEntry();
    EndLine();
    if (personas_) {
      section_ = Within::kPersona;
      agent_ = heading;
      draft_->Agent(agent_);
      return true;
    }
    section_ = heading.starts_with(kActivities)  ? Within::kActivities
               : heading.starts_with(kDialogues) ? Within::kDialogue
                                                 : Within::kNothing;
    return section_ != Within::kNothing;
  }

  bool Entry(std::string_view heading) {
    EndEntry();
    EndLine();
    if (section_ == Within::kActivities) {
      agent_ = heading;
      return true;
    }
    const size_t arrow = heading.find(" -> ");
    if (section_ != Within::kDialogue || arrow == std::string_view::npos) return false;
    const size_t at = heading.find(" @ ", arrow);
    first_ = heading.substr(0, arrow);
    second_ = heading.substr(arrow + 4, at == std::string_view::npos ? at : at - arrow - 4);
    spot_ = at == std::string_view::npos ? "" : heading.substr(at + 3);
    return true;
  }

  bool Activity(std::string_view line) {
    if (agent_.empty()) return false;
    if (line.starts_with(kPlace)) {
      place_ = line.substr(kPlace.size());
    } else if (line.starts_with(kActivity)) {
      activity_ = line.substr(kActivity.size());
    } else if (activity_.empty()) {
      return false;
    } else {
      activity_ += '\n';
      activity_ += line;
    }
    return true;
  }

  // A speaker in backquotes, then lines of what is said.
  bool Said(std::string_view line) {
    if (line.size() >= 2 && line.front() == '`' && line.back() == '`') {
      EndLine();
      speaker_ = line.substr(1, line.size() - 2);
      return true;
    }
    if (speaker_.empty()) return false;
    if (line.starts_with('>')) line = Trimmed(line.substr(1));
    if (!said_.empty()) said_ += '\n';
    said_ += line;
    return true;
  }

  StepIndex Step(const std::string& agent, const char* name) {
    const AgentIndex who = draft_->Agent(agent);
    const StepIndex step = draft_->Add(StepDraft{.agent = who,
                                                 .segment = tick_,
                                                 .name = name,
                                                 .program_index = ticks_ == 0 ? 0 : ticks_ - 1,
                                                 .began = time_,
                                                 .ended = time_});
    for (const MessageIndex heard : waiting_[who.value]) {
      draft_->messages[heard.value].taken_by = step;
    }
    waiting_[who.value].clear();
    return step;
  }

  void EndEntry() {
    if (!agent_.empty() && section_ == Within::kPersona) {
      draft_->agents[draft_->Agent(agent_).value].attributes =
          JsonText(Json{{"persona", persona_}});
    } else if (!agent_.empty() && (!place_.empty() || !activity_.empty())) {
      const StepIndex step = Step(agent_, "activity");
      draft_->steps[step.value].state = sink_.Keep(
          JsonText(Json{{"place", place_}, {"activity", activity_}}), Media::kJson);
    }
    agent_.clear();
    persona_.clear();
    place_.clear();
    activity_.clear();
  }

  void EndLine() {
    if (!speaker_.empty() && !said_.empty()) {
      const StepIndex step = Step(speaker_, "dialogue");
      const AgentIndex to = draft_->Agent(speaker_ == first_ ? second_ : first_);
      waiting_[to.value].push_back(
          draft_->Add(MessageDraft{.from = step,
                                   .to = to,
                                   .channel = "dialogue",
                                   .attributes = {{"place", spot_}},
                                   .body = sink_.Keep(said_, Media::kText),
                                   .sent = time_}));
    }
    speaker_.clear();
    said_.clear();
  }

  Sink& sink_;
  SessionDraft* draft_;
  bool personas_ = false, odd_time_ = false;
  Within section_ = Within::kNothing;
  TimeNs time_{};
  uint64_t ticks_ = 0;
  std::optional<SegmentIndex> tick_;
  std::string agent_, persona_, place_, activity_;      // of the entry that is read
  std::string first_, second_, spot_, speaker_, said_;  // of the dialogue
  std::map<uint32_t, std::vector<MessageIndex>> waiting_;  // by agent: heard, not yet taken
};

class GenerativeAgentsImporter : public Importer {
 public:
  const FormatInfo& info() const override { return kGenerativeAgentsInfo; }
  int Detect(const Head& head) const override {
    std::string_view text = head.bytes;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    if (!text.starts_with("# ")) return 0;
    if (text.substr(2).starts_with(kPersonas)) return 95;
    return IsTick(Trimmed(text.substr(2, 20))) ? 80 : 0;
  }
  Status Read(Source& source, Sink& sink) override;
};

Status GenerativeAgentsImporter::Read(Source& source, Sink& sink) {
  SessionDraft draft;
  draft.name = FileStem(source.path());
  KeepOrigin(&draft, kGenerativeAgents, source);
  TownTeller teller(sink, &draft);
  std::string_view line;
  Result<bool> more = true;
  while ((more = source.ReadLine(&line)).ok() && *more) {
    if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    const Place place{.file = source.path(), .line = source.line()};
    const bool known = teller.Line(line);
    if (teller.TakeOddTime()) {
      sink.Skip(place, "the time is left out: it cannot be that: \"" + CutText(line, 80) + "\"");
    }
    if (known) continue;
    sink.Skip(place, "not understood: \"" + CutText(line, 80) + "\"");
  }
  if (!more.ok()) return more.status();
  teller.End();
  if (draft.steps.empty()) return NoRunIn(source.path(), kGenerativeAgents);
  return sink.Session(std::move(draft));
}

}  // namespace

std::unique_ptr<Importer> MakeGenerativeAgentsImporter() {
  return std::make_unique<GenerativeAgentsImporter>();
}

}  // namespace backstep::adapters
