#include "backstep/recorder/adapters/core/json_text.h"

#include <charconv>
#include <cmath>

#include "backstep/recorder/adapters/json/json_parser.h"

namespace backstep::adapters {
namespace {

constexpr int64_t kSecond = 1000000000;

// Days from 1970-01-01 to a day of the Gregorian calendar.
int64_t DaysTo(int64_t year, int64_t month, int64_t day) {
  // Years begin in March here, so that the leap day is the last of one.
  const int64_t y = month <= 2 ? year - 1 : year;
  const int64_t m = month <= 2 ? month + 9 : month - 3;
  return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

// Reads figures off a text.
class Figures {
 public:
  explicit Figures(std::string_view text) : left(text) {}
  bool Take(char c) {
    if (!left.starts_with(c)) return false;
    left.remove_prefix(1);
    return true;
  }
  // Exactly `count` of them.
  bool Take(size_t count, int64_t* number) {
    if (left.size() < count) return false;
    const auto parsed = std::from_chars(left.data(), left.data() + count, *number);
    if (parsed.ec != std::errc() || parsed.ptr != left.data() + count || *number < 0) return false;
    left.remove_prefix(count);
    return true;
  }
  // After the point: nanoseconds.
  int64_t Fraction() {
    int64_t ns = 0;
    int64_t unit = kSecond;
    while (!left.empty() && left[0] >= '0' && left[0] <= '9') {
      unit /= 10;
      ns += (left[0] - '0') * unit;
      left.remove_prefix(1);
    }
    return ns;
  }
  std::string_view left;
};

// East of Greenwich, in seconds; false: no zone.
bool TakeZone(Figures* in, int64_t* seconds) {
  *seconds = 0;
  while (in->Take(' ')) continue;
  if (in->left.empty() || in->left == "Z" || in->left == "z" || in->left == "UTC") return true;
  const bool west = in->left[0] == '-';
  if (!west && in->left[0] != '+') return false;
  in->left.remove_prefix(1);
  int64_t hours = 0, minutes = 0;
  if (!in->Take(2, &hours)) return false;
  in->Take(':');
  if (!in->left.empty() && !in->Take(2, &minutes)) return false;
  *seconds = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
  return true;
}

TimeNs TimeOfIso(std::string_view text) {
  Figures in(text);
  int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ns = 0, zone = 0;
  if (!in.Take(4, &year) || !in.Take('-') || !in.Take(2, &month) || !in.Take('-') ||
      !in.Take(2, &day)) {
    return {};
  }
  if (year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31) return {};
  if (in.Take('T') || in.Take('t') || in.Take(' ')) {
    if (!in.Take(2, &hour) || !in.Take(':') || !in.Take(2, &minute)) return {};
    if (in.Take(':') && !in.Take(2, &second)) return {};
    if (in.Take('.') || in.Take(',')) ns = in.Fraction();
    if (hour > 24 || minute > 59 || second > 60 || !TakeZone(&in, &zone)) return {};
  } else if (!in.left.empty()) {
    return {};
  }
  const int64_t seconds =
      DaysTo(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - zone;
  return seconds > 0 ? TimeNs{seconds * kSecond + ns} : TimeNs{};
}

// Seconds, ms, us or ns: the unit that puts the number between 1970 and the year 5138.
int64_t UnitOf(double number) {
  if (number < 1e11) return kSecond;
  if (number < 1e14) return 1000000;
  return number < 1e17 ? 1000 : 1;
}

TimeNs TimeOfWhole(uint64_t number) {
  const auto unit = static_cast<uint64_t>(UnitOf(static_cast<double>(number)));
  return number <= INT64_MAX / unit ? TimeNs{static_cast<int64_t>(number * unit)} : TimeNs{};
}

TimeNs TimeOfReal(double number) {
  if (!(number > 0) || number > 9e18) return {};
  const int64_t unit = UnitOf(number);
  const double whole = std::floor(number);
  if (whole >= static_cast<double>(INT64_MAX / unit)) return {};
  return {static_cast<int64_t>(whole) * unit +
          std::llround((number - whole) * static_cast<double>(unit))};
}

}  // namespace

Result<Json> ParseJson(std::string_view text) { return JsonParser(text).Whole(); }

std::string JsonText(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Json* Find(const Json& value, std::string_view key) {
  if (!value.is_object()) return nullptr;
  for (const auto& [name, member] : *value.get_ptr<const Json::object_t*>()) {
    if (name == key) return &member;
  }
  return nullptr;
}

std::string TextAt(const Json& value, std::string_view key) {
  const Json* found = Find(value, key);
  if (found == nullptr) return {};
  if (found->is_string()) return found->get<std::string>();
  return found->is_number() || found->is_boolean() ? JsonText(*found) : std::string();
}

std::optional<double> NumberAt(const Json& value, std::string_view key) {
  const Json* found = Find(value, key);
  if (found == nullptr) return std::nullopt;
  if (found->is_number()) return found->get<double>();
  if (!found->is_string()) return std::nullopt;
  const std::string& text = *found->get_ptr<const std::string*>();
  double number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

TimeNs TimeOf(const Json& value) {
  if (value.is_number_unsigned()) return TimeOfWhole(value.get<uint64_t>());
  if (value.is_number_integer()) {
    const auto number = value.get<int64_t>();
    return number > 0 ? TimeOfWhole(static_cast<uint64_t>(number)) : TimeNs{};
  }
  if (value.is_number()) return TimeOfReal(value.get<double>());
  if (!value.is_string()) return {};
  const std::string& text = *value.get_ptr<const std::string*>();
  const char* last = text.data() + text.size();
  uint64_t whole = 0;
  if (const auto parsed = std::from_chars(text.data(), last, whole);
      parsed.ec == std::errc() && parsed.ptr == last) {
    return TimeOfWhole(whole);
  }
  double real = 0;
  if (const auto parsed = std::from_chars(text.data(), last, real);
      parsed.ec == std::errc() && parsed.ptr == last) {
    return TimeOfReal(real);
  }
  return TimeOfIso(text);
}

}  // namespace backstep::adapters
