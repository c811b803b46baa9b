// Answers that arrive in pieces, as server-sent events (`data: {...}` lines).
#pragma once

#include <functional>
#include <string>

namespace team {

bool LooksLikeSse(const std::string& text);

// Gathers the pieces of one answer into what would have come in one piece.
class SseAssembler {
 public:
  // `chunk` sees each new piece of the answer's text; may be empty.
  explicit SseAssembler(std::function<void(const std::string&)> chunk = {})
      : chunk_(std::move(chunk)) {}

  // Bytes as they come; lines may be cut anywhere.
  void Add(const std::string& bytes);
  // A chat completion with the whole text, the finish reason and the usage that was told.
  std::string Finish();
  // "[DONE]" or a finish reason has come: the answer is whole.
  bool complete() const { return complete_; }
  // An error object in the stream, as text; empty: none.
  const std::string& error() const { return error_; }

 private:
  void Line(const std::string& line);
  void Event(const std::string& data);

  std::function<void(const std::string&)> chunk_;
  std::string pending_;       // the line that is not ended yet
  std::string model_, text_, finish_reason_, usage_, error_;
  bool complete_ = false;
};

// AssembleSse(text) is Add(text), Finish().
std::string AssembleSse(const std::string& text);

}  // namespace team
