#include "backstep/store/format/manifest.h"

#include <ctime>

#include "backstep/store/format/checked_json.h"

namespace backstep::store {
namespace {

using nlohmann::json;

std::string IsoTime(TimeNs time) {
  const std::time_t seconds = time.ns / 1000000000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace

std::string ManifestText(TimeNs now) {
  json object = {{"format", "backstep"},
                 {"version", kFormatVersion},
                 {"created", IsoTime(now)},
                 {"writer", kWriterVersion}};
  object["checksum"] = ChecksumOf(object);
  return object.dump(2) + "\n";
}

Result<Manifest> ParseManifest(const std::string& text, const std::string& path) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) {
    return Status::Corruption(path + ": damaged: not a JSON object");
  }
  if (JsonText(object, "format") != "backstep") {
    const bool sound = JsonText(object, "checksum") == ChecksumOf(object);
    if (sound || object.find("checksum") == object.end()) {
      return Status::InvalidArgument(path + ": not the manifest of a Backstep recording");
    }
    return Status::Corruption(path + ": damaged: its checksum does not fit");
  }
  const auto version = object.find("version");
  if (version == object.end() || !version->is_number_unsigned()) {
    return Status::Corruption(path + ": damaged: no format version");
  }
  Manifest manifest;
  manifest.version = version->get<uint64_t>();
  const bool sound = JsonText(object, "checksum") == ChecksumOf(object);
  if (manifest.version > kFormatVersion) {
    return Status::VersionMismatch(
        path + ": written by a newer Backstep (format " + std::to_string(manifest.version) +
        "; this one reads up to " + std::to_string(kFormatVersion) + ")" +
        (sound ? "" : ", or damaged: its checksum does not fit"));
  }
  if (!sound) return Status::Corruption(path + ": damaged: its checksum does not fit");
  if (manifest.version == 0) return Status::Corruption(path + ": damaged: format version 0");
  manifest.created = JsonText(object, "created");
  manifest.writer = JsonText(object, "writer");
  return manifest;
}

}  // namespace backstep::store
