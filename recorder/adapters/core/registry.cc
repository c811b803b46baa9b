#include "backstep/recorder/adapters/adk/adk.h"
#include "backstep/recorder/adapters/agntcy/agntcy.h"
#include "backstep/recorder/adapters/cassettes/cassettes.h"
#include "backstep/recorder/adapters/core/importer.h"
#include "backstep/recorder/adapters/deepeval/deepeval.h"
#include "backstep/recorder/adapters/deerflow/deerflow.h"
#include "backstep/recorder/adapters/generative_agents/generative_agents.h"
#include "backstep/recorder/adapters/inspect/inspect.h"
#include "backstep/recorder/adapters/jaeger/jaeger.h"
#include "backstep/recorder/adapters/langfuse/langfuse.h"
#include "backstep/recorder/adapters/jsonl/jsonl.h"
#include "backstep/recorder/adapters/llmmas/llmmas.h"
#include "backstep/recorder/adapters/mast/mast.h"
#include "backstep/recorder/adapters/openai_traces/openai_traces.h"
#include "backstep/recorder/adapters/openhands/openhands.h"
#include "backstep/recorder/adapters/otel_sdk/otel_sdk.h"
#include "backstep/recorder/adapters/otlp/otlp.h"
#include "backstep/recorder/adapters/swe_agent/swe_agent.h"
#include "backstep/recorder/adapters/tapeagents/tapeagents.h"
#include "backstep/recorder/adapters/tau/tau.h"
#include "backstep/recorder/adapters/who_when/who_when.h"

namespace backstep::adapters {

std::vector<std::unique_ptr<Importer>> AllImporters() {
  std::vector<std::unique_ptr<Importer>> all;
  // Spans come first, conversations and logs after them.
  all.push_back(MakeOtlpImporter());
  all.push_back(MakeLlmmasImporter());
  all.push_back(MakeJaegerImporter());
  all.push_back(MakeOtelSdkImporter());
  all.push_back(MakeAgntcyImporter());
  all.push_back(MakeLangfuseImporter());
  all.push_back(MakeDeepevalImporter());
  all.push_back(MakeOpenAiTracesImporter());
  all.push_back(MakeWhoWhenImporter());
  all.push_back(MakeTauImporter());
  all.push_back(MakeLlmHttpImporter());
  all.push_back(MakeAutogenRecordedImporter());
  all.push_back(MakeMastImporter());
  all.push_back(MakeTapeAgentsImporter());
  all.push_back(MakeLangGraphStreamImporter());
  all.push_back(MakeLangGraphThreadImporter());
  all.push_back(MakeSweAgentImporter());
  all.push_back(MakeOpenHandsImporter());
  all.push_back(MakeInspectImporter());
  all.push_back(MakeAdkImporter());
  all.push_back(MakeGenerativeAgentsImporter());
  all.push_back(MakeJsonlImporter());
  return all;
}

}  // namespace backstep::adapters
