// A Sink that holds what it is given, so that a test can look at the drafts of an importer.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters::testing {

struct MemorySink : Sink {
  KeptBody Keep(std::string_view bytes, Media media) override {
    KeptBody body{kept.size(), bytes.size(), media};
    kept.append(bytes);
    return body;
  }
  Result<std::string> Read(const KeptBody& body) override {
    if (body.at > kept.size() || body.size > kept.size() - body.at) {
      return Status::InvalidArgument("no body of this sink");
    }
    return kept.substr(body.at, body.size);
  }
  Status Session(SessionDraft draft) override {
    sessions.push_back(std::move(draft));
    return {};
  }
  void Skip(const Place& place, const std::string& reason) override {
    skipped.emplace_back(place, reason);
  }
  const std::vector<std::string>& label_files() const override { return labels; }

  std::string Text(const KeptBody& body) { return kept.substr(body.at, body.size); }

  std::string kept;
  std::vector<SessionDraft> sessions;
  std::vector<std::pair<Place, std::string>> skipped;
  std::vector<std::string> labels;
};

}  // namespace backstep::adapters::testing
