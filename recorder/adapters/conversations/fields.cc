#include "backstep/recorder/adapters/conversations/fields.h"

#include <algorithm>
#include <cmath>

#include "backstep/base/utf8.h"
#include "backstep/recorder/adapters/core/source.h"

namespace backstep::adapters {
namespace {

constexpr size_t kMetaSizeMax = 16u << 10;  // bytes

constexpr size_t kRestMax = 256;            // fields of one object that become metadata

void AddLine(std::string_view line, std::string* text) {
  if (!text->empty()) *text += '\n';
  *text += line;
}

bool IsEmpty(const Json& value) {
  return value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty()) ||
         (value.is_structured() && value.empty());
}

}  // namespace

Result<Json> ReadDocument(Source& source) {
  Result<std::string> text = source.ReadAll();
  if (!text.ok()) return text.status();
  Result<Json> document = ParseJson(*text);
  if (!document.ok()) return document.status().WithContext(source.path());
  return document;
}

namespace {

using TakeValue = std::function<Status(const Json& value, const Place& place)>;

// The next line that is not blank, and its number; false: there is none.
bool NextLine(std::string_view* rest, std::string_view* line, uint64_t* number) {
  while (!rest->empty()) {
    const size_t end = rest->find('\n');
    *line = rest->substr(0, end);
    rest->remove_prefix(end == rest->npos ? rest->size() : end + 1);
    ++*number;
    if (line->find_first_not_of(" \t\r") != line->npos) return true;
  }
  return false;
}

// A file of lines whose first one, at `place`, is broken. False: no line is a value of its own.
Result<bool> EachLine(std::string_view rest, const Status& first, Place place, Sink& sink,
                      const TakeValue& take) {
  std::string_view line, look = rest;
  uint64_t number = place.line;
  bool any = false;
  while (!any && NextLine(&look, &line, &number)) {
    any = (line.front() == '{' || line.front() == '[') && ParseJson(line).ok();
  }
  if (!any) return false;
  sink.Skip(place, first.message());
  while (NextLine(&rest, &line, &place.line)) {
    const Result<Json> value = ParseJson(line);
    if (value.ok()) {
      BACKSTEP_RETURN_IF_ERROR(take(*value, place));
    } else {
      sink.Skip(place, value.status().message());
    }
  }
  return true;
}

}  // namespace

Status EachDocument(Source& source, Sink& sink,
                    const std::function<Status(const Json& value, const Place& place)>& take) {
  std::string first;
  std::string_view line;
  Result<bool> more = true;
  while ((more = source.ReadLine(&line)).ok() && *more) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    first = line;
    break;
  }
  if (!more.ok()) return more.status();
  Result<Json> value = ParseJson(first);
  if (!value.ok()) {  // one value over many lines
    const Place place{.file = source.path(), .line = source.line()};
    Result<std::string> rest = source.ReadAll();
    if (!rest.ok()) return rest.status();
    Result<Json> whole = ParseJson(first + "\n" + *rest);
    if (whole.ok()) return take(*whole, {.file = source.path()});
    BACKSTEP_ASSIGN_OR_RETURN(const bool lines, EachLine(*rest, value.status(), place, sink, take));
    return lines ? Status() : whole.status().WithContext(source.path());
  }
  Status status = take(*value, {.file = source.path(), .line = source.line()});
  while (status.ok() && (more = source.ReadLine(&line)).ok() && *more) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const Place place{.file = source.path(), .line = source.line()};
    value = ParseJson(line);
    if (value.ok()) {
      status = take(*value, place);
    } else {
      sink.Skip(place, value.status().message());
    }
  }
  return status.ok() ? more.status() : status;
}

std::string CutText(std::string_view text, size_t size) {
  if (text.size() <= size) return std::string(text);
  return std::string(text.substr(0, CharacterStart(text, size)));
}

std::string BodyText(const Json& value) {
  return value.is_string() ? value.get<std::string>() : JsonText(value);
}

std::string MetaText(const Json& value) { return CutText(BodyText(value), kMetaSizeMax); }

void KeepMeta(SessionDraft* draft, const std::string& key, const Json& value) {
  if (!IsEmpty(value)) draft->metadata.emplace_back(key, MetaText(value));
}

void KeepRest(SessionDraft* draft, const std::string& prefix, const Json& object,
              const std::set<std::string>& known) {
  if (!object.is_object()) return;
  size_t kept = 0;
  Json rest = Json::object();
  for (const auto& [key, value] : object.items()) {
    if (known.contains(key)) continue;
    if (++kept <= kRestMax) {
      KeepMeta(draft, prefix + CutText(key, 200), value);
    } else if (kept <= 2 * kRestMax) {
      rest[key] = value;
    }
  }
  KeepMeta(draft, prefix + "more", rest);
}

void KeepOrigin(SessionDraft* draft, const std::string& format, const Source& source) {
  draft->metadata.emplace_back("import.format", format);
  draft->metadata.emplace_back("import.file", source.path());
}

void KeepPrompts(const Json& prompts, SessionDraft* draft) {
  if (!prompts.is_object()) {
    KeepMeta(draft, "source.system_prompt", prompts);
    return;
  }
  for (const auto& [agent, prompt] : prompts.items()) {
    draft->agents[draft->Agent(agent).value].attributes = JsonText(Json{{"system_prompt", prompt}});
  }
}

std::string ContentText(const Json& content) {
  if (content.is_string()) return content.get<std::string>();
  if (content.is_null()) return {};
  if (content.is_object() && content.contains("text") && content["text"].is_string()) {
    return content["text"].get<std::string>();
  }
  if (!content.is_array()) return JsonText(content);
  std::string text;
  for (const Json& part : content) AddLine(ContentText(part), &text);
  return text;
}

std::optional<uint64_t> CountAt(const Json& value, std::string_view key) {
  const std::optional<double> number = NumberAt(value, key);
  if (!number || !(*number >= 0 && *number <= 9007199254740992.0)) return std::nullopt;
  return static_cast<uint64_t>(*number);
}

std::optional<uint64_t> IndexAt(const Json& value, std::string_view key) {
  std::string text = TextAt(value, key);
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  text.erase(0, std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  const std::optional<double> number = NumberAt(Json{{"it", text}}, "it");
  if (!number || *number != std::floor(*number)) return std::nullopt;
  return CountAt(Json{{"it", text}}, "it");
}

uint64_t TokensAt(const Json& usage, std::string_view key) {
  return CountAt(usage, key).value_or(0);
}

std::string NamedOr(std::string name) { return name.empty() ? "unknown" : std::move(name); }

std::string NamedAt(const Json& value, std::string_view key) { return NamedOr(TextAt(value, key)); }

std::string LinesText(const Json& lines) {
  if (!lines.is_array()) return ContentText(lines);
  std::string text;
  bool first = true;
  for (const Json& line : lines) {
    if (!first) text += '\n';
    first = false;
    text += ContentText(line);
  }
  return text;
}

Media MediaOf(std::string_view text) {
  if (text.empty() || (text[0] != '{' && text[0] != '[')) return Media::kText;
  return ParseJson(text).ok() ? Media::kJson : Media::kText;
}

std::string FileStem(std::string_view path) {
  path = path.substr(path.rfind('/') + 1);
  for (const std::string_view packed : {".gz", ".zst"}) {
    if (path.ends_with(packed)) path.remove_suffix(packed.size());
  }
  const size_t dot = path.rfind('.');
  return std::string(dot == std::string_view::npos || dot == 0 ? path : path.substr(0, dot));
}

}  // namespace backstep::adapters
