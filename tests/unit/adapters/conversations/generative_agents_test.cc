#include "backstep/recorder/adapters/generative_agents/generative_agents.h"

#include <set>

#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/adapters/conversations/telling.h"
#include "backstep/tests/unit/adapters/core/packed.h"

namespace backstep::adapters {
namespace {

constexpr char kTown[] = R"(# 基础人设

## 小明

年龄：20岁
先天：好奇

## 小红

年龄：30岁

# 20240213-06:00

## 活动记录：

### 小明
位置：家，床
活动：睡觉

### 小红
位置：街
活动：走路

## 对话记录：

### 小明 -> 小红 @ 街，树下

`小明`
> 早上好。
> 你去哪？

`小红`
> 去买菜。

# 20240213-06:10

what is this

## 活动记录：

### 小明
位置：市场
活动：买菜
)";

}  // namespace

TEST_CASE("a town's log is a step a change and a line said, a segment a tick") {
  const backstep::testing::TempDir dir;
  testing::Told told;
  auto importer = MakeGenerativeAgentsImporter();
  CHECK(testing::SureOf(*importer, kTown) >= 90);
  CHECK(testing::SureOf(*importer, "# Readme\n\nwords") == 0);
  testing::Tell(*importer, {testing::WriteTo(dir / "t.md", kTown)}, &told);
  const SessionDraft& draft = told.sessions.at(0);
  REQUIRE(draft.agents.size() == 2);
  CHECK(ParseJson(draft.agents[0].attributes)->at("persona") == "年龄：20岁\n先天：好奇");
  REQUIRE(draft.steps.size() == 5);
  CHECK(draft.segments.size() == 2);
  CHECK(draft.segments[1].began.ns - draft.segments[0].began.ns == 600000000000);
  CHECK(draft.steps[4].program_index == 1u);
  CHECK(draft.state_source == StateSource::kRecorded);
  CHECK(*ParseJson(told.Text(std::get<KeptBody>(draft.steps[1].state))) ==
        Json{{"place", "街"}, {"activity", "走路"}});
  REQUIRE(draft.messages.size() == 2);
  CHECK(told.Text(draft.messages[0].body) == "早上好。\n你去哪？");
  CHECK(draft.messages[0].attributes[0].second == "街，树下");
  CHECK(draft.messages[0].taken_by->value == 3);
  CHECK(draft.messages[1].taken_by->value == 4);  // heard by then
  REQUIRE(told.skipped.size() == 1);
  CHECK(told.skipped[0].find("what is this") != std::string::npos);
}

TEST_CASE("a published town brings every entry and every line said", "[data]") {
  for (const std::string& file : testing::RealFiles("generative_agents_cn", "part1.md")) {
    testing::Told told;
    testing::Tell(*MakeGenerativeAgentsImporter(), {file}, &told);
    auto source = Source::Open(file);
    REQUIRE(source.ok());
    std::string_view line;
    size_t ticks = 0, places = 0, speeches = 0;
    while (*(*source)->ReadLine(&line)) {
      ticks += line.starts_with("# 20") ? 1 : 0;
      places += line.starts_with("位置：") ? 1 : 0;
      speeches += line.starts_with("`") ? 1 : 0;
    }
    const SessionDraft& draft = told.sessions.at(0);
    CHECK(draft.segments.size() == ticks);
    CHECK(draft.steps.size() == places + speeches);
    CHECK(draft.messages.size() == speeches);
    CHECK(told.skipped.empty());
  }
}

}  // namespace backstep::adapters
