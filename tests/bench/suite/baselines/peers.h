// How others keep the states of agents: the same steps, for the same questions.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace backstep::bench {

// One step: the agent's whole state after it, and what was new at its end.
struct PeerStep {
  uint64_t number = 0;
  size_t agent = 0;
  const std::string& state;
  const std::string& added;
};

class Peer {
 public:
  virtual ~Peer() = default;
  virtual void Put(const PeerStep& step) = 0;
  // All is on its way to the disk.
  virtual void Finish() = 0;
  // The agent's state after step `number`, opened anew.
  virtual std::string Read(uint64_t number, size_t agent) = 0;
  virtual uint64_t Bytes() const = 0;
};

// A table of whole states in SQLite, a row and a transaction a step, as checkpoint savers lay it
// out.
std::unique_ptr<Peer> MakeFullRows(const std::string& path);
// What was new, a row a step, and a whole state every 1,000 updates of an agent.
std::unique_ptr<Peer> MakeDeltaRows(const std::string& path);
// A text file, a line a step with what was new.
std::unique_ptr<Peer> MakeJsonLines(const std::string& path);

}  // namespace backstep::bench
