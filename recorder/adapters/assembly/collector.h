// Takes the spans of all files of an import, keeps them in the body file and a small sketch of each
// in memory, and hands them over session by session.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/recorder/adapters/core/importer.h"
#include "backstep/recorder/adapters/spans/fields.h"
#include "backstep/recorder/adapters/spans/span.h"

namespace backstep::adapters {

// What stays of a span in memory: about 120 bytes.
struct SpanSketch {
  uint64_t id = 0;      // hash of trace and span id
  uint64_t parent = 0;  // likewise; 0: none named
  uint64_t content = 0; // hash of what it says, without where it was read
  KeptBody body;        // EncodeSpan
  TimeNs began, ended;
  uint64_t node = 0;    // see NodeKey
  uint64_t place = 0;   // line or offset
  uint32_t trace = 0;
  uint32_t file = 0;
  SpanRole role = SpanRole::kOther;
  bool agent_told = false;  // it names its agent
  bool has_usage = false;
  bool by_line = false;     // `place` is a line
};

// What spans of one resource, or of one instrumentation scope, share.
struct Origin {
  KeptBody body;  // EncodeAttributes
  bool set = false;
  uint32_t session = 0;  // from 1: the session it names; 0: none
};

struct CollectedSession {
  std::string id;                       // as the source names it; empty: it does not
  std::string scope;                    // see SpanCollector::SetScope
  std::vector<uint32_t> traces;         // in order of appearance
  std::vector<const SpanSketch*> spans; // in order of appearance
  std::vector<std::pair<std::string, std::string>> metadata;
  bool exported = false;  // one trace that Backstep's own export wrote
};

// Bodies that another file of the import holds: of a message, by what the span says of it.
struct MessageName {
  std::string_view scope, session, id, hash, direction;  // direction: "send" or "receive"
};
using BodyFinder = std::function<std::optional<KeptBody>(const MessageName&)>;

class SpanCollector {
 public:
  explicit SpanCollector(std::string format) : format_(std::move(format)) {}

  // From here on a session's id is unique only together with `scope`: for files of one run each,
  // whose sessions are called the same in every run.
  void SetScope(std::string scope) { scope_ = std::move(scope); }
  // Adds to the metadata of a session, which is there or comes later.
  void Describe(std::string_view session, std::string key, std::string value);

  // A place for attributes that may be told after the spans that share them.
  OriginId ReserveOrigin();
  void SetOrigin(OriginId origin, const Attributes& attributes, Sink& sink);
  // Takes the span, whose ids may be of any length and whose times may be anything.
  void Add(Span* span, const Place& place, Sink& sink);
  // Puts all sessions together, in order of appearance, and forgets them.
  Status Finish(Sink& sink, const BodyFinder& find_body = {});

  uint64_t span_count() const { return sketches_.size(); }
  const std::string& format() const { return format_; }
  // As SpanSketch::id.
  static uint64_t SpanKey(std::string_view trace, std::string_view span);
  // The trace of that id, if any span of it came.
  std::optional<uint32_t> FindTrace(std::string_view id) const;
  const std::string& trace_id(uint32_t trace) const { return traces_[trace].id; }
  const std::string& file(uint32_t file) const { return files_[file]; }
  const Origin* origin(OriginId id) const {
    return id == 0 || id > origins_.size() || !origins_[id - 1].set ? nullptr : &origins_[id - 1];
  }

 private:
  struct Trace {
    std::string id;
    uint32_t session = 0;    // from 1
    uint32_t resource = 0;   // of its first span
    bool told_by_root = false;
    TimeNs told_at;
    bool exported = false;  // a span of it says that Backstep's export wrote it
    bool foreign = false;   // a span of it is not of an export
    bool own() const { return exported && !foreign; }
  };
  static void NoteOrigin(const Span& span, Trace* trace);
  uint32_t TraceOf(const Span& span, const Place& place);
  uint32_t SessionOf(std::string_view id);
  uint32_t FileOf(const Place& place);
  void NoteSession(const Span& span, std::string_view session, Trace* trace);
  std::vector<CollectedSession> Sessions() const;

  std::string format_;
  std::vector<SpanSketch> sketches_;
  std::vector<Trace> traces_;
  std::unordered_map<Hash128, uint32_t> trace_by_id_;
  struct Named {
    std::string id, scope;
    std::vector<std::pair<std::string, std::string>> metadata;
  };
  std::vector<Named> session_ids_;
  std::string scope_;
  std::unordered_map<std::string, uint32_t> session_by_id_;
  std::vector<Origin> origins_;
  std::unordered_map<Hash128, KeptBody> origin_bodies_;
  std::vector<std::string> files_;
  std::string encoded_;
};

}  // namespace backstep::adapters
