// Files of labels, as they are given to an import.
#pragma once

#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/recorder/adapters/core/importer.h"
#include "backstep/recorder/adapters/core/json_text.h"

namespace backstep::adapters {

// What says which labels are of which run, in a file beside them.
inline constexpr char kLinksName[] = "LINKS.tsv";

// Whether a file that begins so holds judgements and no run.
bool IsLabelFile(const Head& head);

// The same of a file; one that cannot be read does not.
bool BeginsAsLabels(const std::string& path);

// The label files of an argument of --labels: itself, or the JSON files of a folder, in order.
std::vector<std::string> LabelFilesOf(const std::string& argument);

// The judgements of a label file: objects with a list "failures", one or a list of them; what else
// is in a list is left out. NotFound, Io, Corruption: it cannot be read, or is no JSON, with path
// and reason. InvalidArgument: there is none in it.
Result<std::vector<Json>> ReadJudgements(const std::string& path);

}  // namespace backstep::adapters
