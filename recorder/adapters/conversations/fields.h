// Fields of the JSON that runs are told in, and whole files of it.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "backstep/recorder/adapters/core/importer.h"
#include "backstep/recorder/adapters/core/json_text.h"

namespace backstep::adapters {

class Source;

// The rest of a file as one JSON value. Errors name the file: Corruption, InvalidArgument.
Result<Json> ReadDocument(Source& source);

// Hands over every JSON value of a file that is one value or has one on each line. Lines that are
// no JSON are told and passed over; Corruption: the file holds no value at all.
Status EachDocument(Source& source, Sink& sink,
                    const std::function<Status(const Json& value, const Place& place)>& take);

// A value as a body: text as it is, the rest as JSON.
std::string BodyText(const Json& value);
// A value as metadata holds it: text as it is, the rest as JSON; cut at 16 KiB.
std::string MetaText(const Json& value);
// Puts a value into the session's metadata unless it is null or empty.
void KeepMeta(SessionDraft* draft, const std::string& key, const Json& value);
// Every field of `object` but those in `known`, under `prefix` + its key; beyond 256 of them, 256
// more as one under "more".
void KeepRest(SessionDraft* draft, const std::string& prefix, const Json& object,
              const std::set<std::string>& known);
// "import.format" and "import.file".
void KeepOrigin(SessionDraft* draft, const std::string& format, const Source& source);
// `prompts`: what each agent was told at the start, by its name. Kept as attributes of the agents.
void KeepPrompts(const Json& prompts, SessionDraft* draft);

// A content that is a text, or a list of texts or of parts with a text in them, as one text; of
// anything else its JSON.
std::string ContentText(const Json& content);
// A count or index: a whole number from 0 that a double holds exactly.
std::optional<uint64_t> CountAt(const Json& value, std::string_view key);
// A whole number from 0, also as a text with blanks around it.
std::optional<uint64_t> IndexAt(const Json& value, std::string_view key);
// The same of a model's usage: what is not told is 0.
uint64_t TokensAt(const Json& usage, std::string_view key);
// A name that must not be empty: "unknown" in its place.
std::string NamedOr(std::string name);
std::string NamedAt(const Json& value, std::string_view key);
// A list of lines, or a text.
std::string LinesText(const Json& lines);
// "{...}" or "[...]" as a body is JSON, anything else a text.
Media MediaOf(std::string_view text);
// Part of a text: at most `size` bytes of whole characters.
std::string CutText(std::string_view text, size_t size);
// A file's name without folders, .gz, .zst and its last extension.
std::string FileStem(std::string_view path);

}  // namespace backstep::adapters
