// The one interface behind which every model stands, and how an agent asks it through its step.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/recorder/step.h"

namespace team {

// One turn of a conversation: "system", "user" or "assistant".
struct Turn {
  std::string role, text;
};

// A model that answers chat requests. Thread-safe.
class Llm {
 public:
  virtual ~Llm() = default;
  virtual std::string Provider() const = 0;  // "offline", "cassette", "openai"
  virtual std::string Model() const = 0;
  // Asking costs nothing and always gives the same answer: a re-execution may ask again.
  virtual bool IsFree() const { return false; }
  // `request` is a chat request as OpenAI's API takes it; the response body is what came back, in
  // whatever shape that provider has. Streamed pieces go to `progress`.
  virtual backstep::CallResult Complete(const backstep::CallRequest& request,
                                        backstep::CallProgress& progress) = 0;
};

// Our own model that needs no network: it computes its answers from the text of the prompt.
std::unique_ptr<Llm> MakeOfflineLlm();
// Answers from recorded exchanges, one JSON object a line: {"request": …, "response": …}.
// NotFound, InvalidArgument: path, line and what is wrong.
backstep::Result<std::unique_ptr<Llm>> MakeCassetteLlm(const std::string& path);
// Any endpoint that speaks OpenAI's API: OPENAI_BASE_URL, OPENAI_API_KEY, OPENAI_MODEL.
// InvalidArgument: not set, or this program was built without libcurl.
backstep::Result<std::unique_ptr<Llm>> MakeOpenAiLlm();

// The text of an answer in any shape that we know: chat completions, responses, Gemini, plain text.
std::string AnswerText(const std::string& response);

// What a model said, or why it said nothing.
struct Answer {
  std::string text;
  std::optional<backstep::CallError> error;
};

// Asks through the step, so that the call is recorded, replayed and can be made to fail. What may
// pass (a rate limit, a timeout, a broken connection) is tried again, three times in all.
Answer Ask(backstep::recorder::Step& step, Llm& llm, const std::vector<Turn>& conversation);

// The first block between ``` fences; empty: none.
std::string CodeIn(const std::string& text);

}  // namespace team
