#include "backstep/recorder/adapters/spans/attribute_json.h"

#include "backstep/recorder/adapters/core/json_text.h"

namespace backstep::adapters {
namespace {

// Whether the text can stand in JSON as the number it was made from.
bool IsNumber(std::string_view text) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  if (text.empty() || text.front() < '0' || text.front() > '9') return false;  // nan, inf
  return text.size() == 1 || text[0] != '0' || text[1] == '.' || text[1] == 'e';
}

void AppendValue(const Attribute& attribute, std::string* out) {
  switch (attribute.type) {
    case ValueType::kBool: out->append(attribute.text == "true" ? "true" : "false"); return;
    case ValueType::kJson: out->append(attribute.text.empty() ? "null" : attribute.text); return;
    case ValueType::kInt:
    case ValueType::kDouble:
      if (IsNumber(attribute.text)) {
        out->append(attribute.text);
        return;
      }
      break;
    default: break;
  }
  AppendJsonString(attribute.text, out);
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  for (const char c : text) {
    if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f) {
      out->append(JsonText(Json(std::string(text))));
      return;
    }
  }
  out->push_back('"');
  out->append(text);
  out->push_back('"');
}

void AppendJsonObject(const Attributes& attributes, const std::vector<bool>* but, std::string* out) {
  out->push_back('{');
  bool first = true;
  for (size_t i = 0; i < attributes.size(); ++i) {
    if (but != nullptr && (*but)[i]) continue;
    if (!first) out->push_back(',');
    first = false;
    AppendJsonString(attributes[i].key, out);
    out->push_back(':');
    AppendValue(attributes[i], out);
  }
  out->push_back('}');
}

}  // namespace backstep::adapters
