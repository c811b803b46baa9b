#include "backstep/recorder/adapters/writing/session_writer.h"

#include <filesystem>

#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/tests/unit/adapters/drafts.h"

namespace backstep::adapters {
namespace {

constexpr int64_t kBase = 1700000000000000000;
constexpr int64_t kSecond = 1000000000;

TimeNs At(int64_t second) { return {kBase + second * kSecond}; }

std::string TextOf(store::Line& line, AgentId agent, uint64_t step) {
  const auto body = line.State(agent, StepNumber(step));
  INFO(body.status().ToString());
  REQUIRE(body.ok());
  return body->bytes;
}

// A user asks, two agents talk; each has heard what was said before its step and what it said.
SessionDraft Talk(Sink& sink, const std::vector<std::string>& lines) {
  SessionDraft draft;
  draft.name = "talk";
  draft.state_source = StateSource::kReconstructed;
  draft.conversations.resize(1);
  auto& said = draft.conversations[0].entries;
  said.push_back(sink.Keep("\"task\"", Media::kJson));
  std::optional<StepIndex> last;
  for (size_t i = 0; i < lines.size(); ++i) {
    const AgentIndex agent = draft.Agent(i % 2 == 0 ? "a" : "b");
    said.push_back(sink.Keep(lines[i], Media::kText));
    const StepIndex step = draft.Add(StepDraft{
        .agent = agent,
        .state = ConversationPoint{ConversationIndex(0), static_cast<uint32_t>(said.size())}});
    draft.Add(MessageDraft{.from = last, .to = agent, .taken_by = step, .body = said[i]});
    last = step;
  }
  return draft;
}

}  // namespace

TEST_CASE("a conversation becomes steps whose states are what was said so far") {
  testing::Imported imported;
  const ImportSummary summary = imported.Import([](Sink& sink) {
    return sink.Session(Talk(sink, {"one", "two \"quoted\"", "three"}));
  });
  CHECK(summary.steps == 3);
  CHECK(summary.messages == 3);
  CHECK(summary.agents == 2);
  imported.CheckSound();
  const auto line = imported.Read();
  CHECK(line->last() == StepNumber(3));
  CHECK(TextOf(*line, AgentId(1), 0) == R"({"reconstructed":true,"conversation":[]})");
  CHECK(TextOf(*line, AgentId(1), 1) == R"({"reconstructed":true,"conversation":["task","one"]})");
  CHECK(TextOf(*line, AgentId(2), 3) ==
        R"({"reconstructed":true,"conversation":["task","one","two \"quoted\""]})");
  CHECK(TextOf(*line, AgentId(1), 3) ==
        R"({"reconstructed":true,"conversation":["task","one","two \"quoted\"","three"]})");
  CHECK(line->CutAt(StepNumber(3))->mailboxes.empty());
  const auto second = line->Step(StepNumber(2));
  REQUIRE(second.ok());
  CHECK(line->FormatMessageId(second->took[0].id) == "a/1.0");
  CHECK(second->began_virtual == TimeNs{Milliseconds(1).ns});
  const auto& metadata = line->header().metadata;
  const auto has = [&](const char* key, const std::string& value) {
    return std::find(metadata.begin(), metadata.end(),
                     std::pair<std::string, std::string>(key, value)) != metadata.end();
  };
  CHECK(has("import.states", "reconstructed"));
  CHECK(has("import.times", "none"));
  CHECK(has("import.format", "draft"));
  CHECK(has("import.file", imported.Options().files[0]));
}

TEST_CASE("cause comes before time, and time before the place in the source") {
  testing::Imported imported;
  SessionDraft draft;
  const AgentIndex boss = draft.Agent("boss"), worker = draft.Agent("worker");
  // The worker's clock is ten seconds early.
  const StepIndex work = draft.Add(
      StepDraft{.agent = worker, .parent = StepIndex(1), .began = At(-9), .ended = At(-8)});
  const StepIndex lead = draft.Add(StepDraft{.agent = boss, .began = At(0), .ended = At(5)});
  draft.Add(StepDraft{.agent = worker, .began = At(-20), .ended = At(-19)});
  draft.Add(MessageDraft{.from = lead, .to = worker, .taken_by = work, .sent = At(1)});
  const MessageIndex answer = draft.Add(MessageDraft{
      .from = work, .to = boss, .taken_by = lead, .reply_to = MessageIndex(0), .sent = At(-8)});
  CHECK(answer == MessageIndex(1));
  draft.Add(EffectDraft{.step = lead, .kind = EffectKind::kLlm, .name = "model",
                        .usage = {.input_tokens = 5}, .began = At(2), .duration = {kSecond}});
  imported.Import(std::move(draft));
  imported.CheckSound();
  const auto line = imported.Read();
  const auto first = line->Step(StepNumber(1)), second = line->Step(StepNumber(2)),
             third = line->Step(StepNumber(3));
  CHECK(line->AgentName(first->agent) == "worker");
  CHECK(first->began_virtual == TimeNs{0});
  CHECK(line->AgentName(second->agent) == "worker");
  CHECK(second->caller == std::pair(AgentId(1), AgentClock(1)));
  CHECK(second->took[0].early);
  CHECK(line->AgentName(third->agent) == "boss");
  CHECK(third->began_virtual == TimeNs{20 * kSecond});
  CHECK(third->duration == DurationNs{5 * kSecond});
  CHECK(third->own == DurationNs{3 * kSecond});
  REQUIRE(third->took.size() == 1);
  CHECK_FALSE(third->took[0].early);
  const auto reply = line->FindMessage(third->took[0].id);
  CHECK(line->FormatMessageId(*reply->reply_to) == "boss/1.0");
}

