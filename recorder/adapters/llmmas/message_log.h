// llmmas-otel's messages_*.jsonl: who sent and who received what, with whole bodies. One thread.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "backstep/recorder/adapters/assembly/collector.h"
#include "backstep/recorder/adapters/core/json_text.h"

namespace backstep::adapters {

class MessageLog {
 public:
  // One line. False: it is no message. `run` tells runs apart whose sessions are called the same.
  bool Add(const Json& line, const std::string& run, const Place& place, Sink& sink);
  // The body of a message that a span names by its session, id, hash and direction: ids alone are
  // given twice. Of several that are alike, one after another.
  std::optional<KeptBody> Find(const MessageName& name);
  // The sessions that no span belongs to, put together from their messages alone; what is left of
  // the others is told. `traced`: (run, session) of those that have spans.
  Status Finish(const std::set<std::pair<std::string, std::string>>& traced, Sink& sink);
  bool empty() const { return messages_.empty(); }

 private:
  struct Message {
    std::string run, session, segment, direction, id, hash, source, target, edge, channel, decision;
    bool dropped = false, used = false;
    KeptBody body;
    Place place;
  };
  Status Assemble(const std::vector<size_t>& messages, Sink& sink);

  std::vector<Message> messages_;
  struct Alike {
    std::vector<size_t> messages;
    size_t next = 0;
  };
  std::unordered_map<std::string, Alike> by_name_;
};

}  // namespace backstep::adapters
