// Reads texts through an importer, as an import does with files.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "backstep/recorder/adapters/core/source.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/adapters/core/packed.h"
#include "backstep/tests/unit/adapters/spans/memory_sink.h"

namespace backstep::adapters::testing {

// The first failure of reading any of them, or of the end.
inline Status ReadFiles(Importer& importer, const std::vector<std::string>& paths, Sink& sink) {
  for (const std::string& path : paths) {
    Result<std::unique_ptr<Source>> source = Source::Open(path);
    if (!source.ok()) return source.status();
    BACKSTEP_RETURN_IF_ERROR(importer.Read(**source, sink));
  }
  return importer.Finish(sink);
}

inline Status ReadText(Importer& importer, const std::string& text, Sink& sink) {
  const backstep::testing::TempDir folder;
  return ReadFiles(importer, {WriteTo(folder / "file", text)}, sink);
}

inline int DetectText(const Importer& importer, const std::string& text) {
  return importer.Detect(
      Head{std::string_view(text).substr(0, 65536), text.size() <= 65536, "file"});
}

// The folder of real files; empty: not given, and such tests count as not run.
inline std::string TestData() {
  const char* given = std::getenv("BACKSTEP_TEST_DATA");
  return given == nullptr ? std::string() : given;
}

inline std::vector<std::string> FilesIn(const std::string& folder, const std::string& ending) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
    const std::string path = entry.path().string();
    if (entry.is_regular_file() && path.size() >= ending.size() &&
        path.compare(path.size() - ending.size(), ending.size(), ending) == 0) {
      files.push_back(path);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace backstep::adapters::testing
