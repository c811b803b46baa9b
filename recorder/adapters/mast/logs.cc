// Runs that are told as the lines of a log.
#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/talk.h"
#include "backstep/recorder/adapters/mast/shapes.h"

namespace backstep::adapters {
namespace {

// "HyperAgent_<id> - INFO - ": what an entry of the log begins with.
struct HyperLine {
  std::string_view speaker;    // "Planner", "Inner-Editor-Assistant"; empty: not an entry of talk
  std::string_view addressee;  // of "Navigator->Planner: "
  std::string_view text;       // the rest
};

bool ReadHyperLine(std::string_view line, HyperLine* out) {
  if (!line.starts_with("HyperAgent_")) return false;
  const size_t level = line.find(" - ");
  const size_t rest = level == std::string_view::npos ? level : line.find(" - ", level + 3);
  if (rest == std::string_view::npos || rest - level > 12) return false;
  *out = {"", "", line.substr(rest + 3)};
  const size_t colon = out->text.find(':');
  if (colon == std::string_view::npos || colon > 120) return true;
  const std::string_view head = out->text.substr(0, colon);
  constexpr std::string_view kResponse = "'s Response";
  const size_t arrow = head.find("->");
  if (head.ends_with(kResponse)) {
    out->speaker = head.substr(0, head.size() - kResponse.size());
  } else if (arrow != std::string_view::npos && head.find(' ') == std::string_view::npos) {
    out->speaker = head.substr(0, arrow);
    out->addressee = head.substr(arrow + 2);
  } else {
    return true;
  }
  out->text.remove_prefix(colon + 1);
  if (out->text.starts_with(' ')) out->text.remove_prefix(1);
  return true;
}

// "Inner-Editor-Assistant" is the model inside the Editor.
std::string AgentBehind(std::string_view speaker) {
  if (speaker.starts_with("Inner-")) speaker.remove_prefix(6);
  if (speaker.ends_with("-Assistant")) speaker.remove_suffix(10);
  return std::string(speaker);
}

// The name of the tool that a piece of code runs: "open_file" of "open_file._run(...)".
std::string ToolIn(std::string_view code) {
  const size_t run = code.find("._run(");
  if (run == std::string_view::npos) return "python";
  size_t begin = run;
  while (begin > 0 && (isalnum(static_cast<unsigned char>(code[begin - 1])) != 0 ||
                       code[begin - 1] == '_')) {
    --begin;
  }
  return begin == run ? "python" : std::string(code.substr(begin, run - begin));
}

// Every block of Python that follows "Action:" is a call; the log does not hold what it gave.
void CallCode(std::string_view text, Sink* sink, Talk* talk) {
  constexpr std::string_view kFence = "```";
  for (size_t at = text.find("Action:"); at != std::string_view::npos;
       at = text.find("Action:", at)) {
    at += 7;
    const size_t open = text.find_first_not_of(" \r\n", at);
    if (open == std::string_view::npos || !text.substr(open).starts_with("```python")) continue;
    const size_t begin = text.find('\n', open);
    if (begin == std::string_view::npos) return;
    const size_t end = text.find(kFence, begin);
    std::string_view code = text.substr(
        begin + 1, end == std::string_view::npos || end <= begin ? end : end - begin - 1);
    if (code.ends_with('\n')) code.remove_suffix(1);
    talk->Call({.step = {},
                .name = ToolIn(code),
                .tool_type = "python",
                .request = sink->Keep(code, Media::kText)},
               "");
    if (end == std::string_view::npos) return;
    at = end;
  }
}

class HyperTeller {
 public:
  explicit HyperTeller(const MastRun& run) : run_(run), talk_(run.draft, run.sink) {
    if (const Json* problem = Find(run.file, "problem_statement")) talk_.Ask(LinesText(*problem));
  }
  void Line(std::string_view line, size_t index) {
    HyperLine read;
    if (!ReadHyperLine(line, &read)) {
      if (open_) {
        text_ += '\n';
        text_ += line;
      } else if (!line.empty()) {
        run_.sink->Skip({.file = run_.path},
                        "trajectory[" + std::to_string(index) + "] lies before the first entry");
      }
      return;
    }
    End();
    if (read.speaker.empty()) {
      run_.draft->notes.push_back({.step = talk_.last(),
                                   .name = "log",
                                   .category = "info",
                                   .data = std::string(read.text)});
      return;
    }
    open_ = true;
    speaker_ = read.speaker;
    addressee_ = read.addressee;
    text_ = read.text;
    index_ = index;
  }
  void End() {
    if (!open_) return;
    open_ = false;
    talk_.Say({.agent = AgentBehind(speaker_), .text = text_, .index = index_, .name = speaker_});
    CallCode(text_, run_.sink, &talk_);
    if (!addressee_.empty()) talk_.To(AgentBehind(addressee_));
  }

