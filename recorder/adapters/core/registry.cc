#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

std::vector<std::unique_ptr<Importer>> AllImporters() {
  std::vector<std::unique_ptr<Importer>> all;
  return all;
}

}  // namespace backstep::adapters
