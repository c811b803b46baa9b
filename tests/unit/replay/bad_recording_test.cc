// Re-execution of recordings that no recorder of ours has written.
#include "backstep/store/log_writer.h"
#include "backstep/tests/unit/replay/script_program.h"

namespace backstep {
namespace {

using testing::From;
using testing::ScriptProgram;
using testing::TempDir;

TEST_CASE("A segment's number costs nothing until there are as many") {
  const TempDir dir;
  const std::string path = dir / "a.backstep";
  ScriptProgram program;
  program.behaviours = {{"a", [](replay::Step&, std::string*) { return Status(); }}};
  auto recording = store::Recording::Create(path);
  REQUIRE(recording.ok());
  LogHeader header;
  header.program_name = program.name;
  auto writer = (*recording)->NewLog(header, {});
  REQUIRE(writer.ok());
  AgentRecord agent;
  agent.id = AgentId{1};
  agent.name = "a";
  REQUIRE((*writer)->PutAgent(agent, {}) == Status());
  SegmentRecord segment;
  segment.id = SegmentId{UINT32_MAX};
  REQUIRE((*writer)->PutSegment(segment) == Status());
  REQUIRE((*writer)->Seal({}) == Status());

  const auto result = Reexecute(program, **recording, From(0), {});
  REQUIRE(result.status().code() == StatusCode::kCorruption);
  REQUIRE(result.status().message() ==
          "the recording is damaged: it has a segment 4294967295, but no more than 1 of them");
}

}  // namespace
}  // namespace backstep
