#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

std::string FormatPlace(const Place& place) {
  if (place.line != 0) return place.file + ":" + std::to_string(place.line);
  return place.offset != 0 ? place.file + " at byte " + std::to_string(place.offset) : place.file;
}

Status NoRunIn(const std::string& path, const std::string& format) {
  return Status::Corruption(path + ": no run in it (format " + format + " recognised)");
}

}  // namespace backstep::adapters
