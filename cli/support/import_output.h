// What an import brought in, as text and as JSON.
#pragma once

#include <string>

#include "backstep/cli/terminal/console.h"
#include "backstep/recorder/adapters/import.h"

namespace backstep::cli {

void PrintFormats(Console& console);
std::string FormatsJson();

// `paste`: the recording's path for a shell.
void PrintImport(Console& console, const adapters::ImportSummary& summary,
                 const std::string& recording, const std::string& paste);
std::string ImportJson(const adapters::ImportSummary& summary, const std::string& recording);

}  // namespace backstep::cli
