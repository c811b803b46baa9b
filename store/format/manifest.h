// `manifest.json`: says that a directory is a recording, and of which format version.
//
//   {"format": "backstep", "version": 1, "created": "2026-01-31T12:00:00Z", "writer": "0.1.0",
//    "checksum": "<32 hex digits>"}
//
// `checksum` is the XXH3-128 of the object's other members as one line of JSON with sorted keys and
// no white space. Written once, whole, and never changed.
#pragma once

#include <cstdint>
#include <string>

#include "backstep/base/status.h"
#include "backstep/base/time.h"

namespace backstep::store {

inline constexpr char kManifestName[] = "manifest.json";
inline constexpr uint64_t kManifestBytesMax = 64 << 10;
inline constexpr uint64_t kFormatVersion = 1;
inline constexpr char kWriterVersion[] = "0.1.0";

struct Manifest {
  uint64_t version = kFormatVersion;
  std::string created;  // UTC, ISO 8601
  std::string writer;   // version of the Backstep that created it
};

// The file's text for a recording created now.
std::string ManifestText(TimeNs now);

// `path` is for messages. Corruption: damaged. InvalidArgument: the manifest of something else.
// VersionMismatch: a newer format.
Result<Manifest> ParseManifest(const std::string& text, const std::string& path);

}  // namespace backstep::store
