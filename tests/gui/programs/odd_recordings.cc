// Writes one recording for each odd thing a window must cope with: odd_recordings FOLDER
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "backstep/recorder/session.h"

namespace {

using namespace backstep;
using recorder::AgentSpec;
using recorder::Session;
using recorder::SessionOptions;

constexpr char kText[] = "text/plain";
constexpr char kHebrew[] = "\u05e9\u05dc\u05d5\u05dd, \u05db\u05ea\u05d1\u05d5 \u05ea\u05d5\u05db"
                           "\u05e0\u05d9\u05ea 12 \u05e9\u05d5\u05e8\u05d5\u05ea";
constexpr char kArabic[] = "\u0645\u0631\u062d\u0628\u0627\u060c \u0627\u0643\u062a\u0628 "
                           "\u0628\u0631\u0646\u0627\u0645\u062c\u0627";
constexpr char kChinese[] = "\u8bf7\u7f16\u5199\u4e00\u4e2a\u7a0b\u5e8f\uff0c\u8bfb\u53d6\u8d26"
                            "\u5355\u91d1\u989d\u5e76\u6c42\u548c\u3002";
constexpr char kJapanese[] = "\u30d7\u30ed\u30b0\u30e9\u30e0\u3092\u66f8\u3044\u3066\u304f\u3060"
                             "\u3055\u3044\u3002";
constexpr char kKorean[] = "\ud504\ub85c\uadf8\ub7a8\uc744 \uc791\uc131\ud558\uc138\uc694.";
constexpr char kEmoji[] = "done \U0001F600\U0001F680 family \U0001F468\u200D\U0001F469\u200D"
                          "\U0001F467 flag \U0001F1E9\U0001F1EA heart \u2764\uFE0F";

struct Told {
  std::string from, to, text;
  std::string media_type = kText;
};

// Agents tell each other texts, one after the other; each answers a model and keeps what it heard.
void Tell(Session& session, const std::vector<Told>& all) {
  for (const Told& told : all) {
    auto inbox = session.Outside({.to = told.from, .kind = "task", .body = {told.text, kText}});
    std::vector<Message> sent;
    {
      auto step = session.BeginStep(told.from, inbox);
      (void)step->CallLlm({.name = "model", .body = {told.text, kText}},
                          [&](const CallRequest&, CallProgress&) {
                            return CallResult(CallResponse{.body = {told.text, kText}});
                          });
      sent = step->Send({.to = told.to, .kind = "note", .body = {told.text, told.media_type}});
      (void)step->Commit({told.text, told.media_type});
    }
    auto step = session.BeginStep(told.to, sent);
    (void)step->Commit({told.text, told.media_type});
  }
}

void AddAgents(Session& session, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    session.AddAgent({.name = name, .role = "role of " + name, .initial_state = {"{}", kText}});
  }
}

void Words(Session& session, const std::vector<std::string>& words) {
  std::vector<std::string> names = {"reader", words[0].substr(0, 200)};
  AddAgents(session, names);
  std::vector<Told> told;
  for (const std::string& word : words) told.push_back({names[0], names[1], word});
  Tell(session, told);
  session.SetOutcome({Outcome::Kind::kFailed, 0.25, words.back()});
}

void OneAgent(Session& session) {
  AddAgents(session, {"hermit"});
  for (int i = 0; i < 5; ++i) {
    auto step = session.BeginStep("hermit");
    (void)step->Send({.to = "hermit", .kind = "memo", .body = {"to myself", kText}});
    (void)step->Commit({std::to_string(i), kText});
  }
  session.SetOutcome({Outcome::Kind::kOk, std::nullopt, {}});
}

void ManyAgents(Session& session) {
  std::vector<std::string> names;
  for (int i = 0; i < 500; ++i) names.push_back("worker-" + std::to_string(i));
  AddAgents(session, names);
  std::vector<Told> told;
  for (size_t i = 0; i < 1500; ++i) {
    told.push_back({names[i % 500], names[(i * 37 + i / 500) % 500], "task " + std::to_string(i)});
  }
  Tell(session, told);
}

void NoState(Session& session) {
  for (const char* name : {"ping", "pong"}) session.AddAgent({.name = name});
  std::vector<Message> mail = session.Outside({.to = "ping", .body = {"go", kText}});
  for (int i = 0; i < 12; ++i) {
    auto step = session.BeginStep(i % 2 == 0 ? "ping" : "pong", mail);
    mail = step->Send({.to = i % 2 == 0 ? "pong" : "ping", .body = {"ball", kText}});
    (void)step->Commit();
  }
}

