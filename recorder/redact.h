// Replaces secrets by stable placeholders of the same length before anything is hashed or stored,
// and computes the hash that matches requests.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/base/status.h"
#include "backstep/schemas/call.h"

namespace backstep::recorder {

// Thread-safe after construction.
class Redactor {
 public:
  // The default list plus `patterns` (ECMAScript regular expressions).
  // InvalidArgument: a pattern does not compile (named with its position).
  static Result<std::shared_ptr<const Redactor>> Make(const std::vector<std::string>& patterns);
  ~Redactor();

  // Returns true when something was replaced. Same length before and after; the same secret gives
  // the same placeholder. Bytes that cannot hold a secret cost one scan.
  bool Redact(std::string* bytes) const;
  // Whether there are patterns besides the default list. They may look at a whole text; what the
  // default list finds depends on no more than 4 KiB around it.
  bool has_patterns() const;

 private:
  struct Impl;
  explicit Redactor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The hash a request is matched by: kind, name, and its redacted body; a JSON body with sorted
// keys, no white space and without `volatile_fields`, any other body byte by byte.
Hash128 RequestHash(const Redactor& redactor, EffectKind kind, const CallRequest& request);

}  // namespace backstep::recorder
