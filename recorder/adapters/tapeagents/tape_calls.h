// The model calls of a tapedata.sqlite, by prompt id.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "backstep/recorder/adapters/core/importer.h"
#include "backstep/recorder/adapters/core/json_text.h"

namespace backstep::adapters {

struct TapeCall {
  EffectDraft effect{.step = {}, .kind = EffectKind::kLlm};  // its step is not known yet
  bool used = false;
};

struct TapeData {
  std::vector<std::string> order;  // prompt ids as the table has them
  std::unordered_map<std::string, TapeCall> calls;
  std::vector<Json> tapes;         // of the table Tapes, as files hold them
};

// Adds what `database` (the bytes of a file) holds. Corruption: it is no such database. Rows beyond
// what a database of that size can honestly give end the reading with Corruption.
Status ReadTapeData(const std::string& database, const std::string& path, Sink& sink,
                    TapeData* data);

}  // namespace backstep::adapters