 private:
  const MastRun& run_;
  Talk talk_;
  bool open_ = false;
  std::string speaker_, addressee_, text_;
  size_t index_ = 0;
};

// "2025-01-17 11:32:58.489 | INFO     | metagpt.roles.role:_act:391 - MESSAGE"
struct LogLine {
  TimeNs time{};  // 0: `when` cannot be
  std::string_view when, level, message;
};

// "2025-01-17 11:32:58.489", whatever its figures.
bool LooksLikeTime(std::string_view text) {
  return text.find_first_not_of("0123456789-:., TZ+") == text.npos && text.size() > 10 &&
         text[4] == '-' && text[7] == '-';
}

bool ReadLogLine(std::string_view line, LogLine* out) {
  const size_t level = line.find(" | ");
  if (level == std::string_view::npos || level > 40 || level < 19) return false;
  const size_t place = line.find(" | ", level + 3);
  if (place == std::string_view::npos || place > 60) return false;
  const size_t message = line.find(" - ", place);
  if (message == std::string_view::npos) return false;
  out->when = line.substr(0, level);
  out->time = TimeOf(Json(std::string(out->when)));
  if (out->time.ns == 0 && !LooksLikeTime(out->when)) return false;
  out->level = line.substr(level + 3, place - level - 3);
  out->level = out->level.substr(0, out->level.find(' '));
  out->message = line.substr(message + 3);
  return true;
}

class MetaGptTeller {
 public:
  explicit MetaGptTeller(const MastRun& run) : run_(run), talk_(run.draft, run.sink) {
    if (const std::string prompt = TextAt(run.file, "prompt"); !prompt.empty()) talk_.Ask(prompt);
  }
  void Line(std::string_view line) {
    LogLine read;
    if (!ReadLogLine(line, &read)) {
      if (open_ && !text_.empty()) text_ += '\n';
      if (open_) text_ += line;
      if (!open_ && !line.empty()) Event(line, {}, "info");
      return;
    }
    End();
    if (read.time.ns == 0 || read.time > kTimeMax) {
      run_.sink->Skip({.file = run_.path}, "content: the time is left out: it cannot be that: \"" +
                                               CutText(line, 80) + "\"");
    }
    const size_t role = read.message.find('(');
    const size_t doing = read.message.find("): to do ");
    if (role == std::string_view::npos || doing == std::string_view::npos || role > doing) {
      Event(read.message, read.time, std::string(read.level));
      return;
    }
    open_ = true;
    agent_ = read.message.substr(0, role);
    role_ = read.message.substr(role + 1, doing - role - 1);
    const std::string_view action = read.message.substr(doing + 9);
    action_ = action.substr(0, action.find('('));
    time_ = read.time;
    text_.clear();
  }
  void End() {
    if (!open_) return;
    open_ = false;
    talk_.Say(
        {.agent = agent_, .text = text_, .index = entries_++, .name = action_, .time = time_});
    run_.draft->agents[run_.draft->Agent(agent_).value].role = role_;
  }

 private:
  void Event(std::string_view text, TimeNs time, const std::string& level) {
    run_.draft->notes.push_back({.step = talk_.last(),
                                 .name = "log",
                                 .category = level,
                                 .data = std::string(text),
                                 .began = time});
  }

  const MastRun& run_;
  Talk talk_;
  bool open_ = false;
  std::string agent_, role_, action_, text_;
  TimeNs time_{};
  uint64_t entries_ = 0;
};

}  // namespace

bool IsHyperAgent(const Json& trajectory) {
  constexpr size_t kLooked = 200;
  for (size_t i = 0; i < trajectory.size() && i < kLooked; ++i) {
    HyperLine line;
    if (trajectory[i].is_string() &&
        ReadHyperLine(trajectory[i].get_ref<const std::string&>(), &line)) {
      return true;
    }
  }
  return false;
}

void TellHyperAgent(const Json& trajectory, const MastRun& run) {
  HyperTeller teller(run);
  for (size_t i = 0; i < trajectory.size(); ++i) teller.Line(BodyText(trajectory[i]), i);
  teller.End();
}

void TellMetaGpt(const std::string& log, const MastRun& run) {
  MetaGptTeller teller(run);
  std::string_view left = log;
  while (!left.empty()) {
    const size_t end = left.find('\n');
    teller.Line(left.substr(0, end));
    left.remove_prefix(end == std::string_view::npos ? left.size() : end + 1);
  }
  teller.End();
}

}  // namespace backstep::adapters
