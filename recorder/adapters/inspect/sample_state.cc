#include "backstep/recorder/adapters/inspect/sample.h"

#include <algorithm>
#include <charconv>

namespace backstep::adapters {
namespace {

constexpr std::string_view kReference = "attachment://";

// What patches may make of a state: copies that copy themselves, values moved ever deeper.
constexpr int64_t kStateDepthMax = kJsonDepthMax + 64;
constexpr int64_t kPathPartsMax = 64;
constexpr uint64_t kMovedMax = 256ull << 20;  // bytes
constexpr uint64_t kWalkedMax = 100'000'000;   // members passed by on the way to what is changed
constexpr size_t kShiftedPerWalk = 4;          // items of a list that move in the time of one

// Counts the bytes of a value; false: it lies deeper than `depth` or there are more than allowed.
bool Measure(const Json& value, int64_t depth, uint64_t* bytes) {
  *bytes += value.is_string() ? value.get_ref<const std::string&>().size() + 16 : 16;
  if (depth < 0 || *bytes > kMovedMax) return false;
  if (!value.is_structured()) return true;
  for (const Json& part : value) {
    if (!Measure(part, depth - 1, bytes)) return false;
  }
  return true;
}

// A part of a JSON pointer as the key it names.
std::string KeyOf(std::string_view part) {
  std::string key;
  for (size_t i = 0; i < part.size(); ++i) {
    const bool escape = part[i] == '~' && i + 1 < part.size();
    key += !escape ? part[i] : part[++i] == '1' ? '/' : '~';
  }
  return key;
}

// What finding a place takes: members are looked at one after another, items of a list move up.
uint64_t WalkTo(std::string_view path, const Json& value) {
  uint64_t walked = 0;
  const Json* at = &value;
  while (at != nullptr && !path.empty() && path.front() == '/') {
    path.remove_prefix(1);
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(part.size());
    walked += at->is_object() ? at->size() : 1;
    if (at->is_array()) {
      walked += path.empty() ? at->size() / kShiftedPerWalk : 0;
      size_t index = 0;
      const auto end = std::from_chars(part.data(), part.data() + part.size(), index);
      at = end.ec == std::errc() && index < at->size() ? &(*at)[index] : nullptr;
    } else {
      at = Find(*at, KeyOf(part));
    }
  }
  return walked;
}

}  // namespace

// Whether an operation makes more of the state, or of finding a place in it, than the log itself
// holds.
bool SampleState::Grows(const Json& operation, const Json& value) {
  const std::string path = TextAt(operation, "path");
  if (walked_ > kWalkedMax) return true;
  walked_ += WalkTo(path, value) + WalkTo(TextAt(operation, "from"), value);
  const int64_t parts = std::count(path.begin(), path.end(), '/');
  if (parts > kPathPartsMax) return true;
  const std::string kind = TextAt(operation, "op");
  if (kind != "move" && kind != "copy") return false;
  const Json& from = value.at(Json::json_pointer(TextAt(operation, "from")));
  return !Measure(from, kStateDepthMax - parts, &moved_);
}

// Applies one operation. False: it does not fit. The library throws; nothing of that leaves here.
bool SampleState::Patch(const Json& operation, Json* value) {
  if (!operation.is_object()) return false;
  try {
    if (Grows(operation, *value)) return false;
    value->patch_inplace(Json::array({operation}));
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

Attachments::Attachments(const Json* texts) {
  if (texts == nullptr || !texts->is_object()) return;
  for (const auto& [hash, text] : texts->items()) {
    if (text.is_string()) texts_.emplace(hash, &text.get_ref<const std::string&>());
  }
}

void Attachments::ResolveIn(Json* value) {
  if (value->is_structured()) {
    for (Json& part : *value) ResolveIn(&part);
    return;
  }
  if (!value->is_string()) return;
  const std::string& text = value->get_ref<const std::string&>();
  if (!text.starts_with(kReference)) return;
  const auto whole = texts_.find(std::string_view(text).substr(kReference.size()));
  if (whole == texts_.end()) return;
  const uint64_t size = whole->second->size();
  if (attached_ + size > kAttachedMax) {
    left_out_ = true;
    return;
  }
  attached_ += size;
  *value = *whole->second;
}

Json Attachments::Resolve(const Json& value) {
  Json whole = value;
  ResolveIn(&whole);
  return whole;
}

void SampleState::Set(const Json& state) {
  value_ = state;
  known_ = true;
}

bool SampleState::Change(const Json& changes, bool store) {
  if (!changes.is_array()) return false;
  known_ = true;
  if (!value_.is_object()) value_ = Json::object();
  if (store && !value_.contains("store")) value_["store"] = Json::object();
  Json* changed = store ? &value_["store"] : &value_;
  bool fits = true;
  for (const Json& operation : changes) fits = Patch(operation, changed) && fits;
  return fits;
}

}  // namespace backstep::adapters