TEST_CASE("of an agent's steps that ran side by side the later one tells how long it was") {
  testing::Imported imported;
  SessionDraft draft;
  const AgentIndex agent = draft.Agent("a");
  draft.Add(StepDraft{.agent = agent, .began = At(0), .ended = At(10)});
  draft.Add(StepDraft{.agent = agent, .began = At(2), .ended = At(9)});
  draft.Add(StepDraft{.agent = agent, .began = At(20), .ended = At(21)});
  const ImportSummary summary = imported.Import(std::move(draft));
  CHECK(summary.events == 1);
  imported.CheckSound();
  const auto line = imported.Read();
  const auto second = line->Step(StepNumber(2));
  CHECK(second->began_wall == At(2));
  CHECK(second->ended_wall == At(9));
  CHECK(second->began_virtual == TimeNs{10 * kSecond});
  CHECK(line->Step(StepNumber(3))->duration == DurationNs{kSecond});
  std::vector<EventRecord> events;
  REQUIRE(line->ScanEvents([&](const EventRecord& event) { return events.push_back(event), true; })
              .ok());
  REQUIRE(events.size() == 1);
  CHECK(events[0].name == "ran side by side");
  CHECK(events[0].step == std::pair(AgentId(1), AgentClock(2)));
  CHECK(events[0].began_wall == At(2));
  CHECK(events[0].duration == DurationNs{7 * kSecond});
}

TEST_CASE("token counts that add up beyond what a number holds stay at the greatest") {
  testing::Imported imported;
  SessionDraft draft;
  const StepIndex step = draft.Add(StepDraft{.agent = draft.Agent("a")});
  for (int i = 0; i < 3; ++i) {
    draft.Add(EffectDraft{.step = step, .kind = EffectKind::kLlm, .name = "m",
                          .usage = {.input_tokens = UINT64_MAX / 2, .output_tokens = 1}});
  }
  const ImportSummary summary = imported.Import(std::move(draft));
  CHECK(summary.usage.input_tokens == UINT64_MAX);
  CHECK(summary.usage.output_tokens == 3);
}

TEST_CASE("annotations stand at the end, with the step they are about") {
  testing::Imported imported;
  const ImportSummary summary = imported.Import([](Sink& sink) {
    SessionDraft draft = Talk(sink, {"one", "two"});
    draft.Annotate(StepIndex(1), {.author = "reader", .kind = "mistake", .reason = "wrong"});
    return sink.Session(std::move(draft));
  });
  CHECK(summary.annotations == 1);
  std::vector<EventRecord> events;
  REQUIRE(imported.Read()
              ->ScanEvents([&](const EventRecord& event) {
                events.push_back(event);
                return true;
              })
              .ok());
  REQUIRE(events.size() == 1);
  CHECK(events[0].name == "reader");
  CHECK(events[0].step == std::pair(AgentId(2), AgentClock(1)));
  CHECK(events[0].after == StepNumber(2));
}

TEST_CASE("a fork of the source is a branch that shares what both have") {
  testing::Imported imported;
  const ImportSummary summary = imported.Import([](Sink& sink) {
    SessionDraft whole = Talk(sink, {"one", "two", "three", "four"});
    whole.key = "whole";
    BACKSTEP_RETURN_IF_ERROR(sink.Session(std::move(whole)));
    SessionDraft fork = Talk(sink, {"one", "two", "other", "more"});
    fork.name = "fork";
    fork.key = "fork";
    fork.parent_key = "whole";
    fork.shared_steps = 3;  // one too many: the third differs
    BACKSTEP_RETURN_IF_ERROR(sink.Session(std::move(fork)));
    SessionDraft again = Talk(sink, {"one", "two", "other", "else"});
    again.name = "again";
    again.parent_key = "fork";
    again.shared_steps = 4;
    BACKSTEP_RETURN_IF_ERROR(sink.Session(std::move(again)));
    SessionDraft lost = Talk(sink, {"none"});
    lost.parent_key = "nobody";
    return sink.Session(std::move(lost));
  });
  CHECK(summary.sessions == 2);
  CHECK(summary.branches == 2);
  CHECK(summary.steps == 4 + 2 + 1 + 1);
  CHECK(summary.skipped_count == 1);
  imported.CheckSound();
  const auto fork = imported.Read(2), again = imported.Read(3);
  CHECK(fork->fork() == StepNumber(2));
  CHECK(fork->last() == StepNumber(4));
  CHECK(TextOf(*fork, AgentId(1), 3) ==
        R"({"reconstructed":true,"conversation":["task","one","two","other"]})");
  CHECK(again->fork() == StepNumber(3));
  CHECK(again->last() == StepNumber(4));
  CHECK(TextOf(*again, AgentId(2), 4) ==
        R"({"reconstructed":true,"conversation":["task","one","two","other","else"]})");
}

