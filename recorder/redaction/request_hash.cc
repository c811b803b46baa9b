#include "backstep/recorder/redact.h"
#include "backstep/recorder/redaction/canonical_json.h"
#include "backstep/recorder/redaction/request_hash.h"

namespace backstep::recorder {

Hash128 HashOfRedacted(EffectKind kind, const std::string& name, const Body& body,
                       const std::vector<std::string>& volatile_fields) {
  Hasher hasher;
  hasher.AddField(EffectKindName(kind));
  hasher.AddField(name);
  if (body.media_type.find("json") != std::string::npos) {
    if (const auto canonical = CanonicalJson(body.bytes, volatile_fields)) {
      hasher.AddField(*canonical);
      return hasher.Digest();
    }
  }
  hasher.AddField(body.bytes);
  return hasher.Digest();
}

Hash128 RequestHash(const Redactor& redactor, EffectKind kind, const CallRequest& request) {
  Body body = request.body;
  redactor.Redact(&body.bytes);
  return HashOfRedacted(kind, request.name, body, request.volatile_fields);
}

}  // namespace backstep::recorder
