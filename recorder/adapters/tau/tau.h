// tau-bench: a customer played by a model, an assistant and its tools.
#pragma once

#include <memory>

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

std::unique_ptr<Importer> MakeTauImporter();

}  // namespace backstep::adapters
