#include "backstep/recorder/adapters/spans/attribute_json.h"

#include "backstep/base/utf8.h"
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
  if (!IsUtf8(text)) {
    out->append(JsonText(Json(std::string(text))));
    return;
  }
  static constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  size_t plain = 0;  // from here on nothing had to be escaped
  for (size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out->append(text.substr(plain, at - plain));
    plain = at + 1;
    switch (c) {
      case '"': out->append("\\\""); break;
      case '\\': out->append("\\\\"); break;
      case '\n': out->append("\\n"); break;
      case '\r': out->append("\\r"); break;
      case '\t': out->append("\\t"); break;
      default: out->append("\\u00").append({kHex[c >> 4], kHex[c & 15]});
    }
  }
  out->append(text.substr(plain)).push_back('"');
}

void AppendJsonObject(const Attributes& attributes, const std::vector<bool>* but,
                      std::string* out) {
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
