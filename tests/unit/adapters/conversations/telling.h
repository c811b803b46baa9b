// Lets an importer read files into drafts, and looks whether a draft holds together.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backstep/recorder/adapters/core/importer.h"
#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/core/source.h"
#include "backstep/tests/support/catch.h"

namespace backstep::adapters::testing {

struct Told : Sink {
  KeptBody Keep(std::string_view bytes, Media media) override {
    const KeptBody body{kept.size(), bytes.size(), media};
    kept.append(bytes);
    return body;
  }
  Result<std::string> Read(const KeptBody& body) override { return Text(body); }
  Status Session(SessionDraft draft) override {
    sessions.push_back(std::move(draft));
    return {};
  }
  void Skip(const Place& place, const std::string& reason) override {
    skipped.push_back(place.file + ": " + reason);
  }
  const std::vector<std::string>& label_files() const override { return labels; }
  void LabelUsed(const std::string& file, size_t) override { labels_used.push_back(file); }
  void LabelTold(const std::string& file, size_t) override { labels_told.push_back(file); }

  std::string Text(const KeptBody& body) const { return kept.substr(body.at, body.size); }
  // The conversation that a step leaves its agent with.
  Json Conversation(const SessionDraft& draft, size_t step) const {
    const auto& point = std::get<ConversationPoint>(draft.steps[step].state);
    Json items = Json::array();
    for (uint32_t i = 0; i < point.entries; ++i) {
      items.push_back(*ParseJson(Text(draft.conversations[point.conversation.value].entries[i])));
    }
    return items;
  }

  std::string kept;
  std::vector<SessionDraft> sessions;
  std::vector<std::string> skipped, labels, labels_used, labels_told;
};

// Every place that a draft names is there, takers are receivers, conversations only grow.
inline void CheckTold(const Told& told) {
  const auto holds = [](bool it, const char* what) {  // an assertion each would take the time
    if (!it) FAIL(what);
  };
  for (const SessionDraft& draft : told.sessions) {
    INFO(draft.name);
    const size_t steps = draft.steps.size(), agents = draft.agents.size();
    const size_t segments = draft.segments.size();
    std::vector<uint32_t> heard(agents, 0);
    for (const StepDraft& step : draft.steps) {
      holds(step.agent.value < agents, "a step's agent");
      holds(!step.segment || step.segment->value < segments, "a step's segment");
      const auto* point = std::get_if<ConversationPoint>(&step.state);
      if (point == nullptr) continue;
      holds(point->conversation.value < draft.conversations.size(), "a state's conversation");
      const auto& conversation = draft.conversations[point->conversation.value];
      holds(point->entries <= conversation.entries.size(), "the entries of a state");
      holds(point->entries >= heard[step.agent.value], "entries unheard");
      heard[step.agent.value] = point->entries;
    }
    for (const MessageDraft& message : draft.messages) {
      holds(message.to.value < agents, "a message's receiver");
      holds(!message.from || message.from->value < steps, "a message's sender");
      if (!message.taken_by) continue;
      holds(message.taken_by->value < steps, "a message's taker");
      holds(draft.steps[message.taken_by->value].agent == message.to, "a taker of another agent");
      holds(!message.from || message.from->value < message.taken_by->value, "taken before sent");
    }
    for (const EffectDraft& effect : draft.effects) {
      holds(effect.step.value < steps, "a call's step");
      holds(!effect.name.empty(), "a call's name");
    }
    for (const NoteDraft& note : draft.notes) {
      holds(!note.step || note.step->value < steps, "a note's step");
    }
    for (const SegmentDraft& segment : draft.segments) {
      holds(!segment.parent || segment.parent->value < segments, "a segment's parent");
    }
  }
}

// What the importer makes of the files; a failure of one is what `status` gets, if given.
inline void Tell(Importer& importer, const std::vector<std::string>& files, Told* told,
                 Status* status = nullptr) {
  Status got;
  for (const std::string& file : files) {
    auto source = Source::Open(file);
    REQUIRE(source.ok());
    got = importer.Read(**source, *told);
    if (!got.ok()) break;
  }
  if (got.ok()) got = importer.Finish(*told);
  if (status != nullptr) {
    *status = got;
  } else {
    INFO(got.ToString());
    REQUIRE(got.ok());
  }
  CheckTold(*told);
}

inline int SureOf(const Importer& importer, std::string_view bytes, bool whole = true) {
  return importer.Detect({.bytes = bytes, .whole = whole, .file_name = ""});
}

// Whose effects, by kind.
inline size_t CallsOf(const SessionDraft& draft, EffectKind kind) {
  return static_cast<size_t>(std::count_if(draft.effects.begin(), draft.effects.end(),
                                           [&](const EffectDraft& e) { return e.kind == kind; }));
}

inline std::string MetaOf(const SessionDraft& draft, const std::string& key) {
  for (const auto& [name, value] : draft.metadata) {
    if (name == key) return value;
  }
  return {};
}

// Files of the sets of real runs, sorted; none when BACKSTEP_TEST_DATA is not set.
inline std::vector<std::string> RealFiles(const std::string& folder, const std::string& ending) {
  std::vector<std::string> files;
  const char* root = std::getenv("BACKSTEP_TEST_DATA");
  std::error_code missing;
  const std::string path = root == nullptr ? "" : std::string(root) + "/" + folder;
  if (root == nullptr || !std::filesystem::is_directory(path, missing)) {
    WARN("not run: BACKSTEP_TEST_DATA has no " << folder);
    return files;
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    if (entry.path().string().ends_with(ending)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// A file as one JSON value, read without any importer's help.
inline Json RealJson(const std::string& file) {
  auto source = Source::Open(file);
  REQUIRE(source.ok());
  auto text = (*source)->ReadAll();
  REQUIRE(text.ok());
  return Json::parse(*text);
}

}  // namespace backstep::adapters::testing