TEST_CASE("segments begin with their first step and end with their last") {
  testing::Imported imported;
  SessionDraft draft;
  draft.segments = {
      {.name = "outer"}, {.name = "inner", .parent = SegmentIndex(0)}, {.name = "empty"}};
  for (const uint32_t segment : {1u, 1u, 0u}) {
    draft.Add(StepDraft{.agent = draft.Agent("a"), .segment = SegmentIndex(segment)});
  }
  CHECK(imported.Import(std::move(draft)).segments == 3);
  imported.CheckSound();
  const auto segments = imported.Read()->Segments();
  REQUIRE(segments.ok());
  REQUIRE(segments->size() == 3);
  CHECK((*segments)[0].name == "outer");
  CHECK((*segments)[0].ended_after == StepNumber(3));
  CHECK((*segments)[1].parent == SegmentId(1));
  CHECK((*segments)[1].ended_after == StepNumber(2));
  CHECK((*segments)[2].ended_wall.has_value());
}

TEST_CASE("what cannot be imported leaves nothing behind") {
  testing::Imported imported;
  const auto exists = [&] { return std::filesystem::exists(imported.path()); };
  const auto fails = [&](const testing::DraftImporter::Make& make, const ImportOptions& options) {
    const auto summary = imported.TryImport(make, options);
    REQUIRE_FALSE(summary.ok());
    return summary.status();
  };
  const auto breaks = [](Sink& sink) {
    BACKSTEP_RETURN_IF_ERROR(sink.Session(Talk(sink, {"one"})));
    return Status::Corruption("it breaks off");
  };
  const Status broken = fails(breaks, imported.Options());
  CHECK(broken.message() == imported.Options().files[0] + ": it breaks off");
  CHECK_FALSE(exists());

  const auto wrong = [](Sink& sink) {
    SessionDraft draft = Talk(sink, {"one"});
    draft.messages[0].taken_by = StepIndex(7);
    return sink.Session(std::move(draft));
  };
  CHECK(fails(wrong, imported.Options()).code() == StatusCode::kInvalidArgument);
  CHECK_FALSE(exists());
  CHECK(fails([](Sink&) { return Status(); }, imported.Options())
            .message()
            .find("no run in it (format draft") != std::string::npos);
  const auto throws = [](Sink&) -> Status { throw std::runtime_error("a bug"); };
  CHECK(fails(throws, imported.Options()).code() == StatusCode::kInternal);

  ImportOptions cancelled = imported.Options();
  cancelled.progress = [](uint64_t, uint64_t) { return false; };
  CHECK(fails(breaks, cancelled).code() == StatusCode::kCancelled);
  ImportOptions other = imported.Options();
  other.format = "drift";
  CHECK(fails(breaks, other).message().find("nearest is 'draft'") != std::string::npos);

  ImportOptions kept = imported.Options();
  kept.keep_partial = true;
  const auto partly = imported.TryImport(breaks, kept);
  REQUIRE(partly.ok());
  CHECK(partly->failed.code() == StatusCode::kCorruption);
  CHECK(partly->sessions == 1);
  CHECK(exists());
}

TEST_CASE("an import into a recording that is there is asked for, and undone without harm") {
  testing::Imported imported;
  const auto one = [](Sink& sink) { return sink.Session(Talk(sink, {"one"})); };
  imported.Import(one);
  const auto refused = imported.TryImport(one, imported.Options());
  CHECK(refused.status().code() == StatusCode::kInvalidArgument);
  ImportOptions more = imported.Options();
  more.append = true;
  REQUIRE(imported.TryImport(one, more).ok());
  CHECK(imported.recording().Sessions()->size() == 2);
  const auto breaks = [](Sink& sink) {
    BACKSTEP_RETURN_IF_ERROR(sink.Session(Talk(sink, {"one"})));
    return Status::Corruption("it breaks off");
  };
  CHECK_FALSE(imported.TryImport(breaks, more).ok());
  CHECK(imported.recording().Sessions()->size() == 2);
  imported.CheckSound();
}

}  // namespace backstep::adapters