void LongMessages(Session& session) {
  std::string lines, one_line;
  while (lines.size() < 100'000) lines += "line " + std::to_string(lines.size()) + " of many\n";
  while (one_line.size() < 100'000) one_line += "word" + std::to_string(one_line.size()) + ",";
  AddAgents(session, {"writer", "editor"});
  Tell(session, {{"writer", "editor", lines},
                 {"writer", "editor", one_line},
                 {"editor", "writer", "{\"text\":\"" + one_line + "\",\"of\":[1,2,3]}",
                  "application/json"}});
}

// Segments twelve deep, nested steps eight deep.
void Deep(Session& session) {
  std::vector<std::string> names;
  for (int i = 0; i < 8; ++i) names.push_back("level-" + std::to_string(i));
  AddAgents(session, names);
  std::vector<recorder::SegmentScope> open;
  for (int i = 0; i < 12; ++i) open.push_back(session.BeginSegment("phase-" + std::to_string(i)));
  const std::function<Status(recorder::Step&, size_t)> descend = [&](recorder::Step& step,
                                                                     size_t level) -> Status {
    if (level + 1 < names.size()) {
      (void)step.CallAgent(names[level + 1], {.kind = "ask", .body = {"deeper", kText}},
                           [&](recorder::Step& inner) { return descend(inner, level + 1); });
    }
    if (level > 0) (void)step.Reply({"back at " + std::to_string(level), kText});
    return step.Commit({"been to " + std::to_string(level), kText});
  };
  for (int i = 0; i < 4; ++i) {
    auto step = session.BeginStep(names[0]);
    (void)descend(*step, 0);
    if (!open.empty()) open.pop_back();
  }
  while (!open.empty()) open.pop_back();
}

void LongNames(Session& session) {
  const std::string name = "a-planner-with-a-name-that-goes-on-and-on-" + std::string(180, 'x');
  AddAgents(session, {name, "b", "an agent with spaces: and > signs"});
  Tell(session, {{name, "b", "hello"}, {"b", "an agent with spaces: and > signs", "hello"}});
  session.SetOutcome({Outcome::Kind::kFailed, 1234567.8901234, std::string(3000, 'w') + "\nend"});
}

void Bytes(Session& session) {
  const std::string odd("nul \0 escape \x1b[31m red \xff\xfe half \xc3", 38);
  AddAgents(session, {"raw", "sink"});
  Tell(session,
       {{"raw", "sink", odd},
        {"raw", "sink", std::string(300, '\0'), "application/octet-stream"},
        {"raw", "sink", "bell \a, delete \x7f, C1 \xc2\x9b, override \u202e back", kText}});
}

// Every step begins and ends at the same moment.
class StoppedClock : public Clock {
 public:
  TimeNs Now() override { return {1'700'000'000'000'000'000}; }
  DurationNs Monotonic() override { return {1'000'000'000}; }
  void SleepFor(DurationNs) override {}
};

void ZeroLength(Session& session) {
  AddAgents(session, {"quick", "quicker"});
  std::vector<Told> told;
  for (int i = 0; i < 20; ++i) told.push_back({"quick", "quicker", std::to_string(i)});
  Tell(session, told);
}

void OneStep(Session& session) {
  AddAgents(session, {"only"});
  (void)session.BeginStep("only")->Commit({"done", kText});
}

bool Write(const std::string& path, const std::function<void(Session&)>& write,
           Clock* clock = nullptr) {
  SessionOptions options;
  options.name = path.substr(path.rfind('/') + 1);
  options.path = path + ".backstep";
  options.read_environment = false;
  options.clock = clock;
  auto session = Session::Open(options);
  write(*session);
  const Status status = session->Close();
  if (!status.ok()) std::fprintf(stderr, "%s: %s\n", path.c_str(), status.message().c_str());
  return status.ok();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: odd_recordings FOLDER\n");
    return 2;
  }
  const std::string folder = std::string(argv[1]) + "/";
  StoppedClock stopped;
  bool ok = Write(folder + "one_agent", OneAgent);
  ok &= Write(folder + "agents500", ManyAgents);
  ok &= Write(folder + "no_state", NoState);
  ok &= Write(folder + "long_messages", LongMessages);
  ok &= Write(folder + "cjk", [](Session& s) { Words(s, {kChinese, kJapanese, kKorean}); });
  ok &= Write(folder + "right_to_left", [](Session& s) { Words(s, {kHebrew, kArabic}); });
  ok &= Write(folder + "emoji", [](Session& s) { Words(s, {kEmoji, kEmoji}); });
  ok &= Write(folder + "zero_length", ZeroLength, &stopped);
  ok &= Write(folder + "deep", Deep);
  ok &= Write(folder + "long_names", LongNames);
  ok &= Write(folder + "bytes", Bytes);
  ok &= Write(folder + "one_step", OneStep);
  ok &= Write(folder + "empty", [](Session&) {});
  return ok ? 0 : 1;
}
