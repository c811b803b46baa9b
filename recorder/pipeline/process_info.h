// What a log's header says about the process that writes it, and the environment it was given.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backstep/recorder/redact.h"
#include "backstep/schemas/records.h"

namespace backstep::recorder {

// XXH3-128 of this process's program file; zero when it cannot be read.
Hash128 ExecutableHash();

// Fills what is empty of command, executable, working_directory, host and
// process_id. The executable's hash is the caller's (it takes a while).
void FillProcessInfo(LogHeader* header);

// Redacts every text of a header in place: arguments behind a flag that names a secret
// (`--password X`, `--api-key=X`) as a whole, anything else by the redactor's rules.
void RedactHeader(const Redactor& redactor, LogHeader* header);

// A variable of the environment; nullopt: not set or empty.
std::optional<std::string> Environment(const char* name);

// From the system's source of randomness; from its clock where there is none.
uint64_t RandomNumber();

// The whole of a small file. Io: cannot be read, or larger than `bytes_max`.
Result<std::string> ReadSmallFile(const std::string& path, size_t bytes_max);

}  // namespace backstep::recorder
